"""Checkpoints: a training that was killed goes on to the same bytes.

One safetensors file with all arrays, and all else as JSON in its header. It is written beside its
place and renamed into it. Batches follow from the seed and the number of the step, so there is no
state of a random generator to keep.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError, StoreError
from graticule.core.typing import Array
from graticule.learn.unet._torch import require
from graticule.learn.unet.history import History

if TYPE_CHECKING:
    from graticule.learn.unet.train import Trainer

_FORMAT = "graticule-training-1"


def save(trainer: Trainer, path: Path) -> None:
    """Write a checkpoint; there is always a whole one at ``path``, the old or the new."""
    save_file = require("safetensors.numpy").save_file
    arrays = {f"network/{name}": value for name, value in trainer.weights().items()}
    if trainer.averaged is not None:
        arrays |= {f"averaged/{name}": v for name, v in trainer.judged_weights().items()}
    arrays |= {f"best/{name}": value for name, value in (trainer.best or {}).items()}
    for number, state in trainer.optimiser.state_dict()["state"].items():
        for key, value in state.items():
            arrays[f"optimiser/{number}/{key}"] = value.cpu().contiguous().numpy()
    about = {
        "format": _FORMAT,
        "fingerprint": trainer.fingerprint,
        "step": trainer.step,
        "score": None if trainer.score == -np.inf else trainer.score,
        "since": trainer.since,
        "history": trainer.history.to_json(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {name: np.asarray(value, order="C") for name, value in arrays.items()}
    try:
        with atomic_path(path) as draft:
            save_file(plain, draft, metadata={"graticule": json.dumps(about)})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", where=str(path)) from None


def resume(trainer: Trainer, path: Path) -> bool:
    """Bring a trainer to where a checkpoint was written; False where there is none.

    Raises
    ------
    RequestError
        If it is of another training.
    StoreError
        If it is damaged.
    """
    if not path.exists():
        return False
    about, arrays = _read(path)
    if about.get("fingerprint") != trainer.fingerprint:
        raise RequestError(
            "the checkpoint is of another training (other settings, images, labels or start)",
            where=str(path),
            hint="remove it, or name another file",
        )
    trainer.restore(
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
            for part in ("network", "averaged", "best", "optimiser")
        },
    )
    return True


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    safetensors = require("safetensors")
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
