"""Graticule: image analysis whose numbers can be defended.

>>> import graticule as gt
>>> import numpy as np
>>> image = np.zeros((32, 32)); image[8:16, 8:16] = 1
>>> int(gt.threshold.otsu(image).sum())
64
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graticule.version import __version__ as __version__

if TYPE_CHECKING:
    from graticule import core, learn
    from graticule._families import (
        detect,
        filters,
        measure,
        radiography,
        segment,
        spectra,
        threshold,
        transform,
    )
    from graticule.core.op import op as define_op
    from graticule.core.registry import get_op as op
    from graticule.core.registry import register
    from graticule.io import read, write
    from graticule.pipeline import Pipeline, open_run
    from graticule.report.stages import show
    from graticule.web.notebook import explore, interact

_LAZY = {
    "Pipeline": ("graticule.pipeline", "Pipeline"),
    "define_op": ("graticule.core.op", "op"),
    "explore": ("graticule.web.notebook", "explore"),
    "interact": ("graticule.web.notebook", "interact"),
    "op": ("graticule.core.registry", "get_op"),
    "open_run": ("graticule.pipeline", "open_run"),
    "read": ("graticule.io", "read"),
    "register": ("graticule.core.registry", "register"),
    "show": ("graticule.report.stages", "show"),
    "write": ("graticule.io", "write"),
}

__all__ = [
    "Pipeline",
    "core",
    "define_op",
    "detect",
    "explore",
    "filters",
    "interact",
    "learn",
    "measure",
    "op",
    "open_run",
    "radiography",
    "read",
    "register",
    "segment",
    "show",
    "spectra",
    "threshold",
    "transform",
    "write",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("core", "learn"):
        return importlib.import_module(f"graticule.{name}")
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(importlib.import_module(module), attribute)
    if not name.startswith("_"):
        from graticule.core.registry import Family, family_names

        if name in family_names():
            family = globals()[name] = Family(name)
            return family
    raise AttributeError(f"module 'graticule' has no attribute {name!r}")


def __dir__() -> list[str]:
    from graticule.core.registry import family_names

    return sorted({*globals(), *__all__, *family_names()})
