"""Ops on a lattice: every block starts at a multiple of its step, however the image is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from graticule.core import Image, Neighbourhood, Pointwise, as_image, op
from graticule.core.scope import Region
from graticule.pipeline.tiles import run_tiled

_STEP = {"y": 4, "x": 3}


def _cell_means(image: xr.DataArray) -> xr.DataArray:
    values = image.values.astype(float)
    out = np.empty(values.shape)
    for y in range(0, values.shape[0], _STEP["y"]):
        for x in range(0, values.shape[1], _STEP["x"]):
            cell = (slice(y, y + _STEP["y"]), slice(x, x + _STEP["x"]))
            out[cell] = values[cell].mean()
    return image.copy(data=out)


def _halo(image: Any, params: Any) -> dict[str, int]:
    return {dim: step - 1 for dim, step in _STEP.items()}


@pytest.mark.parametrize("tile", [{"y": 1, "x": 1}, {"y": 5, "x": 7}, {"y": 100, "x": 2}])
def test_cells_of_a_lattice_are_the_same_in_tiles(tile: dict[str, int]) -> None:
    @op(
        version=1,
        scope=Neighbourhood(_halo, align=lambda image, params: _STEP),
        dtype="float64",
        name="example.cells",
    )
    def cells(image: Image) -> Image:
        """Mean of each cell."""
        return _cell_means(image)

    image = as_image(np.random.default_rng(0).random((23, 17)))
    np.testing.assert_array_equal(run_tiled(cells, [image], tile=tile), cells(image))


def test_without_a_lattice_they_differ() -> None:
    @op(version=1, scope=Pointwise(), dtype="float64", name="example.loose")
    def loose(image: Image) -> Image:
        """Mean of each cell of the block."""
        return _cell_means(image)

    image = as_image(np.random.default_rng(0).random((23, 17)))
    assert not np.array_equal(run_tiled(loose, [image], tile={"y": 5, "x": 7}), loose(image))


def test_aligned_moves_starts_back_only() -> None:
    region = Region({"y": (7, 9), "x": (6, 8)}).aligned({"y": 4, "x": 3})
    assert region.bounds == {"y": (4, 9), "x": (6, 8)}
