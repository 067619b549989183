"""The law the engine stands on: an op in tiles gives what it gives on the whole."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from hypothesis import HealthCheck, Phase, given, seed, settings

from graticule.core import Op
from graticule.core.errors import GraticuleError
from graticule.pipeline.tiles import run_tiled
from graticule.testing.cases import standard
from graticule.testing.compare import difference
from graticule.testing.strategies import Example, examples

CASES_PER_OP = 50
"""Drawn examples of chunked against whole for each op that may be cut."""
SEED = 20240601


def attempt(op: Op, data: Sequence[Any], params: dict[str, Any], tile: Any = None) -> Any:
    """Return what an op gives, whole or in tiles, or the error it refuses with."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            if tile is None:
                return op(*data, **params)
            return run_tiled(op, list(data), params, tile=tile)
        except GraticuleError as error:
            return error


def tiling_fault(op: Op, example: Example) -> str:
    """Return in words how an op in tiles differs from the op on the whole; empty if it does not."""
    whole = attempt(op, example.data, example.params)
    tiled = attempt(op, example.data, example.params, example.tile)
    if isinstance(whole, GraticuleError) or isinstance(tiled, GraticuleError):
        same = type(whole) is type(tiled)
        return "" if same else f"whole gives {whole!r}, tiles give {tiled!r}"
    return difference(_as_bare_as(whole, tiled), whole, op.tolerance)


def _as_bare_as(whole: Any, tiled: Any) -> Any:
    """Return images of a result in tiles as arrays, where the whole has arrays."""
    if isinstance(whole, tuple) and hasattr(whole, "_fields"):
        pairs = zip(whole, tiled, strict=True)
        return type(whole)(*(_as_bare_as(one, other) for one, other in pairs))
    bare = isinstance(whole, np.ndarray) and isinstance(tiled, xr.DataArray)
    return tiled.values if bare else tiled


def check_tiling(op: Op, cases: int, random_state: int | None = SEED) -> int:
    """Try drawn examples of an op in tiles against the whole; return how many were tried.

    With a ``random_state`` of None, others are drawn at every call.

    Raises
    ------
    AssertionError
        With the smallest example that differs.
    """
    standard(op)  # a model it needs is fitted here: Hypothesis allows no `random` while drawing
    tried = 0

    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(example=examples(op))
    def differ_nowhere(example: Example) -> None:
        nonlocal tried
        tried += 1
        fault = tiling_fault(op, example)
        assert not fault, f"{op.name} in tiles: {fault}"

    run = differ_nowhere if random_state is None else seed(random_state)(differ_nowhere)
    run()
    return tried
