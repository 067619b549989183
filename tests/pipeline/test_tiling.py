"""The tile that is done soonest within a budget, and what more memory would save."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core.errors import MemoryBudgetError
from graticule.core.settings import parse_bytes
from graticule.pipeline import Pipeline, make_plan
from graticule.pipeline.tiling import tilings

WRITING = 60 * 10**6
_SMOOTH = Pipeline.loads("{graticule: 1, steps: {smooth: {op: filters.gaussian, sigma: 2}}}")
_WIDE = Pipeline.loads("""
graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.sauvola, radius: 50}
""")


def large(side: int = 16384) -> xr.DataArray:
    return xr.DataArray(da.zeros((side, side), dtype=np.uint16, chunks=256), dims=("y", "x"))


def plan(pipeline: Pipeline, memory: int, workers: int = 2, **more: Any) -> Any:
    return make_plan(pipeline, {"image": large()}, memory=memory, workers=workers, **more)


def test_tiles_are_so_small_that_all_workers_are_at_work() -> None:
    one = plan(_SMOOTH, 150 * 10**6, workers=1, writing=WRITING)
    two = plan(_SMOOTH, 150 * 10**6, workers=2, writing=WRITING)
    assert (one.threads, two.threads) == (1, 2)
    assert math.prod(two.tile.values()) < math.prod(one.tile.values())
    assert two.threads * (two.tile_bytes + WRITING) <= 150 * 10**6


def test_tiles_are_no_smaller_than_that() -> None:
    memory = 2 * 10**9
    fits = [
        way.tile
        for way in tilings(_SMOOTH, large(), 2)
        if 3 * way.peak <= memory and 2 * (way.peak + WRITING) <= memory
    ]
    assert plan(_SMOOTH, memory, writing=WRITING).tile == fits[0]


def test_a_worker_is_left_idle_before_halos_cost_more_than_it_does() -> None:
    """A second thread halves the time, and tiles of a few samples take many times as long."""
    tight = plan(_WIDE, 2 * WRITING + 6 * 10**6, writing=WRITING)
    assert tight.threads == 1
    assert min(tight.tile.values()) >= 256


@settings(max_examples=60, deadline=None)
@given(
    wide=st.booleans(),
    share=st.floats(0.001, 0.99),
    workers=st.integers(1, 32),
    writing=st.integers(0, 60),
    side=st.sampled_from([1500, 3000, 16384]),
)
def test_what_is_advised_is_enough_and_saves_what_is_said(
    wide: bool, share: float, workers: int, writing: int, side: int
) -> None:
    pipeline, more = (_WIDE if wide else _SMOOTH), {"writing": writing * 10**6}
    image = {"image": large(side)}
    whole = make_plan(pipeline, image, memory=10**11).whole_bytes
    memory = int(share * whole)
    try:
        found = make_plan(pipeline, image, memory=memory, workers=workers, **more)
    except MemoryBudgetError:
        return
    assert found.threads * (found.tile_bytes + more["writing"]) <= memory
    if found.advice is None:
        return
    enough, saved = found.advice
    assert memory < enough <= whole, "the whole is the best there is"
    assert 0 < saved < 0.8
    then = make_plan(pipeline, image, memory=enough, workers=workers, **more)
    assert then.advice is None
    ways = {str(way.tile): way for way in tilings(pipeline, image["image"], 2)}
    before = ways[str(found.tile)].cost(found.threads)
    after = 1 / workers if then.tile is None else ways[str(then.tile)].cost(then.threads)
    assert after / before <= saved * 1.001


def test_an_image_without_samples_has_a_plan() -> None:
    empty = xr.DataArray(np.zeros((0, 5), np.float32), dims=("y", "x"))
    assert make_plan(_SMOOTH, {"image": empty}, memory=10**6).tile is None


@pytest.mark.usefixtures("memory_of_arrays")
def test_a_run_says_what_more_memory_would_save(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    np.save(tmp_path / "b.npy", np.zeros((2800, 3000), np.float32))
    both = _WIDE.run(tmp_path, tmp_path / "both", memory="90MB", workers=2, cache=False)
    assert not both.failed
    assert len([note for note in both.notes if "memory" in note]) == 1
    run = _WIDE.run(tmp_path / "a.npy", tmp_path / "out", memory="66MB", workers=2, cache=False)
    assert not run.failed
    (told,) = [note for note in run.notes if "memory" in note]
    assert re.search(
        r"tiles of \d+ x \d+, [12] at a time; with --memory \d+MB it takes about", told
    )
    enough = re.findall(r"--memory (\w+)", told)[0]
    assert parse_bytes(enough) > 66 * 10**6
    again = _WIDE.run(tmp_path / "a.npy", tmp_path / "more", memory=enough, workers=2, cache=False)
    assert not [note for note in again.notes if "memory" in note]
