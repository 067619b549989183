"""From the tables of a run to the answer of an experiment: units, groups, controls, curves, map."""

from graticule.experiment.run import ANSWERS, GROUPS, PLACES, TABLES, UNITS, write

__all__ = ["ANSWERS", "GROUPS", "PLACES", "TABLES", "UNITS", "write"]
