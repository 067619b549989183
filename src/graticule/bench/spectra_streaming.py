"""T7: a cube of spectra larger than its memory, from counts on disk to groups of pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.core.typing import Array

_BINS, _JOINED, _CHUNK = 1200, 8, 64
_LIMIT = 2 * 10**9
_OPENINGS = 20_000
_SIZE = "GRATICULE_T7_GB"
"""Gigabytes of the cube, by the environment; 20 by default."""
_PIPELINE = """
graticule: 1
name: cube
inputs:
  image: {}
  open_beam: {path: open.zarr}
steps:
  counts:      {op: spectra.overlap_correction, input: image, triggers: [%(openings)d]}
  beam:        {op: spectra.overlap_correction, input: open_beam, triggers: [%(openings)d]}
  sample_bins: {op: spectra.rebin, input: counts.image, error: counts.error, bins: %(joined)d}
  beam_bins:   {op: spectra.rebin, input: beam.image, error: beam.error, bins: %(joined)d}
  flat:        {op: spectra.open_beam, input: sample_bins.image, open_beam: beam_bins.image,
                error: sample_bins.error, open_beam_error: beam_bins.error}
  attenuation: {op: spectra.attenuation, input: flat.image, error: flat.error}
  %(last)s
outputs: [%(outputs)s]
"""


def _attenuations() -> Array:
    """Return attenuation coefficients of four materials for each bin, with an edge or two each."""
    wavelength = np.linspace(1.5, 5.0, _BINS)
    edges = (((2.1, 0.25), (4.05, 0.5)), ((2.35, 0.4), (4.7, 0.3)), ((3.4, 0.3),), ())
    levels, slopes = (0.5, 0.62, 0.35, 0.9), (0.06, 0.02, 0.05, 0.14)
    made = []
    for level, slope, steps in zip(levels, slopes, edges, strict=True):
        smooth = level + slope * wavelength
        for place, height in steps:
            smooth = smooth - height / (1 + np.exp((place - wavelength) / 0.015))
        made.append(np.maximum(smooth, 0.02))
    return np.array(made)


def _spectrum() -> Array:
    """Return counts of the open beam for each bin: a Maxwellian, 60 on average."""
    wavelength = np.linspace(1.5, 5.0, _BINS)
    flux = wavelength**-5 * np.exp(-22.0 / wavelength**2)
    return np.asarray(60 * (0.25 + flux / flux.mean()) / 1.25)


def _materials(side: int) -> Array:
    """Return the number of the material of each pixel: squares of all four."""
    squares = np.arange(side) // 48
    return np.asarray((squares[:, None] + 2 * (squares // 2) + squares) % 4)


def _thickness(side: int) -> Array:
    """Return the thickness of each pixel: the whole is a little of a wedge."""
    return np.broadcast_to(1 + 0.1 * np.arange(side) / side, (side, side))


def _write(folder: Path, side: int) -> None:
    """Write the counts with the sample and without, block by block."""
    import zarr

    attenuation, spectrum = _attenuations(), _spectrum()
    materials, thickness = _materials(side), _thickness(side)
    for name, with_sample in (("cube.zarr", True), ("open.zarr", False)):
        group = zarr.create_group(folder / name, zarr_format=3)
        array = group.create_array(
            "counts",
            shape=(_BINS, side, side),
            dtype=np.float32,
            chunks=(_BINS, _CHUNK, _CHUNK),
            compressors=zarr.codecs.BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
            dimension_names=["tof", "y", "x"],
            attributes={"units": "count"},
        )
        tof = group.create_array("tof", shape=_BINS, dtype=np.float64, dimension_names=["tof"])
        tof.attrs["units"] = "us"
        tof[:] = 15_000.0 + 25.0 * np.arange(_BINS)
        for top in range(0, side, _CHUNK):
            for left in range(0, side, _CHUNK):
                part = slice(top, top + _CHUNK), slice(left, left + _CHUNK)
                passed = attenuation.T[:, materials[part]] * thickness[part]
                level = spectrum[:, None, None] * np.exp(-passed * with_sample)
                seed = [int(with_sample), top, left]
                array[:, part[0], part[1]] = _noted(level.astype(np.float32), seed)


def _noted(level: Array, seed: list[int]) -> Array:
    """Return what pixels note that count one event an opening, with about the noise of counts."""
    before = np.cumsum(level, axis=0) - level
    level = level * np.exp(-before / _OPENINGS)
    noise = np.random.default_rng(seed).standard_normal(level.shape, np.float32)
    return np.maximum(np.rint(level + np.sqrt(level) * noise), 0).astype(np.float32)
