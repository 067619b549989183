"""T7: a cube of spectra larger than its memory, from counts on disk to groups of pixels."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from graticule.bench.row import Row, row, run_pipeline
from graticule.core.typing import Array
from graticule.io import read

_BINS, _JOINED, _CHUNK = 1200, 8, 64
_OPENINGS = 1_000_000
_SIZE = "GRATICULE_T7_GB"
"""Gigabytes of the cube, by the environment; 20 by default, in 2 GB of memory."""
_ROOM = 0.6
"""Disk for a byte of the cube: both cubes packed, and what is kept of the bins."""
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
  groups:      {op: spectra.kmeans, input: attenuation.image, clusters: 4, scaling: unit}
  spectrum:    {op: spectra.regions, input: attenuation.image, labels: groups,
                error: attenuation.error}
outputs: [groups, spectrum]
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
    """Return counts of the open beam for each bin: a Maxwellian, 400 on average."""
    wavelength = np.linspace(1.5, 5.0, _BINS)
    flux = wavelength**-5 * np.exp(-22.0 / wavelength**2)
    return np.asarray(400 * (0.25 + flux / flux.mean()) / 1.25)


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
    noisy = np.rint(level + np.sqrt(level) * noise)
    return np.asarray(np.maximum(noisy, 0), np.float32)


def _side(size: float) -> int:
    """Return the pixels along a side of a cube of so many gigabytes: whole chunks."""
    pixels: float = np.sqrt(size * 1e9 / 4 / _BINS)
    return max(2, round(pixels / _CHUNK)) * _CHUNK


def _run(folder: Path, memory: str) -> tuple[Array, float, float]:
    """Run the pipeline; return the groups, seconds and peak megabytes."""
    pipeline = _PIPELINE % {"openings": _OPENINGS, "joined": _JOINED}
    spent, peak = run_pipeline(folder, pipeline, folder / "cube.zarr", "out", "--memory", memory)
    groups = next((folder / "out" / "arrays").glob("*/groups*"))
    return read(groups).values, spent, peak


def _whole_groups(folder: Path, side: int) -> Array:
    """Return the groups of the pixels of a quarter, all in memory at once, by the peer.

    -1 where a pixel was so often occupied that a bin of it is not known.
    """
    from sklearn.cluster import KMeans

    from graticule.core.registry import get_op

    rows = []
    for top in range(0, side, _CHUNK):
        part = {"y": slice(top, top + _CHUNK), "x": slice(0, side)}
        cubes = [read(folder / name).isel(part).load() for name in ("cube.zarr", "open.zarr")]
        binned = []
        for cube in cubes:
            counts = get_op("spectra.overlap_correction")(cube, triggers=[_OPENINGS])
            binned.append(get_op("spectra.rebin")(*counts, bins=_JOINED))
        (image, error), (beam, beam_error) = binned
        flat = get_op("spectra.open_beam")(image, beam, error, beam_error)
        found = get_op("spectra.attenuation")(*flat).image
        rows.append(found.transpose("y", "x", "tof").values.reshape(-1, found.sizes["tof"]))
    table = np.concatenate(rows)
    known = np.isfinite(table).all(axis=1)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    labels = np.full(len(table), -1)
    labels[known] = KMeans(4, n_init=1, random_state=0).fit(table[known]).labels_
    return np.asarray(labels.reshape(side, side))


@row("T7", deep=True)
def cube_larger_than_memory() -> list[Row]:
    """Correct, bin and group a cube of 20 GB in 2 GB, and compare a quarter with the whole route.

    With a smaller cube (`_SIZE`) the memory is a tenth of it, but no less than 0.7 GB.
    """
    size = float(os.environ.get(_SIZE, "20"))
    side, limit = _side(size), max(0.1 * size, 0.7)
    with tempfile.TemporaryDirectory() as name:
        free = shutil.disk_usage(name).free / 1e9
        if free < _ROOM * size:
            what = f"a cube of {size:g} GB: not measured, {free:.0f} GB free of {_ROOM * size:.0f}"
            return [Row("T7", f"{what}; set {_SIZE} to a smaller one", None, "", "", None)]
        _write(Path(name), side)
        return _measured(Path(name), side, limit)


def _measured(folder: Path, side: int, limit: float) -> list[Row]:
    from sklearn.metrics import adjusted_rand_score

    groups, seconds, peak = _run(folder, f"{limit:g}GB")
    half = side // 2
    whole, found = _whole_groups(folder, half), groups[:half, :half]
    known = whole >= 0
    same = float(adjusted_rand_score(found[known], whole[known]))
    alike = bool(np.array_equal(known, found > 0))
    shape = f"{_BINS} x {side} x {side} float32 ({4e-9 * _BINS * side**2:.1f} GB, Zarr)"
    what = "overlap, bins, open beam, attenuation, k-means, mean spectra"
    return [
        Row(
            "T7",
            f"peak memory: {what} of {shape} in {seconds:.0f} s, --memory {limit:g}GB",
            round(peak, 1),
            "MB",
            f"< {limit * 1000:.0f}",
            peak < limit * 1000,
            peak_mb=round(peak, 1),
        ),
        Row(
            "T7",
            f"groups of a quarter of the pixels, against scikit-learn on all of its {known.sum()} "
            f"known spectra (of {known.size}) in memory: adjusted Rand index",
            round(same, 5),
            "",
            ">= 0.999, the same pixels known",
            same >= 0.999 and alike,
            seeds=(0,),
        ),
    ]
