"""A simulated scene of soil, trees and water in 120 bands: its pixels are mixtures of the three."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from graticule.core.typing import Array

_SIZE, _BANDS, _SEED = 64, 120, 11
_CLASSES = ("soil", "trees", "water")


class Scene(NamedTuple):
    """A scene and its truth.

    Attributes
    ----------
    cube : ndarray
        Reflectance, bands x rows x columns.
    wavelength : ndarray
        Of each band, in nanometres.
    abundances : ndarray
        Part of each pixel that is soil, trees and water; 3 x rows x columns.
    spectra : ndarray
        Of the three; 3 x bands.
    """

    cube: Array
    wavelength: Array
    abundances: Array
    spectra: Array


def scene(size: int = _SIZE, bands: int = _BANDS, noise: float = 0.004, seed: int = _SEED) -> Scene:
    """Return a scene in which materials lie side by side, with shores and edges that are mixed.

    Slopes are lit differently: the same material is up to four times as bright in one place as in
    another, which plain k-means takes for materials.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    wavelength = np.linspace(400, 900, bands)
    spectra = _spectra(wavelength)
    fields = np.stack(
        [gaussian_filter(rng.normal(size=(size, size)), size / 9, mode="wrap") for _ in spectra]
    )
    fields /= fields.std(axis=(1, 2), keepdims=True)
    owner = np.eye(3)[fields.argmax(axis=0)].transpose(2, 0, 1)
    parts = np.stack([gaussian_filter(part, 1.0) for part in owner])
    parts /= parts.sum(axis=0)
    slope = gaussian_filter(rng.normal(size=(size, size)), size / 14, mode="wrap")
    light = np.exp(0.45 * slope / slope.std())
    cube = np.einsum("cyx,cb->byx", parts, spectra) * light
    cube += noise * rng.normal(size=cube.shape)
    return Scene(cube.astype(np.float32), wavelength, parts.astype(np.float32), spectra)


def _spectra(wavelength: Array) -> Array:
    """Return reflectances: of soil a slow rise, of leaves a red edge, of water a fall."""
    import numpy as np

    def bump(middle: float, width: float) -> Array:
        return np.asarray(np.exp(-0.5 * ((wavelength - middle) / width) ** 2))

    def edge(middle: float, width: float) -> Array:
        return np.asarray(1 / (1 + np.exp(-(wavelength - middle) / width)))

    soil = 0.08 + 0.3 * (wavelength - 400) / 500 + 0.02 * bump(620, 60)
    trees = 0.03 + 0.07 * bump(550, 30) + 0.42 * edge(715, 14) - 0.02 * bump(680, 18)
    water = 0.16 * np.exp(-(wavelength - 400) / 160) + 0.005
    return np.stack([soil, trees, water])


def example(folder: Path) -> None:
    """Write a scene as ENVI, line after line as a scanner does; the truth lies in ``truth``."""
    import numpy as np

    from graticule.io import write

    made = scene()
    envi(folder / "scene", made.cube, made.wavelength)
    truth = folder / "truth"
    truth.mkdir(exist_ok=True)
    labels = made.abundances.argmax(axis=0).astype(np.uint8) + 1
    write(truth / "labels.tif", labels, labels=True)
    np.savez(truth / "truth.npz", abundances=made.abundances, spectra=made.spectra)


def envi(path: Path, cube: Any, wavelength: Any) -> None:
    """Write a cube of bands, rows and columns with the wavelengths of its bands."""
    bands, rows, columns = cube.shape
    path.with_suffix(".img").write_bytes(cube.astype("<f4").transpose(1, 0, 2).tobytes())
    told = ", ".join(f"{each:.2f}" for each in wavelength)
    path.with_suffix(".hdr").write_text(
        f"ENVI\nsamples = {columns}\nlines = {rows}\nbands = {bands}\nheader offset = 0\n"
        f"file type = ENVI Standard\ndata type = 4\ninterleave = bil\nbyte order = 0\n"
        f"wavelength units = Nanometers\nwavelength = {{{told}}}\n"
    )
