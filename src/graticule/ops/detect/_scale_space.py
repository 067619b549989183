"""Blobs of all sizes: responses of an image at many scales, on grids as coarse as they allow.

What is smooth is known from fewer samples: once the Gaussian is four samples wide, every second
sample is enough. A coarser grid has the ends of the image for its ends, and is counted from
there, so that a tile sees the samples the whole image has.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from graticule.core import map_ranges
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.ops.filters._separable import gaussian_taps, reach_of, separable, smoothed

Response = Literal["log", "doh", "dog"]
PER_OCTAVE = 3
_TRUNCATE = 4.0
_COARSEN = 4.0
"""A Gaussian of so many samples is known as well from every second one."""
_MOST = 64
"""Scales that differ by more than 2 to a third of this are no one search."""


@dataclass(frozen=True)
class Grid:
    """A grid over an axis: its samples in the whole, how far apart, and which a block has.

    Attributes
    ----------
    size : int
        Samples over the whole axis.
    step : float
        Their distance in samples of the image.
    first, stop : int
        Those of the block.
    """

    size: int
    step: float
    first: int
    stop: int

    def places(self, samples: Array) -> Array:
        """Return where samples of the block lie, in samples of the whole image."""
        return np.asarray((self.first + samples + 0.5) * self.step - 0.5)

    def own(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples of the block that lie from one place of the image up to another."""
        low = math.ceil(start / self.step - 0.5)
        high = math.ceil(stop / self.step - 0.5)
        return max(low, 0) - self.first, min(high, self.size) - self.first

    @property
    def halved(self) -> Grid:
        """Of a whole axis, the next coarser grid."""
        size = -(-self.size // 2)
        return Grid(size, self.step * self.size / size, 0, size)

    def coarser(self) -> tuple[Grid, Array, Array]:
        """Return the next grid, with the samples and weights that each of its own is made of."""
        size, step = self.halved.size, self.halved.step
        at = (np.arange(size) + 0.5) * (step / self.step) - 0.5
        base = np.floor(at).astype(np.int64)
        taps = base[:, None] + np.arange(-1, 3)
        known = np.ones(size, bool)
        if self.first > 0:
            known &= taps[:, 0] >= self.first
        if self.stop < self.size:
            known &= taps[:, 3] < self.stop
        kept = np.flatnonzero(known)
        if kept.size == 0:
            return Grid(size, step, 0, 0), taps[:0], np.zeros((0, 4), np.float32)
        taps = np.where(taps < 0, -1 - taps, taps)
        taps = np.where(taps >= self.size, 2 * self.size - 1 - taps, taps)
        taps = np.clip(taps, 0, self.size - 1)
        grid = Grid(size, step, int(kept[0]), int(kept[-1]) + 1)
        return grid, taps[kept] - self.first, _cubic(at[kept] - base[kept])


def _cubic(part: Array) -> Array:
    """Return the weights of the samples -1, 0, 1, 2 in the cubic through them."""
    t = part[:, None]
    weights = np.concatenate(
        [
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        ],
        axis=1,
    )
    return np.asarray(weights, np.float32)


@dataclass(frozen=True)
class Octave:
    """Responses at neighbouring scales on one grid.

    Attributes
    ----------
    levels : ndarray
        With axes scale, z, y, x; the first and the last scale are there to compare with.
    first : int
        Number of the first of them; that of the smallest scale sought is 0.
    grids : tuple of Grid
        Along z, y, x.
    """

    levels: Array
    first: int
    grids: tuple[Grid, Grid, Grid]


@dataclass(frozen=True)
class Scales:
    """Widths at which blobs are sought: a row of equal ratios.

    Attributes
    ----------
    widths : tuple of float
        The smallest, in samples along z, y, x; 0 along an axis that is not searched.
    count : int
        How many there are beyond it.
    response : {"log", "doh", "dog"}
        What is computed at each.
    """

    widths: tuple[float, float, float]
    count: int
    response: Response

    @classmethod
    def between(cls, low: Sequence[float], high: Sequence[float], response: Response) -> Scales:
        """Return the scales from one width to another.

        Raises
        ------
        ParameterError
            If the largest is less than the smallest.
        """
        ratio = max(h / w for h, w in zip(high, low, strict=True) if w > 0)
        if ratio < 1:
            raise ParameterError(
                "must be at least min_sigma", where="max_sigma", hint="the two may be equal"
            )
        count = math.ceil(PER_OCTAVE * math.log2(ratio) - 1e-9)
        if count > _MOST:
            raise ParameterError(
                f"is {ratio:.3g} times min_sigma; no more than {_MOST} scales make sense",
                where="max_sigma",
            )
        z, y, x = (*(0.0,) * (3 - len(low)), *low)
        return cls((z, y, x), count, response)

    @property
    def active(self) -> tuple[bool, bool, bool]:
        """Which axes are searched."""
        z, y, x = (width > 0 for width in self.widths)
        return z, y, x

    def width(self, number: float) -> Array:
        """Return a scale along z, y, x in samples of the image."""
        return np.asarray(self.widths) * 2 ** (number / PER_OCTAVE)

    def _rounds(self) -> Iterator[tuple[int, list[float]]]:
        """Yield the first scale of each octave, and the scales the image is smoothed to."""
        shift = 0.5 if self.response == "dog" else 0.0
        more = 1 if self.response == "dog" else 0
        for first in range(0, self.count + 1, PER_OCTAVE):
            last = min(first + PER_OCTAVE - 1, self.count)
            yield first - 1, [number - shift for number in range(first - 1, last + 2 + more)]

    def reach(self, size: int, axis: int) -> int:
        """Return how many samples along an axis a response depends on."""
        grid = Grid(size, 1.0, 0, size)
        now, reach, most = 0.0, 0.0, 0.0
        for _, numbers in self._rounds():
            while self._coarsens(grid, numbers[0], axis):
                reach += 3 * grid.step
                grid = grid.halved
            inner = reach
            for place, number in enumerate(numbers):
                wanted = float(self.width(number)[axis])
                step = math.sqrt(max(wanted**2 - now**2, 0)) / grid.step
                inner += reach_of(step, _TRUNCATE) * grid.step
                now = wanted
                if place == PER_OCTAVE:
                    reach, after = inner, now
            most = max(most, inner + 5 * grid.step)
            now = after if len(numbers) > PER_OCTAVE else now
        return math.ceil(most)

    def _coarsens(self, grid: Grid, number: float, axis: int) -> bool:
        """Tell whether a scale is known from every second sample of a grid."""
        return float(self.width(number)[axis]) / grid.step >= _COARSEN and grid.size > 1

    def octaves(
        self, values: Array, starts: Sequence[int], sizes: Sequence[int], *, missing: bool
    ) -> Iterator[Octave]:
        """Yield the responses of a block, octave by octave.

        Parameters
        ----------
        values : ndarray
            float32 with axes z, y, x; NaN where nothing is known.
        starts, sizes : sequence of int
            First sample of the block, and samples of the whole image, along each axis.
        missing : bool
            Whether anything is NaN anywhere in the whole.
        """
        grids = [
            Grid(size, 1.0, start, start + length)
            for start, size, length in zip(starts, sizes, values.shape, strict=True)
        ]
        smooth = smoothed if missing else separable
        now = np.zeros(3)
        for first, numbers in self._rounds():
            for axis in range(3):
                while self._coarsens(grids[axis], numbers[0], axis):
                    grids[axis], taps, weights = grids[axis].coarser()
                    values = _resampled(values, axis, taps, weights)
            if not values.size:
                return
            steps = [grid.step for grid in grids]
            planes = []
            for number in numbers:
                wanted = self.width(number)
                more = np.sqrt(np.maximum(wanted**2 - now**2, 0)) / steps
                taps_of = {n: gaussian_taps(float(s), _TRUNCATE) for n, s in enumerate(more) if s}
                values, now = smooth(values, taps_of), wanted
                planes.append(values)
            squares = [(self.width(number) / steps) ** 2 for number in numbers]
            levels = self._responses(planes, squares)
            yield Octave(levels, first, (grids[0], grids[1], grids[2]))
            if len(numbers) > PER_OCTAVE:
                values, now = planes[PER_OCTAVE], self.width(numbers[PER_OCTAVE])

    def _responses(self, planes: Sequence[Array], squares: Sequence[Array]) -> Array:
        from graticule.ops.detect import _scale_space_kernels as kernels

        if self.response == "dog":
            pairs = itertools.pairwise(planes)
            apart = np.float32(PER_OCTAVE / math.log(2))
            return np.stack([(narrow - wide) * apart for narrow, wide in pairs])
        kernel: Callable[..., None] = (
            kernels.negative_laplacian if self.response == "log" else kernels.hessian_determinant
        )
        levels = np.empty((len(planes), *planes[0].shape), np.float32)
        rows = planes[0].shape[0] * planes[0].shape[1]
        for number, plane in enumerate(planes):
            square, out = squares[number].astype(np.float32), levels[number]
            least = max(1, 16_384 // plane.shape[2])
            map_ranges(lambda a, b: kernel(plane, square, out, a, b), rows, least=least)  # noqa: B023
        return levels

    def noise(self, number: float) -> float:
        r"""Return the standard deviation of a response to white noise of deviation 1.

        Of the Laplacian in :math:`n` dims, :math:`\sqrt{(n^2 + 2n) / 4}\,(4 \pi)^{-n/4}
        \prod \sigma_i^{-1/2}`; of the root of the determinant an :math:`n` th of it, as for
        what is round.
        """
        widths = self.width(number)[np.array(self.active)]
        dims = widths.size
        spread = math.sqrt((dims**2 + 2 * dims) / 4) * (4 * math.pi) ** (-dims / 4)
        share: float = spread / math.sqrt(float(np.prod(widths)))
        return share / dims if self.response == "doh" else share


def _resampled(values: Array, axis: int, taps: Array, weights: Array) -> Array:
    from graticule.ops.detect._scale_space_kernels import resample

    size, inner = values.shape[axis], int(np.prod(values.shape[axis + 1 :]))
    blocks = np.ascontiguousarray(values).reshape(-1, size, inner)
    out = np.empty((len(blocks), len(taps), inner), np.float32)
    rows = len(blocks) * len(taps)
    least = max(1, 16_384 // inner)
    map_ranges(lambda a, b: resample(blocks, taps, weights, out, a, b), rows, least=least)
    return out.reshape(*values.shape[:axis], len(taps), *values.shape[axis + 1 :])
