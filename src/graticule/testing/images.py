"""Images to try things on: a photograph that comes with scikit-image, and small made-up ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from graticule.core import as_image

COIN_SPACING = "0.1 mm"
"""About right: a coin of 40 pixels across is taken for one of 4 mm."""


def coins() -> xr.DataArray:
    """Return the photograph of Greek coins that comes with scikit-image.

    Its light is uneven, which is what makes it worth segmenting. The spacing is made up.

    Returns
    -------
    DataArray
        uint8, 303 by 384 samples ``y x``.

    Examples
    --------
    >>> coins().sizes["x"], coins().x.attrs["units"]
    (384, 'mm')
    """
    from skimage import data

    return as_image(data.coins(), spacing={"y": COIN_SPACING, "x": COIN_SPACING})


def blobs(
    shape: Sequence[int] = (64, 64), *, count: int = 12, radius: float = 5.0, seed: int = 0
) -> xr.DataArray:
    """Return bright round spots on a dark ground, with a little noise.

    Parameters
    ----------
    shape : sequence of int
        Samples along ``x``, ``y x`` or ``z y x``.
    count : int
        Number of spots; some may overlap.
    radius : float
        Standard deviation of a spot, in pixels.
    seed : int
        Of places and noise.

    Returns
    -------
    DataArray
        float32; a spot is 1 high, the noise has standard deviation 0.02.

    Examples
    --------
    >>> image = blobs(count=1, radius=3, seed=1)
    >>> bool(image.max() > 0.9)
    True
    """
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.02, tuple(shape))
    grid = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    for place in rng.uniform(0, 1, (count, len(shape))) * (np.array(shape) - 1):
        away = sum((axis - at) ** 2 for axis, at in zip(grid, np.rint(place), strict=True))
        values = np.maximum(values, np.exp(-np.asarray(away) / (2 * radius**2)))
    return as_image(values.astype(np.float32))


def noise(shape: Sequence[int] = (64, 64), *, seed: int = 0) -> xr.DataArray:
    """Return independent normal values of mean 0 and standard deviation 1, as float32.

    Examples
    --------
    >>> noise((3, 4), seed=1).identical(noise((3, 4), seed=1))
    True
    """
    rng = np.random.default_rng(seed)
    return as_image(rng.standard_normal(tuple(shape), dtype=np.float32))


def ramp(shape: Sequence[int] = (64, 64), *, dim: str = "x") -> xr.DataArray:
    """Return values that rise from 0 to 1 along a dim, as float32.

    Examples
    --------
    >>> ramp((1, 3)).values
    array([[0. , 0.5, 1. ]], dtype=float32)
    """
    image = as_image(np.zeros(tuple(shape), np.float32))
    size = image.sizes[dim]
    return image + xr.DataArray(np.linspace(0, 1, size, dtype=np.float32), dims=dim)
