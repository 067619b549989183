"""Hypothesis strategies: data and parameters that suit an op, and tiles to cut it into."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

import xarray as xr
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from graticule.core import Op, Whole
from graticule.core.quantity import Amount
from graticule.testing.cases import case_of, data_for, first_image
from graticule.testing.hostile import bounds

MOST_TILES = 24
"""Tiles a drawn example is cut into at most; a tile costs about a millisecond."""
STYLES = ("noise", "levels", "holes")


@dataclass(frozen=True)
class Example:
    """Data, parameters and a tiling for an op."""

    data: list[Any]
    params: dict[str, Any]
    tile: dict[str, int]

    def __repr__(self) -> str:
        image = first_image(self.data)
        shown = "no image" if image is None else f"{image.dtype} {dict(image.sizes)}"
        return f"Example({shown}, params={self.params}, tile={self.tile})"


def parameter(field: FieldInfo) -> st.SearchStrategy[Any] | None:
    """Return values a parameter may have near its lower end; None where only its default will do.

    Numbers reach at most four above the lower bound, so that halos stay small.
    """
    annotation: Any = field.annotation
    options = [arg for arg in typing.get_args(annotation) if arg is not type(None)]
    if typing.get_origin(annotation) is typing.Literal:
        return st.sampled_from(typing.get_args(annotation))
    if type(None) in typing.get_args(annotation) and len(options) == 1:
        return None
    if annotation is bool:
        return st.booleans()
    if not (isinstance(annotation, type) and issubclass(annotation, (int, float, Amount))):
        return None
    known = bounds(field)
    if "ge" not in known and "gt" not in known:
        return None
    low = float(known.get("ge", known.get("gt", 0)))
    high = min(float(known.get("le", known.get("lt", low + 4))), low + 4)
    if annotation is int:
        return st.integers(int(low), int(high))
    return st.floats(low, high, exclude_min="gt" in known, width=16)


@st.composite
def parameters(draw: st.DrawFn, op: Op, image: xr.DataArray | None) -> dict[str, Any]:
    """Draw parameters of an op that suit an image."""
    params = case_of(op).parameters(image)
    for name, field in op.parameters.model.model_fields.items():
        strategy = parameter(field)
        if name not in params and strategy is not None and draw(st.booleans()):
            params[name] = draw(strategy)
    return params


@st.composite
def tiles(draw: st.DrawFn, image: xr.DataArray) -> dict[str, int]:
    """Draw tile sizes of an image: 1, uneven, equal to it or larger, and not too many tiles."""
    tile, left = {}, MOST_TILES
    for dim in draw(st.permutations([str(dim) for dim in image.dims])):
        size = int(image.sizes[dim])
        least = -(-size // left)
        tile[dim] = draw(st.integers(least, size + 2))
        left = max(1, left // -(-size // tile[dim]))
    return tile


@st.composite
def examples(draw: st.DrawFn, op: Op) -> Example:
    """Draw data, parameters and a tiling for an op."""
    dims = draw(st.sampled_from(case_of(op).dims))
    most = {1: 40, 2: 14, 3: 7, 4: 5}[len(dims)]
    sizes = [draw(st.integers(1, most)) for _ in dims]
    style = draw(st.sampled_from(STYLES))
    data = data_for(op, dims, sizes, draw(st.integers(0, 2**16)), style)
    image = first_image(data)
    assert image is not None
    return Example(data, draw(parameters(op, image)), draw(tiles(image)))


def is_cut(op: Op) -> bool:
    """Whether an op may be cut into tiles at all."""
    return not isinstance(op.scope, Whole)
