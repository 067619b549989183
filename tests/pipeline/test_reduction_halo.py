"""A reduction may see its neighbours: a block has a halo, and knows which samples are its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from graticule.core import BlockInfo, Reduction, as_image
from graticule.pipeline.nodes import SourceNode, tile_blocks

RNG = np.random.default_rng(0)


def _rises(image: xr.DataArray, *, block: BlockInfo, **_: Any) -> int:
    """Count the own samples that are below their next neighbour along x."""
    start, stop = block.interior.get("x", (0, image.sizes["x"]))
    rows = slice(*block.interior.get("y", (0, image.sizes["y"])))
    here = image.values[rows, start:stop]
    after = image.values[rows, start + 1 : stop + 1]
    return int((here[:, : after.shape[1]] < after).sum())


def _plus(one: int, two: int) -> int:
    return one + two


def _result(total: int, **_: Any) -> int:
    return total


SCOPE = Reduction(_rises, _plus, _result, halo=lambda image, params: {"x": 1})


@pytest.mark.parametrize("tile", [{"x": 1}, {"x": 3, "y": 2}, {"x": 100}, {"y": 5}])
def test_pairs_across_seams_are_counted_once(tile: dict[str, int]) -> None:
    image = as_image(RNG.integers(0, 9, (11, 13)))
    blocks = tile_blocks([SourceNode(image)], tile, SCOPE.halo(image, {}))  # type: ignore[misc]
    assert SCOPE.reduce(blocks) == SCOPE.whole(image)


def test_own_samples_make_up_the_image() -> None:
    image = as_image(RNG.integers(0, 9, (7, 6)))
    seen = np.zeros(image.shape, int)
    for block in tile_blocks([SourceNode(image)], {"x": 4, "y": 3}, {"x": 2, "y": 1}):
        at = {dim: block.info.offset[dim] + np.array(block.info.interior[dim]) for dim in "yx"}
        seen[slice(*at["y"]), slice(*at["x"])] += 1
    assert (seen == 1).all()


def test_a_prior_pass_is_made_only_where_it_is_needed() -> None:
    def given(image: xr.DataArray, *, block: BlockInfo, prior: Any, **_: Any) -> Any:
        return prior

    def first(one: Any, _: Any) -> Any:
        return one

    def kept(result: Any, **_: Any) -> Any:
        return result

    before = Reduction(_rises, _plus, _result, needed=lambda params: params["wanted"])
    scope = Reduction(given, first, kept, prior=before)
    image = as_image(np.array([[1, 2, 1]]))
    assert scope.whole(image, wanted=True) == 1
    assert scope.whole(image, wanted=False) is None
