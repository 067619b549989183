"""Classification and regression of whole images, on what was learned from and on what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.errors import RequestError
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import bootstrap
from graticule.recipes.digits.page import write_page

Task = Literal["classification", "regression"]
Split = Literal["training", "shuffled", "hands"]

FOLDS = 5
_OF_BOTH: dict[str, dict[str, Any]] = {
    "tree": {"name": "tree"},
    "small tree": {"name": "tree", "max_depth": 7},
    "nearest": {"name": "neighbours", "n_neighbors": 1},
}
METHODS: dict[Task, dict[str, dict[str, Any]]] = {
    "classification": {**_OF_BOTH, "forest": {"name": "forest"}},
    "regression": {**_OF_BOTH, "linear": {"name": "linear"}},
}
MEASURE: dict[Task, str] = {"classification": "accuracy", "regression": "mean absolute error"}


@dataclass(frozen=True)
class Predictions:
    """What a method predicts of every image, by how training and test were kept apart."""

    task: Task
    method: str
    by_split: dict[Split, Array]

    def scores(self, split: Split, truth: Array) -> Array:
        """Return for each image whether the prediction is right, or how far off it is."""
        if self.task == "classification":
            return np.asarray(self.by_split[split] == truth, float)
        return np.asarray(np.abs(self.by_split[split].astype(float) - truth))


def study(images: Path, out: Path) -> pd.DataFrame:
    """Judge every method on its training data and on images it has not seen.

    Parameters
    ----------
    images : Path
        Folder with ``digits.tif`` (a stack of images) and ``digits.csv`` (``digit`` and ``hand``
        of each).
    out : Path
        Gets ``digits.csv`` (the table returned), ``answers.csv`` and ``digits.html``.

    Returns
    -------
    DataFrame
        A row for each method of each task: its score on the training data, on images of other
        people (with an interval over people) and on images drawn one by one.

    Raises
    ------
    RequestError
        If images and table do not go together.
    """
    stack, facts = _load(images)
    truth, hands = facts["digit"].to_numpy(), facts["hand"].to_numpy()
    predictions = list(_predict(stack, truth, hands))
    table = pd.DataFrame([_row(one, truth, hands) for one in predictions])
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "digits.csv", index=False, lineterminator="\n", float_format="%.4f")
    columns = {f"{one.method} {one.task}": one.by_split["hands"] for one in predictions}
    every = facts.assign(**columns)
    every.to_csv(out / "answers.csv", index=False, lineterminator="\n", float_format="%.3f")
    classified = {
        one.method: one.by_split["hands"] for one in predictions if one.task == "classification"
    }
    write_page(out / "digits.html", table, stack, truth, classified)
    return table


def _load(images: Path) -> tuple[list[xr.DataArray], pd.DataFrame]:
    from graticule.io import read

    stack = read(images / "digits.tif").compute()
    facts = pd.read_csv(images / "digits.csv")
    if len(facts) != stack.sizes["t"] or not {"digit", "hand"} <= set(facts.columns):
        raise RequestError(
            f"digits.csv must have a row with digit and hand for each of the {stack.sizes['t']} "
            f"images of digits.tif, not {len(facts)} rows with {', '.join(facts.columns)}",
            where=str(images),
        )
    return [stack.isel(t=number, drop=True) for number in range(stack.sizes["t"])], facts


def _predict(stack: list[xr.DataArray], truth: Array, hands: Array) -> Iterator[Predictions]:
    splits: dict[Split, list[Array]] = {"shuffled": _shuffled(len(truth)), "hands": _by_hand(hands)}
    for task, methods in METHODS.items():
        for name, estimator in methods.items():
            known = _model(task, estimator).fit(stack, truth).predict(stack)
            by_split: dict[Split, Array] = {"training": known}
            for split, tests in splits.items():
                by_split[split] = np.empty_like(known)
                for test in tests:
                    train = np.setdiff1d(np.arange(len(truth)), test)
                    model = _model(task, estimator).fit([stack[i] for i in train], truth[train])
                    by_split[split][test] = model.predict([stack[i] for i in test])
            yield Predictions(task, name, by_split)


def _model(task: Task, estimator: dict[str, Any]) -> Any:
    from graticule.learn import ImageClassifier, ImageRegressor

    kind = ImageClassifier if task == "classification" else ImageRegressor
    return kind(estimator=estimator)


def _shuffled(count: int) -> list[Array]:
    """Return images drawn one by one: people are on both sides."""
    order = np.random.default_rng(0).permutation(count)
    return [np.sort(order[number::FOLDS]) for number in range(FOLDS)]


def _by_hand(hands: Array) -> list[Array]:
    """Return the images of some people, each in one part."""
    people = np.random.default_rng(0).permutation(np.unique(hands))
    return [np.flatnonzero(np.isin(hands, people[number::FOLDS])) for number in range(FOLDS)]


def _row(one: Predictions, truth: Array, hands: Array) -> dict[str, Any]:
    scores = {split: one.scores(split, truth) for split in one.by_split}
    people: Sequence[Any] = np.unique(hands).tolist()
    by_hand = [[scores["hands"][hands == hand].sum(), (hands == hand).sum()] for hand in people]
    interval = bootstrap(by_hand, lambda rows: rows[:, 0].sum() / rows[:, 1].sum())
    return {
        "task": one.task,
        "method": one.method,
        "measure": MEASURE[one.task],
        "on_training_data": float(scores["training"].mean()),
        "held_out": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "shuffled": float(scores["shuffled"].mean()),
    }
