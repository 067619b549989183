"""``graticule train`` of a network: seen while it learns, and gone on with after a break."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.errors import StoreError

if TYPE_CHECKING:
    from graticule.learn.unet.history import History


def checkpoint_of(out: Path) -> Path:
    """Return where a training is kept until its model is finished."""
    return out.with_name(f"{out.name}.training")


@contextlib.contextmanager
def watched(out: Path) -> Iterator[dict[str, Any]]:
    """Give the options of a training that is shown in a terminal and kept beside its model."""
    from rich.console import Console

    from graticule.learn.unet.live import training_display

    checkpoint = checkpoint_of(out)
    if checkpoint.exists():
        print(f"goes on with the training in {checkpoint}", file=sys.stderr)
    options: dict[str, Any] = {"checkpoint": checkpoint}
    console = Console(stderr=True)
    if not console.is_terminal:
        yield options
        return
    with training_display(console) as on_step:
        yield {**options, "on_step": on_step}


def trained(history: History, out: Path) -> bool:
    """Say how a training went, draw its curves beside the model; return whether it was stopped."""
    from graticule.report.methods.training import training_curves

    curves = out.with_suffix(".curves.svg")
    try:
        training_curves(history).savefig(curves, format="svg", metadata={"Date": None})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(curves)) from None
    checkpoint = checkpoint_of(out)
    if history.stopped == "interrupted":
        print(f"stopped; the best weights so far, without scores -> {out}", file=sys.stderr)
        if checkpoint.exists():
            step = int(history.records[-1]["step"])
            print(f"the same command goes on from step {step}", file=sys.stderr)
        return True
    checkpoint.unlink(missing_ok=True)
    print(f"trained: {history.words()} -> {curves}")
    return False
