"""Augmentation: patches as they might as well have been taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array

Generator: TypeAlias = np.random.Generator

_GRID = 32.0
"""Samples between the knots of an elastic deformation."""


@dataclass(frozen=True, kw_only=True)
class Augment:
    """How patches are varied while training, each anew each time.

    Parameters
    ----------
    flip : bool
        Mirror along each dim, and swap the last two where they are equally long: in two dims the
        eight ways to lay down a square.
    warp : float
        Share of patches that are deformed by the three that follow. Images are interpolated
        linearly; labels take the nearest sample.
    rotate : float
        Largest angle, in degrees, in the plane of the last two dims.
    zoom : float
        Largest change of size: 0.1 for 0.9 to 1.1 times.
    elastic : float
        Standard deviation of a smooth random displacement, in samples.
    intensity : float
        Standard deviation of a change of contrast (as a factor) and of brightness, in standard
        deviations of the image.
    noise : float
        Largest standard deviation of white noise, in standard deviations of the image.
    blur : float
        Largest width of a Gaussian, in samples; a quarter of the patches are blurred.

    Examples
    --------
    >>> Augment(rotate=180).rotate
    180
    """

    flip: bool = True
    warp: float = 0.3
    rotate: float = 15.0
    zoom: float = 0.1
    elastic: float = 2.0
    intensity: float = 0.1
    noise: float = 0.05
    blur: float = 0.0

    def __post_init__(self) -> None:
        limits = {"warp": 1.0, "rotate": 180.0, "zoom": 0.5, "elastic": 64.0}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str) or not 0 <= value <= limits.get(each.name, 16.0):
                raise ParameterError(
                    f"must be from 0 to {limits.get(each.name, 16.0):g}, not {value!r}",
                    where=f"augment.{each.name}",
                )

    @classmethod
    def geometric(cls) -> Self:
        """Return flips alone: what a continuous target bears."""
        return cls(warp=0.0, intensity=0.0, noise=0.0)

    def margin(self, extent: Sequence[int]) -> tuple[int, ...]:
        """Return how much must be seen around a patch to deform it, by dim."""
        longest = max(extent)
        more = int(np.ceil(0.21 * longest * min(1, self.rotate / 45) + self.zoom * longest))
        more += int(np.ceil(3 * self.elastic))
        return tuple(more if long > 1 else 0 for long in extent)

    def is_warped(self, rng: Generator) -> bool:
        """Draw whether a patch is deformed."""
        some = self.rotate > 0 or self.zoom > 0 or self.elastic > 0
        return bool(rng.random() < self.warp) and some

    def warped(self, parts: Sequence[Array], extent: Sequence[int], rng: Generator) -> list[Array]:
        """Return patches out of the middle of larger ones, deformed alike.

        Parameters
        ----------
        parts : sequence of ndarray
            The image ``(c, ...)``, float32, and what goes with it ``(...)``.
        extent : sequence of int
            Of the result.
        rng : Generator
            Where chance comes from.
        """
        from scipy.ndimage import map_coordinates

        axes = [axis for axis, long in enumerate(extent) if long > 1]
        sizes = parts[0].shape[1:]
        at = self._places([extent[axis] for axis in axes], [sizes[axis] for axis in axes], rng)
        found = []
        for number, part in enumerate(parts):
            lead = 1 if number == 0 else 0
            squeezed = [n for axis, n in enumerate(part.shape[lead:]) if axis in axes]
            planes = part.reshape(-1, *squeezed)
            order: Literal[0, 1] = 1 if lead else 0
            moved = [
                map_coordinates(plane, at, plane.dtype, order=order, mode="nearest")
                for plane in planes
            ]
            found.append(np.stack(moved).reshape(*part.shape[:lead], *extent))
        return found

    def _places(self, extent: Sequence[int], sizes: Sequence[int], rng: Generator) -> Array:
        """Return where each sample of a patch comes from, ``(dims, *extent)`` float32."""
        centred = [np.arange(long, dtype=np.float32) - (long - 1) / 2 for long in extent]
        at = np.stack(np.meshgrid(*centred, indexing="ij"))
        at *= np.float32(1 + rng.uniform(-self.zoom, self.zoom))
        if len(extent) > 1:
            angle = np.deg2rad(rng.uniform(-self.rotate, self.rotate))
            sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
            y, x = at[-2].copy(), at[-1].copy()
            at[-2], at[-1] = cosine * y - sine * x, sine * y + cosine * x
        if self.elastic > 0:
            for axis in range(len(extent)):
                at[axis] += self.elastic * smooth_noise(extent, rng)
        middle = np.array([(size - 1) / 2 for size in sizes], np.float32)
        shifted: Array = at + middle.reshape(-1, *(1 for _ in extent))
        return shifted

    def flipped(self, parts: Sequence[Array], extent: Sequence[int], rng: Generator) -> list[Array]:
        """Return image, truth and weights mirrored and turned alike (trailing axes)."""
        count = len(extent)
        order = list(range(count))
        long = [axis for axis in order if extent[axis] > 1]
        if len(long) > 1 and extent[long[-1]] == extent[long[-2]] and rng.random() < 0.5:
            order[long[-1]], order[long[-2]] = long[-2], long[-1]
        flips = [axis for axis in range(count) if rng.random() < 0.5]
        found = []
        for part in parts:
            lead = part.ndim - count
            turned = part.transpose(*range(lead), *(lead + axis for axis in order))
            found.append(np.flip(turned, tuple(lead + axis for axis in flips)))
        return found

    def shaded(self, image: Array, rng: Generator) -> Array:
        """Return the image ``(c, ...)`` blurred, of other contrast and brightness, and noisy."""
        if self.blur > 0 and rng.random() < 0.25:
            from scipy.ndimage import gaussian_filter

            width = rng.uniform(0, self.blur)
            sigma = [0.0, *(width if long > 1 else 0.0 for long in image.shape[1:])]
            image = gaussian_filter(image, sigma)
        if self.intensity > 0:
            gain = np.float32(np.exp(rng.normal(0, self.intensity)))
            image = image * gain + np.float32(rng.normal(0, self.intensity))
        if self.noise > 0:
            deviation = np.float32(rng.uniform(0, self.noise))
            image = image + deviation * rng.standard_normal(image.shape, dtype=np.float32)
        return image

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**plain)


def smooth_noise(extent: Sequence[int], rng: Generator) -> Array:
    """Return noise of mean 0 and deviation about 1 that varies over tens of samples, float32.

    Random values at knots, with cubic B-splines between them.
    """
    knots = [max(4, round(long / _GRID) + 4) for long in extent]
    noise = rng.standard_normal(knots, dtype=np.float32)
    for axis, (long, count) in enumerate(zip(extent, knots, strict=True)):
        noise = np.moveaxis(np.tensordot(_splines(long, count), noise, (1, axis)), 0, axis)
    scaled: Array = noise * np.float32(1.46 ** len(extent))
    return scaled


def _splines(long: int, count: int) -> Array:
    """Return the weights of evenly spaced knots at each of a row of samples, ``(long, count)``."""
    at = np.linspace(1, count - 2, long)[:, np.newaxis] - np.arange(count)
    far = np.abs(at)
    near = (4 - 6 * far**2 + 3 * far**3) / 6
    beyond = np.maximum(2 - far, 0) ** 3 / 6
    weights: Array = np.where(far < 1, near, beyond).astype(np.float32)
    return weights
