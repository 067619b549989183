"""The histogram thresholds by name."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graticule.ops.threshold import _criteria, _means, _modes
from graticule.ops.threshold._histogram import Method

Name: TypeAlias = Literal[
    "otsu",
    "isodata",
    "li",
    "yen",
    "triangle",
    "mean",
    "minimum",
    "intermodes",
    "kittler_illingworth",
    "max_entropy",
    "moments",
]

METHODS: dict[Name, Method] = {
    "otsu": _criteria.otsu,
    "isodata": _means.isodata,
    "li": _means.li,
    "yen": _criteria.yen,
    "triangle": _criteria.triangle,
    "mean": _means.mean,
    "minimum": _modes.minimum,
    "intermodes": _modes.intermodes,
    "kittler_illingworth": _criteria.kittler_illingworth,
    "max_entropy": _criteria.max_entropy,
    "moments": _criteria.moments,
}
