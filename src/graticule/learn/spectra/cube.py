"""The pixels of a cube as rows: what adds up in one, what its direction tells, its noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graticule.core import Image, Mask, spatial_dims
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.end_members import unit_rows
from graticule.learn.spectra.kinds import Quantity
from graticule.ops.spectra._axis import spectral_dim

_SAMPLE = 10_000
_BELOW = 3.0
"""Standard errors above 0 that the mean of a spectrum must be to have a direction."""
_DARK = 0.02
"""Share of bins in which nothing passes, from which on noise bends a spectrum."""
_LARGEST = 1e9
"""Largest magnitude whose squares are summed in float32."""
_FEWEST_BINS = 5
"""Bins that tell the noise by what is left of second differences."""


@dataclass(frozen=True)
class SpectralCube:
    """The pixels of a cube as rows.

    Attributes
    ----------
    dim : str
        The spectral dim.
    template : DataArray
        The cube without it.
    known : ndarray of bool
        Pixels that are inside the mask and finite in every bin; rows are these, in raster order.
    adding : ndarray
        (rows, bins) of float32: what adds up where several materials share a pixel, as
        transmission or reflectance.
    telling : ndarray
        (rows, bins) of float32: what the direction of tells the material whatever its thickness
        or brightness, as attenuation or reflectance.
    quantity : {"reflectance", "transmission", "attenuation"}
        What the values of the cube are.
    scale : float
        By which values of the cube are divided, where they are too large or small for float32.
    """

    dim: str
    template: Image
    known: Array
    adding: Array
    telling: Array
    quantity: Quantity
    scale: float = 1.0

    @classmethod
    def of(cls, image: Image, mask: Mask | None, quantity: Quantity) -> SpectralCube:
        """Return the rows of a cube.

        Raises
        ------
        ImageError
            If it has no spectral dim or several, or no pixel counts.
        """
        dim = spectral_dim(image)
        template = image.isel({dim: 0}, drop=True)
        if template.ndim == 0:
            raise ImageError(f"has spectra along {dim}, and no pixels that have them")
        places = template.dims
        values = image.transpose(*places, dim).values
        scale = _scale(values) if quantity == "reflectance" else 1.0
        with np.errstate(over="ignore"):
            values = np.asarray(values if scale == 1 else values / scale, np.float32)
        known = (np.abs(values) < _LARGEST).all(axis=-1)  # neither NaN nor infinite
        if mask is not None:
            missing = [str(each) for each in mask.dims if each not in places]
            if missing:
                along = ", ".join(map(str, places))
                raise ImageError(f"the mask has the dim {missing[0]}; pixels lie along {along}")
            known &= mask.broadcast_like(template).transpose(*places).values
        if not known.any():
            raise ImageError(
                "no pixel is inside the mask and finite in every bin",
                hint="leave out bins that hold NaN, or enlarge the mask",
            )
        rows = np.ascontiguousarray(values[known])
        if quantity == "reflectance":
            return cls(dim, template, known, rows, rows, quantity, scale)
        if quantity == "attenuation":
            with np.errstate(over="ignore", under="ignore"):
                return cls(dim, template, known, np.exp(-rows), rows, quantity)
        return cls(dim, template, known, rows, _attenuation(rows), quantity)

    @property
    def raw(self) -> Array:
        """The rows with the values of the cube."""
        return self.telling if self.quantity == "attenuation" else self.adding

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of the template along which pixels have neighbours."""
        return tuple(int(self.template.get_axis_num(dim)) for dim in spatial_dims(self.template))

    @cached_property
    def noise(self) -> Array:
        """Standard deviation of a bin of each row, as second differences along it tell it."""
        bins = self.telling.shape[1]
        if bins < _FEWEST_BINS:
            return np.zeros(len(self.telling), np.float32)
        found = np.empty(len(self.telling), np.float32)
        for start in range(0, len(found), 4096):
            part = slice(start, start + 4096)
            bent = np.abs(np.diff(self.telling[part], 2, axis=1))
            found[part] = 1.4826 / np.sqrt(6) * np.median(bent, axis=1)
        return found

    @cached_property
    def strength(self) -> Array:
        """Mean of each spectrum."""
        return np.asarray(self.telling.mean(axis=1, dtype=np.float64))

    @cached_property
    def empty(self) -> Array:
        """Rows whose mean is not above 0 by three standard errors: there is nothing in the beam."""
        least = _BELOW * self.noise / np.sqrt(self.telling.shape[1])
        return np.asarray(self.strength <= np.maximum(least, 1e-12))

    @cached_property
    def dark(self) -> Array:
        """Rows of which more than 2 % of the bins let nothing pass, so that noise bends them."""
        if self.quantity == "reflectance":
            return np.zeros(len(self.adding), bool)
        return np.asarray((self.adding <= 0).mean(axis=1) > _DARK)

    def scores(self, rows: Array, count: int) -> Array:
        """Return the coordinates of rows along the axes that hold most of their squares."""
        axes = principal_axes(rows, count)
        return np.asarray(rows @ axes.T, np.float64)

    def directions(self, count: int) -> Array:
        """Return the directions of all rows by their first coordinates, of length 1."""
        return unit_rows(self.scores(self.telling, count))

    def spread(self, of_rows: Array, fill: float) -> Array:
        """Return numbers of rows on the grid of the template."""
        grid = np.full(self.known.shape, fill, of_rows.dtype)
        grid[self.known] = of_rows
        return grid


def _scale(values: Array) -> float:
    """Return a power of two to divide values by; 1 unless their squares would be out of range."""
    ends = (float(np.fmax.reduce(values, axis=None)), float(np.fmin.reduce(values, axis=None)))
    if np.isinf(ends).any():
        finite = values[np.isfinite(values)]
        ends = (float(finite.max(initial=0)), float(finite.min(initial=0)))
    largest = max(abs(end) for end in ends)
    if largest == 0 or np.isnan(largest) or 1 / _LARGEST < largest < _LARGEST:
        return 1.0
    return float(2.0 ** np.floor(np.log2(largest)))


def _attenuation(rows: Array) -> Array:
    """Return minus the logarithm; where nothing passes, of half the least that passes anywhere."""
    positive = rows[rows > 0]
    if not positive.size:
        raise ImageError(
            "no value is above 0, so none is a transmission",
            hint="quantity: attenuation takes values after the logarithm",
        )
    return np.asarray(-np.log(np.maximum(rows, positive.min() / 2)), np.float32)


def principal_axes(rows: Array, count: int) -> Array:
    """Return the directions through 0 that hold most of the squares of rows, from a sample."""
    from scipy.linalg import eigh

    sample = np.asarray(rows[:: -(-len(rows) // _SAMPLE)], np.float64)
    size = sample.shape[1]
    count = min(count, size)
    _, axes = eigh(sample.T @ sample, subset_by_index=(size - count, size - 1))
    return np.ascontiguousarray(axes[:, ::-1].T, np.float32)
