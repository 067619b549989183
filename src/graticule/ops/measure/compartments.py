"""One table of the parts of objects: nucleus, cytoplasm and ring of one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Reduction, RowsOf, Table, op, require_dims
from graticule.core.errors import ParameterError
from graticule.ops._parameters import DOC
from graticule.ops.measure._columns import with_units
from graticule.ops.measure._merge import Partial
from graticule.ops.measure.join import Names
from graticule.ops.measure.regions import (
    Ends,
    Group,
    halo_of,
    has_texture,
    map_objects,
    map_range,
    table_of,
    union,
)

_NAMES = ("labels", "second", "third", "fourth")
_ZERO = ("pixels", "length", "area", "volume")
"""Columns that are 0 of a part that there is not."""


@dataclass(frozen=True)
class _Parts:
    """What is known of the objects of each label image, and the dims their rows are counted by."""

    partials: tuple[Partial, ...]

    def merged(self, other: _Parts) -> _Parts:
        pairs = zip(self.partials, other.partials, strict=True)
        return _Parts(tuple(one.merged(two) for one, two in pairs))


def _given(*labels: Image | None) -> list[Image]:
    return [each for each in labels if each is not None]


def _map(
    labels: Image,
    second: Image,
    third: Image | None,
    fourth: Image | None,
    intensity: Image | None,
    *,
    block: BlockInfo,
    prior: Ends | None,
    names: Sequence[str],
    properties: tuple[Group, ...],
    levels: int,
) -> _Parts:
    given = _given(labels, second, third, fourth)
    if names and (len(names) != len(given) or len(set(names)) < len(names) or "" in names):
        raise ParameterError(
            f"must be {len(given)} different names, one for each label image, not {list(names)}",
            where="names",
        )
    for other in given[1:]:
        require_dims(other, map(str, labels.dims), what="each label image")
        require_dims(labels, map(str, other.dims), what="the labels")
    return _Parts(
        tuple(
            map_objects(
                each.transpose(*labels.dims),
                intensity,
                block=block,
                prior=prior,
                properties=properties,
                levels=levels,
            )
            for each in given
        )
    )


def _finish(
    parts: _Parts, *, names: Sequence[str], properties: tuple[Group, ...], levels: int, **_: Any
) -> Table:
    chosen = tuple(names) or _NAMES[: len(parts.partials)]
    keys = ["label", *parts.partials[0].layout.frames]
    units: list[tuple[str, str]] = []
    zeros: list[str] = []
    tables = []
    for name, partial in zip(chosen, parts.partials, strict=True):
        one = table_of(partial, properties=properties, levels=levels)
        own = one.attrs["units"]
        one.attrs = {}  # pandas would copy them with every column
        further = {c: f"{name}.{c}" for c in one.columns if c not in keys}
        units += [(key, own.get(key, "")) for key in keys]
        units += [(new, own.get(old, "")) for old, new in further.items()]
        zeros += [new for old, new in further.items() if old in _ZERO]
        tables.append(one.rename(columns=further))
    return with_units(_side_by_side(tables, keys, zeros), units)


def _side_by_side(tables: Sequence[Table], keys: Sequence[str], zeros: Sequence[str]) -> Table:
    """Return a row for each key of any table, in their order; counts are 0 where there is none."""
    import pandas as pd

    first, *others = tables
    if all(np.array_equal(one[key], first[key]) for one in others for key in keys):
        columns = {str(name): one[name] for one in tables for name in one.columns}
        table = pd.DataFrame(columns, copy=False)
    else:
        table = first
        for one in others:
            table = table.merge(one, how="outer", on=list(keys))
        table[zeros] = table[zeros].fillna(0)
        counted = [column for column in zeros if column.endswith(".pixels")]
        table[counted] = table[counted].astype("int64")
    return table.sort_values([*keys[1:], keys[0]], ignore_index=True)


def _map_range(
    labels: Image,
    second: Image,
    third: Image | None,
    fourth: Image | None,
    intensity: Image | None,
    **rest: Any,
) -> Ends:
    return map_range(labels, intensity, **rest)


def _halo(labels: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    return halo_of(labels, params)


_SCOPE = Reduction(
    _map,
    _Parts.merged,
    _finish,
    prior=Reduction(_map_range, union, needed=has_texture),
    halo=_halo,
    memory=8.0,
)


@op(version=2, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def compartments(
    labels: Labels,
    second: Labels,
    third: Labels | None = None,
    fourth: Labels | None = None,
    intensity: Image | None = None,
    *,
    names: Names = (),
    properties: Annotated[tuple[Group, ...], Field(title="Groups of properties")] = (
        "shape",
        "intensity",
    ),
    levels: Annotated[int, Field(title="Grey levels of the texture", ge=2, le=256)] = 32,
) -> Annotated[Table, RowsOf(inputs=("labels", "second", "third", "fourth"))]:
    """Measure the parts of objects that share one numbering: one row for each number.

    Nucleus, cytoplasm and ring of a cell have its number, each in a label image of its own; all
    are measured in one pass, as by `measure.regions`.

    Parameters
    ----------
    labels, second, third, fourth : Labels
        Of the same dims and sizes; one number means one object in all of them.
    intensity : Image, optional
        Values to be measured, as of `measure.regions`.
    names : sequence of str
        One for each label image, in front of its columns; by default ``labels``, ``second``,
        ``third`` and ``fourth``.
    properties : tuple of str
        Groups of columns, as of `measure.regions`.
    levels : int
        Grey levels the texture is counted in.

    Returns
    -------
    Table
        ``label``, the dims that are not spatial, and ``<name>.<column>`` for every column of
        `measure.regions`, as ``nucleus.intensity_mean``. Where an object lacks a part, its pixels
        and size are 0 and all else is missing.

    Raises
    ------
    ParameterError
        If there are more or fewer names than label images, or a group needs an intensity image.
    ImageError
        If dims or sizes differ.

    See Also
    --------
    measure.derive : ratios of the columns.

    %(examples)s
    >>> cells = np.array([[1, 1, 1, 2, 2]])
    >>> nuclei = np.array([[0, 1, 0, 0, 0]])
    >>> table = gt.measure.compartments(nuclei, cells, names=["nucleus", "cell"])
    >>> table[["label", "nucleus.pixels", "cell.pixels", "cell.centroid_x"]]
       label  nucleus.pixels  cell.pixels  cell.centroid_x
    0      1               1            3              1.0
    1      2               0            2              3.5
    """
    table: Table = _SCOPE.whole(
        labels,
        second,
        third,
        fourth,
        intensity,
        names=names,
        properties=properties,
        levels=levels,
    )
    return table
