"""Pipelines: their grammar, keys, step store, tiles and runs."""

from graticule.pipeline.execute import Run, run
from graticule.pipeline.live.image import LiveImage, RegionView
from graticule.pipeline.opened import open_run
from graticule.pipeline.pipeline import Pipeline
from graticule.pipeline.plan import Plan, make_plan
from graticule.pipeline.spec import Reference

__all__ = [
    "LiveImage",
    "Pipeline",
    "Plan",
    "Reference",
    "RegionView",
    "Run",
    "make_plan",
    "open_run",
    "run",
]
