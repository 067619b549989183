"""Features of Gaussians: smoothed values, slopes, curvatures and the structure tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graticule.core import spread
from graticule.learn.features.box import Array, Box, Span
from graticule.learn.features.feature import Feature
from graticule.ops.filters._gradients import TRUNCATE, derivative_taps, steps_of
from graticule.ops.filters._separable import gaussian_taps, reach_of

if TYPE_CHECKING:
    from graticule.learn.features.bank import Features

Axes: TypeAlias = tuple[tuple[Array, int, int, Array], ...]

NARROW = 1.6
"""How many times narrower the first Gaussian of a difference is."""
_ORDER = {"gaussian": 0, "dog": 0, "gradient": 1, "structure": 1, "laplacian": 2, "hessian": 2}
_STENCIL = {"gaussian": 0, "dog": 0, "gradient": 1, "sobel": 1, "laplacian": 2, "hessian": 2}


def reach_of_kind(kind: str, width: float, rho: float, derivatives: str) -> int:
    """Return how many samples a feature of a width (in samples) reaches along a dim."""
    smooth = max(1, reach_of(width, TRUNCATE))
    if derivatives == "difference":
        smooth += _STENCIL.get(kind, 1)
    return smooth + (reach_of(rho * width, TRUNCATE) if kind == "structure" else 0)


@dataclass(frozen=True)
class _Scale:
    """One channel of a box at one width."""

    bank: Features
    box: Box
    features: Sequence[Feature]

    @cached_property
    def widths(self) -> list[float]:
        sigma = self.features[0].scale
        assert sigma is not None
        return [sigma.samples(self.box.image, dim) for dim in self.box.dims]

    @cached_property
    def steps(self) -> list[float]:
        found, _ = steps_of(self.box.image)
        return [found[dim] for dim in self.box.dims]

    @cached_property
    def values(self) -> Array:
        return self.box.values[self.features[0].channel]

    @cached_property
    def kinds(self) -> set[str]:
        return {feature.kind for feature in self.features}

    @cached_property
    def slots(self) -> Array:
        from graticule.learn.features import _eigen_kernels as kernels

        slots = np.full(kernels.SLOTS, -1)
        for row, feature in enumerate(self.features):
            first = getattr(
                kernels, "VALUE" if feature.kind == "gaussian" else feature.kind.upper()
            )
            slots[first + int(feature.part[0] if feature.part else 0)] = row
        return slots

    @property
    def means(self) -> list[int]:
        """How far the mean of the structure tensor reaches."""
        wanted = "structure" in self.kinds
        return [reach_of(self.bank.rho * w, TRUNCATE) if wanted else 0 for w in self.widths]

    def taps(self, order: int) -> list[Array]:
        found = []
        for width, step in zip(self.widths, self.steps, strict=True):
            reach = max(1, reach_of(width, TRUNCATE))
            weights = np.zeros((order + 1, reach + 1), np.float32)
            for o in range(order + 1):
                some = derivative_taps(width, o).weights / step**o
                weights[o, : some.size] = some
            found.append(weights)
        return found

    def gaussians(self, ratio: float) -> list[Array]:
        widths = (width * ratio for width in self.widths)
        return [gaussian_taps(w, TRUNCATE).weights[None].astype(np.float32) for w in widths]

    def axes(self, taps: Sequence[Array], region: Sequence[Span], made: Sequence[Span]) -> Axes:
        """Return the axes that lead from values of a region to results of another."""
        pairs = zip(taps, region, made, strict=True)
        return tuple(self.box.axis(n, t, into, of[0]) for n, (t, of, into) in enumerate(pairs))


def fill(
    bank: Features, box: Box, features: Sequence[Feature], out: Array, at: Sequence[int]
) -> None:
    """Put the features of one channel at one scale into ``out`` from ``at`` on."""
    scale = _Scale(bank, box, features)
    whole = out if out.ndim == 4 else out[:, None]
    place = (0,) * (3 - len(at)) + tuple(at)
    if bank.derivatives == "difference":
        _by_differences(scale, whole, place)
        return
    order = max(_ORDER[kind] for kind in scale.kinds)
    made = box.grown(scale.means)
    ndim = len(box.own)
    keep = np.arange(1, ndim + 1) if "structure" in scale.kinds else np.arange(0)
    kept = _derive(scale, made, order, keep, whole, place, scale.slots)
    if keep.size:
        _structure(scale, kept, made, whole, place)


def _derive(
    scale: _Scale, made: Sequence[Span], order: int, keep: Array, out: Array,
    at: tuple[int, ...], slots: Array,
) -> Array:  # fmt: skip
    """Make features of derivatives of Gaussians, and keep some derivatives of a larger box."""
    from graticule.learn.features import _derive_kernels as kernels

    box = scale.box
    axes = scale.axes(scale.taps(order), box.read, made)
    narrow = scale.axes(scale.gaussians(1 / NARROW), box.read, made)
    pairs = zip(box.own, made, strict=True)
    own = tuple(edge - of[0] for mine, of in pairs for edge in mine)
    sizes = [stop - start for start, stop in made]
    kept = np.empty((keep.size, *([1] * (3 - len(sizes))), *sizes), np.float32)
    run: Callable[..., Any] = kernels.derive_volume if len(sizes) == 3 else kernels.derive_plane
    spread(
        lambda a, b: run(scale.values, axes, narrow, own, at, order, slots, out, kept, keep, a, b),
        sizes[0],
        least=_least(sizes),
    )
    return kept


def _structure(
    scale: _Scale, slopes: Array, made: Sequence[Span], out: Array, at: tuple[int, ...]
) -> None:
    from graticule.learn.features import _structure_kernels as kernels

    axes = scale.axes(scale.gaussians(scale.bank.rho), made, scale.box.own)
    sizes = scale.box.shape
    volume = len(sizes) == 3
    run: Callable[..., Any] = kernels.structure_volume if volume else kernels.structure_plane
    spread(
        lambda a, b: run(slopes, axes, at, scale.slots, out, a, b), sizes[0], least=_least(sizes)
    )


def _by_differences(scale: _Scale, out: Array, at: tuple[int, ...]) -> None:
    raise NotImplementedError


def _least(sizes: Sequence[int]) -> int:
    """Return how many lines or planes are worth a part of their own."""
    return max(1, 4096 // max(1, int(np.prod(sizes[1:]))))
