"""From the tables of a run to the answer of an experiment: units, groups, controls, curves."""

from graticule.experiment.run import ANSWERS, GROUPS, TABLES, UNITS, write

__all__ = ["ANSWERS", "GROUPS", "TABLES", "UNITS", "write"]
