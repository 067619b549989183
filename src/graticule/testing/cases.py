"""Which data suits which op: derived from its declaration, with one entry for each exception.

Most ops take images of any dims, and their parameters have defaults; nothing is said about
those. An op that needs particular dims, a table, a model or a parameter has a `Case` in `CASES`;
a plugin adds its own with `suits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import Kind, Op, as_image
from graticule.core.registry import get_op

Dims: TypeAlias = tuple[str, ...]

ANY_DIMS: tuple[Dims, ...] = (("x",), ("y", "x"), ("z", "y", "x"), ("t", "y", "x"))
PLANE: tuple[Dims, ...] = (("y", "x"),)
WAVES: tuple[Dims, ...] = (("time", "distance"),)
STEPS = {"z": (2.0, "um"), "y": (0.5, "um"), "x": (0.25, "um"), "t": (3.0, "s")}
STEPS |= {"time": (0.75, "min"), "distance": (0.348, "Mm")}


@dataclass(frozen=True)
class Case:
    """What suits an op, where it does not follow from the kinds of its data.

    Attributes
    ----------
    dims : sequence of tuple of str
        Dims its images may have; the first is that of the standard input.
    params : mapping
        Values of parameters that have no default, or whose default suits no small image.
    params_for : callable, optional
        From an image to parameters that follow from its dims.
    data : mapping
        What makes a table, record or model, by the name of the input: from the first image
        (None if there is none) to the value.
    size : int
        Samples along a dim of the standard input.
    """

    dims: Sequence[Dims] = ANY_DIMS
    params: Mapping[str, Any] = field(default_factory=dict)
    params_for: Callable[[xr.DataArray], Mapping[str, Any]] | None = None
    data: Mapping[str, Callable[[xr.DataArray | None], Any]] = field(default_factory=dict)
    size: int = 12

    def parameters(self, image: xr.DataArray | None) -> dict[str, Any]:
        """Return the parameters to be given for an image."""
        following = self.params_for(image) if self.params_for and image is not None else {}
        return {**self.params, **following}


def _first_dim(image: xr.DataArray) -> dict[str, Any]:
    return {"dim": str(image.dims[0])}


def _noise_model(image: xr.DataArray | None) -> Any:
    return get_op("detect.noise_spectrum")(image)


def _layer(_: xr.DataArray | None) -> pd.DataFrame:
    depth = np.linspace(0, 20, 41)
    layer = pd.DataFrame({"depth": depth, "speed": np.sqrt(142 * depth)})
    layer.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    return layer


CASES: dict[str, Case] = {
    "detect.moveout": Case(dims=WAVES),
    "detect.noise_spectrum": Case(dims=WAVES, size=16),
    "detect.scan": Case(dims=WAVES, params={"a": (0.5, 2.0, 3), "d0": (0.0, 2.0, 2)}, size=16),
    "detect.stack": Case(dims=WAVES),
    "detect.travel_time": Case(data={"speed": _layer}),
    "detect.whiten": Case(dims=WAVES, data={"model": _noise_model}, size=16),
    "detect.workshop": Case(dims=WAVES, params={"first": 2, "columns": 6}, size=16),
    "measure.regions": Case(dims=(("x",), ("y", "x"), ("z", "y", "x"))),
    "transform.crop": Case(params_for=lambda image: {"start": {str(image.dims[-1]): -1}}),
    "transform.grey": Case(dims=(("y", "x", "c"), ("z", "y", "x", "c"))),
    "transform.select": Case(dims=(("y", "x", "c"), ("t", "y", "x", "c"))),
    "transform.flip": Case(params_for=_first_dim),
    "transform.time_distance": Case(
        dims=(("t", "y", "x"),), params={"y": 5, "x": 5, "reach": 4}, size=10
    ),
    "transform.zscore": Case(params_for=_first_dim),
}


def suits(name: str, case: Case) -> None:
    """Say what suits an op of your own."""
    CASES[name] = case


def case_of(op: Op) -> Case:
    """Return what suits an op."""
    return CASES.get(op.name, Case())


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
            data.append(image_for(given.kind, dims, sizes, seed + number, style))
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
