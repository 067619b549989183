"""What training went like: loss and scores by step, on what was learned from and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import pandas as pd


@dataclass
class History:
    """The course of a training.

    Attributes
    ----------
    records : list of dict
        For every so many steps: ``step``, ``rate``, and ``loss``, ``dice``, ``precision``,
        ``recall`` (continuous targets: ``loss``, ``mae``, ``rmse``) of the training patches since
        the record before; with validation also the same with ``validation_`` before.
    steps : int
        How many were planned.
    best : int
        Step whose weights were kept.
    stopped : str
        Why it ended: ``finished``, ``early`` (no more progress on validation) or
        ``interrupted``; empty while it runs.

    Examples
    --------
    >>> records = [{"step": 50, "loss": 0.9}, {"step": 100, "loss": 0.4}]
    >>> history = History(records, steps=100, best=100, stopped="finished")
    >>> history.validated, history.records[history.best // 50 - 1]["loss"]
    (False, 0.4)
    """

    records: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    best: int = 0
    stopped: str = ""

    @property
    def validated(self) -> bool:
        """Whether there are scores on validation."""
        return bool(self.records) and "validation_loss" in self.records[-1]

    @property
    def overfitting(self) -> int | None:
        """Return the step from which the loss on validation only rose; None if it did not.

        The step of the least loss on validation, where a later record's is higher and the loss of
        training went on falling.

        Examples
        --------
        >>> losses = [(1.0, 1.1), (0.8, 0.9), (0.5, 1.0), (0.3, 1.2)]
        >>> History([
        ...     {"step": n, "loss": a, "validation_loss": b} for n, (a, b) in enumerate(losses)
        ... ]).overfitting
        1
        """
        if not self.validated:
            return None
        least = min(range(len(self.records)), key=lambda n: self.records[n]["validation_loss"])
        last = self.records[-1]
        turned = (
            last["validation_loss"] > self.records[least]["validation_loss"]
            and last["loss"] < self.records[least]["loss"]
        )
        return int(self.records[least]["step"]) if turned else None

    def words(self) -> str:
        """Return in words how long it was, what was kept, and whether it overfitted.

        Examples
        --------
        >>> History([{"step": 50, "loss": 0.4, "dice": 0.8}], 50, 50, "finished").words()
        '50 of 50 steps; loss 0.4, Dice 0.800 at the end'
        """
        if not self.records:
            return f"no record in {self.steps} steps"
        last = self.records[-1]
        said = [f"{int(last['step'])} of {self.steps} steps"]
        said[0] += {"early": ", ended early", "interrupted": ", interrupted"}.get(self.stopped, "")
        kept = next((each for each in self.records if each["step"] == self.best), last)
        prefix = "validation_" if self.validated else ""
        score = f"loss {kept[f'{prefix}loss']:.3g}"
        if f"{prefix}dice" in kept:
            score += f", Dice {kept[f'{prefix}dice']:.3f}"
        if self.validated:
            said.append(f"kept those of step {self.best}: {score} on validation")
        else:
            said.append(f"{score} at the end")
        if self.overfitting is not None:
            said.append(f"overfits from step {self.overfitting}")
        return "; ".join(said)

    def frame(self) -> pd.DataFrame:
        """Return the records as a table, one row each."""
        return pd.DataFrame(self.records)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        records = [{str(key): value for key, value in each.items()} for each in plain["records"]]
        return cls(records, int(plain["steps"]), int(plain["best"]), str(plain["stopped"]))
