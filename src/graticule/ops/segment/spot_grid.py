"""A regular grid of spots: microarrays and well plates."""

from __future__ import annotations

import string
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Labels, Length, Record, RowsOf, Table, Whole, like, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops.measure._merge import Partial
from graticule.ops.measure._objects import objects_of
from graticule.ops.measure._sums import collect
from graticule.ops.measure._table import Measured
from graticule.ops.segment._lattice import Lattice, find_lattice

_MOST = 1_000_000
_SPARSE = 0.25
"""An outer row with fewer spots than this part of the fullest is none of the grid."""


class SpotGrid(NamedTuple):
    """The spots of the grid, a table of them, and the grid in numbers."""

    labels: Labels
    spots: Annotated[Table, RowsOf(outputs=("labels",))]
    grid: Record


_ROUNDING = 1e-12
"""Share of the largest coordinate below which a spot is on its node."""
_LEAST_ANGLE = 1e-9
"""Degrees; less is rounding."""


@op(
    version=3,
    scope=Whole("a grid goes through all spots", memory=6.0),
    dtype="int32",
    doc=DOC,
)
def spot_grid(
    labels: Labels,
    *,
    rows: Annotated[int | None, Field(title="Rows", ge=1, le=10_000)] = None,
    columns: Annotated[int | None, Field(title="Columns", ge=1, le=10_000)] = None,
    diameter: Annotated[Length | None, Field(title="Diameter of a spot", gt=0)] = None,
) -> SpotGrid:
    """Find the regular grid that spots lie on, and give every spot its row and column.

    Pitch and angle are found from the ways between neighbours, then fitted to all spots on the
    grid by least squares; the pitches along rows and columns may differ. What lies on no node, as
    dust, is left out. Spots that are missing stand in the result at the place where they would be,
    so that an empty well or a spot without signal is measured like all others. There is one grid:
    an array of several blocks is cropped to each of them first.

    Parameters
    ----------
    labels : Labels
        Spots or wells as they were found, with dims ``y x``.
    rows, columns : int, optional
        How many there are. By default as many as the spots found reach over; else those with the
        most spots.
    diameter : Length, optional
        Of the disk that each spot is in the result; by default the median of those found.

    Returns
    -------
    labels : Labels
        int32: a disk on each node, numbered along the rows from 1. Where disks would overlap a
        sample is of the nearest node.
    spots : Table
        One row for each node: ``label``, ``row`` and ``column`` from 1, ``name`` (``A1`` for row 1
        and column 1, after Z comes AA), ``found``, ``found_label`` (0 where missing), ``y`` and
        ``x``, and ``offset`` of the spot that was found from its node.
    grid : Record
        ``grid_rows``, ``grid_columns``, ``grid_pitch_y`` from row to row and ``grid_pitch_x`` from
        column to column, ``grid_angle`` (in degrees, from the direction of ``x`` towards ``y``, of
        the way from a column to the next), ``grid_found``, ``grid_missing``, ``grid_apart`` (spots
        on no node) and ``grid_residual`` (root mean square of the offsets).

    Raises
    ------
    ImageError
        If the dims are others, or no grid goes through the spots, of which it takes four.
    ParameterError
        If there are more rows times columns than a million.
    %(length_error)s

    %(examples)s
    >>> y, x = np.mgrid[:60, :80]
    >>> spots = (((y - 5) % 20 - 10) ** 2 + ((x - 3) % 16 - 8) ** 2 < 10) * 1
    >>> spots[20:60, 20:40] = 0
    >>> found = gt.segment.spot_grid(gt.segment.label(spots > 0))
    >>> found.grid[["grid_rows", "grid_columns", "grid_pitch_x", "grid_missing"]].round(3)
       grid_rows  grid_columns  grid_pitch_x  grid_missing
    0          3             5          16.0             2
    >>> found.spots.loc[~found.spots["found"], "name"].tolist()
    ['B2', 'C2']
    """
    from graticule.ops._distance import extent_of

    if set(map(str, labels.dims)) != {"y", "x"}:
        raise ImageError(
            f"must have the dims y and x, not {', '.join(map(str, labels.dims))}",
            hint="take one plane or frame with transform.select first",
        )
    turned = labels.transpose("y", "x")
    block = BlockInfo.of(turned)
    objects = objects_of(turned, None, block)
    parts = {"objects": collect(objects, intensity=False)}
    measured = Measured(Partial(objects.layout, Axes.of(turned, block), parts))
    places = measured.middles * measured.steps
    lattice = find_lattice(places)
    if lattice is None:
        raise ImageError(
            f"no regular grid goes through the {len(places)} spots",
            hint="it takes four or more, not all in a line; look at the labels",
        )
    first, size = _extent(lattice, rows, columns)
    node = np.array(list(np.ndindex(*size.tolist())), np.int64).reshape(-1, 2)
    holder, apart = _holders(lattice, places, first, size)
    wide = 2 * np.sqrt(np.median(measured.sizes[lattice.fits]) / np.pi)
    across = float(wide) if diameter is None else extent_of(turned, diameter)
    where = lattice.places(node + first)
    drawn = _disks(turned.shape, where / measured.steps, measured.steps, across / 2)
    spots = _spots(measured, node, where, holder, places)
    grid = _grid(lattice, size, spots, apart, measured.unit)
    values = like(turned, drawn).transpose(*labels.dims).values
    return SpotGrid(like(labels, np.ascontiguousarray(values)), spots, grid)


def _extent(lattice: Lattice, rows: int | None, columns: int | None) -> tuple[Array, Array]:
    """Return the first row and column, and how many there are."""
    found = lattice.node[lattice.fits]
    first, size = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for axis, wanted in enumerate((rows, columns)):
        low = found[:, axis].min()
        counts = np.bincount(found[:, axis] - low)
        if wanted is None:
            full = np.flatnonzero(counts >= _SPARSE * counts.max())
            start, number = int(full[0]), int(full[-1] - full[0] + 1)
        else:
            number = wanted
            around = np.pad(counts, number)
            held = np.convolve(around, np.ones(number, np.int64), "valid")
            best = np.flatnonzero(held == held.max())
            start = int(best[len(best) // 2]) - number
        first[axis], size[axis] = low + start, number
    if size.prod() > _MOST:
        raise ParameterError(
            f"makes {size[0]} rows of {size[1]} columns", where="rows", hint="look at the labels"
        )
    return first, size


def _holders(lattice: Lattice, places: Array, first: Array, size: Array) -> tuple[Array, int]:
    """Return for each node the spot on it (-1 for none), and how many spots are on none."""
    holder = np.full(size.prod(), -1)
    node = lattice.node - first
    inside = lattice.fits & ((node >= 0) & (node < size)).all(axis=1)
    off = np.linalg.norm(places - lattice.places(lattice.node), axis=1)
    chosen = np.flatnonzero(inside)
    chosen = chosen[np.argsort(-off[chosen], kind="stable")]  # the nearest comes last, and stays
    holder[node[chosen, 0] * size[1] + node[chosen, 1]] = chosen
    return holder, len(places) - int((holder >= 0).sum())


def _disks(shape: tuple[int, ...], middle: Array, steps: Array, radius: float) -> Array:
    """Return disks around places in samples; an overlap is of the nearest."""
    out = np.zeros(shape, np.int32)
    nearest = np.full(shape, np.inf)
    reach = radius / steps
    for number, place in enumerate(middle, start=1):
        low = np.maximum(np.ceil(place - reach), 0).astype(int)
        high = np.minimum(np.floor(place + reach) + 1, shape).astype(int)
        if (low >= high).any():
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        y, x = np.ogrid[box]
        away = np.hypot((y - place[0]) * steps[0], (x - place[1]) * steps[1])
        own = (away <= radius) & (away < nearest[box])
        out[box][own] = number
        nearest[box][own] = away[own]
    return out


def row_name(number: int) -> str:
    """Return the letters of a row, counted from 0.

    Examples
    --------
    >>> row_name(0), row_name(25), row_name(26), row_name(31)
    ('A', 'Z', 'AA', 'AF')
    """
    letters = string.ascii_uppercase
    return letters[number] if number < 26 else row_name(number // 26 - 1) + letters[number % 26]


def _spots(measured: Measured, node: Array, where: Array, holder: Array, places: Array) -> Table:
    import pandas as pd

    found = holder >= 0
    own = measured.objects["label"][holder]
    coordinates = {
        dim: measured.partial.axes.positions(dim, where[:, axis] / measured.steps[axis])
        for axis, dim in enumerate(("y", "x"))
    }
    off = np.linalg.norm(places[holder] - where, axis=1)
    off[off < _ROUNDING * np.abs(where).max(initial=1.0)] = 0.0
    table = pd.DataFrame(
        {
            "label": np.arange(1, len(node) + 1),
            "row": node[:, 0] + 1,
            "column": node[:, 1] + 1,
            "name": [f"{row_name(row)}{column + 1}" for row, column in node.tolist()],
            "found": found,
            "found_label": np.where(found, own, 0),
            **{dim: values for dim, (values, _) in coordinates.items()},
            "offset": np.where(found, off, np.nan),
        }
    )
    units = {dim: unit for dim, (_, unit) in coordinates.items()} | {"offset": measured.unit}
    table.attrs["units"] = {name: unit for name, unit in units.items() if unit}
    return table


def _grid(lattice: Lattice, size: Array, spots: Table, apart: int, unit: str) -> Record:
    import pandas as pd

    found = int(spots["found"].sum())
    offsets = spots["offset"].dropna().to_numpy()
    angle = float(np.rad2deg(np.arctan2(lattice.across[0], lattice.across[1])))
    row = {
        "grid_rows": int(size[0]),
        "grid_columns": int(size[1]),
        "grid_pitch_y": float(np.linalg.norm(lattice.down)),
        "grid_pitch_x": float(np.linalg.norm(lattice.across)),
        "grid_angle": angle if abs(angle) > _LEAST_ANGLE else 0.0,
        "grid_found": found,
        "grid_missing": len(spots) - found,
        "grid_apart": apart,
        "grid_residual": float(np.sqrt(np.mean(offsets**2))) if found else np.nan,
    }
    table = pd.DataFrame([row])
    lengths = ("grid_pitch_y", "grid_pitch_x", "grid_residual")
    table.attrs["units"] = {**({name: unit for name in lengths if unit}), "grid_angle": "deg"}
    return table
