"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from graticule.learn.unet.batches import Batches, Parts, grid_of, groups
from graticule.learn.unet.history import History
from graticule.learn.unet.losses import Batch, combined, regression
from graticule.learn.unet.patches import Source

Array: TypeAlias = np.ndarray[Any, Any]
Weights: TypeAlias = dict[str, Array]
OnStep: TypeAlias = Callable[["Progress"], None]

VALIDATED = 64
"""Patches that validation looks at, at most."""


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn."""

    steps: int
    every: int
    patience: int | None
    rate: float
    decay: float
    average: float
    frozen: bool
    terms: dict[str, float]
    first: int
    mixed: bool


@dataclass(frozen=True)
class Progress:
    """What a callback is told after each step.

    Attributes
    ----------
    step, steps : int
        Steps done, and planned.
    loss : float
        Of the step.
    rate : float
        Learning rate.
    history : History
        All records so far.
    recorded : bool
        Whether a record was added at this step.
    """

    step: int
    steps: int
    loss: float
    rate: float
    history: History
    recorded: bool


def rate_at(step: int, steps: int, peak: float) -> float:
    """Return the learning rate: up over a tenth of the steps, then down along a cosine.

    Examples
    --------
    >>> [round(rate_at(step, 100, 1.0), 2) for step in (0, 9, 54, 99)]
    [0.1, 1.0, 0.52, 0.01]
    """
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    way = (step - warm + 1) / max(1, steps - warm)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * way)))


@dataclass
class Tally:
    """Sums over batches, from which a record is made."""

    classes: int
    first: int
    loss: float = 0.0
    batches: int = 0
    counts: Any = None

    def add(self, loss: Any, output: Any, truth: Any) -> None:
        """Count a batch."""
        import torch

        self.loss = self.loss + loss.detach()
        self.batches += 1
        with torch.no_grad():
            if self.classes:
                known = truth >= 0
                pairs = truth[known] * self.classes + output.argmax(1)[known]
                counts = torch.bincount(pairs, minlength=self.classes**2)
            else:
                apart = (output[:, 0] - truth)[~torch.isnan(truth)].double()
                counts = torch.stack(
                    [
                        apart.abs().sum(),
                        (apart * apart).sum(),
                        torch.full_like(apart.sum(), apart.numel()),
                    ]
                )
        self.counts = counts if self.counts is None else self.counts + counts

    def record(self, scale: float = 1.0) -> dict[str, float]:
        """Return loss and scores."""
        loss = float(self.loss) / max(1, self.batches)
        counts = self.counts.cpu().numpy()
        if not self.classes:
            apart, square, count = counts
            count = max(1.0, count)
            return {
                "loss": loss,
                "mae": float(apart / count * scale),
                "rmse": float(math.sqrt(square / count) * scale),
            }
        table = counts.reshape(self.classes, self.classes).astype(float)
        hit, true, found = np.diag(table), table.sum(1), table.sum(0)
        some = slice(self.first, None)
        return {
            "loss": loss,
            "dice": _mean_ratio(2 * hit[some], (true + found)[some]),
            "precision": _mean_ratio(hit[some], found[some]),
            "recall": _mean_ratio(hit[some], true[some]),
        }


def _mean_ratio(over: Array, under: Array) -> float:
    """Return the mean ratio of the classes for which there is one, 0 where there is none."""
    some = under > 0
    return float((over[some] / under[some]).mean()) if some.any() else 0.0


@dataclass
class Trainer:
    """A network being trained.

    Attributes
    ----------
    network : Network
        Changed in place.
    batches : Batches
        What it learns from.
    validation : sequence of Source
        What it is judged on; may be empty.
    plan : Plan
        How long and how fast.
    device : torch.device
        Where.
    dims : int
        Spatial dims of the network.
    scale : float
        What continuous targets were divided by.
    """

    network: Any
    batches: Batches
    validation: Sequence[Source]
    plan: Plan
    device: Any
    dims: int
    classes: int
    scale: float = 1.0
    step: int = 0
    history: History = field(default_factory=History)
    best: Weights | None = None
    _score: float = -math.inf
    _since: int = 0

    def __post_init__(self) -> None:
        import torch

        self.network.to(self.device)
        if self.plan.frozen:
            self.network.down.requires_grad_(False)
        learned = [each for each in self.network.parameters() if each.requires_grad]
        self.optimiser = torch.optim.AdamW(
            learned, lr=self.plan.rate, weight_decay=self.plan.decay, foreach=False
        )
        self.history.steps = self.plan.steps
        extent = self.batches.sampler.extent
        self._boxes = grid_of(self.validation, extent, VALIDATED, self.batches.seed)
        self._loss = combined(self.plan.terms) if self.classes else None

    def run(self, on_step: OnStep | None = None) -> None:
        """Train until the steps are done, nothing more is gained, or Ctrl-C."""
        try:
            while self.step < self.plan.steps and not self.history.stopped:
                self._advance(on_step)
            self.history.stopped = self.history.stopped or "finished"
        except KeyboardInterrupt:
            if self.step == 0:
                raise
            self.history.stopped = "interrupted"
        if self.best is None:
            self.best = self.weights()
            self.history.best = self.step

    def _advance(self, on_step: OnStep | None) -> None:
        if self.step % self.plan.every == 0:
            self._tally = Tally(self.classes, self.plan.first)
        rate = rate_at(self.step, self.plan.steps, self.plan.rate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._learn(self.batches[self.step])
        self.step += 1
        due = self.step % self.plan.every == 0 or self.step == self.plan.steps
        if due:
            self._record(rate)
        if on_step is not None:
            on_step(Progress(self.step, self.plan.steps, float(loss), rate, self.history, due))

    def _learn(self, parts: Parts) -> Any:
        self._to_training()
        loss, output, truth = self._forward(parts)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self._tally.add(loss, output.detach(), truth)
        return loss.detach()

    def _to_training(self) -> None:
        self.network.train()
        if self.plan.frozen:
            self.network.down.eval()

    def _forward(self, parts: Parts) -> tuple[Any, Any, Any]:
        import torch

        from graticule.learn.unet.net import layout

        images, truth, weights = parts
        images = images.reshape(*images.shape[:2], *self._flat(images.shape[2:]))
        given = torch.from_numpy(images).to(self.device, memory_format=layout(self.dims))
        aim = torch.from_numpy(truth.reshape(len(truth), *self._flat(truth.shape[1:])))
        aim = aim.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.plan.mixed):
            output = self.network(given)
        output = output.float()
        if self._loss is None:
            name, factor = next(iter(self.plan.terms.items()))
            return factor * regression(name, output[:, 0], aim), output, aim
        aim = aim.long()
        weight = None
        if weights.size:
            weight = torch.from_numpy(weights.reshape(tuple(aim.shape))).to(self.device)
        return self._loss(Batch(output, aim, weight, self.plan.first)), output, aim

    def _flat(self, extent: Sequence[int]) -> tuple[int, ...]:
        return tuple(extent) if len(extent) == self.dims else tuple(n for n in extent if n > 1)

    def _record(self, rate: float) -> None:
        record = {"step": float(self.step), "rate": rate, **self._tally.record(self.scale)}
        if self._boxes:
            checked = self._validate()
            record |= {f"validation_{key}": value for key, value in checked.items()}
            score = checked["dice"] if self.classes else -checked["loss"]
            if score > self._score:
                self._score, self._since = score, 0
                self.best, self.history.best = self.weights(), self.step
            else:
                self._since += 1
                if self.plan.patience is not None and self._since >= self.plan.patience:
                    self.history.stopped = "early"
        self.history.records.append(record)

    def _validate(self) -> dict[str, float]:
        import torch

        tally = Tally(self.classes, self.plan.first)
        self.network.eval()
        size = self.batches.size
        with torch.no_grad():
            for parts in groups(self.validation, self._boxes, self.batches.sampler.extent, size):
                tally.add(*self._forward(parts))
        return tally.record(self.scale)

    def weights(self) -> Weights:
        """Return a copy of the network's weights."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.network.state_dict().items()
        }
