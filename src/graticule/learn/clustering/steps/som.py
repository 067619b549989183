"""Self-organising map, a group for each of its units that has rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graticule.core.typing import Array
from graticule.learn.clustering.centroids import nearest_centroid
from graticule.learn.clustering.som import Grid, SelfOrganisingMap, SOMParameters, fit_map
from graticule.learn.clustering.step import ClusteringStep, Fit, numbered_by_size


def map_content(found: SelfOrganisingMap, rows: Array) -> dict[str, Array]:
    """Return what is kept of a map: its weights, hits and distance map."""
    return {
        "weights": found.weights,
        "hits": found.hits(rows),
        "distance_map": found.distance_map,
    }


def map_of(content: Mapping[str, Array], parameters: SOMParameters) -> SelfOrganisingMap:
    """Return the map that a fitted ``som`` or ``som_coordinates`` holds."""
    grid = Grid(parameters.x, parameters.y, parameters.topology)
    return SelfOrganisingMap(grid, content["weights"])


def map_facts(found: SelfOrganisingMap, rows: Array) -> dict[str, float]:
    """Return how well a map lies."""
    return {
        "quantisation_error": found.quantisation_error(rows),
        "topographic_error": found.topographic_error(rows),
    }


def fit(rows: Array, parameters: SOMParameters, seed: int) -> Fit:
    """Fit a map; the content's ``units`` has the unit of each group."""
    found = fit_map(rows, parameters, seed)
    labels, units = numbered_by_size(found.winners(rows))
    content = {**map_content(found, rows), "units": units}
    return Fit(labels, content, map_facts(found, rows))


def apply(rows: Array, content: Mapping[str, Array], parameters: SOMParameters) -> Array:
    """Return the group of the nearest unit that has rows."""
    units = map_of(content, parameters).units
    return np.asarray(nearest_centroid(rows, units[content["units"]]), np.int32)


som = ClusteringStep(
    "som",
    "self-organising map",
    SOMParameters,
    "groups",
    fit,
    apply,
    rule="the winning unit, of those that had rows",
)
