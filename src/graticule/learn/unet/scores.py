"""Sums over batches, and the scores that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.typing import Array


@dataclass
class ScoreAccumulator:
    """What is counted of batches.

    Attributes
    ----------
    classes : int
        How many; 0 for continuous targets.
    first : int
        First class that counts in the scores: 1 where class 0 is the background of a mask.
    """

    classes: int
    first: int
    loss: Any = 0.0
    batches: int = 0
    counts: Any = None

    def add(self, loss: Any, output: Any, truth: Any) -> None:
        """Count a batch."""
        import torch

        with torch.no_grad():
            if self.classes:
                known = truth >= 0
                pairs = truth[known] * self.classes + output.argmax(1)[known]
                counts = torch.bincount(pairs, minlength=self.classes**2)
            else:
                apart = (output[:, 0] - truth)[~torch.isnan(truth)].double()
                count = torch.full_like(apart.sum(), apart.numel())
                counts = torch.stack([apart.abs().sum(), (apart * apart).sum(), count])
            self.loss = self.loss + loss.detach()
        self.batches += 1
        self.counts = counts if self.counts is None else self.counts + counts

    def record(self, scale: float = 1.0) -> dict[str, float]:
        """Return loss and scores.

        Parameters
        ----------
        scale : float
            What continuous targets were divided by.
        """
        loss = {"loss": float(self.loss) / max(1, self.batches)}
        counts = self.counts.cpu().numpy()
        if not self.classes:
            apart, square, count = (float(each) for each in counts)
            count = max(1.0, count)
            return loss | {"mae": apart / count * scale, "rmse": math.sqrt(square / count) * scale}
        table = counts.reshape(self.classes, self.classes).astype(float)
        some = slice(self.first, None)
        hit, true, found = np.diag(table)[some], table.sum(1)[some], table.sum(0)[some]
        return loss | {
            "dice": _mean_ratio(2 * hit, true + found),
            "precision": _mean_ratio(hit, found),
            "recall": _mean_ratio(hit, true),
        }


def _mean_ratio(over: Array, under: Array) -> float:
    """Return the mean ratio of the classes for which there is one, 0 where there is none."""
    some = under > 0
    return float((over[some] / under[some]).mean()) if some.any() else 0.0
