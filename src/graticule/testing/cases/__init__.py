"""Which data suits which op: derived from its declaration, with one entry for each exception.

Most ops take images of any dims, and their parameters have defaults; nothing is said about
those. An op that needs particular dims, a table, a model or a parameter has a `Case` in the
``CASES`` of a module here; a plugin adds its own with `suits`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from graticule.core import Kind, Op, as_image
from graticule.testing.cases.case import ANY_DIMS, PLANE, Case, Dims

__all__ = ["ANY_DIMS", "PLANE", "Case", "Dims", "suits"]

STEPS = {"z": (2.0, "um"), "y": (0.5, "um"), "x": (0.25, "um"), "t": (3.0, "s")}
STEPS |= {"time": (0.75, "min"), "distance": (0.348, "Mm")}
STEPS |= {"tof": (10.24, "us"), "wavelength": (0.02, "angstrom")}


@cache
def _known() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found |= getattr(loaded, "CASES", {})
    return found


def suits(name: str, case: Case) -> None:
    """Say what suits an op of your own.

    Parameters
    ----------
    name : str
        Of the op, as ``mine.sharpen``.
    case : Case
        What its images, tables and parameters are like.

    Examples
    --------
    >>> suits("example.flatten", Case(dims=PLANE, params={"radius": 3}))
    """
    _known()[name] = case


def case_of(op: Op) -> Case:
    """Return what suits an op."""
    return _known().get(op.name, Case())


def values_for(kind: Kind, shape: Sequence[int], seed: int = 0, style: str = "noise") -> Any:
    """Return made-up values of a kind: ``noise``, few ``levels``, or with ``holes`` of NaN.

    Examples
    --------
    >>> values_for(Kind.MASK, (2, 3), seed=1).dtype
    dtype('bool')
    """
    rng = np.random.default_rng(seed)
    fine = rng.normal(10, 4, tuple(shape))
    if kind is Kind.MASK:
        return fine > rng.uniform(7, 13)
    if kind is Kind.LABELS:
        return np.where(fine > 10, rng.integers(1, 6, tuple(shape)), 0).astype(np.int32)
    if kind is Kind.PROBABILITY:
        return rng.random(tuple(shape), dtype=np.float32)
    if style == "levels":
        return rng.integers(0, 4, tuple(shape)).astype(np.uint8)
    values = fine.astype(np.float32)
    if style == "holes":
        values[rng.random(tuple(shape)) < 0.2] = np.nan
    return values


def image_for(
    kind: Kind, dims: Dims, sizes: Sequence[int], seed: int = 0, style: str = "noise"
) -> xr.DataArray:
    """Return an image of a kind with physical coordinates; images have the unit ``count``."""
    values = values_for(kind, sizes, seed, style)
    spacing = {dim: "{} {}".format(*STEPS[dim]) for dim in dims if dim in STEPS}
    unit = "count" if kind is Kind.IMAGE else None
    return as_image(values, dims=dims, spacing=spacing, units=unit)


def data_for(
    op: Op, dims: Dims, sizes: Sequence[int], seed: int = 0, style: str = "noise"
) -> list[Any]:
    """Return what an op takes, all images of the same dims; optional tables are left out."""
    case = case_of(op)
    data: list[Any] = []
    first: xr.DataArray | None = None
    for number, given in enumerate(op.inputs):
        if given.kind.is_array:
            image = image_for(given.kind, dims, sizes, seed + number, style)
            data.append(case.data[given.name](image) if given.name in case.data else image)
            first = data[0] if first is None else first
        elif given.name in case.data:
            data.append(case.data[given.name](first))
        elif given.optional:
            data.append(None)
        else:
            raise LookupError(
                f"{op.name} takes a {given.kind} {given.name!r}; say in graticule.testing.cases "
                f"what makes one"
            )
    return data


def standard(op: Op) -> tuple[list[Any], dict[str, Any]]:
    """Return the fixed data and parameters every op is tried on."""
    case = case_of(op)
    dims = case.dims[-1] if ("y", "x") not in case.dims else ("y", "x")
    data = data_for(op, dims, [case.size + number for number in range(len(dims))])
    return data, case.parameters(first_image(data))


def first_image(data: Sequence[Any]) -> xr.DataArray | None:
    """Return the first image among an op's data, if there is one."""
    return next((item for item in data if isinstance(item, xr.DataArray)), None)
