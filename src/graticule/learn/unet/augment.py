"""Augmentation: patches as they might as well have been taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Augment:
    """How patches are varied while training.

    Parameters
    ----------
    flip : bool
        Mirror along each dim, and swap dims that are equally long: in two dims the eight ways to
        lay down a square.
    """

    flip: bool = True

    def flipped(self, parts: Sequence[Array], extent: Sequence[int], rng: Any) -> list[Array]:
        """Return image, truth and weights mirrored and turned alike (trailing axes)."""
        found = list(parts)
        count = len(extent)
        order = list(range(count))
        for a in range(count):
            for b in range(a + 1, count):
                if extent[a] == extent[b] > 1 and rng.random() < 0.5:
                    order[a], order[b] = order[b], order[a]
        flips = [axis for axis in range(count) if rng.random() < 0.5]
        for number, part in enumerate(found):
            lead = part.ndim - count
            turned = part.transpose(*range(lead), *(lead + axis for axis in order))
            found[number] = np.flip(turned, [lead + axis for axis in flips])
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**plain)
