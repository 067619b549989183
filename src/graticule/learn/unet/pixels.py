"""Boxes of an image as the network sees them: channels first, normalised, mirrored beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import Length
from graticule.core.image import is_lazy
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.data.labels import iter_slabs

Starts: TypeAlias = Sequence[int]
NormaliseBy: TypeAlias = Literal["images", "local", "none"]

_TRUNCATE = 3.0
_LEAST = 1e-6


@dataclass(frozen=True)
class Normalisation:
    r"""How the values of an image are brought to about 0 plus or minus 1.

    ``images``: less the mean, over the standard deviation, of all training images, by channel.
    ``local``: :math:`(f - G f) / \sqrt{G (f - G f)^2 + \epsilon}` with Gaussian means G of a given
    width. Neither looks at the image as a whole.

    Attributes
    ----------
    by : {"images", "local", "none"}
        Which.
    mean, deviation : tuple of float
        Of the training images, by channel. With ``local`` a hundredth of the deviation is the
        least that is divided by, so that flat places stay flat.
    width : Length
        Of ``local``.
    """

    by: NormaliseBy
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    width: Length = Length(16.0)

    @classmethod
    def of(cls, images: Sequence[xr.DataArray], by: NormaliseBy, width: Length) -> Self:
        """Return that of training images (``c`` last, where they have channels)."""
        channels = int(images[0].sizes.get(CHANNEL, 1))
        count, total, square = np.zeros((3, channels))
        for image in images:
            dims = [str(dim) for dim in image.dims if dim != CHANNEL]
            for _, slab in iter_slabs(image, dims):
                flat = np.reshape(slab.values, (-1, channels)).astype(np.float64)
                fine = np.isfinite(flat)
                flat[~fine] = 0
                count += fine.sum(0)
                total += flat.sum(0)
                square += (flat * flat).sum(0)
        mean = total / np.maximum(count, 1)
        spread = np.sqrt(np.maximum(square / np.maximum(count, 1) - mean**2, 0))
        spread[spread <= 0] = 1
        return cls(by, tuple(mean.tolist()), tuple(spread.tolist()), width)

    def reach(self, image: xr.DataArray, dims: Sequence[str]) -> dict[str, int]:
        """Return how far around a box it must see, by dim."""
        if self.by != "local":
            return dict.fromkeys(dims, 0)
        from graticule.ops.filters._separable import reach_of

        # Of the mean, and of the mean of squares around it.
        return {dim: 2 * reach_of(self.width.samples(image, dim), _TRUNCATE) for dim in dims}

    def applied(self, values: Array, widths: Sequence[float]) -> Array:
        """Return normalised values ``(c, ...)``, 0 where they are not finite."""
        if self.by == "local":
            values = self._local(values, widths)
        elif self.by == "images":
            shape = (-1,) + (1,) * (values.ndim - 1)
            mean = np.array(self.mean, np.float32).reshape(shape)
            values = (values - mean) / np.array(self.deviation, np.float32).reshape(shape)
        values[~np.isfinite(values)] = 0
        return values

    def _local(self, values: Array, widths: Sequence[float]) -> Array:
        from graticule.ops.filters._separable import gaussian_taps, smoothed

        taps = {axis: gaussian_taps(width, _TRUNCATE) for axis, width in enumerate(widths)}
        out = np.empty_like(values)
        for channel, plane in enumerate(values):
            # Less the mean of the training images first: large offsets would cost digits.
            apart = np.where(np.isfinite(plane), plane - np.float32(self.mean[channel]), np.nan)
            apart = apart.astype(np.float32)
            apart -= smoothed(apart, taps)
            least = np.float32(max(0.01 * self.deviation[channel], _LEAST))
            out[channel] = apart / np.sqrt(smoothed(apart * apart, taps) + least * least)
        return out

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "width": str(self.width)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            plain["by"], tuple(plain["mean"]), tuple(plain["deviation"]), Length(plain["width"])
        )


class NormalisedImage:
    """An image from which boxes are taken.

    Parameters
    ----------
    image : DataArray
        In the order of the model's dims, ``c`` last; lazy images are read box by box.
    dims : sequence of str
        The dims the model works along.
    normalisation : Normalisation
        Of the training images.
    """

    def __init__(
        self, image: xr.DataArray, dims: Sequence[str], normalisation: Normalisation
    ) -> None:
        self.image = image
        self.dims = tuple(dims)
        self.sizes = tuple(int(image.sizes[dim]) for dim in self.dims)
        self.normalisation = normalisation
        margin = normalisation.reach(image, self.dims)
        self.margin = tuple(margin[dim] for dim in self.dims)
        local = normalisation.by == "local"
        self.widths = [
            normalisation.width.samples(image, dim) if local else 0.0 for dim in self.dims
        ]

    def box(self, starts: Starts, extent: Sequence[int]) -> Array:
        """Return ``(c, *extent)`` float32, mirrored where the box leaves the image."""
        outer = [
            slice(max(0, min(start, size - 1) - reach), min(size, max(start + long, 1) + reach))
            for start, long, size, reach in zip(
                starts, extent, self.sizes, self.margin, strict=True
            )
        ]
        values = raw_box(self.image, self.dims, outer)
        values = self.normalisation.applied(values, self.widths)
        return mirrored_box(
            values, [start - cut.start for start, cut in zip(starts, outer, strict=True)], extent
        )

    def finite(self, starts: Starts, stops: Sequence[int]) -> Array:
        """Return where all channels are finite, of a box within the image."""
        if self.image.dtype.kind != "f":
            return np.ones([b - a for a, b in zip(starts, stops, strict=True)], bool)
        cuts = [slice(a, b) for a, b in zip(starts, stops, strict=True)]
        fine: Array = np.isfinite(raw_box(self.image, self.dims, cuts))
        everywhere: Array = np.logical_and.reduce(fine, axis=0)
        return everywhere


def raw_box(image: xr.DataArray, dims: Sequence[str], cuts: Sequence[slice]) -> Array:
    """Return the values of a box as a new float32 array, channels first."""
    part = image.isel(dict(zip(dims, cuts, strict=True)))
    part = part.compute(scheduler="synchronous") if is_lazy(part) else part
    values = part.values.astype(np.float32)
    if CHANNEL not in image.dims:
        return values[np.newaxis]
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def mirrored_box(values: Array, starts: Starts, extent: Sequence[int]) -> Array:
    """Return a box of ``(c, ...)`` that may leave the array, which is mirrored at its border."""
    for axis, (start, long) in enumerate(zip(starts, extent, strict=True), 1):
        size = values.shape[axis]
        if start >= 0 and start + long <= size:
            values = values[(slice(None),) * axis + (slice(start, start + long),)]
        else:
            values = values.take(mirror(start, long, size), axis)
    return np.ascontiguousarray(values)


def mirror(start: int, long: int, size: int) -> Array:
    """Return the samples that stand in a row mirrored at both ends (``b a | a b c | c b``).

    Examples
    --------
    >>> mirror(-2, 7, 3).tolist()
    [1, 0, 0, 1, 2, 2, 1]
    """
    at = np.arange(start, start + long) % (2 * size)
    return np.minimum(at, 2 * size - 1 - at)
