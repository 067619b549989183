"""Where on a self-organising map each row falls, as coordinates of the grid."""

from __future__ import annotations

from collections.abc import Mapping

from graticule.core.typing import Array
from graticule.learn.clustering.som import SOMParameters, fit_map
from graticule.learn.clustering.step import ClusteringStep, Fit
from graticule.learn.clustering.steps.som import map_content, map_facts, map_of


def fit(rows: Array, parameters: SOMParameters, seed: int) -> Fit:
    """Fit a map, and place each row at its winning unit."""
    found = fit_map(rows, parameters, seed)
    return Fit(found.coordinates(rows), map_content(found, rows), map_facts(found, rows))


def apply(rows: Array, content: Mapping[str, Array], parameters: SOMParameters) -> Array:
    """Return the place of the winning unit of each row."""
    return map_of(content, parameters).coordinates(rows)


som_coordinates = ClusteringStep(
    "som_coordinates",
    "coordinates on a self-organising map",
    SOMParameters,
    "space",
    fit,
    apply,
)
