"""Labels of least energy on a grid: what each costs a sample, and what borders cost."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from graticule.core.typing import Array

UNIT = 10_000
"""Costs are whole numbers of this part, so that flows are exact."""


class Potts:
    """Finds the labels of least energy for costs of samples, on a grid.

    Parameters
    ----------
    known : ndarray of bool
        Which samples of the grid count.
    borders : mapping of float
        Cost of a border across an axis; axes that are not named have no neighbours.
    method : {"graph_cut", "icm"}
        Alpha expansion, or iterated conditional modes.
    rounds : int
        Over the labels or the samples, at most.
    """

    def __init__(
        self, known: Array, borders: Mapping[int, float], method: str, rounds: int
    ) -> None:
        self.method, self.rounds = method, rounds
        shape = [size + 2 for size in known.shape]
        strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
        steps, weights = [], []
        for axis, cost in borders.items():
            steps += [strides[axis], -strides[axis]]
            weights += [round(UNIT * cost)] * 2
        self.steps, self.weights = np.array(steps), np.array(weights, np.int32)
        self.inside = np.pad(known, 1).reshape(-1)

    def __call__(self, costs: Array) -> Array:
        """Return the label of every sample that counts.

        ``costs`` are whole numbers, (labels, samples that count).
        """
        from graticule.ops.segment import _cut_kernels as kernels

        labels = np.full(self.inside.size, -1, np.int32)
        labels[self.inside] = costs.argmin(axis=0)
        spread = np.zeros((len(costs), self.inside.size), np.int32)
        spread[:, self.inside] = costs
        if self.method == "icm":
            kernels.iterated_modes(labels, spread, self.steps, self.weights, self.rounds)
        elif len(costs) == 2:
            self._expand(labels, spread, 1, start=0)
        else:
            self._expand_all(labels, spread)
        return np.asarray(labels[self.inside])

    def _expand_all(self, labels: Array, costs: Array) -> None:
        """Let every phase expand in turn until none lowers the energy."""
        from graticule.ops.segment import _cut_kernels as kernels

        least = kernels.energy(labels, costs, self.steps, self.weights)
        for _ in range(self.rounds):
            before = least
            for phase in range(len(costs)):
                tried = labels.copy()
                self._expand(tried, costs, phase)
                energy = kernels.energy(tried, costs, self.steps, self.weights)
                if energy < least:
                    labels[:], least = tried, energy
            if least == before:
                break

    def _expand(self, labels: Array, costs: Array, phase: int, start: int | None = None) -> None:
        """Change to a phase where that is part of the cut of least cost."""
        from graticule.ops.segment import _cut_kernels as kernels

        if start is not None:
            labels[self.inside] = start
        room, ends = kernels.expansion(labels, costs, self.steps, self.weights, phase)
        labels[kernels.minimum_cut(room, ends, self.steps)] = phase
