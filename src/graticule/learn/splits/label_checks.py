"""Whether every fold has labels to learn from and to be judged on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from graticule.core.errors import CheckError
from graticule.learn.splits.blocks import Field
from graticule.learn.splits.fold import Fold


def require_labels(folds: Sequence[Fold], fields: Sequence[Field] | None) -> None:
    """Refuse folds that have no label to be judged on, or labels of one class to learn from."""
    lack = _lacking(folds, fields)
    if lack:
        raise CheckError(
            lack,
            hint="draw strokes of every class in other parts of the image, or in another image; or "
            "take features that reach less far (smaller sigmas)",
        )


def _lacking(folds: Sequence[Fold], fields: Sequence[Field] | None) -> str:
    """Return which fold cannot be judged or learned from, and why; empty where all can."""
    if fields is None or len({int(v) for _, values in fields for v in values}) < 2:
        return ""
    for fold in folds:
        if not _classes(fold.test, fields, 1):
            return f"{fold.name}: no label lies in what is held out"
        if len(_classes(fold.train, fields, 2)) < 2:
            wide = ", ".join(f"{dim} {samples}" for dim, samples in fold.buffer.items())
            return (
                f"{fold.name}: beyond the buffer ({wide} samples) around what is held out lie "
                "labels of fewer than two classes, so there is nothing to learn from"
            )
    return ""


def _classes(
    masks: Sequence[xr.DataArray | None], fields: Sequence[Field], enough: int
) -> set[int]:
    """Return classes that have samples within masks; no more are looked for than are enough."""
    found: set[int] = set()
    for mask, (codes, values) in zip(masks, fields, strict=True):
        if mask is not None and len(found) < enough:
            own = np.unique(codes.values[mask.transpose(*codes.dims).values])
            found |= {int(value) for value in own if value in values}
    return found
