"""Scores against the number of labels: whether more of them would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import CheckError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.learn.crossval.crossval import compare
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.methods.method import Method
from graticule.learn.splits.splits import Fold

Of: TypeAlias = Literal["samples", "strokes", "images"]


@dataclass(frozen=True)
class LearningCurve:
    """Scores of methods that learned from parts of the labels.

    Attributes
    ----------
    rows : DataFrame
        A row for each method, number of labels and draw: ``method``, ``labels`` (in the mean of
        the folds), ``share``, ``draw`` and the measures.
    of : {"samples", "strokes", "images"}
        What was counted.
    measure : str
        The main measure.
    repeats : int
        How often labels were drawn.
    unfinished : bool
        Whether it was stopped.
    """

    rows: pd.DataFrame
    of: Of
    measure: str
    repeats: int
    unfinished: bool = False

    @property
    def methods(self) -> list[str]:
        """Methods with a score."""
        return list(dict.fromkeys(self.rows["method"])) if len(self.rows) else []


def learning_curve(
    data: LabelledImages,
    methods: Sequence[Method],
    folds: Sequence[Fold],
    *,
    of: Of | Literal["auto"] = "auto",
    points: int = 5,
    repeats: int = 3,
    seed: int = 0,
    extra: Mapping[str, LabelledImages] | None = None,
    progress: Progress = no_progress,
) -> LearningCurve:
    """Return scores of methods that learn from ever more labels, always judged on the same.

    Labels are drawn from the training part of each fold alone; what is drawn for a small number
    is part of what is drawn for a larger one.

    Parameters
    ----------
    data, methods, folds, extra
        As for `graticule.learn.crossval.crossval.compare`.
    of : {"auto", "samples", "strokes", "images"}
        What is drawn. ``auto``: strokes (connected labels) where labels are sparse, images where
        there are four or more, else samples.
    points : int
        How many numbers of labels, each about the same factor larger, the last being all.
    repeats : int
        How often labels are drawn.
    seed : int
        Of the drawing.
    progress : callable
        Called with steps done, their number, and what is going on.

    Returns
    -------
    LearningCurve
        A method that cannot learn from so few labels has no row there.
    """
    unit = _unit(data) if of == "auto" else of
    orders = [[_order(data, fold, unit, (seed, n, k)) for k, fold in enumerate(folds)]
             for n in range(repeats)]  # fmt: skip
    most = min(order.size for order in orders[0])
    if most < 2:
        raise CheckError(f"a learning curve needs 2 or more {unit} in every fold, not {most}")
    fewest = 1 if unit == "images" else len(data.classes) or 1
    least = max(fewest, round(most / 4 ** (points - 1)))
    if unit == "samples":
        least = min(most, max(least, 20))
    counts = np.unique(np.geomspace(least, most, points).round().astype(int)).tolist()
    rows: list[dict[str, Any]] = []
    total = len(counts) * repeats * len(methods) * len(folds)
    done = 0
    for count in counts:
        for number in range(1 if count == counts[-1] else repeats):
            drawn = [order.masks(count) for order in orders[number]]
            reduced = [replace(fold, train=own) for fold, own in zip(folds, drawn, strict=True)]

            def shifted(own: int, _: int, words: str, start: int = done, n: int = count) -> None:
                progress(start + own, total, f"{n} {unit}: {words}")

            comparison = compare(data, methods, reduced, extra=extra,
                            intervals=False, progress=shifted)  # fmt: skip
            done += len(methods) * len(folds)
            for name, result in comparison.results.items():
                values = {key: m.estimate for key, m in result.scores.measures.items()}
                rows.append({"method": name, "labels": count, "share": count / most,
                             "draw": number, **values})  # fmt: skip
            if comparison.unfinished:
                return LearningCurve(pd.DataFrame(rows), unit, comparison.main, repeats, True)
    return LearningCurve(pd.DataFrame(rows), unit, comparison.main, repeats)


def _unit(data: LabelledImages) -> Of:
    if data.classes and data.kind == "classes":
        shares = [float(data.known(n).mean()) for n in range(len(data.images))]
        if np.mean(shares) < 0.5:
            return "strokes"
    return "images" if len(data.images) >= 4 else "samples"


class _Order(NamedTuple):
    """The labels of a fold's training part, numbered as they are drawn; -1 where none is."""

    ranks: list[xr.DataArray | None]
    size: int

    def masks(self, count: int) -> list[xr.DataArray | None]:
        """Return where the first so many labels are."""
        return [None if rank is None else (rank >= 0) & (rank < count) for rank in self.ranks]


def _order(data: LabelledImages, fold: Fold, unit: Of, seed: tuple[int, ...]) -> _Order:
    """Put the labels of a fold into an order in which every class comes early."""
    numbers: list[xr.DataArray | None] = []
    classes: list[int] = []
    for index, train in enumerate(fold.train):
        if train is None:
            numbers.append(None)
            continue
        use = train.values & data.known(index)
        numbered, codes = _number_labels(use, data.truth(index), unit, bool(data.classes))
        moved = np.where(numbered >= 0, numbered + len(classes), -1)
        numbers.append(xr.DataArray(moved, dims=train.dims))
        classes += codes
    order = _shuffle_classes_first(np.array(classes), np.random.default_rng(seed))
    rank = np.append(np.argsort(order), -1)  # the number -1 is that of no label, and stays
    return _Order([None if n is None else n.copy(data=rank[n.values]) for n in numbers], order.size)


def _number_labels(use: Array, truth: Array, unit: Of, classed: bool) -> tuple[Array, list[int]]:
    """Return labels of an image numbered from 0 on, and the class of each."""
    numbers = np.full(use.shape, -1, np.int64)
    if unit == "images":
        numbers[use] = 0
        return numbers, [0]
    if unit == "samples" or not classed:
        count = int(np.count_nonzero(use))
        numbers[use] = np.arange(count)
        return numbers, (truth[use].astype(int).tolist() if classed else [0] * count)
    from scipy import ndimage

    classes: list[int] = []
    for code in np.unique(truth[use]):
        strokes, count = ndimage.label(use & (truth == code), np.ones((3,) * use.ndim))
        in_stroke = strokes > 0
        numbers[in_stroke] = strokes[in_stroke] - 1 + len(classes)
        classes += [int(code)] * count
    return numbers, classes


def _shuffle_classes_first(classes: Array, rng: np.random.Generator) -> Array:
    """Return an order at random that starts with one of each class."""
    order = rng.permutation(len(classes))
    _, first = np.unique(classes[order], return_index=True)
    return np.concatenate([order[np.sort(first)], np.delete(order, first)])
