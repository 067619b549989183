"""The step store: complete or absent, checked, bounded, shared."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time
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

from graticule.pipeline.store import StepStore
from graticule.pipeline.store_quota import Quota


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


def entry(folder: Path) -> Path:
    (path,) = folder.glob("??/*")
    return path


def put_two_kinds(store: StepStore, number: int) -> tuple[xr.DataArray, pd.DataFrame]:
    table = pd.DataFrame({"area": [1.5, 2.5], "label": [number, 2], "name": ["a", "b"]})
    table.attrs["units"] = {"area": "um2"}
    outputs = (image(5) + number).assign_attrs(image().attrs), table
    assert store.put(key(number), outputs)
    return outputs


def test_no_byte_of_an_entry_can_change_unseen(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    put_two_kinds(store, 4)
    content = entry(tmp_path).read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        entry_path = tmp_path / key(4)[:2] / f"{key(4)}.step"
        entry_path.write_bytes(changed)
        assert store.get(key(4)) is None, place
        assert not entry_path.exists()


@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "a folder", "a pipe"])
def test_a_damaged_entry_is_absent_and_can_be_put_again(tmp_path: Path, damage: str) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    put_two_kinds(store, 4)
    path = entry(tmp_path)
    content = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        (path / "within").mkdir(parents=True)
    elif damage == "a pipe":
        os.mkfifo(path)
    else:
        path.write_bytes({"cut": content[:-9], "longer": content + b"0"}.get(damage, b""))
    assert store.get(key(4)) is None
    assert list(tmp_path.glob("??/*")) == []
    put_two_kinds(store, 4)
    assert store.get(key(4)) is not None
    assert not store.trouble


def test_an_entry_that_was_moved_to_another_key_is_refused(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    put_two_kinds(store, 4)
    path = entry(tmp_path)
    path.rename(path.with_name(path.name.replace(key(4), key(5))))
    assert store.get(key(5)) is None
    assert store.get(key(4)) is None


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**9)
    for number in range(4):
        store.put(key(number), (image(2000),))
        os.utime(tmp_path / key(number)[:2] / f"{key(number)}.step", (number, number))
    store.get(key(0))
    bound = 4 * next(tmp_path.glob("??/*")).stat().st_size
    smaller = StepStore(tmp_path, max_bytes=bound)
    smaller.put(key(4), (image(2000),))
    assert [smaller.get(key(n)) is not None for n in range(5)] == [True, False, False, True, True]


def disk_bytes(folder: Path) -> int:
    return sum(4096 * -(-path.stat().st_size // 4096) for path in folder.glob("*/*"))


def test_one_bound_holds_for_all_that_use_a_store(tmp_path: Path) -> None:
    bound = 100_000
    for number in range(40):  # as many images do, each with a view of the store of its own
        assert StepStore(tmp_path, max_bytes=bound).put(key(number), (image(200),))
        assert disk_bytes(tmp_path) <= bound
    assert disk_bytes(tmp_path) > bound // 2


def test_the_folders_are_not_walked_for_each_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []
    entries = Quota._entries
    monkeypatch.setattr(Quota, "_entries", lambda self: walks.append(1) or entries(self))
    for number in range(300):
        StepStore(tmp_path, max_bytes=800_000).put(key(number), (image(200),))
    assert len(walks) <= 1 + 300 * 8192 // 80_000


@pytest.mark.parametrize("content", [b"", b"123", b"%020d 00000000\n" % 0, b"\xff" * 30])
def test_a_count_that_cannot_be_believed_is_made_anew(tmp_path: Path, content: bytes) -> None:
    bound = 60_000
    for number in range(20):
        StepStore(tmp_path, max_bytes=bound).put(key(number), (image(200),))
        (tmp_path / "size").write_bytes(content)
    assert disk_bytes(tmp_path) <= bound


WRITER = """
import sys, time
from pathlib import Path
from graticule.pipeline.store_quota import Quota

draft = Quota(Path(sys.argv[1]), max_bytes=10**7).take(1000)
print("writing", flush=True)
time.sleep(60)
"""


def test_drafts_are_cleared_once_their_process_has_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    store = StepStore(tmp_path, max_bytes=10**7)
    assert store.put(key(1), (image(),))
    assert len(list((tmp_path / "drafts").iterdir())) == 1
    writer.kill()
    writer.wait(timeout=60)
    writer.stdout.close()
    assert store.put(key(2), (image(),))
    assert list((tmp_path / "drafts").iterdir()) == []


def test_nobody_waits_long_for_a_process_that_holds_the_count(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=10**7)
    assert store.put(key(1), (image(),))
    with (tmp_path / "size").open("rb") as account:
        fcntl.flock(account, fcntl.LOCK_EX)
        started = time.monotonic()
        assert not store.put(key(2), (image(),))
        assert time.monotonic() - started < 5
    assert not store.trouble
    assert store.put(key(2), (image(),))


def test_what_is_larger_than_the_store_is_not_stored(tmp_path: Path) -> None:
    store = StepStore(tmp_path, max_bytes=1000)
    assert not store.put(key(5), (image(5000),))
    assert list(tmp_path.iterdir()) == []


def test_other_things_than_images_and_tables_are_not_stored(tmp_path: Path) -> None:
    assert not StepStore(tmp_path, max_bytes=10**6).put(key(6), (object(),))


def unusable_folder(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for a store that cannot be written to, even by the superuser."""
    folder = tmp_path / "store"
    if kind == "a file":
        folder.write_text("no folder")
    elif kind == "within a file":
        (tmp_path / "file").write_text("no folder")
        folder = tmp_path / "file" / "store"
    elif kind == "a loop":
        folder.symlink_to(folder)
    elif kind == "another user's":
        folder.mkdir()
        (folder / "drafts").write_text("in the way")
    else:
        refused = {"read-only": errno.EROFS, "full": errno.ENOSPC, "forbidden": errno.EACCES}[kind]
        folder.mkdir()

        def refuse(*_: Any) -> None:
            raise OSError(refused, os.strerror(refused))

        monkeypatch.setattr(Quota, "take" if kind == "read-only" else "_draft", refuse)
    return folder


KINDS = ["a file", "within a file", "a loop", "another user's", "read-only", "full", "forbidden"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_cannot_be_used_says_so_and_raises_nothing(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = StepStore(unusable_folder(tmp_path, kind, monkeypatch), max_bytes=10**6)
    assert store.get(key(7)) is None
    assert not store.put(key(7), (image(),))
    assert "GRATICULE_CACHE_DIR" in store.trouble
    assert not list(tmp_path.rglob("drafts/*"))


def test_a_disk_that_is_full_while_an_entry_is_written_keeps_no_part_of_it(
    tmp_path: Path,
) -> None:
    script = """
import resource, sys
from pathlib import Path
import numpy as np, xarray as xr
from graticule.pipeline.store import StepStore

resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = StepStore(Path(sys.argv[1]), max_bytes=10**7)
assert store.put("a" * 64, (xr.DataArray(np.arange(100)),))
assert not store.put("b" * 64, (xr.DataArray(np.arange(100_000)),))
assert store.get("a" * 64) is not None
print(store.trouble)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert "File too large" in done.stdout, done.stderr
    assert list((tmp_path / "drafts").iterdir()) == []
    assert len(list(tmp_path.glob("??/*"))) == 1


HAMMER = """
import sys, time
from pathlib import Path
import numpy as np, xarray as xr
from graticule.pipeline.store import StepStore
from graticule.pipeline.store_quota import _lock, _opened

rng = np.random.default_rng(int(sys.argv[2]))
end = time.monotonic() + 1.0
while time.monotonic() < end:
    store = StepStore(Path(sys.argv[1]), max_bytes=100_000)
    number = int(rng.integers(12))
    found = store.get(f"{number:064x}")
    assert found is None or (found[0].values == number).all()
    store.put(f"{number:064x}", (xr.DataArray(np.full(1000, number), dims="x"),))
    with _opened(Path(sys.argv[1]) / "size") as account:
        assert _lock(account, patience=30)  # files come and go else while they are counted
        files = Path(sys.argv[1]).glob("??/*")
        held = sum(-(-file.stat().st_size // 4096) * 4096 for file in files)
    assert held <= 100_000, held
    assert not store.trouble
"""


def test_many_processes_share_a_store(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HAMMER, str(tmp_path)]
    running = [subprocess.Popen([*command, str(seed)]) for seed in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
