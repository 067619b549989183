"""Pipelines: their grammar, keys, step store, tiles and runs."""

from graticule.pipeline.execute import Run, run
from graticule.pipeline.pipeline import Pipeline
from graticule.pipeline.plan import Plan, View, make_plan
from graticule.pipeline.spec import Reference

__all__ = ["Pipeline", "Plan", "Reference", "Run", "View", "make_plan", "run"]
