"""Units that intervals are made over: images, or blocks that know little of each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.evaluate.bootstrap import block_size, blocks
from graticule.learn.crossval.counts import FEWEST
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.splits.splits import Fold

_MOST = 400
_LOOKED_AT = 1024
_SIDE = 1024


@dataclass(frozen=True)
class Unit:
    """A box of an image, with its number among the units of all images."""

    number: int
    box: tuple[slice, ...]


def units_of(data: LabelledImages, folds: Sequence[Fold]) -> tuple[str, dict[int, list[Unit]]]:
    """Return what intervals are over, and the units of each image.

    Whole groups or images are the units where those are held out and there are enough of them;
    else blocks six times as large as the truth (or the image, where few samples are labelled)
    is correlated.
    """
    whole = not any(fold.blocks for fold in folds)
    tested = sorted({number for fold in folds for number in fold.tested})
    groups = list(dict.fromkeys(data.groups[number] for number in tested))
    if whole and len(groups) >= FEWEST:
        name = "images" if len(groups) == len(tested) else "groups"
        return name, {
            n: [Unit(groups.index(data.groups[n]), tuple(slice(0, s) for s in data.known(n).shape))]
            for n in tested
        }
    number = itertools.count()
    return "blocks", {
        n: [Unit(next(number), part) for part in blocks(data.known(n).shape, _side(data, n))]
        for n in tested
    }


def _side(data: LabelledImages, index: int) -> int:
    """Return a side for blocks that know little of each other."""
    truth = data.truth(index)
    starts = [max(0, (size - _LOOKED_AT) // 2) for size in truth.shape]
    part = tuple(slice(start, start + _LOOKED_AT) for start in starts)
    if data.classes and bool((truth[part] >= 0).all()):
        fields = [truth[part] == number for number in data.scored_classes]
    else:  # of a few strokes, what the image knows of itself
        values = data.brightness(index)[part]
        fields = [values > np.nanmedian(values) if values.size else values]
    side: int = max(block_size(field) for field in fields)
    fewest: int = math.ceil(math.pow(truth.size / _MOST, 1 / truth.ndim))
    return max(side, fewest)


def display_window(known: Array) -> tuple[Any, ...]:
    """Return what of an image is shown, given which samples are labelled.

    Of a volume it is the plane with most labels, the middle one where none has more; planes are
    thinned to no more than 1024 a side.

    Examples
    --------
    >>> known = np.zeros((5, 4, 4), bool)
    >>> display_window(known)[0]
    2
    >>> known[3, 1] = True
    >>> display_window(known)[0]
    3
    """
    lead = tuple(size // 2 for size in known.shape[:-2])
    counts = np.count_nonzero(known, axis=(-2, -1)) if lead else np.zeros(())
    if counts.size and counts[lead] < counts.max():
        lead = tuple(int(at) for at in np.unravel_index(int(counts.argmax()), counts.shape))
    step = max(1, math.ceil(max(known.shape[-2:]) / _SIDE))
    return (*lead, *(slice(None, None, step) for _ in known.shape[-2:]))
