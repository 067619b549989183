"""Columns less a centre, over a scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.learn.clustering.step import Fit


@dataclass(frozen=True)
class Scale:
    """A centre and a scale for each column; where the scale is 0 the result is 0.

    Attributes
    ----------
    centre, scale : ndarray
        For each column.
    clip : float, optional
        Largest absolute value of the result.
    """

    centre: Array
    scale: Array
    clip: float | None = None

    def apply(self, rows: Array) -> Array:
        """Return scaled rows."""
        # a constant column has a spread of rounding errors, and says nothing
        flat = self.scale <= 1e-12 * np.maximum(np.abs(self.centre), 1e-300)
        scaled = (rows - self.centre) / np.where(flat, 1.0, self.scale)
        scaled[:, flat] = 0
        return scaled if self.clip is None else scaled.clip(-self.clip, self.clip)


def fit_scale(rows: Array, scale: Scale) -> Fit:
    """Return rows scaled, with how many columns were constant."""
    constant = int((np.ptp(rows, axis=0) == 0).sum())
    return Fit(
        scale.apply(rows),
        {"centre": scale.centre, "scale": scale.scale},
        {"constant_columns": constant},
    )
