"""Computing the features of a box: what is needed for those wanted, each thing once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from graticule.core import Length, Region
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.features import local, scales
from graticule.learn.features.box import Box, Span
from graticule.learn.features.feature import Feature, dims_of, feature_list, one_channel
from graticule.learn.features.spec import FeatureSpec


@dataclass(frozen=True)
class FeaturePlan:
    """What must be made of an image for the features wanted.

    Attributes
    ----------
    spec : FeatureSpec
        The parameters of the bank.
    image : DataArray
        The image.
    named : list of Feature
        All features of the spec.
    only : list of int
        Numbers of those wanted.
    base : list of int
        Numbers of those that are no products, of which the wanted ones are made.
    reach : dict
        How far these reach, by dim.
    """

    spec: FeatureSpec
    image: xr.DataArray
    named: list[Feature]
    only: list[int]
    base: list[int]
    reach: dict[str, int]

    @classmethod
    def of(
        cls, spec: FeatureSpec, image: xr.DataArray, only: Sequence[int] | None = None
    ) -> FeaturePlan:
        """Plan for an image.

        Raises
        ------
        ParameterError
            If there is no feature of a number.
        """
        named = feature_list(spec, image)
        chosen = list(range(len(named))) if only is None else [int(number) for number in only]
        if any(not 0 <= number < len(named) for number in chosen):
            raise ParameterError(f"must be of 0 to {len(named) - 1}, not {chosen}", where="only")
        base: set[int] = set()
        for number in chosen:
            product = named[number].kind == "product"
            base.update(map(int, named[number].part) if product else (number,))
        reach = _halo_of(spec, image, [named[number] for number in base])
        return cls(spec, image, named, chosen, sorted(base), reach)

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of the image along its spatial dims."""
        return tuple(self.image.sizes[dim] for dim in dims_of(self.image))

    def box(self, region: Region | None = None) -> tuple[Span, ...]:
        """Return a region of the image, by default all of it, as spans of its spatial dims."""
        dims = dims_of(self.image)
        sizes = dict(zip(dims, self.shape, strict=True))
        if region is None:
            return tuple((0, size) for size in self.shape)
        bounds = region.validate(sizes).bounds
        return tuple(bounds[dim] for dim in dims)

    def fill(self, own: Sequence[Span], out: Array, at: Sequence[int] | None = None) -> None:
        """Put the features of a box into ``out``, ``(features, *dims)``, from ``at`` on."""
        features = [self.named[number] for number in self.base]
        used = sorted({feature.channel for feature in features})
        box = Box.of(self.image, own, self.reach, self.spec.border, used)
        at = tuple(at or (0,) * len(own))
        if self.base == self.only:
            _put_base(self.spec, box, features, out, at)
            return
        block = np.empty((len(self.base), *box.shape), np.float32)
        _put_base(self.spec, box, features, block, (0,) * len(own))
        row = {number: block[place] for place, number in enumerate(self.base)}
        for into, number in zip(_view_of(out, box, at), self.only, strict=True):
            if self.named[number].kind != "product":
                into[...] = row[number]
                continue
            first, *others = (int(factor) for factor in self.named[number].part)
            np.multiply(row[first], row[others[0]], out=into)
            for factor in others[1:]:
                into *= row[factor]


def _halo_of(spec: FeatureSpec, image: xr.DataArray, features: Sequence[Feature]) -> dict[str, int]:
    plain = one_channel(image)
    reach = dict.fromkeys(dims_of(image), 0)
    for kind, scale in {(feature.kind, feature.scale) for feature in features}:
        for dim in reach:
            reach[dim] = max(reach[dim], _reach(spec, plain, dim, kind, scale))
    return reach


def _reach(
    spec: FeatureSpec, plain: xr.DataArray, dim: str, kind: str, scale: Length | None
) -> int:
    if kind == "value":
        return spec.window // 2
    if scale is None:
        return 0
    width = scale.samples(plain, dim)
    if kind == "rank":
        return int(width)
    return scales.reach_of_kind(kind, width, spec.rho, spec.derivatives)


def _view_of(out: Array, box: Box, at: Sequence[int]) -> Array:
    spans = (slice(a, a + n) for a, n in zip(at, box.shape, strict=True))
    view: Array = out[(slice(None), *spans)]
    return view


def _shared_pass(feature: Feature) -> tuple[str, int, Length | None]:
    kind = feature.kind if feature.kind in ("value", "rank", "position") else "scale"
    return kind, feature.channel, feature.scale


def _put_base(
    spec: FeatureSpec, box: Box, features: Sequence[Feature], out: Array, at: tuple[int, ...]
) -> None:
    done, view = 0, _view_of(out, box, at)
    for (kind, _, _), members in itertools.groupby(features, _shared_pass):
        some = list(members)
        rows = slice(done, done + len(some))
        done += len(some)
        if kind == "scale":
            scales.fill(spec, box, some, out[rows], at)
        elif kind == "rank":
            local.statistics(box, some, list(view[rows]))
        elif kind == "value":
            local.shifted(box, some, list(view[rows]))
        else:
            for feature, into in zip(some, view[rows], strict=True):
                local.position(box, feature, spec.position, into)
