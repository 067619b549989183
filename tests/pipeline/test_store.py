"""The step store: complete or absent, checked, bounded, shared."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from graticule.core.errors import StoreError
from graticule.pipeline.store import StepStore


def key(number: int) -> str:
    return f"{number:064x}"


def image(size: int = 8) -> xr.DataArray:
    return xr.DataArray(
        np.arange(size, dtype=np.float32),
        dims="x",
        coords={"x": ("x", np.arange(size) * 0.1, {"units": "um"})},
        attrs={"units": "count", "header": {"a": [1, "b", None]}},
    )


@settings(max_examples=40, deadline=None)
@given(
    values=npst.arrays(
        st.sampled_from([np.bool_, np.uint8, np.int32, np.float32, np.complex64]),
        npst.array_shapes(max_dims=3, max_side=5),
    )
)
def test_what_is_put_comes_back(tmp_path_factory: pytest.TempPathFactory, values) -> None:
    store = StepStore(tmp_path_factory.mktemp("store"), max_bytes=10**7)
    given_image = xr.DataArray(values, dims=list("zyx")[: values.ndim])
    assert store.put(key(1), (given_image,))
    (found,) = store.get(key(1))
    xr.testing.assert_identical(found, given_image)
    assert found.dtype == values.dtype


def test_coordinates_units_and_tables_come_back(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    table = pd.DataFrame({"area": [1.5, 2.5], "label": [1, 2]})
    table.attrs["units"] = {"area": "um2"}
    store.put(key(2), (image(), table))
    back, rows = store.get(key(2))
    xr.testing.assert_identical(back, image())
    pd.testing.assert_frame_equal(rows, table)
    assert rows.attrs == table.attrs


def test_dates_come_back(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    days = pd.date_range("2011-07-30", periods=3)
    given_image = xr.DataArray(np.arange(3.0), dims="time", coords={"time": days})
    assert store.put(key(2), (given_image,))
    xr.testing.assert_identical(store.get(key(2))[0], given_image)


@pytest.mark.parametrize(
    "odd",
    [
        {"attrs": {"gain": np.float32(1.5)}},
        {"attrs": {"table": np.arange(3)}},
        {"attrs": {"taken": date(2011, 7, 30)}},
        {"attrs": {"header": {1: "a number as key"}}},
        {"coords": {"x": np.arange(3) * 1j}},
        {"name": ("not", "text")},
    ],
)
def test_what_would_not_come_back_equal_is_not_stored(tmp_path: Path, odd: dict[str, Any]) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    assert not store.put(key(3), (xr.DataArray(np.arange(3.0), dims="x", **odd),))
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_mixed_columns_is_not_stored(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    assert not store.put(key(3), (pd.DataFrame({"a": [1, "x"]}),))


def test_absent_is_none(tmp_path: Path) -> None:
    assert StepStore(tmp_path / "nowhere", max_bytes=10).get(key(3)) is None


@pytest.mark.parametrize("file", ["meta.json", "0.npy"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_entry_is_absent_and_can_be_put_again(
    tmp_path: Path, file: str, damage: str
) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    store.put(key(4), (image(),))
    path = next(tmp_path.glob(f"*/*/{file}"))
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content[len(content) // 2] ^= 0x41
        path.write_bytes(content[:-9] if damage == "cut" else content)
    assert store.get(key(4)) is None
    assert store.put(key(4), (image(),))
    assert store.get(key(4)) is not None


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**9)
    for number in range(4):
        store.put(key(number), (image(2000),))
        os.utime(tmp_path / key(number)[:2] / key(number), (number, number))
    store.get(key(0))
    sizes = [sum(f.stat().st_size for f in place.iterdir()) for place in tmp_path.glob("??/*")]
    StepStore(tmp_path, max_bytes=2 * max(sizes)).shrink()
    assert store.get(key(0)) is not None
    assert store.get(key(1)) is None


def test_what_is_larger_than_the_store_is_not_stored(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=1000)
    assert not store.put(key(5), (image(5000),))
    assert list(tmp_path.iterdir()) == []


def test_other_things_than_images_and_tables_are_not_stored(tmp_path: Path) -> None:
    assert not StepStore(tmp_path, max_bytes=10**6).put(key(6), (object(),))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="GRATICULE_CACHE_DIR"):
        StepStore(tmp_path / "file", max_bytes=10**6).put(key(7), (image(),))


HAMMER = """
import sys, time
from datetime import date
from pathlib import Path
from typing import Any
import numpy as np, xarray as xr
from graticule.pipeline.store import StepStore

store = StepStore(Path(sys.argv[1]), max_bytes=60_000)
rng = np.random.default_rng(int(sys.argv[2]))
end = time.monotonic() + 1.0
while time.monotonic() < end:
    number = int(rng.integers(12))
    found = store.get(f"{number:064x}")
    assert found is None or (found[0].values == number).all()
    store.put(f"{number:064x}", (xr.DataArray(np.full(1000, number), dims="x"),))
"""


def test_many_processes_share_a_store(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HAMMER, str(tmp_path)]
    running = [subprocess.Popen([*command, str(seed)]) for seed in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
