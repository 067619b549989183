"""Methods for whole images and for objects compared: whole images or groups are held out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from graticule.core.errors import CheckError, GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.learn.crossval.counts import HeldOutCounts, scored
from graticule.learn.crossval.crossval import FAULTS, Comparison
from graticule.learn.crossval.method_run import MethodResult
from graticule.learn.crossval.split import Split
from graticule.learn.data.labelled_items import LabelledItems
from graticule.learn.document.document import SplitSpec
from graticule.learn.methods.items import ItemMethod
from graticule.learn.splits.splits import Fold, by_group


def split_items(split: SplitSpec, data: LabelledItems) -> Split:
    """Return the folds for images or objects: whole images, or groups of them, are held out.

    Objects of one image are never on both sides.

    Raises
    ------
    CheckError
        If there are too few images or groups, or a class is in one of them only: held out, nobody
        has learned it.
    """
    names, by = list(dict.fromkeys(data.groups)), data.grouped_by
    if len(names) < 2:
        raise CheckError(
            f"all {data.things} are of one of the {by} ({names[0]}); whole {by} are held out, so "
            "there must be 2 or more",
            where="split",
            hint="give more of them"
            + (", for objects of one image are alike" if data.things == "objects" else ""),
        )
    marks = data.marks()
    if data.classes:
        _require_several(data)
    folds = by_group(
        marks, data.groups, split.folds, labels=marks if data.classes else None, seed=split.seed,
        kind=by,
    )  # fmt: skip
    few = f" (there are only {len(names)})" if len(folds) < split.folds else ""
    return Split(tuple(folds), (), f"whole {by} are held out, in {len(folds)} folds{few}", {})


def _require_several(data: LabelledItems) -> None:
    """Refuse a class that is in one image or group only."""
    where: list[set[object]] = [set() for _ in data.classes]
    for group, codes in zip(data.groups, data.targets, strict=True):
        for code in np.unique(codes):
            where[int(code)].add(group)
    for each, groups in zip(data.classes, where, strict=True):
        if len(groups) == 1:
            raise CheckError(
                f"the class {each.name} is in one of the {data.grouped_by} only "
                f"({next(iter(groups))}): when that is held out, nothing is left to learn it from",
                where="split",
                hint="give more of it, or leave the class out",
            )


def compare_items(
    data: LabelledItems,
    methods: Sequence[ItemMethod],
    split: Split,
    *,
    confidence: float = 0.95,
    progress: Progress = no_progress,
) -> Comparison:
    """Judge methods by what they say of images or objects they have not learned from.

    As `graticule.learn.crossval.crossval.compare`, with one answer for each image or object;
    ``answers`` of the comparison holds them all. Intervals are over whole images, or groups.
    """
    folds, groups = split.folds, list(dict.fromkeys(data.groups))
    comparison = Comparison(data, folds, data.grouped_by, {}, confidence=confidence)
    total, answers = len(methods) * len(folds), []
    for place, method in enumerate(methods):

        def say(done: int, message: str, name: str = method.name, before: int = place) -> None:
            progress(before * len(folds) + done, total, f"{name}: {message}")

        done = [0]
        try:
            result, own = _run(method, data, folds, groups, confidence, say, done)
            comparison.results[method.name] = result
            answers.append(own)
        except FAULTS as error:  # of an estimator too: the others must not be lost for it
            kind = "" if isinstance(error, GraticuleError) else f"{type(error).__name__}: "
            comparison.failed[method.name] = f"{kind}{error}"
        except KeyboardInterrupt:
            left = [each.name for each in methods[place + 1 :]]
            comparison.unfinished.update({method.name: done[0], **dict.fromkeys(left, 0)})
            break
    return replace(comparison, answers=pd.concat(answers, ignore_index=True)) if answers else (
        comparison)  # fmt: skip


def _run(
    method: ItemMethod,
    data: LabelledItems,
    folds: Sequence[Fold],
    groups: list[object],
    confidence: float,
    say: Callable[[int, str], None],
    done: list[int],
) -> tuple[MethodResult, pd.DataFrame]:
    held_out = HeldOutCounts(len(data.classes), data.scored_classes, len(groups), data.samples)
    learning = answering = 0.0
    rows: dict[int, pd.DataFrame] = {}
    for number, fold in enumerate(folds):
        say(number, f"{fold.name}, learning")
        train = [n for n, mask in enumerate(fold.train) if mask is not None]
        start = time.perf_counter()
        model = method.fit_model(data, train)
        learning += time.perf_counter() - start
        say(number, f"{fold.name}, answering")
        for image in fold.tested:
            start = time.perf_counter()
            answer = method.answer(model, data, image)
            answering += time.perf_counter() - start
            truth = data.targets[image]
            key = (number, groups.index(data.groups[image]), image)
            held_out.add(key, answer, truth, np.ones(len(truth), bool))
            rows[image] = _answers(method.name, data, image, answer.codes, answer.probability)
            rows[image]["fold"] = number + 1
        done[0] = number + 1
        say(number + 1, fold.name)
    if not rows:
        raise CheckError("nothing was judged")
    scores = scored(held_out, len(folds), confidence=confidence)
    seconds = (learning / len(folds), 1e6 * answering / data.samples)
    return MethodResult(scores, *seconds), pd.concat([rows[n] for n in sorted(rows)])


def _answers(
    method: str, data: LabelledItems, image: int, said: Array, probability: Array | None
) -> pd.DataFrame:
    """Return the held-out answers for an image, a row each, with what is true."""
    truth = data.targets[image]
    table = pd.DataFrame({"method": method, "image": [data.names[image]] * len(truth)})
    if data.things == "objects" and "label" in data.content[image]:
        table["label"] = data.content[image]["label"].to_numpy()
    if not data.classes:
        return table.assign(truth=truth, answer=said)
    names = np.array([*(each.name for each in data.classes), ""], object)
    table = table.assign(truth=names[truth], answer=names[said])
    if probability is not None:
        table["probability"] = np.where(said >= 0, probability.max(axis=0), np.nan)
    return table
