"""What is known of a whole image: at once from a coarser copy, and exactly when it was computed."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

_MOST = 512


@dataclass(frozen=True)
class Known:
    """What came of a step that needs all of an image.

    Attributes
    ----------
    value : Any
        The result of a reduction, or the outputs of a step.
    level : int
        The pyramid level that it is of: 0, of all samples.
    """

    value: Any
    level: int

    @property
    def is_exact(self) -> bool:
        """Whether it is of all samples."""
        return self.level == 0

    @property
    def key(self) -> str:
        """A text that is equal for equal values."""
        return hashlib.sha256(pickle.dumps(self.value)).hexdigest()


class Results:
    """Results by what they depend on; the exact one in the place of one that is not."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Known] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Known | None:
        """Return what is known."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: Hashable, known: Known) -> None:
        """Keep a result, unless an exact one is there."""
        with self._lock:
            before = self._known.get(key)
            if before is None or known.is_exact:
                self._known[key] = known
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
