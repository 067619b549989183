"""What an op says of its memory is enough for bytes, of which its results are many times larger."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import graticule as gt
from graticule.core.registry import get_op
from graticule.core.scope import Whole


def scene(side: int = 512) -> tuple[Any, Any]:
    """Return smooth noise as bytes, and the mask of its bright half."""
    noise = np.random.default_rng(0).random((side, side))
    smooth = ndimage.gaussian_filter(noise, 3)
    grey = np.interp(smooth, (smooth.min(), smooth.max()), (0, 250)).astype(np.uint8)
    return grey, grey > np.median(grey)


CASES: list[tuple[str, dict[str, Any]]] = [
    ("watershed", {}),
    ("watershed", {"lines": True}),
    ("h_maxima", {"h": 10}),
    ("local_maxima", {}),
    ("markers", {"h": 10}),
    ("markers", {"h": 10, "min_distance": 5}),
    ("slic", {"segments": 400}),
    ("etps", {"segments": 400}),
    ("kmeans", {"clusters": 8}),
    ("gaussian_mixture", {"clusters": 8}),
    ("markov", {"phases": 3}),
    ("quadtree", {"threshold": 60}),
    ("quadtree", {"threshold": 60, "merge": 5.0}),
    ("split", {}),
    ("split", {"lines": True, "min_distance": 5}),
    ("fill_holes", {}),
    ("remove_small_objects", {}),
    ("remove_small_holes", {}),
    ("skeleton", {}),
    ("thickness", {}),
]
OF_MASKS = {
    *("split", "fill_holes", "skeleton", "thickness"),
    *("remove_small_objects", "remove_small_holes"),
}


def peak(name: str, *data: Any, **params: Any) -> float:
    """Return the most bytes held at once, for each byte of the inputs."""
    run = get_op(f"segment.{name}")
    run(*data, **params)  # compiles every path that these data take
    tracemalloc.start()
    run(*data, **params)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float((most - 2**18) / sum(each.nbytes for each in data))  # what does not grow


def declared(name: str) -> float:
    scope = get_op(f"segment.{name}").scope
    assert isinstance(scope, Whole)
    return scope.memory


@pytest.mark.parametrize(("name", "params"), CASES)
def test_bytes_take_no_more_than_is_said(name: str, params: dict[str, Any]) -> None:
    grey, mask = scene()
    assert peak(name, mask if name in OF_MASKS else grey, **params) <= declared(name)


@pytest.mark.parametrize("name", ["bivariate", "level_set", "random_walker"])
def test_two_inputs_take_no_more_than_is_said(name: str) -> None:
    grey, mask = scene(256 if name == "random_walker" else 512)  # which is slow
    seeds = np.digitize(grey, [30, 220]).astype(np.int32)
    markers = np.choose(seeds, [1, 0, 2]).astype(np.int32)
    other = {"bivariate": grey[:, ::-1].copy(), "level_set": mask, "random_walker": markers}[name]
    params = {"steps": 3} if name == "level_set" else {}
    assert peak(name, grey, other, **params) <= declared(name)


def test_labels_take_no_more_than_is_said() -> None:
    grey, mask = scene()
    labels = gt.op("segment.label")(mask)
    blocks = gt.op("segment.quadtree")(grey, threshold=60)
    assert peak("join", labels, blocks) <= declared("join")
    assert peak("relabel", labels) <= declared("relabel")
    assert peak("merge_regions", blocks, grey, number=5) <= declared("merge_regions")
