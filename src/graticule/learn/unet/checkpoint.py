"""Checkpoints: a training that was killed goes on to the same bytes.

One safetensors file with all arrays, and all else as JSON in its header. It is written beside its
place and renamed into it. Batches follow from the seed and the number of the step, so there is no
state of a random generator to keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError, StoreError
from graticule.core.typing import Array
from graticule.learn.unet._torch import require_package
from graticule.learn.unet.history import History

_FORMAT = "graticule-training-1"
_PARTS = ("network", "averaged", "best", "optimiser")


@dataclass(frozen=True)
class TrainerState:
    """All that a training goes on from.

    Attributes
    ----------
    fingerprint : str
        Of all that decides the result.
    step : int
        Steps done.
    score : float
        Of the best weights; minus infinity before there are any.
    since : int
        Records since then.
    history : History
        All records so far.
    arrays : mapping
        Arrays by name, of each of ``network``, ``averaged``, ``best`` and ``optimiser``.
    """

    fingerprint: str
    step: int
    score: float
    since: int
    history: History
    arrays: Mapping[str, Mapping[str, Array]]


def save(state: TrainerState, path: Path) -> None:
    """Write a checkpoint; there is always a whole one at ``path``, the old or the new."""
    save_file = require_package("safetensors.numpy").save_file
    arrays = {
        f"{part}/{name}": np.asarray(value, order="C")
        for part, named in state.arrays.items()
        for name, value in named.items()
    }
    about = {
        "format": _FORMAT,
        "fingerprint": state.fingerprint,
        "step": state.step,
        "score": None if state.score == -np.inf else state.score,
        "since": state.since,
        "history": state.history.to_json(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_path(path) as draft:
            save_file(arrays, draft, metadata={"graticule": json.dumps(about)})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", where=str(path)) from None


def load(path: Path, fingerprint: str) -> TrainerState | None:
    """Return what a checkpoint of a training holds; None where there is no file.

    Raises
    ------
    RequestError
        If it is of another training.
    StoreError
        If it is damaged.
    """
    if not path.exists():
        return None
    about, arrays = _read(path)
    if about.get("fingerprint") != fingerprint:
        raise RequestError(
            "the checkpoint is of another training (other settings, images, labels or start)",
            where=str(path),
            hint="remove it, or name another file",
        )
    return TrainerState(
        fingerprint=fingerprint,
        step=int(about["step"]),
        score=-np.inf if about["score"] is None else float(about["score"]),
        since=int(about["since"]),
        history=History.from_json(about["history"]),
        arrays={
            part: {
                name.removeprefix(f"{part}/"): value
                for name, value in arrays.items()
                if name.startswith(f"{part}/")
            }
            for part in _PARTS
        },
    )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    safetensors = require_package("safetensors")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["graticule"])
            if about["format"] != _FORMAT:
                raise KeyError("format")
            return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError, KeyError, ValueError) as error:
        raise StoreError(
            f"is no checkpoint that can be read: {error}", where=str(path), hint="remove it"
        ) from None
