"""Computing the features of a box: what is needed for those wanted, each thing once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from graticule.core import Length
from graticule.core.errors import ParameterError
from graticule.learn.features import local, scales
from graticule.learn.features.box import Array, Box, Span
from graticule.learn.features.feature import Feature, dims_of, one_channel

if TYPE_CHECKING:
    from graticule.learn.features.bank import Features


def wanted(bank: Features, image: xr.DataArray, only: Sequence[int] | None) -> list[int]:
    """Return the numbers of the features wanted.

    Raises
    ------
    ParameterError
        If there is no feature of a number.
    """
    count = len(bank.names(image))
    if only is None:
        return list(range(count))
    chosen = [int(number) for number in only]
    if any(not 0 <= number < count for number in chosen):
        raise ParameterError(f"must be numbers of 0 to {count - 1}, not {chosen}", where="only")
    return chosen


def base_of(named: Sequence[Feature], chosen: Sequence[int]) -> list[int]:
    """Return the numbers of the features that are no products, of which those chosen are made."""
    found: set[int] = set()
    for number in chosen:
        product = named[number].kind == "product"
        found.update(map(int, named[number].part) if product else (number,))
    return sorted(found)


def reach_of(bank: Features, image: xr.DataArray, features: Sequence[Feature]) -> dict[str, int]:
    """Return how far features that are no products reach, by dim."""
    plain = one_channel(image)
    reach = dict.fromkeys(dims_of(image), 0)
    kinds = {(feature.kind, feature.scale) for feature in features}
    for kind, scale in kinds:
        for dim in reach:
            reach[dim] = max(reach[dim], _reach(bank, plain, dim, kind, scale))
    return reach


def _reach(bank: Features, plain: xr.DataArray, dim: str, kind: str, scale: Length | None) -> int:
    if kind == "value":
        return bank.window // 2
    if scale is None:
        return 0
    width = scale.samples(plain, dim)
    if kind == "rank":
        return int(width)
    return scales.reach_of_kind(kind, width, bank.rho, bank.derivatives)


def fill(
    bank: Features,
    image: xr.DataArray,
    own: Sequence[Span],
    only: Sequence[int],
    out: Array,
    at: Sequence[int] | None = None,
) -> None:
    """Put the features of a box of an image into ``out``, ``(features, *dims)``, from ``at`` on."""
    named = bank.names(image)
    base = base_of(named, only)
    features = [named[number] for number in base]
    box = Box.of(image, own, reach_of(bank, image, features), bank.border)
    at = tuple(at or (0,) * len(own))
    if base == list(only):
        _fill_base(bank, box, features, out, at)
        return
    block = np.empty((len(base), *box.shape), np.float32)
    _fill_base(bank, box, features, block, (0,) * len(own))
    row = {number: block[place] for place, number in enumerate(base)}
    for into, number in zip(_within(out, box, at), only, strict=True):
        if named[number].kind != "product":
            into[...] = row[number]
            continue
        first, *others = (int(factor) for factor in named[number].part)
        np.multiply(row[first], row[others[0]], out=into)
        for factor in others[1:]:
            into *= row[factor]


def _within(out: Array, box: Box, at: Sequence[int]) -> Array:
    spans = (slice(a, a + n) for a, n in zip(at, box.shape, strict=True))
    view: Array = out[(slice(None), *spans)]
    return view


def _group(feature: Feature) -> tuple[str, int, Length | None]:
    kind = feature.kind if feature.kind in ("value", "rank", "position") else "scale"
    return kind, feature.channel, feature.scale


def _fill_base(
    bank: Features, box: Box, features: Sequence[Feature], out: Array, at: tuple[int, ...]
) -> None:
    done, view = 0, _within(out, box, at)
    for (kind, _, _), members in itertools.groupby(features, _group):
        some = list(members)
        rows = slice(done, done + len(some))
        done += len(some)
        if kind == "scale":
            scales.fill(bank, box, some, out[rows], at)
        elif kind == "rank":
            local.statistics(box, some, list(view[rows]))
        elif kind == "value":
            for feature, into in zip(some, view[rows], strict=True):
                local.shifted(box, feature, into)
        else:
            for feature, into in zip(some, view[rows], strict=True):
                local.position(box, feature, bank.position, into)
