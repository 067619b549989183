"""The training loop."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import CheckError, ImageError
from graticule.core.typing import Array
from graticule.learn.unet.batches import Batches, PatchArrays, iter_batches, validation_grid
from graticule.learn.unet.checkpoint import load, save
from graticule.learn.unet.history import History
from graticule.learn.unet.losses import Batch, combined, regression
from graticule.learn.unet.net import load_weights, memory_format_of, network_extent, weights_of
from graticule.learn.unet.patches import PatchSource
from graticule.learn.unet.plan import OnStep, TrainingPlan, TrainingStep, learning_rate_at
from graticule.learn.unet.scores import ScoreAccumulator

Weights: TypeAlias = dict[str, Array]

VALIDATED = 64
"""Patches that validation looks at, at most."""


@dataclass
class Trainer:
    """A network being trained.

    Attributes
    ----------
    network : Network
        Changed in place.
    batches : Batches
        What it learns from.
    validation : sequence of PatchSource
        What it is judged on; may be empty.
    plan : TrainingPlan
        How long and how fast.
    device : torch.device
        Where.
    dims, classes : int
        Spatial dims of the network, and its classes (0 for continuous targets).
    scale : float
        What continuous targets were divided by.
    fingerprint : str
        Of all that decides the result.
    """

    network: Any
    batches: Batches
    validation: Sequence[PatchSource]
    plan: TrainingPlan
    device: Any
    dims: int
    classes: int
    scale: float = 1.0
    fingerprint: str = ""
    step: int = 0
    history: History = field(default_factory=History)
    best: Weights | None = None
    averaged: Any = None
    score: float = -math.inf
    since: int = 0

    def __post_init__(self) -> None:
        import torch

        self.network.to(self.device)
        if self.plan.frozen:
            self.network.down.requires_grad_(False)
        self._learned = [each for each in self.network.parameters() if each.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self._learned,
            lr=self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            fused=True,
        )
        if self.plan.ema_decay > 0:
            self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.history.steps = self.plan.steps
        extent = self.batches.sampler.extent
        self._boxes = validation_grid(self.validation, extent, VALIDATED, self.batches.seed)
        if self.validation and not self._boxes:
            raise ImageError("validation holds no sample that is labelled and finite")
        self._loss = combined(self.plan.terms) if self.classes else None
        self._tally = ScoreAccumulator(self.classes, self.plan.first)

    def run(self, on_step: OnStep | None = None, checkpoint: Path | None = None) -> None:
        """Train until the steps are done, nothing more is gained, or Ctrl-C.

        Raises
        ------
        CheckError
            If the loss is no number any more.
        """
        if checkpoint is not None and checkpoint.exists():
            self.restore(*load(checkpoint, self.fingerprint))
        try:
            ahead = self.device.type != "cpu"
            batches = self.batches.iter_steps(self.step, self.plan.steps, ahead=ahead)
            while self.step < self.plan.steps and not self.history.stopped:
                due = self._advance(next(batches), on_step)
                if due and checkpoint is not None:
                    save(*self.state(), checkpoint)
            self.history.stopped = self.history.stopped or "finished"
        except KeyboardInterrupt:
            if self.step == 0:
                raise
            self.history.stopped = "interrupted"
        if self.best is None:
            self.best, self.history.best = self.judged_weights(), self.step

    def _advance(self, parts: PatchArrays, on_step: OnStep | None) -> bool:
        """Make a step; return whether a record was due."""
        rate = learning_rate_at(self.step, self.plan.steps, self.plan.learning_rate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._learn(parts)
        self.step += 1
        due = self.step % self.plan.every == 0 or self.step == self.plan.steps
        if due:
            self._record(rate)
        if on_step is not None:
            told = TrainingStep(self.step, self.plan.steps, float(loss), rate, self.history, due)
            on_step(told)
        return due

    def _learn(self, parts: PatchArrays) -> Any:
        self.network.train()
        if self.plan.frozen:
            self.network.down.eval()
        loss, output, truth = self._forward(self.network, parts)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        if self.averaged is not None:
            self._average()
        self._tally.add(loss, output.detach(), truth)
        return loss.detach()

    def _average(self) -> None:
        """Let the averaged weights follow, faster while there are few steps."""
        import torch

        keep = min(self.plan.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            own = self.network.state_dict()
            for name, value in self.averaged.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(own[name], 1 - keep)
                else:
                    value.copy_(own[name])

    def _forward(self, network: Any, parts: PatchArrays) -> tuple[Any, Any, Any]:
        """Return loss, output and truth of a batch."""
        import torch

        images, truth, weights = parts
        flat = network_extent(images.shape[2:], self.dims)
        images = images.reshape(*images.shape[:2], *flat)
        given = torch.from_numpy(images).to(self.device, memory_format=memory_format_of(self.dims))
        truth = np.ascontiguousarray(truth).reshape(len(truth), *flat)
        aim = torch.from_numpy(truth).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.plan.mixed):
            output = network(given)
        output = output.float()
        if self._loss is None:
            total = sum(
                factor * regression(name, output[:, 0], aim)
                for name, factor in self.plan.terms.items()
            )
            return total, output, aim
        aim, weight = aim.long(), None
        if weights.size:
            weights = np.ascontiguousarray(weights).reshape(tuple(aim.shape))
            weight = torch.from_numpy(weights).to(self.device)
        return self._loss(Batch(output, aim, weight, self.plan.first)), output, aim

    def _record(self, rate: float) -> None:
        record = {"step": self.step, "rate": rate, **self._tally.record(self.scale)}
        self._tally = ScoreAccumulator(self.classes, self.plan.first)
        if not math.isfinite(record["loss"]):
            raise CheckError(
                f"the loss is no number any more after {self.step} steps",
                hint="lower learning_rate, or look for extreme values in the images",
            )
        if self._boxes:
            checked = self._validate()
            record |= {f"validation_{key}": value for key, value in checked.items()}
            self._compare(checked["dice"] if self.classes else -checked["loss"])
        self.history.records.append(record)

    def _compare(self, score: float) -> None:
        """Keep the weights if they are the best so far; stop where nothing is gained."""
        if score > self.score:
            self.score, self.since = score, 0
            self.best, self.history.best = self.judged_weights(), self.step
            return
        self.since += 1
        if self.plan.patience is not None and self.since >= self.plan.patience:
            self.history.stopped = "early"

    def _validate(self) -> dict[str, float]:
        import torch

        tally = ScoreAccumulator(self.classes, self.plan.first)
        network = self.network.eval() if self.averaged is None else self.averaged
        extent, size = self.batches.sampler.extent, self.batches.size
        with torch.no_grad():
            for parts in iter_batches(self.validation, self._boxes, extent, size):
                tally.add(*self._forward(network, parts))
        return tally.record(self.scale)

    def judged_weights(self) -> Weights:
        """Return a copy of the weights that would be kept now: the averaged ones, if any."""
        return weights_of(self.network if self.averaged is None else self.averaged)

    def state(self) -> tuple[dict[str, Any], dict[str, Weights]]:
        """Return all that the training goes on from: JSON values, and arrays by part and name."""
        moments = {
            f"{number}/{key}": value.cpu().contiguous().numpy()
            for number, each in self.optimiser.state_dict()["state"].items()
            for key, value in each.items()
        }
        arrays = {
            "network": weights_of(self.network),
            "averaged": {} if self.averaged is None else self.judged_weights(),
            "best": self.best or {},
            "optimiser": moments,
        }
        about = {
            "fingerprint": self.fingerprint,
            "step": self.step,
            "score": None if self.score == -math.inf else self.score,
            "since": self.since,
            "history": self.history.to_json(),
        }
        return about, arrays

    def restore(self, about: Mapping[str, Any], arrays: Mapping[str, Weights]) -> None:
        """Go back to where a `state` was taken."""
        import torch

        self.step, self.since = int(about["step"]), int(about["since"])
        self.score = -math.inf if about["score"] is None else float(about["score"])
        self.history = History.from_json(about["history"])
        self.best = dict(arrays["best"]) or None
        for network, name in ((self.network, "network"), (self.averaged, "averaged")):
            if network is not None:
                load_weights(network, arrays[name])
        moments: dict[int, dict[str, Any]] = {}
        for name, value in arrays["optimiser"].items():
            number, _, key = name.partition("/")
            given = torch.from_numpy(value)
            like = self._learned[int(number)]
            kept = given if key == "step" else torch.empty_like(like).copy_(given)
            moments.setdefault(int(number), {})[key] = kept
        plain = self.optimiser.state_dict()
        self.optimiser.load_state_dict({"state": moments, "param_groups": plain["param_groups"]})
