"""Results scored against their truth: a row for each image, and means over the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import GraticuleError, ImageError, RequestError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval
from graticule.evaluate.judged import REASONS, judged
from graticule.evaluate.outlines import outline_distances
from graticule.evaluate.scores import Row, mask_row, object_row, over_images, score_row
from graticule.io.format import is_one_image
from graticule.io.outlines import as_large_as
from graticule.io.pairing import Pair, partners
from graticule.io.reading import read_single_channel

ResultKind: TypeAlias = Literal["mask", "labels", "scores"]

MAIN_MEASURE: dict[ResultKind, str] = {"mask": "dice", "labels": "ap_0.5", "scores": "auc"}
AVERAGED_MEASURES: dict[ResultKind, tuple[str, ...]] = {
    "mask": ("dice", "precision", "recall", "jaccard", "specificity", "matthews", "accuracy",
             "hd95", "average_distance"),
    "labels": ("ap_0.5", "ap_mean", "precision", "recall", "f1", "panoptic_quality", "mean_iou",
               "count_error", "absolute_count_error"),
    "scores": ("auc", "average_precision", "best_dice"),
}  # fmt: skip
"""What is averaged over the images; the first is what the page is sorted by."""


@dataclass(frozen=True)
class LeavingOut:
    """What is not judged, beside what is NaN.

    Attributes
    ----------
    roi : Path or None
        The region of interest: one file for all images, or a folder with one for each.
    files : dict of Path
        The region of interest of each image by its name, where ``roi`` is given.
    ignore_label : int or None
        Value of the truth that means unknown.
    """

    roi: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    ignore_label: int | None = None

    @classmethod
    def of(
        cls, pairs: Sequence[Pair], roi: Path | None = None, ignore_label: int | None = None
    ) -> Self:
        """Return what is left out of some pairs, their regions found by name."""
        names = [pair.name for pair in pairs]
        if roi is None:
            return cls(ignore_label=ignore_label)
        files = dict.fromkeys(names, roi) if is_one_image(roi) else partners(names, roi)
        return cls(roi, files, ignore_label)


@dataclass(frozen=True)
class ScoredStudy:
    """What an evaluation found: a row for each image, means with intervals over the images.

    ``failed`` says why images could not be scored, ``pairs`` holds the files, both by the name of
    the image; ``leaving_out`` is what was asked not to be judged.
    """

    kind: ResultKind
    rows: pd.DataFrame
    means: dict[str, Interval]
    failed: dict[str, str]
    pairs: dict[str, Pair] = field(default_factory=dict)
    leaving_out: LeavingOut = LeavingOut()

    @property
    def left_out(self) -> dict[str, int]:
        """How many samples of all images were not judged, by the reason."""
        return {name: int(self.rows[name].sum()) for name in REASONS if name in self.rows}

    @property
    def main(self) -> str:
        """The measure that comes first."""
        return MAIN_MEASURE[self.kind]

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


def score_results(
    pairs: Sequence[Pair],
    *,
    kind: ResultKind | None = None,
    leaving_out: LeavingOut = LeavingOut(),
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress = no_progress,
) -> ScoredStudy:
    """Score every result against its truth.

    What the results are is seen from the values where no ``kind`` is given, see `infer_kind`.
    ``confidence`` is of the intervals, ``seed`` of the bootstrap. An image that cannot be scored
    is named in ``failed``, and the rest goes on; if none could be, what was wrong with the first
    is raised.
    """
    result_kind = kind or infer_kind(pairs, leaving_out)
    rows: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    first: GraticuleError | None = None
    for number, pair in enumerate(pairs):
        progress(number, len(pairs), pair.name)
        try:
            read = read_pair(pair, leaving_out)
            row = _row(read, result_kind, confidence=confidence, seed=seed)
            rows.append({"image": pair.name, **row})
        except GraticuleError as error:
            has_path = str(pair.truth) in str(error) or str(pair.result) in str(error)
            placed = error if has_path else error.at(f"{pair.result} against {pair.truth}")
            first = first or placed
            failed[pair.name] = str(placed)
    if not rows and first is not None:
        raise first
    table = _main_first(pd.DataFrame(rows), MAIN_MEASURE[result_kind])
    if "distance_unit" in table and table["distance_unit"].nunique() == 1:
        unit = str(table.pop("distance_unit").iloc[0])
        table.attrs["units"] = dict.fromkeys(("hd95", "average_distance"), unit)
    for reason in REASONS:
        if reason in table:
            table[reason] = table[reason].fillna(0).astype(int)
    means = over_images(table, AVERAGED_MEASURES[result_kind], confidence=confidence, seed=seed)
    files = {pair.name: pair for pair in pairs}
    return ScoredStudy(result_kind, table, means, failed, files, leaving_out)


def _main_first(table: pd.DataFrame, main: str) -> pd.DataFrame:
    """Return a table with what counts behind the name."""
    first = [name for name in ("image", main, f"{main}_low", f"{main}_high") if name in table]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _row(read: ReadPair, kind: ResultKind, **options: Any) -> Row:
    where = read.where if read.left_out else None
    if kind == "labels":
        row = object_row(read.result, read.truth, where=where, **options)
    elif kind == "scores":
        row = score_row(read.result, _as_mask(read.truth), where=where, **options)[0]
    else:
        mask, true = _as_mask(read.result), _as_mask(read.truth)
        distances = outline_distances(mask, true, where=where)
        row = {
            **mask_row(mask, true, where=where, **options),
            "hd95": distances.hd95,
            "average_distance": distances.average,
            "distance_unit": distances.unit,
        }
    return {**row, **read.left_out}


def _as_mask(image: xr.DataArray) -> xr.DataArray:
    """Return whole numbers and bools as a mask: all that is not 0."""
    if image.dtype.kind not in "biu":
        return image
    return image.copy(data=image.values != 0)


@dataclass(frozen=True)
class ReadPair:
    """A result and its truth; where they are not judged, what has no value is 0, and unknown too.

    Attributes
    ----------
    result, truth : DataArray
        With the same dims.
    where : ndarray
        Which samples are judged.
    left_out : dict of int
        How many are not, by the reason.
    """

    result: xr.DataArray
    truth: xr.DataArray
    where: Array
    left_out: dict[str, int]


def read_pair(pair: Pair, leaving_out: LeavingOut) -> ReadPair:
    """Read a result and its truth, brought to the same dims; raise `ImageError` if sizes differ."""
    result, truth = _read_alike(pair)
    roi = None
    if leaving_out.roi is not None:
        if pair.name not in leaving_out.files:
            raise ImageError(
                f"has no region of interest in {leaving_out.roi}",
                where=str(pair.result),
                hint="name its file alike, or give one file for all images",
            )
        path = leaving_out.files[pair.name]
        roi = as_large_as(read_single_channel(path), result)
        if roi.ndim == result.ndim and set(roi.dims) != set(result.dims):
            roi = xr.DataArray(roi.values, dims=result.dims)
    try:
        found = judged(result, truth, roi=roi, ignore_label=leaving_out.ignore_label)
    except GraticuleError as error:
        raise error.at(str(pair.result if roi is None else path)) from None
    if found.left_out:
        result, truth = (_filled(image, found.where) for image in (result, truth))
    return ReadPair(result, truth, found.where, found.left_out)


def _filled(image: xr.DataArray, where: Array) -> xr.DataArray:
    """Return an image with 0 where it is NaN or not judged."""
    zero = np.zeros((), image.dtype)
    return image.copy(data=np.where(where, image.values, zero))


def _read_alike(pair: Pair) -> tuple[xr.DataArray, xr.DataArray]:
    result, truth = (read_single_channel(path) for path in (pair.result, pair.truth))
    if set(result.dims) != set(truth.dims) and result.ndim == truth.ndim:
        truth = xr.DataArray(truth.values, dims=result.dims)
    truth = truth.transpose(*result.dims) if set(result.dims) == set(truth.dims) else truth
    try:
        result, truth = as_large_as(result, truth), as_large_as(truth, result)
    except GraticuleError as error:
        raise error.at(str(pair.truth)) from None
    if result.shape != truth.shape:
        sizes = [" x ".join(map(str, image.shape)) for image in (truth, result)]
        raise ImageError(
            f"the truth is {sizes[0]}, the result {sizes[1]}; they must be of one size",
            where=str(pair.truth),
            hint=f"the result is {pair.result}",
        )
    return result, truth


def infer_kind(pairs: Sequence[Pair], leaving_out: LeavingOut) -> ResultKind:
    """Return what results are, as the values that are judged show.

    Two values in both: masks. More whole numbers in both, in some image: labels. Fractions in
    the result: scores. Labels on one side only are compared as masks of all that is not 0.

    Raises
    ------
    RequestError
        If a result has many whole numbers and every truth is a mask: it may be scores or labels.
    """
    many_results = many_truths = False
    for pair in pairs:
        try:
            read = read_pair(pair, leaving_out)
        except GraticuleError:
            continue  # it fails by name when it is scored
        result, truth = read.result.values, read.truth.values
        if result.dtype.kind == "f" and not (result == np.rint(result)).all():
            return "scores"
        many_results |= _has_many(result)
        many_truths |= _has_many(truth)
        if many_results and many_truths:
            return "labels"
    if many_results:
        raise RequestError(
            "the results have many values and the truths are masks: they may be labels or scores",
            where=str(pairs[0].result),
            hint="say --kind scores (larger means object) or --kind mask (all that is not 0)",
        )
    return "mask"


def _has_many(values: Array) -> bool:
    if values.dtype == np.bool_ or values.size == 0:
        return False
    other = values[values != 0]
    return bool(other.size and (other != other[0]).any())
