"""What blobs are sought along, and what is known of an image before: its range and its noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import BlockInfo, Image, Reduction, filtered_dims
from graticule.core.errors import ImageError
from graticule.core.typing import Array

_TO_SIGMA = 0.67448975


@dataclass(frozen=True)
class Level:
    """What is known of the values of a part of an image.

    Attributes
    ----------
    low, high : float
        Least and largest finite value; ``low > high`` where there is none.
    missing : bool
        Whether a sample is not finite.
    counts : ndarray
        How often the size of a second difference has each upper half of its bits.
    """

    low: float
    high: float
    missing: bool
    counts: Array

    def merged(self, other: Level) -> Level:
        """Return what is known of both parts."""
        return Level(
            min(self.low, other.low),
            max(self.high, other.high),
            self.missing or other.missing,
            self.counts + other.counts,
        )

    @property
    def middle(self) -> float:
        """A value to compute from, so that what is small beside it is not lost in float32."""
        return (self.low + self.high) / 2 if self.low <= self.high else 0.0

    def noise(self, dims: int) -> float:
        """Return the deviation of white noise: 1.4826 times the median second difference."""
        total = int(self.counts.sum())
        if total == 0:
            return 0.0
        at = int(np.searchsorted(np.cumsum(self.counts), (total + 1) // 2))
        ends = (np.array([at, at + 1], np.int32) << 16).view(np.float32).astype(float)
        return 0.0 if at == 0 else float(ends.mean()) / _TO_SIGMA / 6 ** (dims / 2)


def searched_dims(image: Image) -> tuple[str, ...]:
    """Return the dims blobs are sought along; raise `ImageError` if there are more than three."""
    dims = filtered_dims(image)
    if len(dims) > 3:
        raise ImageError(
            f"blobs are sought in up to three dims; the image has {', '.join(dims)}",
            hint="name the dims z, y and x, or select along one first",
        )
    return dims


def volumes_of(image: Image, values: Array) -> Array:
    """Return values with the axes frame, z, y, x."""
    space = searched_dims(image)
    others = [str(dim) for dim in image.dims if dim not in space]
    order = [image.get_axis_num(dim) for dim in (*others, *space)]
    moved = values.transpose(order)
    sizes = [1, 1, 1, *moved.shape[len(others) :]][-3:]
    return np.ascontiguousarray(moved.reshape(-1, *sizes))


def own_samples(image: Image, block: BlockInfo) -> Array:
    """Return the first and the end of a block's own samples along z, y, x, within it."""
    spans = [block.interior.get(dim, (0, image.sizes[dim])) for dim in searched_dims(image)]
    return np.array([*((0, 1),) * (3 - len(spans)), *spans], np.int64)


def _map_level(image: Image, *, block: BlockInfo, **_: Any) -> Level:
    from graticule.ops.detect._scale_space_kernels import count_second_differences

    values = image.values.astype(np.float64)
    counts = np.zeros(1 << 15, np.int64)
    own = own_samples(image, block)
    volumes = volumes_of(image, values)
    inner = volumes[(slice(None), *(slice(*span) for span in own))]
    finite = inner[np.isfinite(inner)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (np.inf, -np.inf)
    active = np.array(volumes.shape[1:]) > 2
    for volume in volumes:
        within = own.copy()
        within[active, 0] = np.maximum(own[active, 0], 1)
        within[active, 1] = np.minimum(own[active, 1], np.array(volume.shape)[active] - 1)
        count_second_differences(volume, active, within, counts)
    return Level(low, high, finite.size < inner.size, counts)


def _beside(image: Image, _: Mapping[str, Any]) -> dict[str, int]:
    return dict.fromkeys(searched_dims(image), 1)


LEVEL = Reduction(_map_level, Level.merged, halo=_beside)
