"""Which object lies in which."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Labels, RowsOf, Table, Whole, filtered_dims, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC


class Parents(NamedTuple):
    """Children with the numbers of their parents, and a table of each."""

    labels: Labels
    children: Annotated[Table, RowsOf(inputs=("labels",))]
    parents: Annotated[Table, RowsOf(inputs=("parents",))]


@op(
    version=1,
    scope=Whole("the largest part that two objects share is known of whole objects", memory=12.0),
    dtype="int32",
    doc=DOC,
)
def parents(
    labels: Labels,
    parents: Labels,
    *,
    min_share: Annotated[float, Field(title="Least part inside", ge=0, le=1)] = 0.0,
) -> Parents:
    """Find for each object the one of another image that it lies in: nuclei in cells.

    The parent of an object is the one it shares most samples with; of several with as many, the
    lowest number. An object that shares none, or less than ``min_share`` of itself, is an orphan.

    Parameters
    ----------
    labels : Labels
        The children. Any dims; worked on along ``z y x``, or along all where it has none of these,
        for every index along the others.
    parents : Labels
        Of the same dims and sizes.
    min_share : float
        The part of a child that must lie in its parent.

    Returns
    -------
    labels : Labels
        int32: the children with the numbers of their parents; orphans are background. Children of
        one parent have one number, so `measure.regions` and `segment.subtract` see them as one.
    children : Table
        One row for each child: ``label``, the dims that are not spatial, ``pixels``, ``parent`` (0
        of an orphan), ``share`` (the part of it inside the parent), ``border_distance`` (from its
        sample nearest to the border of the parent to the nearest sample outside; the border of
        the image is none) and ``orphan``.
    parents : Table
        One row for each parent: ``label``, the same dims, ``pixels``, ``children`` (how many) and
        ``children_share``, the part of it that its children fill.

    Raises
    ------
    ImageError
        If dims or sizes differ, or a parent's number is above 2147483647.

    See Also
    --------
    measure.join : tables by parent.

    %(examples)s
    >>> cells = np.array([[1, 1, 1, 1, 0, 2, 2]])
    >>> nuclei = np.array([[0, 5, 6, 0, 7, 0, 0]])
    >>> found = gt.segment.parents(nuclei, cells)
    >>> found.labels
    array([[0, 1, 1, 0, 0, 0, 0]], dtype=int32)
    >>> found.children[["label", "parent", "share", "border_distance", "orphan"]]
       label  parent  share  border_distance  orphan
    0      5       1    1.0              3.0   False
    1      6       1    1.0              2.0   False
    2      7       0    0.0              NaN    True
    >>> found.parents["children"].tolist()
    [2, 0]
    """
    if set(labels.dims) != set(parents.dims):
        raise ImageError(
            f"labels and parents must have the same dims, not {', '.join(map(str, labels.dims))} "
            f"and {', '.join(map(str, parents.dims))}"
        )
    if int(parents.values.max()) > np.iinfo(np.int32).max:
        raise ImageError(
            "a parent's number must be at most 2147483647", hint="use segment.relabel first"
        )
    space = filtered_dims(labels)
    frames = tuple(str(dim) for dim in labels.dims if dim not in space)
    order = (*frames, *space)
    axes = Axes.of(labels, BlockInfo.of(labels))
    steps, unit = axes.steps(space)
    sizes = tuple(labels.sizes[dim] for dim in space)
    small, large = (item.transpose(*order).values.reshape(-1, *sizes) for item in (labels, parents))
    out = np.zeros(small.shape, np.int32)
    found = [
        _related(one, two, steps, min_share, renamed)
        for one, two, renamed in zip(small, large, out, strict=True)
    ]
    tables = [_table(axes, frames, [each[kind] for each in found]) for kind in (0, 1)]
    if unit:
        tables[0].attrs.setdefault("units", {})["border_distance"] = unit
    turned = like(labels.transpose(*order), out.reshape(tuple(labels.sizes[d] for d in order)))
    renamed = np.ascontiguousarray(turned.transpose(*labels.dims).values)
    return Parents(like(labels, renamed), *tables)


def _related(
    small: Array, large: Array, steps: Array, min_share: float, renamed: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the columns of the children and of the parents of one frame; fill in the labels."""
    inside = small != 0
    names, child = np.unique(small[inside], return_inverse=True)
    holders, owner = np.unique(large, return_inverse=True)
    holders, owner = holders.astype(np.int64), owner.reshape(large.shape)
    pixels = np.bincount(child, minlength=len(names))
    code, shared = np.unique(child * len(holders) + owner[inside], return_counts=True)
    one, two = np.divmod(code, len(holders))
    held = holders[two] != 0
    one, two, shared = one[held], two[held], shared[held]
    best = np.lexsort((two, -shared, one))
    first = best[np.unique(one[best], return_index=True)[1]]
    share, parent = np.zeros(len(names)), np.zeros(len(names), np.int64)
    share[one[first]] = shared[first] / pixels[one[first]]
    parent[one[first]] = holders[two[first]]
    parent[share < min_share] = 0
    share[parent == 0] = 0
    renamed[inside] = parent[child]
    children = {
        "label": names.astype(np.int64),
        "pixels": pixels,
        "parent": parent,
        "share": share,
        "border_distance": _border_distances(small, large, names, parent, steps),
        "orphan": parent == 0,
    }
    areas = np.bincount(owner.ravel(), minlength=len(holders))
    numbers = np.searchsorted(holders, parent[parent != 0])
    filled = np.bincount(owner[(renamed == large) & inside], minlength=len(holders))
    kept = holders != 0
    about = {
        "label": holders[kept],
        "pixels": areas[kept],
        "children": np.bincount(numbers, minlength=len(holders))[kept],
        "children_share": (filled / areas)[kept],
    }
    return children, about


def _border_distances(
    small: Array, large: Array, names: Array, parent: Array, steps: Array
) -> Array:
    """Return for each child the least distance of its samples inside to what is not its parent."""
    from scipy import ndimage

    from graticule.ops._distance import distances

    out = np.full(len(names), np.nan)
    wanted = np.unique(parent[parent != 0])
    numbers = np.searchsorted(wanted, large).clip(max=max(0, len(wanted) - 1))
    ranks = np.zeros(large.shape, np.int32)
    if not len(wanted):
        return out
    known = wanted[numbers] == large
    ranks[known] = numbers[known] + 1
    for rank, box in enumerate(ndimage.find_objects(ranks), start=1):
        wide = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in box)
        mask = ranks[wide] == rank
        away = distances(mask, [float(step) for step in steps])
        inside = small[wide][mask]
        children = np.flatnonzero(parent == wanted[rank - 1])
        place = np.searchsorted(names[children], inside).clip(max=len(children) - 1)
        own = names[children][place] == inside
        least = np.full(len(children), np.inf)
        np.minimum.at(least, place[own], away[mask][own])
        out[children] = least
    return out


def _table(axes: Axes, frames: tuple[str, ...], parts: list[dict[str, Array]]) -> Table:
    """Return the rows of all frames as one table, with where each frame lies."""
    import pandas as pd

    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    number = np.repeat(np.arange(len(parts)), [len(part["label"]) for part in parts])
    places = axes.frame_columns(frames, number)
    columns: dict[str, Any] = {"label": joined.pop("label")}
    columns |= {dim: values for dim, (values, _) in places.items()}
    table = pd.DataFrame(columns | joined)
    units = {dim: unit for dim, (_, unit) in places.items() if unit}
    if units:
        table.attrs["units"] = units
    return table
