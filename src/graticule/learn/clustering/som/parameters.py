"""Parameters of a self-organising map, with the names and meanings of minisom."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from graticule.core.errors import ParameterError
from graticule.learn.clustering.som.grid import Grid, Topology
from graticule.learn.clustering.step import StepParameters


class SOMParameters(StepParameters):
    """Parameters of a self-organising map, as they are written in a document.

    Attributes
    ----------
    x, y : int
        Units along both axes.
    topology : {"rectangular", "hexagonal"}
        Of the grid.
    algorithm : {"batch", "online"}
        Whether all rows are looked at before the units move, or each row moves them.
    num_iteration : int, optional
        Passes over all rows (batch; 20 by default), or single rows (online; 10 for each row of the
        table by default).
    sigma : float, optional
        Width of the neighbourhood at the start, in units; a quarter of the longer side by
        default, but at least 1.
    sigma_decay_function : str
        ``to_sigma_end`` falls exponentially to ``sigma_end``; the others are those of minisom:
        ``asymptotic_decay`` (to a third), ``inverse_decay_to_one``, ``linear_decay_to_one``.
    sigma_end : float
        Of ``to_sigma_end``.
    learning_rate : float, optional
        How far a unit moves to where it is drawn: 1 (batch) or 0.5 (online) by default.
    decay_function : str, optional
        Of the learning rate: ``constant`` (the default of batch), or as of minisom
        ``asymptotic_decay`` (the default of online), ``inverse_decay_to_zero``,
        ``linear_decay_to_zero``.
    neighborhood_function : {"gaussian", "bubble"}
        A bubble reaches less than ``sigma`` along each axis.
    weights_init : {"pca", "sample", "random"}
        Where the units are at the start: on the plane of the first two principal components, at
        rows drawn, or at random points of the unit sphere, as in minisom.
    random_order : bool
        Whether rows come shuffled (online).
    early_rows : int, optional
        Rows for each unit that a pass looks at while ``sigma`` is above 1 (batch); all rows
        where it is null, as in minisom.

    Examples
    --------
    >>> parameters = SOMParameters(x=8, y=6, topology="hexagonal")
    >>> parameters.algorithm, parameters.sigma_end
    ('batch', 0.5)
    """

    x: Annotated[int, Field(ge=1, le=300, strict=True)] = 10
    y: Annotated[int, Field(ge=1, le=300, strict=True)] = 10
    topology: Topology = "rectangular"
    algorithm: Literal["batch", "online"] = "batch"
    num_iteration: Annotated[int, Field(ge=1, strict=True)] | None = None
    sigma: Annotated[float, Field(gt=0)] | None = None
    sigma_decay_function: Literal[
        "to_sigma_end", "asymptotic_decay", "inverse_decay_to_one", "linear_decay_to_one"
    ] = "to_sigma_end"
    sigma_end: Annotated[float, Field(gt=0)] = 0.5
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    decay_function: (
        Literal["constant", "asymptotic_decay", "inverse_decay_to_zero", "linear_decay_to_zero"]
        | None
    ) = None
    neighborhood_function: Literal["gaussian", "bubble"] = "gaussian"
    weights_init: Literal["pca", "sample", "random"] = "pca"
    random_order: bool = True
    early_rows: Annotated[int, Field(ge=1, strict=True)] | None = 10

    @model_validator(mode="after")
    def _require_two_units(self) -> Self:
        if self.x * self.y < 2:
            raise ParameterError("a map has at least two units", hint="raise x or y")
        return self

    @property
    def grid(self) -> Grid:
        """The grid."""
        return Grid(self.x, self.y, self.topology)

    def sigma_at(self, step: int, steps: int) -> float:
        """Return the width of the neighbourhood at a step of some."""
        start = self.sigma if self.sigma is not None else max(1.0, max(self.x, self.y) / 4)
        share = step / steps
        if self.sigma_decay_function == "to_sigma_end":
            last = step / max(1, steps - 1)
            return float(start * (min(self.sigma_end, start) / start) ** last)
        if self.sigma_decay_function == "asymptotic_decay":
            return start / (1 + step / (steps / 2))
        if self.sigma_decay_function == "inverse_decay_to_one":
            return start / (1 + step * ((start - 1) / steps))
        return start + share * (1 - start)

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate at a step of some."""
        batch = self.algorithm == "batch"
        start = self.learning_rate if self.learning_rate is not None else (1.0 if batch else 0.5)
        decay = self.decay_function or ("constant" if batch else "asymptotic_decay")
        if decay == "asymptotic_decay":
            return start / (1 + step / (steps / 2))
        if decay == "inverse_decay_to_zero":
            return start * (steps / 100) / (steps / 100 + step)
        return start * (1 - step / steps) if decay == "linear_decay_to_zero" else start
