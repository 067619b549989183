"""Work in a process apart: what it returns and raises comes back, and it fails alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import memory_limit, memory_limited
from graticule.io import apart as module
from graticule.io import watched
from graticule.io.apart import apart, filled_apart

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave no process behind that these tests made, and keep it however large this one is."""
    monkeypatch.setattr(module, "_is_bound", lambda: False)
    module._kept.end_all()
    yield
    module._kept.end_all()


def number_of_process(_: Path) -> int:
    return os.getpid()


def crash(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_at_second(path: Path) -> str:
    """Crash in a process that has seen another file, and nowhere else."""
    if path.exists():
        return "read"
    path.write_bytes(b"")
    crash(path)
    return ""


def hang(_: Path) -> None:
    while True:
        pass


def refuse(_: Path, what: str) -> None:
    raise UnsafeFileError(what, where="here", hint="so")


def odd(_: Path) -> None:
    raise KeyError("a")


class OneWayError(NameError):
    """One that can be pickled and not be had back; of a kind that tells of a fault of ours."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def raise_one_way(_: Path) -> None:
    raise OneWayError("a", "b")


def limit(_: Path) -> int:
    return memory_limit()


def take(_: Path, size: int) -> int:
    return int(np.ones(size, np.uint8).sum())


def variable(_: Path) -> str | None:
    return os.environ.get("GRATICULE_HERE")


def sleep(_: Path) -> None:
    time.sleep(30)


def test_one_process_does_it_all(tmp_path: Path) -> None:
    assert apart(number_of_process, tmp_path) == apart(number_of_process, tmp_path) != os.getpid()


def test_what_is_raised_comes_back(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFileError, match=r"here: a \(so\)"):
        apart(refuse, tmp_path, "a")
    with pytest.raises(FormatError, match="KeyError"):
        apart(odd, tmp_path)


def test_what_cannot_be_had_back_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="OneWayError: ab"):
        apart(raise_one_way, tmp_path)


def test_a_crash_is_that_of_the_file(tmp_path: Path) -> None:
    before = apart(number_of_process, tmp_path)
    with pytest.raises(FormatError, match=r"crash \(SIGSEGV\).*fetch or export it again"):
        apart(crash, tmp_path)
    assert apart(number_of_process, tmp_path) != before


def test_no_file_is_blamed_for_what_another_did(tmp_path: Path) -> None:
    apart(number_of_process, tmp_path)
    assert apart(crash_at_second, tmp_path / "mark") == "read"


def test_a_hang_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    with pytest.raises(FormatError, match="busy without end"):
        apart(hang, tmp_path)


def test_a_disk_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_PATIENCE", -1.9)
    with pytest.raises(FormatError, match="was not read within"):
        apart(sleep, tmp_path)


def test_an_interrupt_leaves_no_answer_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watched.Process, "_watch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            apart(sleep, tmp_path)
    assert apart(take, tmp_path, 3) == 3


def test_memory_is_that_of_the_run(tmp_path: Path) -> None:
    with memory_limited(10**9):
        assert apart(limit, tmp_path) == 10**9
    with memory_limited(2 * 10**9):
        assert apart(limit, tmp_path) == 2 * 10**9
    with memory_limited(5 * 10**8), pytest.raises(UnsafeFileError, match="more memory"):
        apart(take, tmp_path, 10**9)


def test_variables_of_the_environment_are_known_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apart(variable, tmp_path) is None
    monkeypatch.setenv("GRATICULE_HERE", "yes")
    assert apart(variable, tmp_path) == "yes"


def test_a_fork_that_would_keep_memory_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_is_bound", lambda: True)
    assert apart(number_of_process, tmp_path) != apart(number_of_process, tmp_path)


def test_threads_share_it(tmp_path: Path) -> None:
    found: list[int] = []

    def ask() -> None:
        for size in range(20):
            found.append(apart(take, tmp_path, size) - size)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 80


@pytest.mark.parametrize("dtype", ["u1", ">i2", "f8"])
def test_an_array_is_filled(dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    made = filled_apart(lambda: values, (3, 4), np.dtype(dtype))
    np.testing.assert_array_equal(made, values)
    made[0] = 1
    assert filled_apart(lambda: values[:0], (0, 4), np.dtype(dtype)).shape == (0, 4)


@pytest.mark.parametrize("work", [crash, odd, partial(take, size=4 * 10**9)])
def test_an_array_that_cannot_be_made(work: Any, tmp_path: Path) -> None:
    with memory_limited(10**9), pytest.raises(FormatError):
        filled_apart(partial(work, tmp_path), (3, 4), np.dtype("u1"))
