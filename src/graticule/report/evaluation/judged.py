"""Results judged by their truth: a row for each image, and means over the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import GraticuleError, ImageError, RequestError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval
from graticule.evaluate.outlines import outline_distances
from graticule.evaluate.scores import Row, mask_row, object_row, over_images, score_row
from graticule.io.pairing import Pair
from graticule.io.reading import read_single_channel

What: TypeAlias = Literal["mask", "labels", "scores"]

MAIN: dict[What, str] = {"mask": "dice", "labels": "ap_0.5", "scores": "auc"}
MEANS: dict[What, tuple[str, ...]] = {
    "mask": ("dice", "precision", "recall", "jaccard", "specificity", "matthews", "accuracy",
             "hd95", "average_distance"),
    "labels": ("ap_0.5", "ap_mean", "precision", "recall", "f1", "panoptic_quality", "mean_iou",
               "count_error", "absolute_count_error"),
    "scores": ("auc", "average_precision", "best_dice"),
}  # fmt: skip
"""What is averaged over the images; the first is what the page is sorted by."""


@dataclass(frozen=True)
class Judged:
    """What an evaluation found.

    Attributes
    ----------
    kind : str
        ``mask``, ``labels`` or ``scores``.
    rows : DataFrame
        A row for each image.
    means : dict of Interval
        Means over the images, with intervals over the images.
    failed : dict of str
        Images that could not be judged, and why.
    pairs : dict of Pair
        The files by the name of the image.
    """

    kind: What
    rows: pd.DataFrame
    means: dict[str, Interval]
    failed: dict[str, str]
    pairs: dict[str, Pair] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The measure that comes first."""
        return MAIN[self.kind]

    @property
    def shown(self) -> pd.DataFrame:
        """The numbers of every image; what is said of the accuracy stands in a sentence."""
        kept = self.rows.drop(columns="accuracy_warning", errors="ignore")
        kept = kept.dropna(axis=1, how="all")
        kept.attrs = self.rows.attrs
        return kept

    @property
    def summary(self) -> pd.DataFrame:
        """Means over the images: one row for each measure."""
        units = self.rows.attrs.get("units", {})
        unit = {name: {"unit": units.get(name, "")} if units else {} for name in self.means}
        return pd.DataFrame(
            [
                {"measure": name, "mean": i.estimate, "low": i.low, "high": i.high, **unit[name],
                 "images": i.units, "left_out": i.left_out}
                for name, i in self.means.items()
            ]
        )  # fmt: skip


def judge(
    found: Sequence[Pair],
    *,
    kind: What | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Judged:
    """Judge every result by its truth.

    Parameters
    ----------
    found : sequence of Pair
        The files.
    kind : {"mask", "labels", "scores"}, optional
        What the results are; by default it is seen from the values, see `kind_of`.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstrap.
    progress : callable
        Called with the number of images done, the number of all, and a name.

    Returns
    -------
    Judged
        Rows and means. An image that cannot be judged is named in ``failed``, and the rest goes
        on.

    Raises
    ------
    GraticuleError
        What was wrong with the first image, if none could be judged.
    """
    taken = kind or kind_of(found)
    rows: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    first: GraticuleError | None = None
    for number, pair in enumerate(found):
        progress(number, len(found), pair.name)
        try:
            row = _row(*opened(pair), taken, confidence=confidence, seed=seed)
            rows.append({"image": pair.name, **row})
        except GraticuleError as error:
            said = str(pair.truth) in str(error) or str(pair.result) in str(error)
            placed = error if said else error.at(f"{pair.result} against {pair.truth}")
            first = first or placed
            failed[pair.name] = str(placed)
    if not rows and first is not None:
        raise first
    table = _ordered(pd.DataFrame(rows), MAIN[taken])
    if "distance_unit" in table and table["distance_unit"].nunique() == 1:
        unit = str(table.pop("distance_unit").iloc[0])
        table.attrs["units"] = dict.fromkeys(("hd95", "average_distance"), unit)
    means = over_images(table, MEANS[taken], confidence=confidence, seed=seed)
    return Judged(taken, table, means, failed, {pair.name: pair for pair in found})


def _ordered(table: pd.DataFrame, main: str) -> pd.DataFrame:
    """Return a table with what counts behind the name."""
    first = [name for name in ("image", main, f"{main}_low", f"{main}_high") if name in table]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _row(result: xr.DataArray, truth: xr.DataArray, kind: What, **options: Any) -> Row:
    if kind == "labels":
        return object_row(result, truth, **options)
    if kind == "scores":
        return score_row(result, _inside(truth), **options)[0]
    mask, true = _inside(result), _inside(truth)
    distances = outline_distances(mask, true)
    return {
        **mask_row(mask, true, **options),
        "hd95": distances.hd95,
        "average_distance": distances.average,
        "distance_unit": distances.unit,
    }


def _inside(image: xr.DataArray) -> xr.DataArray:
    """Return whole numbers and bools as a mask: all that is not 0."""
    if image.dtype.kind not in "biu":
        return image
    return image.copy(data=image.values != 0)


def opened(pair: Pair) -> tuple[xr.DataArray, xr.DataArray]:
    """Return a result and its truth, brought to the same dims.

    Raises
    ------
    ImageError
        If they are not of one size; the message names the file of the truth and both sizes.
    """
    result, truth = (read_single_channel(path) for path in (pair.result, pair.truth))
    if set(result.dims) != set(truth.dims) and result.ndim == truth.ndim:
        truth = xr.DataArray(truth.values, dims=result.dims)
    truth = truth.transpose(*result.dims) if set(result.dims) == set(truth.dims) else truth
    if result.shape != truth.shape:
        sizes = [" x ".join(map(str, image.shape)) for image in (truth, result)]
        raise ImageError(
            f"the truth is {sizes[0]}, the result {sizes[1]}; they must be of one size",
            where=str(pair.truth),
            hint=f"the result is {pair.result}",
        )
    return result, truth


def kind_of(found: Sequence[Pair]) -> What:
    """Return what results are, as their values show.

    Two values in both: masks. More whole numbers in both, in some image: labels. Fractions in
    the result: scores. Labels on one side only are compared as masks of all that is not 0.

    Raises
    ------
    RequestError
        If a result has many whole numbers and every truth is a mask: it may be scores or labels.
    """
    many_found = many_true = False
    for pair in found:
        try:
            result, truth = (read_single_channel(path).values for path in (pair.result, pair.truth))
        except GraticuleError:
            continue  # it fails by name when it is judged
        if result.dtype.kind == "f" and not (result == np.rint(result)).all():
            return "scores"
        many_found, many_true = many_found or _has_many(result), many_true or _has_many(truth)
        if many_found and many_true:
            return "labels"
    if many_found:
        raise RequestError(
            "the results have many values and the truths are masks: they may be labels or scores",
            where=str(found[0].result),
            hint="say --kind scores (larger means object) or --kind mask (all that is not 0)",
        )
    return "mask"


def _has_many(values: Array) -> bool:
    if values.dtype == np.bool_ or values.size == 0:
        return False
    other = values[values != 0]
    return bool(other.size and (other != other[0]).any())
