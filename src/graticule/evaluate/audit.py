"""Audit of a threshold over a study: each image's own, and every image's on every other.

A threshold found on one image and used on the next is a claim that the light, the detector and
the sample did not change. The audit shows what that claim is worth before anybody relies on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError, GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.evaluate.empty import overlap

__all__ = ["Audit", "audit"]

Images: TypeAlias = Mapping[str, ArrayLike | Callable[[], ArrayLike]]
Method: TypeAlias = Callable[[Any], float]


@dataclass(frozen=True)
class Audit:
    """What each image's threshold does to every image.

    Attributes
    ----------
    fractions : DataFrame
        The fraction of known samples above the threshold (or up to it): a row for each image the
        threshold comes from, a column for each it is applied to; own thresholds on the diagonal.
    thresholds : Series
        The threshold of each image.
    dice : DataFrame or None
        Dice's coefficient against the truth, in the same way; NaN for images without a truth.
    failed : dict of str
        Images left out, and why.

    Examples
    --------
    >>> images = {"dim": np.array([1, 2, 1, 5, 6, 5]), "light": np.array([2, 4, 2, 10, 12, 10])}
    >>> found = audit(images, np.mean)
    >>> found.thresholds.round(2).tolist(), found.failed, found.dice is None
    ([3.33, 6.67], {}, True)
    """

    fractions: pd.DataFrame
    thresholds: pd.Series[float]
    dice: pd.DataFrame | None = None
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def images(self) -> pd.DataFrame:
        """One row for each image: its threshold, and how far others' thresholds change it.

        ``own_fraction``; ``lowest_fraction`` and ``highest_fraction`` by any image's threshold;
        ``typical_change``, the median over the others of how many times larger or smaller the
        fraction gets, less one (infinite where it vanishes); with a truth ``own_dice`` and
        ``lowest_dice``.
        """
        fractions = self.fractions.to_numpy()
        own = np.diagonal(fractions)
        table = {
            "image": list(self.fractions.columns),
            "threshold": self.thresholds.to_numpy(),
            "own_fraction": own,
            "lowest_fraction": fractions.min(axis=0),
            "highest_fraction": fractions.max(axis=0),
            "typical_change": [_typical_change(column, k) for k, column in enumerate(fractions.T)],
        }
        if self.dice is not None:
            dice = self.dice.to_numpy()
            table |= {"own_dice": np.diagonal(dice), "lowest_dice": dice.min(axis=0)}
        return pd.DataFrame(table)

    @property
    def spread(self) -> pd.DataFrame:
        """One row for the study: how far thresholds and fractions spread, own and fixed.

        The fixed threshold is that of the image ``fixed_from``, whose threshold is in the middle.
        Each ``variation`` is a standard deviation over the images as a part of the mean: of the
        thresholds, and of the fractions by own and by the fixed one. With a truth, ``own_dice``
        and ``fixed_dice`` are means over the images that have one.
        """
        values = self.thresholds.to_numpy()
        fractions = self.fractions.to_numpy()
        middle = int(np.argsort(values, kind="stable")[(values.size - 1) // 2])
        row = {
            "images": values.size,
            "threshold_lowest": values.min(),
            "threshold_median": float(np.median(values)),
            "threshold_highest": values.max(),
            "threshold_variation": _variation(values),
            "own_variation": _variation(np.diagonal(fractions)),
            "fixed_variation": _variation(fractions[middle]),
            "fixed_from": self.fractions.index[middle],
        }
        if self.dice is not None:
            dice = self.dice.to_numpy()
            known = ~np.isnan(np.diagonal(dice))
            row["own_dice"] = _mean(np.diagonal(dice)[known])
            row["fixed_dice"] = _mean(dice[middle][known])
            row["fixed_dice_lowest"] = dice[middle][known].min() if known.any() else np.nan
        return pd.DataFrame([row])


def audit(
    images: Images,
    method: Method,
    *,
    keep: Literal["bright", "dark"] = "bright",
    truth: Images | None = None,
    progress: Progress = no_progress,
) -> Audit:
    """Apply each image's threshold to every image of a study.

    Parameters
    ----------
    images : mapping
        Arrays by name, or functions that give them: each is asked for twice, and no more than
        one is held at a time. Samples that are not finite are left out.
    method : callable
        From an image to its threshold.
    keep : {"bright", "dark"}
        Whether objects are what is above the threshold, or what is up to it.
    truth : mapping, optional
        Masks of the same shapes by the same names, or functions that give them.
    progress : callable
        Told ``(done, total, what is going on)``.

    Returns
    -------
    Audit
        Images whose threshold cannot be found are named in ``failed`` and left out.

    Raises
    ------
    CheckError
        If there are fewer than two images with a threshold, or a truth is of another shape.

    Examples
    --------
    >>> dim = np.array([1, 2, 1, 5, 6, 5])
    >>> found = audit({"dim": dim, "light": 2 * dim}, np.mean)
    >>> found.fractions
           dim     light
    dim    0.5  0.666667
    light  0.0  0.500000
    >>> found.images[["image", "threshold", "own_fraction", "highest_fraction"]]
       image  threshold  own_fraction  highest_fraction
    0    dim   3.333333           0.5          0.500000
    1  light   6.666667           0.5          0.666667
    """
    own: dict[str, float] = {}
    failed: dict[str, str] = {}
    for number, (name, image) in enumerate(images.items()):
        progress(number, 2 * len(images), f"threshold of {name}")
        try:
            own[name] = float(method(_load(image)))
        except GraticuleError as error:
            failed[name] = str(error)
    if len(own) < 2:
        reasons = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise CheckError(
            f"an audit needs two images with a threshold, not {len(own)}", hint=reasons
        )
    columns: dict[str, tuple[Array, Array]] = {}
    levels = np.array(list(own.values()))
    for number, name in enumerate(own):
        progress(len(images) + number, 2 * len(images), f"thresholds on {name}")
        columns[name] = _apply_thresholds(
            name, _load(images[name]), levels, (truth or {}).get(name), dark=keep == "dark"
        )
    progress(2 * len(images), 2 * len(images), "")
    names = list(own)
    fractions = pd.DataFrame({name: part for name, (part, _) in columns.items()}, index=names)
    dice = pd.DataFrame({name: score for name, (_, score) in columns.items()}, index=names)
    return Audit(fractions, pd.Series(own, dtype=float), dice if truth else None, failed)


def _load(image: ArrayLike | Callable[[], ArrayLike]) -> Any:
    return image() if callable(image) else image


def _apply_thresholds(
    name: str, image: Any, levels: Array, truth: Any, *, dark: bool
) -> tuple[Array, Array]:
    """Return fraction and Dice by each threshold, from one pass over an image."""
    values = np.asarray(image)
    known = np.isfinite(values)
    order = np.argsort(levels, kind="stable")
    place = np.searchsorted(levels[order], values[known], side="left")  # how many are below
    picked = _count_selected(place, order, dark)
    fractions = picked / max(int(known.sum()), 1)
    if truth is None:
        return fractions, np.full(levels.size, np.nan)
    mask = np.asarray(_load(truth)) != 0
    if mask.shape != values.shape:
        raise CheckError(
            f"the truth must have the shape of the image, {values.shape}, not {mask.shape}",
            where=name,
        )
    inside = mask[known]
    hits = _count_selected(place[inside], order, dark)
    size = int(inside.sum())
    scores = [overlap(2 * int(h), int(a) + size) for h, a in zip(hits, picked, strict=True)]
    return fractions, np.array(scores)


def _count_selected(place: Array, order: Array, dark: bool) -> Array:
    """Return how many values each level picks, from the number of levels below each value."""
    counts = np.bincount(place, minlength=order.size + 1)
    up_to = np.empty(order.size, np.int64)
    up_to[order] = np.cumsum(counts)[:-1]
    return up_to if dark else place.size - up_to


def _typical_change(column: Array, own: int) -> float:
    others = np.delete(column, own)
    low, high = np.minimum(others, column[own]), np.maximum(others, column[own])
    change = np.divide(high, low, out=np.full(high.shape, np.inf), where=low > 0)
    return float(np.median(np.where(high == low, 1.0, change)) - 1)


def _variation(values: Array) -> float:
    """Return the standard deviation as a part of the mean; NaN where that is 0."""
    mean = abs(float(values.mean()))
    return float(values.std()) / mean if mean > 0 else float("nan")


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")
