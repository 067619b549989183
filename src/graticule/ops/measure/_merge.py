"""Numbers by object that merge exactly across tiles: what every table of objects is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from graticule.core.typing import Array
from graticule.ops._axes import Axes

Columns: TypeAlias = Mapping[str, Array]
"""Rows of numbers: arrays of one length, some of which say what a row is about."""
Rule: TypeAlias = Callable[[Array, Array], Array]
"""From sorted rows and the index of each group's first row to one row for a group."""

OBJECT = ("frame", "label")


@dataclass(frozen=True)
class Layout:
    """What the dims of labels and of their image are for.

    Attributes
    ----------
    frames : tuple of str
        Dims along which objects are apart from each other.
    space : tuple of str
        Dims an object is measured along.
    channel : str
        The dim only the image has; empty where there is none.
    channels : tuple of str
        Names of its samples; ``("",)`` where there is no such dim.
    unit : str
        Unit of the image's values.
    integers : bool
        Whether sums of the image's values are exact.
    """

    frames: tuple[str, ...]
    space: tuple[str, ...]
    channel: str = ""
    channels: tuple[str, ...] = ()
    unit: str = ""
    integers: bool = False


@dataclass(frozen=True)
class Partial:
    """What is known of the objects in a part of an image.

    Attributes
    ----------
    layout : Layout
        What the dims are for.
    axes : Axes
        Of the whole image.
    tables : mapping
        Rows of each kind, part by part in the order of the image.
    """

    layout: Layout
    axes: Axes
    tables: Mapping[str, tuple[Columns, ...]]

    def merged(self, other: Partial) -> Partial:
        """Return what is known of both parts."""
        tables = {name: self.tables[name] + other.tables[name] for name in self.tables}
        return replace(self, axes=self.axes.merged(other.axes), tables=tables)


def combined(parts: Sequence[Columns], by: Sequence[str], rules: Mapping[str, Rule]) -> Columns:
    """Return one row for each combination of the ``by`` columns, sorted by them.

    Examples
    --------
    >>> part = {"label": np.array([7, 5, 7]), "n": np.array([1, 1, 1])}
    >>> combined([part, part], ["label"], {"n": np.add.reduceat})
    {'label': array([5, 7]), 'n': array([2, 4])}
    """
    rows = {name: np.concatenate([part[name] for part in parts]) for name in (*by, *rules)}
    keys = [rows[name] for name in by]
    if not len(keys[0]):
        return rows
    order = np.lexsort(keys[::-1])
    new = np.ones(len(order), bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    starts = np.flatnonzero(new)
    out = {name: rows[name][order][starts] for name in by}
    for name, rule in rules.items():
        out[name] = rule(rows[name][order], starts)
    return out


class Keys:
    """The objects of a table, to find the row of each.

    Parameters
    ----------
    objects : Columns
        With ``frame`` and ``label``, sorted by them.
    """

    def __init__(self, objects: Columns) -> None:
        self._labels = np.unique(objects["label"])
        self._codes = self._code(objects["frame"], objects["label"])

    def __len__(self) -> int:
        return len(self._codes)

    def rows(self, frame: Array, label: Array) -> Array:
        """Return the row of each object named."""
        return np.searchsorted(self._codes, self._code(frame, label))

    def placed(self, table: Columns, name: str, fill: Any = 0) -> Array:
        """Return a column with a row for every object: ``fill`` where the table has none."""
        given = table[name]
        full = np.full((len(self), *given.shape[1:]), fill, given.dtype)
        full[self.rows(table["frame"], table["label"])] = given
        return full

    def _code(self, frame: Array, label: Array) -> Array:
        at = np.searchsorted(self._labels, label)
        return np.asarray(frame, np.int64) * max(1, len(self._labels)) + at
