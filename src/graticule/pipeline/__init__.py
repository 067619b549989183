"""Pipelines: their grammar, keys, step store, tiles and runs."""

from graticule.pipeline.execute import Run, run
from graticule.pipeline.opened import open_run
from graticule.pipeline.pipeline import Pipeline
from graticule.pipeline.plan import Plan, RegionView, make_plan
from graticule.pipeline.spec import Reference

__all__ = [
    "Pipeline",
    "Plan",
    "Reference",
    "RegionView",
    "Run",
    "make_plan",
    "open_run",
    "run",
]
