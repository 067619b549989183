"""Reads after a fork: what a child needs of its parent's threads and locks is made anew."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from graticule.core import settings as settings_module
from graticule.core.forks import ProcessLock
from graticule.core.threads import map_ranges
from graticule.io import read, write
from graticule.io.lazy import computed
from graticule.io.safety import noted

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
HANGS = 30.0


def succeeds_in_child(work: Callable[[], object]) -> bool:
    """Whether a forked child comes to the end of some work that returns something true."""
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if work() else 3
        finally:
            os._exit(status)
    end = time.monotonic() + HANGS
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    return ended[1] == 0


def write_h5(path: Path, image: xr.DataArray) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=image.values, chunks=(1, 16, 16), compression="gzip")


@pytest.mark.parametrize("suffix", [".fits", ".h5", ".ome.zarr", ".ome.tif", ".npy"])
@pytest.mark.parametrize("reads", [xr.DataArray.compute, computed])
def test_a_child_reads_what_its_parent_opened_and_anew(
    tmp_path: Path, suffix: str, reads: Callable[[xr.DataArray], xr.DataArray]
) -> None:
    values = np.arange(3 * 64 * 64, dtype=np.float32).reshape(3, 64, 64)
    path = tmp_path / f"image{suffix}"
    (write_h5 if suffix == ".h5" else write)(path, xr.DataArray(values, dims=("z", "y", "x")))
    image = read(path, dims=("z", "y", "x"))
    whole = reads(image)

    def look() -> bool:
        again = read(path, dims=("z", "y", "x"))
        return whole.identical(reads(image)) and whole.identical(reads(again))

    assert look()
    assert succeeds_in_child(look)
    assert succeeds_in_child(lambda: succeeds_in_child(look))


def test_a_child_has_threads_of_its_own_for_the_parts_of_a_job() -> None:
    def halves() -> bool:
        return map_ranges(lambda start, stop: stop - start, 10**6, least=1) != []

    assert halves()
    assert succeeds_in_child(halves)


def test_a_child_shows_warnings_as_before_though_a_thread_was_collecting_them(
    tmp_path: Path,
) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 4)))
    logger = logging.getLogger("forks")
    filters, shown = list(warnings.filters), warnings.showwarning
    inside, leave = threading.Event(), threading.Event()

    def collect() -> None:
        with noted("forks"):
            inside.set()
            leave.wait()

    thread = threading.Thread(target=collect)
    thread.start()
    inside.wait()

    def is_as_before() -> bool:
        with noted("forks") as notes:
            logger.warning("told")
        same = (warnings.filters, warnings.showwarning) == (filters, shown)
        return same and notes == ["told"] and logger.propagate and not logger.handlers

    try:
        assert succeeds_in_child(is_as_before)
    finally:
        leave.set()
        thread.join()
    assert is_as_before()


def test_a_fork_waits_for_a_thread_that_compiles() -> None:
    from numba.core.compiler_lock import global_compiler_lock

    held, order = threading.Event(), []

    def compile_something() -> None:
        with global_compiler_lock:
            held.set()
            time.sleep(0.3)
            order.append("compiled")

    def compile_in_child() -> bool:
        with global_compiler_lock:
            return order == ["compiled"]

    thread = threading.Thread(target=compile_something)
    thread.start()
    held.wait()
    assert succeeds_in_child(compile_in_child)
    thread.join()
    assert compile_in_child()


class Proxy:
    """Stands for something else; who asks for its class once it is one, is told off."""

    is_one = False

    @property
    def __class__(self) -> type:
        if self.is_one:
            raise DeprecationWarning("asked for its class")
        return Proxy


PROXY = Proxy()


class Slow:
    """Has a property that is computed once."""

    @cached_property
    def value(self) -> int:
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.5)
        return 7


def make_local() -> type[Slow]:
    class Local(Slow):
        @cached_property
        def value(self) -> int:
            if threading.current_thread() is not threading.main_thread():
                time.sleep(0.5)
            return 7

    return Local


@pytest.mark.parametrize("kind", [Slow, make_local()], ids=["of a module", "of a function"])
def test_a_child_computes_properties_that_a_thread_was_computing(
    kind: type[Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = threading.Thread(target=lambda: kind().value)
    thread.start()
    time.sleep(0.1)
    monkeypatch.setattr(Proxy, "is_one", True)
    assert succeeds_in_child(lambda: kind().value)
    thread.join()


def test_a_lock_of_the_process_is_free_in_a_child() -> None:
    lock, held, release = ProcessLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock, settings_module._changing:
            held.set()
            release.wait(HANGS)

    def take() -> bool:
        with lock:
            return settings_module.memory_limit() > 0

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(HANGS)
    try:
        assert succeeds_in_child(take)
        assert succeeds_in_child(lambda: succeeds_in_child(take))
    finally:
        release.set()
        thread.join()


def test_a_child_leaves_the_block_in_which_it_was_forked() -> None:
    lock = ProcessLock()

    def within() -> bool:
        with lock, lock:
            return True

    with lock:
        child = os.fork()
    if not child:
        os._exit(0 if within() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert within()
