"""Ranking of features: how much worse a forest is on held-out blocks without each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import CheckError, ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.data.labels import classes_of, encode_labels
from graticule.learn.explain.importance import ranked
from graticule.learn.features.engine import FeaturePlan
from graticule.learn.features.feature import dims_of
from graticule.learn.sampling.samples import as_image_list
from graticule.learn.splits.fold import Fold
from graticule.learn.splits.splits import by_blocks

if TYPE_CHECKING:
    import pandas as pd

    from graticule.learn.features.bank import Features

Rows: TypeAlias = tuple[Array, Array]
"""Features of samples, and their classes."""


def feature_importances(
    bank: Features,
    images: Any,
    labels: Any,
    *,
    estimator: Any = None,
    folds: int = 4,
    repeats: int = 3,
    most: int = 4000,
    seed: int = 0,
) -> pd.DataFrame:
    """Rank the features of a bank by permutation importance on blocked folds.

    On each fold an estimator learns from some blocks; on the held-out ones, further away than
    the features reach, one feature after the other is shuffled among samples, and what the mean
    recall of the classes loses is its importance. Features that tell the same share it: drop
    them from the last on, and rank again.

    Parameters
    ----------
    bank : Features
        The features.
    images : DataArray or sequence of DataArray
        One image or several.
    labels : DataArray or sequence of DataArray
        Classes (0 = unlabelled) or a mask for each.
    estimator : estimator, optional
        With ``fit`` and ``predict`` of scikit-learn; by default a forest of 50 trees.
    folds : int
        How many parts the images are cut into.
    repeats : int
        How often each feature is shuffled.
    most : int
        Samples learned from, and judged on, in each fold; as many of each class as can be.
    seed : int
        Of the samples and of the shuffling.

    Returns
    -------
    DataFrame
        A row for each feature, the most important first: ``feature``, ``scale``, ``importance``
        (loss of mean recall), ``std`` (over folds and repeats), ``number`` (for ``only=``). The
        mean recall with all features is in ``attrs["score"]``.

    Raises
    ------
    CheckError
        If no fold has what is needed: two classes on both sides.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> from graticule.learn import Features
    >>> values = np.random.default_rng(0).random((48, 48)).astype(np.float32)
    >>> bank = Features(kinds=("value", "gradient"), sigmas=(1,))
    >>> ranked = feature_importances(bank, as_image(values), as_image(values > 0.5), folds=2)
    >>> ranked.feature.tolist(), ranked.attrs["score"] > 0.9
    (['value', 'gradient 1 px'], True)
    """
    from sklearn.base import clone

    from graticule.learn.forest import RandomForest

    if repeats < 1 or most < 2:
        raise ParameterError("repeats must be 1 or more and most 2 or more", where="repeats")
    pictures = [as_image(one) for one in as_image_list(images)]
    truth = [as_image(one) for one in as_image_list(labels)]
    if len(pictures) != len(truth):
        raise ImageError(f"{len(pictures)} images need as many labels, not {len(truth)}")
    classes, kind = classes_of(truth, "auto")
    coded = [
        xr.DataArray(
            encode_labels(each.transpose(*dims_of(image)).values, classes, kind),
            dims=dims_of(image),
        )
        for image, each in zip(pictures, truth, strict=True)
    ]
    named = bank.names(pictures[0])
    buffer = FeaturePlan.of(bank, pictures[0]).reach
    split = by_blocks(coded, folds=folds, buffer=buffer, labels=coded, seed=seed)
    if estimator is None:
        estimator = RandomForest(n_estimators=50, random_state=seed)
    rng = np.random.default_rng(seed)
    drops: list[list[float]] = []
    scores = []
    rows_of = partial(_rows, bank, pictures, coded, most=most, rng=rng)
    for learn, test in _sides(split, rows_of):
        model = clone(estimator)
        model.fit(*learn)
        score = _recall(model, *test)
        scores.append(score)
        drops.extend([score - s for s in _shuffled(model, *test, rng)] for _ in range(repeats))
    if not drops:
        raise CheckError("no fold has two classes both to learn from and to be judged on",
                         hint="label more places, or take fewer folds")  # fmt: skip
    return _table(named, np.array(drops), float(np.mean(scores)))


def _table(named: Sequence[Any], drops: Array, score: float) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(
        {
            "feature": [one.name for one in named],
            "scale": [str(one.scale) if one.scale else "" for one in named],
            "importance": drops.mean(axis=0),
            "std": drops.std(axis=0),
            "number": range(len(named)),
        }
    )
    table = ranked(table)
    table.attrs["score"] = score
    return table


def _sides(split: Sequence[Fold], rows_of: Callable[[Any], Rows]) -> Iterator[tuple[Rows, Rows]]:
    """Yield what is learned from and judged on in each fold where both have two classes."""
    for fold in split:
        learn, test = rows_of(fold.train), rows_of(fold.test)
        if all(np.unique(classes).size > 1 for _, classes in (learn, test)):
            yield learn, test


def _rows(
    bank: Features,
    images: Sequence[xr.DataArray],
    coded: Sequence[xr.DataArray],
    masks: Sequence[xr.DataArray | None],
    *,
    most: int,
    rng: np.random.Generator,
) -> Rows:
    """Return the features and classes of some samples, of each class as many as can be."""
    known = [
        np.where(mask.values, each.values, -1).ravel()
        if mask is not None
        else np.full(each.size, -1)
        for mask, each in zip(masks, coded, strict=True)
    ]
    present = np.unique(np.concatenate([np.unique(k) for k in known]))
    present = present[present >= 0]
    share = max(1, most // max(1, present.size * len(images)))
    found, classes = [], []
    for image, codes_here in zip(images, known, strict=True):
        some = [np.flatnonzero(codes_here == value) for value in present]
        some = [s if s.size <= share else rng.choice(s, share, replace=False) for s in some]
        places = np.sort(np.concatenate([*some, np.zeros(0, np.int64)])).astype(np.int64)
        rows = bank.rows(image, places)
        whole = ~np.isnan(rows).any(axis=1)
        found.append(rows[whole])
        classes.append(codes_here[places][whole])
    return np.concatenate(found), np.concatenate(classes)


def _recall(model: Any, rows: Array, classes: Array) -> float:
    found = np.asarray(model.predict(rows))
    return float(np.mean([(found[classes == c] == c).mean() for c in np.unique(classes)]))


def _shuffled(model: Any, rows: Array, classes: Array, rng: np.random.Generator) -> Iterator[float]:
    """Yield the score with each feature shuffled in turn."""
    changed = rows.copy()
    for number in range(rows.shape[1]):
        changed[:, number] = rng.permutation(rows[:, number])
        yield _recall(model, changed, classes)
        changed[:, number] = rows[:, number]
