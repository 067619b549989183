"""From the tables of a run to the answer of an experiment: units, groups, controls, curves, map."""

from graticule.experiment.run import write

__all__ = ["write"]
