"""The section ``split:`` of a training document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from graticule.learn.document.faults import Faults

By: TypeAlias = Literal["auto", "image", "group", "blocks"]

_SPLIT = ("by", "folds", "size", "buffer", "naive", "seed", "group")


@dataclass(frozen=True)
class SplitSpec:
    """How images are split.

    Attributes
    ----------
    by : {"auto", "image", "group", "blocks"}
        ``auto``: blocks where there is one image, else images.
    folds : int
        How many parts.
    size : int or None
        Least side of a block; None: as many compact parts as folds.
    buffer : int or "auto"
        In samples; ``auto``: as far as the features of any method reach.
    naive : {"none", "halves", "samples"}
        A flattering split that is shown beside.
    seed : int
        Of the order of what is alike.
    group : str
        Regular expression; what its first group finds in the name of an image is its group.
    """

    by: By = "auto"
    folds: int = 4
    size: int | None = None
    buffer: int | Literal["auto"] = "auto"
    naive: Literal["none", "halves", "samples"] = "none"
    seed: int = 0
    group: str = ""


def split_of(document: Any, faults: Faults) -> SplitSpec:
    """Return how images are split, noting every fault."""
    body = faults.mapping(document, "split")
    faults.known(body, _SPLIT, "split")
    by = faults.one_of(body, "by", ("auto", "image", "group", "blocks"), "auto", "split.by")
    buffer = body.get("buffer", "auto")
    if buffer != "auto":
        buffer = faults.whole(body, "buffer", 0, 0, "split.buffer", "or auto")
    group = faults.text(body, "group", "", "split.group")
    if (by == "group") != bool(group):
        what = "is needed with by: group" if by == "group" else "goes with by: group only"
        hint = r"a regular expression whose first group is found in the names, as '^([a-z]+)_'"
        faults.add("split.group", what, body, "group", hint)
    try:
        if group and re.compile(group).groups < 1:
            faults.add("split.group", "must hold a group in parentheses", body, "group")
    except re.error as error:
        faults.add("split.group", f"is no regular expression: {error}", body, "group")
    return SplitSpec(
        by=by,
        folds=faults.whole(body, "folds", 4, 2, "split.folds"),
        size=faults.whole(body, "size", 0, 1, "split.size") if "size" in body else None,
        buffer=buffer,
        naive=faults.one_of(body, "naive", ("none", "halves", "samples"), "none", "split.naive"),
        seed=faults.whole(body, "seed", 0, 0, "split.seed"),
        group=group,
    )
