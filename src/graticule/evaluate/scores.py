"""One image against its truth, as a row of a table: measures with intervals over blocks.

The blocks are larger than the correlation of truth and faults reaches (six times the distance at
which it falls to 1/e, where 25 of them fit, and no less than twice), and an image in which fewer
than `LEAST` of them fit has no interval of its own: its columns are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from graticule.core.image import Table
from graticule.core.typing import Array
from graticule.evaluate._inputs import label_pair, mask_pair, score_pair
from graticule.evaluate.bootstrap import Interval, block_size, blocks, bootstrap, bootstrap_sums
from graticule.evaluate.curves import Ranking, ranking
from graticule.evaluate.empty import ratio
from graticule.evaluate.instances import THRESHOLDS, instance_scores, match
from graticule.evaluate.pixels import Confusion, count_confusion

__all__ = ["mask_row", "object_row", "over_images", "score_row", "with_means"]

Row: TypeAlias = dict[str, float | int | bool | str]
LEAST = 8
"""Fewest blocks that give an interval."""
_MOST = 1024
_LEVELS = 128


def mask_row(
    mask: Any,
    truth: Any,
    *,
    where: Array | None = None,
    n: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Row:
    """Return the measures of a mask; ``dice``, ``precision`` and ``recall`` with intervals.

    Parameters
    ----------
    mask, truth : array_like or DataArray
        Masks of one shape.
    where : ndarray, optional
        Samples that are judged, of the same shape; see `graticule.evaluate.judged`.
    n, seed : int
        Of the bootstrap over blocks.
    confidence : float
        Of the intervals.

    Returns
    -------
    dict
        The measures of `graticule.evaluate.pixels.Confusion`, ``<measure>_low`` and
        ``<measure>_high``, ``blocks`` and ``block_size``.

    Raises
    ------
    ImageError
        If the shapes differ, or one is no mask.

    Examples
    --------
    >>> truth = np.zeros((96, 96), bool)
    >>> truth[::12, ::12] = True
    >>> row = mask_row(truth & (np.arange(96) < 60), truth)
    >>> row["precision"], row["recall"], row["recall_low"] < 0.625 < row["recall_high"]
    (1.0, 0.625, True)
    """
    answer, true = mask_pair(mask, truth)
    parts, side = _blocks([answer != true, true], where)
    whole, *others = (
        count_confusion(_held(answer, where, part), _held(true, where, part))
        for part in [..., *parts]
    )
    counts = np.array([astuple(each) for each in others])
    measures = {name: name for name in ("dice", "precision", "recall")}
    row: Row = {name: getattr(whole, name) for name in measures}
    row |= _intervals(counts, measures, n, seed, confidence)
    return {**row, **whole.as_dict(), "blocks": len(parts), "block_size": side}


def object_row(
    labels: Any,
    truth: Any,
    *,
    where: Array | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    n: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Row:
    """Return the measures of labelled objects; AP, precision and recall with intervals.

    The intervals are those of the first threshold; an object belongs to the block of its centre.
    Where samples are left out, objects are cut at their border. One found without a partner, of
    which more than half was left out, is not called false: it may be an object nobody marked.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Labels of one shape.
    where : ndarray, optional
        Samples that are judged, of the same shape; see `graticule.evaluate.judged`.
    thresholds : sequence of float
        Of intersection over union.
    n, seed : int
        Of the bootstrap over blocks.
    confidence : float
        Of the intervals.

    Returns
    -------
    dict
        What `graticule.evaluate.instances.InstanceScores.as_dict` names, ``<measure>_low`` and
        ``<measure>_high``, ``blocks`` and ``block_size``.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.

    Examples
    --------
    >>> row = object_row([[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]])
    >>> row["ap_0.5"], row["count_error"]
    (0.5, 1)
    """
    found, true = label_pair(labels, truth)
    if where is not None:
        found, true = _cut(found, true, where, thresholds[0])
    scores = instance_scores(found, true, thresholds=thresholds)
    first = scores.matches[0]
    parts, side = _blocks([found > 0, true > 0], where)
    ours, theirs = (_block_of_objects(array, parts) for array in (found, true))
    hit = np.isin(_label_numbers(true), first.truth)
    # tp and fn are true objects, fp are those of the answer without a partner; there is no tn
    extra = ~np.isin(_label_numbers(found), first.labels)
    at = [theirs[hit], ours[extra], theirs[~hit], theirs[:0]]
    counts = np.stack([np.bincount(part, minlength=len(parts)) for part in at], axis=1)
    average_precision = f"ap_{first.threshold:g}"
    measures = {average_precision: "jaccard", "precision": "precision", "recall": "recall"}
    ends = _intervals(counts, measures, n, seed, confidence)
    row: Row = {}
    for name, value in scores.as_dict().items():
        row[name] = value
        row |= {end: ends[end] for end in (f"{name}_low", f"{name}_high") if end in ends}
    return {**row, "blocks": len(parts), "block_size": side}


def score_row(
    scores: Any,
    truth: Any,
    *,
    where: Array | None = None,
    n: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[Row, Ranking]:
    """Return the areas under the curves of scores, with intervals, and the curves.

    The areas are exact; the widths of their intervals come from counts in blocks at 128
    thresholds.

    Parameters
    ----------
    scores : array_like or DataArray
        Finite numbers; larger means object.
    truth : array_like or DataArray
        A mask of the same shape.
    where : ndarray, optional
        Samples that are judged, of the same shape; see `graticule.evaluate.judged`.
    n, seed : int
        Of the bootstrap over blocks.
    confidence : float
        Of the intervals.

    Returns
    -------
    row : dict
        ``auc``, ``average_precision`` and their ends, ``prevalence`` (what chance has as average
        precision), ``best_dice`` and the ``best_threshold`` that gives it, ``blocks`` and
        ``block_size``. The threshold was chosen on this truth.
    ranking : Ranking
        The counts at every threshold.

    Raises
    ------
    ImageError
        If the shapes differ, a score is not finite, or the truth is no mask.

    Examples
    --------
    >>> row, curve = score_row([[0.1, 0.4, 0.35, 0.8]], [[0, 0, 1, 1]])
    >>> row["auc"], curve.positives
    (0.75, 2)
    """
    values, true = score_pair(scores, truth)
    kept = _held(values, where)
    curve = ranking(kept, _held(true, where))
    levels = curve.thinned(_LEVELS).thresholds[::-1]
    bright = values > np.median(kept) if values.size else true
    parts, side = _blocks([true, bright], where)
    counts = np.array(
        [
            _histograms(_held(values, where, part), _held(true, where, part), levels)
            for part in parts
        ]
    )
    row: Row = {}
    for name, area in (("auc", "roc_area"), ("average_precision", "average_precision")):
        found = _bootstrap_blocks(counts, partial(_curve_area, area), n, seed, confidence)
        exact = getattr(curve, area)
        # the counts at few thresholds give a somewhat smaller area than all
        shift = exact - found.estimate
        low, high = (float(np.clip(end + shift, 0, 1)) for end in (found.low, found.high))
        row |= {name: exact, f"{name}_low": low, f"{name}_high": high}
    best = _best_dice(curve)
    prevalence = ratio(curve.positives, kept.size)
    return {
        **row, **best, "prevalence": prevalence, "blocks": len(parts), "block_size": side,
    }, curve  # fmt: skip


def over_images(rows: Table, names: Sequence[str], **options: Any) -> dict[str, Interval]:
    """Return the mean of columns over the images, with intervals over the images.

    Images without a value (NaN) are left out and counted; columns without any are not there.

    Parameters
    ----------
    rows : DataFrame
        One row for each image.
    names : sequence of str
        Columns of numbers.
    **options : Any
        As of `graticule.evaluate.bootstrap.bootstrap`: ``n``, ``seed``, ``confidence``.

    Returns
    -------
    dict of Interval
        By column.

    Examples
    --------
    >>> import pandas as pd
    >>> found = over_images(pd.DataFrame({"dice": [0.5, 0.7, 0.9]}), ["dice", "recall"])
    >>> list(found), round(found["dice"].estimate, 2)
    (['dice'], 0.7)
    """
    found = {}
    for name in names:
        if name in rows and rows[name].notna().any():
            found[name] = bootstrap(rows[name].to_numpy(dtype=float), **options)
    return found


def with_means(rows: Table, names: Sequence[str], **options: Any) -> Table:
    """Return the rows of a study with the means over its images in every row.

    ``<name>_mean`` with ``<name>_mean_low`` and ``<name>_mean_high``; nothing is added to a
    study of one image.

    Parameters
    ----------
    rows : DataFrame
        One row for each image.
    names : sequence of str
        Columns of numbers.
    **options : Any
        As of `graticule.evaluate.bootstrap.bootstrap`: ``n``, ``seed``, ``confidence``.

    Returns
    -------
    DataFrame
        New; ``rows`` is not changed.

    Examples
    --------
    >>> import pandas as pd
    >>> found = with_means(pd.DataFrame({"dice": [0.5, 0.7, 0.9]}), ["dice"], seed=0)
    >>> list(found), found["dice_mean"].round(2).tolist()
    (['dice', 'dice_mean', 'dice_mean_low', 'dice_mean_high'], [0.7, 0.7, 0.7])
    """
    if len(rows) < 2:
        return rows
    added = {}
    for name, found in over_images(rows, names, **options).items():
        added[f"{name}_mean"] = found.estimate
        added[f"{name}_mean_low"], added[f"{name}_mean_high"] = found.low, found.high
    return rows.assign(**added)


def _held(array: Array, where: Array | None, part: Any = ...) -> Array:
    """Return the samples of a part of an array that are judged."""
    own: Array = array[part] if where is None else array[part][where[part]]
    return own


def _cut(labels: Array, truth: Array, where: Array, iou: float) -> tuple[Array, Array]:
    """Return labels within what is judged, without those that were mostly outside for nothing."""
    inside, true = np.where(where, labels, 0), np.where(where, truth, 0)
    numbers, sizes = np.unique(labels, return_counts=True)
    rest, left = np.unique(inside, return_counts=True)
    whole = sizes[np.searchsorted(numbers, rest)]
    partners = match(inside, true, iou=iou).labels
    spared = rest[(2 * left < whole) & ~np.isin(rest, partners)]
    return np.where(np.isin(inside, spared), 0, inside), true


def _blocks(fields: Sequence[Array], where: Array | None) -> tuple[list[tuple[slice, ...]], int]:
    """Return blocks in which the fields know little of each other, and their least side."""
    shape = fields[0].shape
    fields = fields if where is None else [field & where for field in fields]
    side = max(block_size(field) for field in fields)
    if shape:
        # no more blocks than tell anything: larger ones know even less of each other
        side = max(side, math.ceil((math.prod(shape) / _MOST) ** (1 / len(shape))))
    parts = blocks(shape, side)
    return [part for part in parts if where is None or where[part].any()], side


def _bootstrap_blocks(
    counts: Array, statistic: Callable[[Array], float], n: int, seed: int, confidence: float
) -> Interval:
    if len(counts) < LEAST:
        return Interval(math.nan, math.nan, math.nan, len(counts))
    return bootstrap_sums(counts, statistic, n=n, seed=seed, confidence=confidence)


def _intervals(
    counts: Array, measures: Mapping[str, str], n: int, seed: int, confidence: float
) -> Row:
    """Return the ends of the intervals of measures of `Confusion`, by the name of the column."""
    row: Row = {}
    for column, measure in measures.items():
        statistic = partial(_mask_measure, measure)
        found = _bootstrap_blocks(counts, statistic, n, seed, confidence)
        row |= {f"{column}_low": found.low, f"{column}_high": found.high}
    return row


def _mask_measure(name: str, counts: Array) -> float:
    return float(getattr(Confusion(*(round(float(count)) for count in counts)), name))


def _curve_area(name: str, counts: Array) -> float:
    inside, outside = (np.cumsum(half[::-1]) for half in np.split(counts, 2))
    held = inside + outside > 0
    return float(getattr(Ranking(inside[held], inside[held], outside[held]), name))


def _label_numbers(labels: Array) -> Array:
    return np.asarray(np.unique(labels[labels != 0]))


def _block_of_objects(labels: Array, parts: Sequence[tuple[slice, ...]]) -> Array:
    """Return the block of the centre of each object, in the order of their numbers."""
    where = np.nonzero(labels)
    numbers, inverse = np.unique(labels[where], return_inverse=True)
    if numbers.size == 0:
        return np.zeros(0, np.int64)
    size = np.bincount(inverse)
    centres = [np.bincount(inverse, weights=along) / size for along in where]
    home = np.zeros(numbers.size, np.int64)
    for axis, centre in enumerate(centres):
        starts = np.unique([part[axis].start for part in parts])
        home = home * starts.size + np.searchsorted(starts, centre, side="right") - 1
    return home


def _histograms(values: Array, truth: Array, levels: Array) -> Array:
    """Return how many samples of each class lie at or above each level and below the next."""
    at = np.searchsorted(levels, values.ravel(), side="right")
    inside = truth.ravel()
    size = levels.size + 1
    classes = [np.bincount(at[part], minlength=size) for part in (inside, ~inside)]
    return np.asarray(np.concatenate(classes))


def _best_dice(curve: Ranking) -> Row:
    if not curve.positives:
        return {"best_dice": math.nan, "best_threshold": math.nan}
    dice = 2 * curve.tp / (curve.tp + curve.fp + curve.positives)
    at = int(np.argmax(dice))
    return {"best_dice": float(dice[at]), "best_threshold": float(curve.thresholds[at])}
