"""Forks of a server, where this process is too large: the same answers, and no file harms it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import psutil
import pytest

from graticule.core.errors import FormatError
from graticule.core.settings import memory_limited
from graticule.io import apart as module
from graticule.io import fork_server, read, watched
from graticule.io.apart import apart, filled_apart
from graticule.io.fork_server import ForkServer

pytestmark = pytest.mark.skipif(
    not (hasattr(os, "posix_spawn") and hasattr(os, "memfd_create")), reason="needs Linux"
)


@pytest.fixture(autouse=True)
def _bound(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have this process be taken for a large one, and its functions for those a server knows."""
    monkeypatch.setattr(module, "_is_bound", lambda: True)
    monkeypatch.setattr(module, "_is_known", lambda _: True)
    module._kept.end_all()
    module._kept.forks = module._kept.failures = 0
    yield
    module._kept.end_all()


@pytest.fixture
def server() -> ForkServer:
    """Return the server once it has begun: until then, forks of this process answer."""
    until = time.monotonic() + 60
    while apart(os.getppid) == os.getpid():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert module._kept.server is not None
    return module._kept.server


def test_its_forks_answer_and_are_kept(server: ForkServer) -> None:
    assert apart(os.getppid) == server.pid
    assert apart(os.getpid) == apart(os.getpid) != server.pid
    assert psutil.Process(server.pid).ppid() == os.getpid()


def test_errors_come_back_and_the_next_fork_is_another(server: ForkServer, tmp_path: Path) -> None:
    before = apart(os.getpid)
    with pytest.raises(FormatError, match="no longer there"):
        apart(os.stat, tmp_path / "nowhere")
    after = apart(os.getpid)
    assert after != before
    assert not psutil.pid_exists(before)
    assert apart(os.getppid) == server.pid


def test_a_crash_is_that_of_the_file(server: ForkServer) -> None:
    apart(os.getpid)
    with pytest.raises(FormatError, match=r"crash \(SIGABRT\)"):
        apart(os.abort)
    assert apart(os.getppid) == server.pid


def test_a_hang_ends(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_PATIENCE", -1.9)
    with pytest.raises(FormatError, match="was not read within"):
        apart(time.sleep, 30)
    children = psutil.Process(server.pid).children()
    assert not children, "what was given up does not go on"


def test_memory_is_limited(server: ForkServer) -> None:
    with memory_limited(5 * 10**8), pytest.raises(FormatError, match="more memory"):
        apart(np.ones, 10**9)


def test_without_it_forks_of_this_process_answer(server: ForkServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert apart(os.getppid) == os.getpid()
    assert apart(os.getppid) == os.getpid()


def test_a_fork_that_outlives_its_server_is_ended(server: ForkServer) -> None:
    apart(os.getpid)
    process = module._kept.process
    assert process is not None
    pid = process._fork.pid
    os.kill(server.pid, signal.SIGSTOP)  # so that nobody ends its forks
    os.kill(server.pid, signal.SIGKILL)
    module._kept.end()
    until = time.monotonic() + 20
    while psutil.pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


_PROGRAM = """
import os, sys, time
from graticule.io import apart as module
from graticule.io.apart import apart

module._is_bound = module._is_known = lambda *_: True
while apart(os.getppid) == os.getpid():
    time.sleep(0.02)
print(module._kept.server.pid, apart(os.getpid), flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("is_killed", [False, True])
def test_nothing_stays_when_the_program_ends(is_killed: bool) -> None:
    command = [sys.executable, "-c", _PROGRAM, "60" if is_killed else "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pids = [int(number) for number in program.stdout.readline().split()]
        assert len(pids) == 2
        if is_killed:
            program.kill()
    until = time.monotonic() + 20
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    left = [pid for pid in pids if psutil.pid_exists(pid)]
    assert [pid for pid in left if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE] == []


def test_one_that_cannot_begin_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def start(line: Any) -> int:
        started.append(os.posix_spawnp("false", ["false"], os.environ))
        return started[-1]

    monkeypatch.setattr(fork_server, "_start", start)
    for _ in range(40):
        assert apart(os.getppid) == os.getpid()
        time.sleep(0.005)
    assert len(started) == 2


def test_a_server_knows_the_variables_as_they_are(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apart(os.getenv, "GRATICULE_HERE") is None
    monkeypatch.setenv("GRATICULE_HERE", "yes")
    assert apart(os.getenv, "GRATICULE_HERE") == "yes"
    monkeypatch.delenv("GRATICULE_HERE")
    assert apart(os.getenv, "GRATICULE_HERE") is None
    assert apart(os.getppid) == server.pid


def test_it_ends_with_nothing_to_do_and_with_the_process(server: ForkServer) -> None:
    pid = server.pid
    module._kept.end_all()
    assert not psutil.pid_exists(pid)


def test_arrays_are_filled_by_several_threads_at_once(server: ForkServer) -> None:
    failed: list[int] = []

    def ask(number: int) -> None:
        for size in range(1, 12):
            made = filled_apart(partial(np.full, (size, 5), number), (size, 5), np.dtype(">i4"))
            if not (made == number).all():
                failed.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert module._kept.server is server
    assert server.is_there()
    with pytest.raises(FormatError, match=r"crash \(SIGABRT\)"):
        filled_apart(os.abort, (2, 2), np.dtype("u1"))


def test_where_no_interpreter_is_files_are_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    for _ in range(12):
        assert apart(os.getppid) == os.getpid()
    assert module._kept.server is None


def test_arrays_keep_no_file_open(server: ForkServer) -> None:
    before = psutil.Process().num_fds()
    kept = [filled_apart(partial(np.full, (5, 5), 1), (5, 5), np.dtype("u1")) for _ in range(20)]
    assert psutil.Process().num_fds() <= before + 1
    assert all((values == 1).all() for values in kept)


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of the bytes that forks of the server fill from now on."""
    found: list[int] = []

    def fill(nbytes: int) -> int | None:
        found.append(nbytes)
        return usual(nbytes)

    usual = module._file_in_memory
    monkeypatch.setattr(module, "_file_in_memory", fill)
    return found


@pytest.mark.parametrize("growing", [False, True])
def test_hdf5_is_read_as_by_a_small_process(
    server: ForkServer, filled: list[int], tmp_path: Path, growing: bool
) -> None:
    values = np.random.default_rng(0).normal(size=(40, 60)).astype(np.float32)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        most = (100, 60) if growing else None
        file.create_dataset("data", data=values, chunks=(16, 16), maxshape=most, compression="lzf")
    image = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(image.values, values)
    content = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError):
        read(tmp_path / "cut.h5")
    assert module._kept.server is server
    assert filled == ([values.nbytes] if growing else [])


def test_a_tiff_of_jpeg_2000_is_read_as_by_a_small_process(
    server: ForkServer, filled: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("imagecodecs")
    values = np.random.default_rng(0).integers(0, 255, (96, 128), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values, compression="jpeg2000", tile=(32, 32))
    served = read(tmp_path / "a.tif").values
    assert filled
    monkeypatch.setattr(module, "_is_bound", lambda: False)
    np.testing.assert_array_equal(served, read(tmp_path / "a.tif").values)
