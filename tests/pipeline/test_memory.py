"""Memory: what is refused and with what hint, and files that are dear to read in tiles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from graticule.core.errors import MemoryBudgetError
from graticule.core.settings import array_budget, memory_limit, memory_limited, parse_bytes
from graticule.core.typing import Array
from graticule.io import read
from graticule.io.formats import picture
from graticule.io.formats._png_rows import Rows
from graticule.io.lazy import Box, source_of
from graticule.pipeline import Pipeline, make_plan
from graticule.pipeline.budget import decoding_bytes
from graticule.testing.large_images import write_large

_SMOOTH = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 2}}")
_TABLE = Pipeline.loads("""
graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  objects: {op: measure.regions, intensity: image}
outputs: [objects]
""")


def test_a_run_below_what_the_libraries_take_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((9, 9)))
    with pytest.raises(MemoryBudgetError, match=r"needs at least \d+MB.*libraries") as told:
        _SMOOTH.run(tmp_path / "a.npy", tmp_path / "out", memory="100MB")
    assert "--memory" in told.value.hint
    assert not (tmp_path / "out").exists()


def test_a_program_that_holds_much_is_told_how_much_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((90, 90)))
    usual = _TABLE.run(tmp_path / "a.npy", tmp_path / "usual")
    plans = [make_plan(_TABLE, {"image": read(tmp_path / "a.npy")}, memory=10**6).tile]
    monkeypatch.setattr("graticule.core.memory.resident", lambda: 3 * 10**9)
    plans.append(make_plan(_TABLE, {"image": read(tmp_path / "a.npy")}, memory=10**6).tile)
    assert plans[0] == plans[1]
    with pytest.raises(MemoryBudgetError, match=r"needs at least \d+MB") as told:
        _TABLE.run(tmp_path / "a.npy", tmp_path / "refused", memory="2GB")
    enough = re.findall(r"--memory (\w+)", told.value.hint)[0]
    assert parse_bytes(enough) > 3 * 10**9
    run = _TABLE.run(tmp_path / "a.npy", tmp_path / "done", memory=enough)
    assert not run.failed
    pd.testing.assert_frame_equal(run.tables["objects"], usual.tables["objects"])


@pytest.mark.usefixtures("memory_of_arrays")
def test_what_a_refusal_names_is_enough(tmp_path: Path) -> None:
    write_large(tmp_path / "a.h5", 1500, "f4")
    memory = "8MB"
    for _ in range(4):
        run = _SMOOTH.run(tmp_path / "a.h5", tmp_path / memory, memory=memory)
        if not run.failed:
            break
        assert run.failed[0].error is not None
        memory = re.findall(r"--memory (\w+)", run.failed[0].error["hint"])[0]
    assert not run.failed
    assert run.results[0].tile is not None


def test_in_a_run_all_that_is_left_is_for_arrays() -> None:
    with memory_limited(10**9, besides=3 * 10**8):
        assert (memory_limit(), array_budget(memory_limit())) == (10**9, 7 * 10**8)
    with memory_limited(10**8, besides=3 * 10**8):
        assert array_budget(memory_limit()) == 0


def test_a_file_in_rows_is_unpacked_once_for_all_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_LARGE", 1)
    write_large(tmp_path / "a.png", 900, "u2")
    image = read(tmp_path / "a.png")
    plan = make_plan(_TABLE, {"image": image}, memory=2_000_000)
    assert plan.tile is not None
    unpacked = 0
    call = Rows.__call__

    def counted(self: Rows, path: Path, box: Box) -> Array:
        nonlocal unpacked
        values = call(self, path, box)
        unpacked += values.size
        return values

    monkeypatch.setattr(Rows, "__call__", counted)
    found = plan.evaluation(scratch=tmp_path / "scratch").value(_TABLE.outputs[0])
    assert unpacked == image.size
    whole = _TABLE.apply(image.compute())["objects"]
    np.testing.assert_allclose(found.to_numpy(float), whole.to_numpy(float), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "unit"), [("a.tif", ()), ("a.h5", (512, 512)), ("a.ome.zarr", (512, 512))]
)
def test_what_is_decoded_at_once_is_known(tmp_path: Path, name: str, unit: Any) -> None:
    write_large(tmp_path / name, 600, "f4")
    image = read(tmp_path / name)
    source = source_of(image)
    assert source is not None
    assert source.unit == unit
    assert decoding_bytes(image) == (2 * 512 * 512 * 4 if unit else 0)
    assert source.decoded((600, 600)) == 1
    assert (source.decoded((64, 64)) > 50) == bool(unit)
