"""What labels mean: classes drawn by hand, sparse or dense, or masks that are the whole truth.

A label image holds integers. As **classes**, 0 is unlabelled and every other value is a class, be
it a few strokes or the whole image. As a **mask**, every sample is labelled: 0 is background and
whatever is not 0 is object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import ImageError
from graticule.core.image import is_lazy
from graticule.core.typing import Array

LabelKind: TypeAlias = Literal["auto", "classes", "mask"]

UNLABELLED = -1
"""Code of a sample that is not labelled."""

_MOST_CLASSES = 255
_HIGHEST = 2**31 - 1
_SAMPLES = 1 << 22


@dataclass(frozen=True)
class Class:
    """One class: the value it has in label images, and its name."""

    value: int
    name: str


Classes: TypeAlias = tuple[Class, ...]

MASK_CLASSES: Classes = (Class(0, "background"), Class(1, "object"))


def iter_slabs(image: xr.DataArray, dims: Sequence[str]) -> Iterator[tuple[int, xr.DataArray]]:
    """Yield an image in slabs along the first of some dims, each with where it starts.

    A slab is in memory, of a few million samples; one of a lazy image is read when it is its turn.
    """
    first = dims[0]
    step = max(1, _SAMPLES * image.sizes[first] // max(1, image.size))
    for start in range(0, image.sizes[first], step):
        slab = image.isel({first: slice(start, start + step)})
        yield start, (slab.compute(scheduler="synchronous") if is_lazy(slab) else slab)


def label_values(labels: xr.DataArray) -> Array:
    """Return the values that occur in a label image, sorted.

    Raises
    ------
    ImageError
        If they are not integers or bools, or some are negative.

    Examples
    --------
    >>> label_values(xr.DataArray([[0, 2], [2, 5]])).tolist()
    [0, 2, 5]
    """
    if labels.dtype.kind not in "bui":
        raise ImageError(
            f"labels must be integers (0 = unlabelled) or bools, not {labels.dtype}",
            hint="for continuous targets use PixelRegressor",
        )
    found: set[int] = set()
    for _, slab in iter_slabs(labels, [str(dim) for dim in labels.dims]):
        flat = np.ravel(slab.values)
        if not flat.any():  # as most of a large image is, of which a little is painted
            found |= {0} if flat.size else set()
            continue
        found |= set(pd.unique(flat.astype(flat.dtype.newbyteorder("="), copy=False)).tolist())
    values = np.array(sorted(found), dtype=np.int64 if labels.dtype != np.uint64 else np.uint64)
    if values.size and values[0] < 0:
        raise ImageError(f"labels must be 0 (unlabelled) or positive, not {values[0]}")
    return values


def classes_of(
    labels: Sequence[xr.DataArray],
    kind: LabelKind = "auto",
    names: Mapping[int, str] | None = None,
) -> tuple[Classes, Literal["classes", "mask"]]:
    """Return the classes of a set of label images, and what kind of labels they are.

    Parameters
    ----------
    labels : sequence of DataArray
        Integers or bools; looked at one by one.
    kind : {"auto", "classes", "mask"}
        ``auto`` takes bools, and sets in which 0 and a single other value occur, for masks.
    names : mapping, optional
        Names of classes by their value; by default a class is called by its value, and those of
        a mask ``background`` and ``object``.

    Returns
    -------
    classes : Classes
        In the order of their values.
    kind : {"classes", "mask"}
        How the labels are to be read.

    Raises
    ------
    ImageError
        If fewer than two classes occur, more than 255, or the values are no labels.

    Examples
    --------
    >>> strokes = xr.DataArray([[0, 1], [3, 0]], dims=("y", "x"))
    >>> classes_of([strokes], names={3: "pore"})
    ((Class(value=1, name='1'), Class(value=3, name='pore')), 'classes')
    >>> classes_of([strokes == 3])[1]
    'mask'
    """
    if kind not in ("auto", "classes", "mask"):
        raise ImageError(f"the kind of labels must be auto, classes or mask, not {kind!r}")
    values = sorted({int(value) for each in labels for value in label_values(each)})
    drawn = [value for value in values if value != 0]
    if kind == "auto":
        bools = bool(labels) and all(each.dtype == np.bool_ for each in labels)
        kind = "mask" if bools or (len(drawn) == 1 and 0 in values) else "classes"
    names = names or {}
    if kind == "mask":
        if not drawn or 0 not in values:
            missing = "background" if drawn else "object"
            raise ImageError(
                f"masks must hold object and background; none of them has {missing}",
                hint="give more images, or labels of classes (0 = unlabelled) with kind='classes'",
            )
        named = [(each.value, names.get(each.value, each.name)) for each in MASK_CLASSES]
        return tuple(Class(value, str(name)) for value, name in named), "mask"
    if len(drawn) < 2:
        raise ImageError(
            f"labels of at least two classes are needed, not of {len(drawn)}"
            + (f" (value {drawn[0]})" if drawn else ""),
            hint="draw strokes of a second class; if 0 means background, say labels: mask in the "
            "training document (kind='mask' in Python)",
        )
    if drawn[-1] > _HIGHEST:
        raise ImageError(f"the value of a class is at most {_HIGHEST}, not {drawn[-1]}")
    if len(drawn) > _MOST_CLASSES:
        raise ImageError(
            f"at most {_MOST_CLASSES} classes are told apart, not {len(drawn)}",
            hint="labels that number objects are a mask: say labels: mask in the training document "
            "(kind='mask' in Python)",
        )
    return tuple(Class(value, str(names.get(value, value))) for value in drawn), "classes"


def encode_labels(labels: Array, classes: Classes, kind: Literal["classes", "mask"]) -> Array:
    """Return the number of each sample's class, counted from 0; -1 where it is unlabelled.

    Parameters
    ----------
    labels : ndarray
        Integers or bools, of any shape.
    classes : Classes
        As of `classes_of`.
    kind : {"classes", "mask"}
        How the labels are to be read.

    Returns
    -------
    ndarray
        int16, of the same shape.

    Raises
    ------
    ImageError
        If a value is of no class.

    Examples
    --------
    >>> encode_labels(np.array([0, 3, 1]), (Class(1, "1"), Class(3, "3")), "classes")
    array([-1,  1,  0], dtype=int16)
    """
    if kind == "mask":
        codes: Array = (labels != 0).astype(np.int16)
        return codes
    highest = max(each.value for each in classes)
    if labels.dtype == np.bool_:
        labels = labels.astype(np.uint8)
    if highest < 1 << 16:
        table = np.full(highest + 2, -2, np.int16)
        table[0] = UNLABELLED
        for number, each in enumerate(classes):
            table[each.value] = number
        # What is larger than every class has the last place of the table, which is of no class.
        top = min(highest + 1, int(np.iinfo(labels.dtype).max))
        codes = table[np.minimum(labels, top).astype(np.int64)]
    else:
        codes = np.where(labels == 0, np.int16(UNLABELLED), np.int16(-2))
        for number, each in enumerate(classes):
            codes[labels == each.value] = number
    if (codes == -2).any():
        stray = int(np.asarray(labels)[codes == -2].flat[0])
        known = ", ".join(str(each.value) for each in classes)
        raise ImageError(f"the label {stray} is of no class; the classes are {known}")
    return codes


def decode_labels(codes: Array, classes: Classes) -> Array:
    """Return the class value of each code, as int32; 0 for -1.

    Examples
    --------
    >>> decode_labels(np.array([1, 0, -1]), (Class(1, "1"), Class(3, "3")))
    array([3, 1, 0], dtype=int32)
    """
    table = np.array([*(each.value for each in classes), 0], np.int32)
    values: Array = table[codes]
    return values
