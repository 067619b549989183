"""How long and how fast to learn, and what is told of it on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graticule.learn.unet.history import History


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How long and how fast to learn.

    Attributes
    ----------
    steps, every, patience
        As of `UNet.fit`.
    learning_rate, weight_decay, ema_decay
        As of `UNet`.
    frozen : bool
        Whether the encoder stays as it is.
    terms : mapping
        Losses and their weights.
    first : int
        First class that overlap losses and scores count.
    mixed : bool
        Whether the forward pass is in bfloat16.
    """

    steps: int
    every: int
    patience: int | None
    learning_rate: float
    weight_decay: float
    ema_decay: float
    frozen: bool
    terms: Mapping[str, float]
    first: int
    mixed: bool


@dataclass(frozen=True)
class TrainingStep:
    """A step of a training, as callbacks are told of it.

    Attributes
    ----------
    step, steps : int
        Steps done, and planned.
    loss : float
        Of the step.
    learning_rate : float
        Of the step.
    history : History
        All records so far.
    recorded : bool
        Whether a record was added at this step.

    Examples
    --------
    What a callback may do with one:

    >>> from graticule.learn.unet import History
    >>> def tell(at):
    ...     if at.recorded:
    ...         print(f"{at.step} of {at.steps}: loss {at.loss:.2f}")
    >>> tell(TrainingStep(50, 200, 0.3125, 1e-3, History(), recorded=True))
    50 of 200: loss 0.31
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    history: History
    recorded: bool


OnStep: TypeAlias = Callable[[TrainingStep], None]


def learning_rate_at(step: int, steps: int, peak: float) -> float:
    """Return the learning rate: up over a tenth of the steps, then down along a cosine.

    Examples
    --------
    >>> [round(learning_rate_at(step, 100, 1.0), 2) for step in (0, 9, 54, 99)]
    [0.1, 1.0, 0.51, 0.01]
    """
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    way = (step - warm + 1) / max(1, steps - warm)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * way)))
