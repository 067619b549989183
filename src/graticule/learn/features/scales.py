"""Features of Gaussians: smoothed values, slopes, curvatures and the structure tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.learn.features.box import Box, Span
from graticule.learn.features.feature import ORDER, Feature
from graticule.learn.features.spec import FeatureSpec
from graticule.ops.filters._gradients import TRUNCATE, derivative_taps, steps_of
from graticule.ops.filters._separable import gaussian_taps, reach_of

Axes: TypeAlias = tuple[tuple[Array, int, int, Array], ...]

NARROW = 1.6
"""How many times narrower the first Gaussian of a difference is."""


def reach_of_kind(kind: str, width: float, rho: float, derivatives: str) -> int:
    """Return how many samples a feature of a width (in samples) reaches along a dim."""
    smooth = max(1, reach_of(width, TRUNCATE))
    if derivatives == "difference":
        smooth += ORDER[kind]
    return smooth + (reach_of(rho * width, TRUNCATE) if kind == "structure" else 0)


@dataclass(frozen=True)
class _Scale:
    """One channel of a box at one width."""

    spec: FeatureSpec
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
        """The values of the channel; a narrow image has columns that are not looked at."""
        from graticule.learn.features._pass_kernels import BLOCK

        values = self.box.channel(self.features[0].channel)
        missing = max(0, BLOCK - values.shape[-1])
        return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)]) if missing else values

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
        return [reach_of(self.spec.rho * w, TRUNCATE) if wanted else 0 for w in self.widths]

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
        """Return the axes that lead from values of a region to results of another.

        They are as the compiled passes take them (see ``_derive_kernels``).
        """
        from graticule.learn.features._pass_kernels import ROWS

        axes = []
        for n, (weights, of, into) in enumerate(zip(taps, region, made, strict=True)):
            reach, size = weights.shape[1] - 1, self.box.image.sizes[self.box.dims[n]]
            index = np.pad(self.box.index(n, reach, into, of[0]), (0, ROWS - 1), "edge")
            axes.append((index, max(0, reach - into[0]), size - into[0] + reach, weights))
        return tuple(axes)

    def neighbours(self, region: Sequence[Span]) -> tuple[tuple[Any, ...], ...]:
        """Return the axes of a region as the compiled differences take them."""
        found = []
        for span, step in zip(region, self.steps, strict=True):
            place = np.arange(span[1] - span[0])
            low, high = np.maximum(place - 1, 0), np.minimum(place + 1, place.size - 1)
            apart = np.where(high > low, high - low, 1) * step
            found.append((low, high, (1 / apart).astype(np.float32)))
        return tuple(found)


def fill(
    spec: FeatureSpec, box: Box, features: Sequence[Feature], out: Array, at: Sequence[int]
) -> None:
    """Put the features of one channel at one scale into ``out`` from ``at`` on."""
    scale = _Scale(spec, box, features)
    whole = out if out.ndim == 4 else out[:, None]
    place = (0,) * (3 - len(at)) + tuple(at)
    if spec.derivatives == "difference":
        _by_differences(scale, whole, place)
        return
    order = max(ORDER[kind] for kind in scale.kinds)
    made = box.grown(scale.means)
    ndim = len(box.own)
    keep = np.arange(1, ndim + 1) if "structure" in scale.kinds else np.arange(0)
    kept = _put_derivatives(scale, made, order, keep, whole, place, scale.slots)
    if keep.size:
        _put_structure(scale, kept, made, whole, place)


def _put_derivatives(
    scale: _Scale, made: Sequence[Span], order: int, keep: Array, out: Array,
    at: tuple[int, ...], slots: Array,
) -> Array:  # fmt: skip
    """Make features of derivatives of Gaussians, and keep some derivatives of a larger box."""
    from graticule.learn.features import _derive_kernels as kernels
    from graticule.learn.features._pass_kernels import ROWS

    box = scale.box
    axes = scale.axes(scale.taps(order), box.read, made)
    narrow = scale.axes(scale.gaussians(1 / NARROW), box.read, made)
    own = _relative_spans(box.own, made)
    sizes = [stop - start for start, stop in made]
    kept = _workspace(keep.size, sizes)
    run: Callable[..., Any] = kernels.derive_volume if len(sizes) == 3 else kernels.derive_plane
    _map_groups(
        lambda a, b: run(scale.values, axes, narrow, own, at, order, slots, out, kept, keep, a, b),
        sizes,
        ROWS if len(sizes) == 2 else 1,
    )
    return kept


def _put_structure(
    scale: _Scale, slopes: Array, made: Sequence[Span], out: Array, at: tuple[int, ...]
) -> None:
    from graticule.learn.features._pass_kernels import ROWS
    from graticule.learn.features._structure_kernels import structure

    axes = scale.axes(scale.gaussians(scale.spec.rho), made, scale.box.own)
    sizes = scale.box.shape
    plane = len(sizes) == 2
    axes = (axes[0], *axes) if plane else axes
    _map_groups(
        lambda a, b: structure(slopes, axes, at, scale.slots, out, a, b),
        sizes,
        ROWS if plane else 1,
    )


def _by_differences(scale: _Scale, out: Array, at: tuple[int, ...]) -> None:
    """Smooth a box and what the differences reach, then take these of it."""
    from graticule.learn.features._eigen_kernels import DOG, VALUE

    box, means = scale.box, scale.means
    tensor = "structure" in scale.kinds
    own_order = max([0, *(ORDER[kind] for kind in scale.kinds - {"structure"})])
    order, ndim = max(own_order, int(tensor)), len(box.own)
    smooth = box.grown([max(own_order, reach + int(tensor)) for reach in means])
    made = box.grown(means)
    plain, rest = np.full_like(scale.slots, -1), scale.slots.copy()
    for slot in (VALUE, DOG):
        plain[slot], rest[slot] = rest[slot], -1
    kept = _put_derivatives(scale, smooth, 0, np.arange(int(order > 0)), out, at, plain)
    if order == 0:
        return
    sizes = [stop - start for start, stop in made]
    slopes = _workspace(ndim if tensor else 0, sizes)
    _put_differences(scale, kept[0], (smooth, made), (order, rest), slopes, out, at)
    if tensor:
        _put_structure(scale, slopes, made, out, at)


def _put_differences(
    scale: _Scale, values: Array, boxes: tuple[Sequence[Span], ...], what: tuple[int, Array],
    slopes: Array, out: Array, at: tuple[int, ...],
) -> None:  # fmt: skip
    """Put differences of smoothed values, of a box of them, into ``out`` and ``slopes``."""
    smooth, made = boxes
    axes, (order, slots) = scale.neighbours(smooth), what
    inside = _relative_spans(made, smooth), _relative_spans(scale.box.own, smooth)
    sizes = [stop - start for start, stop in made]
    if len(sizes) == 2:
        from graticule.learn.features._plane_kernels import differ_plane

        _map_groups(
            lambda a, b: differ_plane(values[0], axes, *inside, at, slots, out, slopes, a, b),
            sizes,
            1,
        )
        return
    from graticule.learn.features._difference_kernels import differ

    map_ranges(
        lambda a, b: differ(values, axes, *inside, at, order, slots, out, slopes, a, b),
        sizes[0] * sizes[1],
        least=max(1, 4096 // max(1, sizes[2])),
    )


def _relative_spans(spans: Sequence[Span], to: Sequence[Span]) -> tuple[int, ...]:
    """Return start and stop by axis, counted from the start of other spans."""
    pairs = zip(spans, to, strict=True)
    return tuple(edge - first for span, (first, _) in pairs for edge in span)


def _workspace(count: int, sizes: Sequence[int]) -> Array:
    """Return room for planes or volumes whose lines are as long as the compiled loops want."""
    from graticule.learn.features._pass_kernels import BLOCK

    return np.empty(
        (count, *([1] * (3 - len(sizes))), *sizes[:-1], max(sizes[-1], BLOCK)),
        np.float32,
    )


def _map_groups(function: Callable[[int, int], Any], sizes: Sequence[int], group: int) -> None:
    """Spread the lines or planes of a box, some of them together, over the processors."""
    size, each = sizes[0], group * max(1, int(np.prod(sizes[1:])))
    map_ranges(
        lambda a, b: function(a * group, min(b * group, size)),
        -(-size // group),
        least=max(1, 4096 // each),
    )
