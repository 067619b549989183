"""Self-organising maps: a grid of units that is bent to lie where the rows are."""

from graticule.learn.clustering.som.grid import Grid
from graticule.learn.clustering.som.map import SelfOrganisingMap
from graticule.learn.clustering.som.parameters import SOMParameters
from graticule.learn.clustering.som.train import fit_map

__all__ = ["Grid", "SOMParameters", "SelfOrganisingMap", "fit_map"]
