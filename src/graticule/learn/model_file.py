"""Model files: a fitted model written down, opened again, and given to an op by its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def save_model(
    model: Any,
    path: str | Path,
    *,
    example: Any = None,
    scores: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | Sequence[str | Path] | None = None,
    description: str = "",
) -> Path:
    """Write a model file."""
    raise NotImplementedError


def open_model(path: str | Path) -> Any:
    """Open a model file, verifying it."""
    raise NotImplementedError


class ModelFile:
    """A model as the parameter of an op: given as a path or as the model itself."""

    def __init__(self, model: Any, path: Path | None = None) -> None:
        self.model = model
        self.path = path
