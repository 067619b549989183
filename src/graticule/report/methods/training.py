"""Figures of how networks were trained, fold by fold."""

from __future__ import annotations

from graticule.learn.crossval.crossval import Comparison
from graticule.report.style import Drawing, drawn

_SHOWN = 4
"""Folds of which the training is drawn, at most."""


def trainings(found: Comparison) -> list[list[Drawing]]:
    """Draw loss and scores by step of every network, a list of its first folds for each."""
    drawings = [
        [
            _training(f"{name}, {fold.name}", history)
            for fold, history in zip(
                found.folds[:_SHOWN], found.results[name].histories[:_SHOWN], strict=False
            )
            if history.records
        ]
        for name in found.ranked
    ]
    return [own for own in drawings if own]


def _training(title: str, history: object) -> Drawing:
    from graticule.learn.unet.history import History

    assert isinstance(history, History)
    caption = "Drawn, on what was learned from"
    caption += "; dashed, on what only watched the training." if history.validated else "."
    if not history.validated:
        caption += " Without validation (validation: 0.2) the last weights are kept."
    return drawn(history.figure(), f"{title}: {history.words()}.", title, caption, wide=True)
