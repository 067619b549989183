"""Checkpoints: a training that was killed goes on to the same bytes.

One safetensors file with all arrays, and all else as JSON in its header. It is written beside its
place and renamed into it. Batches follow from the seed and the number of the step, so there is no
state of a random generator to keep.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError, StoreError
from graticule.core.typing import Array
from graticule.learn.unet._torch import require_package

_FORMAT = "graticule-training-1"


def save(about: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Array]], path: Path) -> None:
    """Write a checkpoint; there is always a whole one at ``path``, the old or the new.

    Parameters
    ----------
    about : mapping
        JSON values, with the ``fingerprint`` of all that decides the result.
    arrays : mapping
        Arrays by part and name.
    path : Path
        Where.
    """
    save_file = require_package("safetensors.numpy").save_file
    named = {
        f"{part}/{name}": np.asarray(value, order="C")
        for part, values in arrays.items()
        for name, value in values.items()
    }
    text = json.dumps({"format": _FORMAT, **about})
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_path(path) as draft:
            save_file(named, draft, metadata={"graticule": text})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", where=str(path)) from None


def load(path: Path, fingerprint: str) -> tuple[dict[str, Any], dict[str, dict[str, Array]]]:
    """Return what `save` wrote of a training.

    Raises
    ------
    RequestError
        If it is of another training.
    StoreError
        If it is damaged.
    """
    about, named = _read(path)
    if about.get("fingerprint") != fingerprint:
        raise RequestError(
            "the checkpoint is of another training (other settings, images, labels or start)",
            where=str(path),
            hint="remove it, or name another file",
        )
    arrays: dict[str, dict[str, Array]] = defaultdict(dict)
    for key, value in named.items():
        part, _, name = key.partition("/")
        arrays[part][name] = value
    return about, arrays


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
