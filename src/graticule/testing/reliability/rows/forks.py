"""A7: what was opened can be read in a forked process, and so can anything else."""

from __future__ import annotations

import faulthandler
import itertools
import multiprocessing
import os
import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any, cast

from graticule.core.errors import FormatError, GraticuleError
from graticule.core.image import Image
from graticule.io import read
from graticule.io.format import formats
from graticule.io.lazy import computed
from graticule.pipeline import Pipeline
from graticule.testing.attack.mutator import mutators_by_format
from graticule.testing.attack.seeds import seed_files, write_files
from graticule.testing.children import Limits, in_children
from graticule.testing.compare import difference
from graticule.testing.reliability.row import Effort, row
from graticule.testing.trial import Outcome, Trial

_HANGS = 60.0
"""Seconds after which a forked process tells where it waits, and ends."""
_SMOOTH = "{graticule: 1, steps: {smooth: {op: filters.gaussian, sigma: 1}}}"
_READS: Mapping[str, Callable[[Image], Image]] = {
    "values": methodcaller("compute"),
    "blocks": computed,
    "one thread": methodcaller("compute", scheduler="synchronous"),
}
"""How the parent reads before it forks."""


@dataclass(frozen=True)
class _Case:
    """A file that is read, how it is read, how the process forks, and whether others read on."""

    file: Path
    reads: str
    forks: str
    busy: bool

    def __str__(self) -> str:
        others = " while threads read" if self.busy else ""
        return f"{self.file.name} by {self.reads}, {self.forks}{others}"


@row(
    "A7",
    "after reads of any format a process may fork (os.fork, multiprocessing, pools), also while "
    "its threads read: the child reads the same lazy image and a new one, and computes; no hang",
)
def forks(effort: Effort) -> Iterator[Trial]:
    """Read files of every format, fork, and read in the child."""
    with tempfile.TemporaryDirectory() as folder:
        cases: list[_Case] = []
        for known in formats():
            place = Path(folder, known.name.replace("/", "-"))
            found = _images(known, place)
            if not found:
                yield Trial(known.name, known.name, "wrong", "there is no good file")
            cases += _cases(found, random.Random(f"{effort.seed} {known.name}"), effort)
        limits = Limits(seconds=_HANGS)
        for end in in_children(
            cases, _read_and_fork, Path(folder), limits=limits, processes=effort.processes
        ):
            yield Trial(
                f"{end.item.file.parent.name}: {end.item.forks}",
                str(end.item),
                _outcome(end.stopped, end.said),
                f"{end.said}\n{end.detail}".strip(),
                seconds=end.seconds,
                peak=end.peak,
            )


def _cases(files: list[Path], draw: random.Random, effort: Effort) -> list[_Case]:
    """Return every combination on two files that are drawn; a few where it must be quick."""
    ways = list(itertools.product(_READS, _FORKS, (False, True)))
    ways = draw.sample(ways, 3) if effort.quick else 2 * ways
    return [_Case(draw.choice(files), *way) for way in ways] if files else []


def _images(known: Any, folder: Path) -> list[Path]:
    """Return good files of a format that hold an image which needs no further word."""
    folder.mkdir()
    scratch = folder / "scratch"
    scratch.mkdir()
    with suppress(FormatError):
        seeds = seed_files(known, mutators_by_format().get(known.name), scratch)
        for name, files in seeds.items():
            write_files(folder / name, files)
    found = []
    for path in sorted(folder.iterdir()):
        if path == scratch:
            continue
        parts = sorted(path.iterdir()) if path.is_dir() else []  # an image of several files
        found += [each for each in (path, *parts) if _is_image(each)][:1]
    return found


def _is_image(path: Path) -> bool:
    try:
        return read(path).compute(scheduler="synchronous").size > 0
    except GraticuleError:
        return False


def _outcome(stopped: str, said: str) -> Outcome:
    if stopped:
        return cast(Outcome, stopped)
    if "hangs" in said:
        return "hang"
    return "wrong" if said else "right"


def _read_and_fork(case: _Case) -> str:
    """Read, fork, and say what went wrong in the child; an empty text if nothing did."""
    image = read(case.file)
    whole = _READS[case.reads](image)
    look = partial(_look, image, case.file, whole, _smoothed(whole))
    if fault := look():
        return f"in the parent: {fault}"
    with _others_reading(image) if case.busy else nullcontext():
        return _FORKS[case.forks](look)


def _look(image: Image, file: Path, whole: Image, smooth: Any) -> str:
    """Read an image that was opened before, and anew, and compute; say what differs."""
    for one in (image.compute(), computed(image), computed(read(file))):
        if fault := difference(whole, one):
            return fault
    return difference(smooth, _smoothed(computed(image)))


def _smoothed(image: Image) -> Any:
    try:
        return Pipeline.loads(_SMOOTH).apply(image)["smooth"]
    except GraticuleError as error:
        return str(error)


@contextmanager
def _others_reading(image: Image) -> Iterator[None]:
    """Let two threads read an image over and over."""
    ended = threading.Event()

    def read_on() -> None:
        while not ended.wait(0.001):
            image.compute()
            read(image.attrs["source"]).compute()

    threads = [threading.Thread(target=read_on, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _in_child(look: Callable[[], str]) -> str:
    faulthandler.dump_traceback_later(_HANGS, exit=True)
    try:
        return look()
    finally:
        faulthandler.cancel_dump_traceback_later()


def _by_os_fork(look: Callable[[], str]) -> str:
    child = os.fork()
    if not child:
        status = 1
        try:
            if fault := _in_child(look):
                os.write(2, fault.encode())
            status = 3 if fault else 0
        finally:
            os._exit(status)
    return _meant(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _leave(look: Callable[[], str]) -> None:
    if fault := _in_child(look):
        os.write(2, fault.encode())
        raise SystemExit(3)


def _by_process(look: Callable[[], str]) -> str:
    process = multiprocessing.get_context("fork").Process(target=_leave, args=(look,))
    process.start()
    process.join()
    return _meant(process.exitcode)


def _meant(status: int | None) -> str:
    """Return what an exit status of a child says."""
    if not status:
        return ""
    return {1: "the child hangs or fails", 3: "the child reads otherwise"}.get(
        status, f"the child ends with {status}"
    )


_shared: Callable[[], str] = str


def _look_shared(_: int) -> str:
    return _in_child(_shared)


def _by_pool(look: Callable[[], str]) -> str:
    global _shared
    _shared = look
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(_look_shared, range(2))
        try:
            return "; ".join(filter(None, found.get(timeout=_HANGS + 5)))
        except multiprocessing.TimeoutError:
            return "a process of the pool hangs"


def _by_executor(look: Callable[[], str]) -> str:
    global _shared
    _shared = look
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        return "; ".join(filter(None, pool.map(_look_shared, range(2))))


_FORKS: Mapping[str, Callable[[Callable[[], str]], str]] = {
    "os.fork": _by_os_fork,
    "Process": _by_process,
    "Pool": _by_pool,
    "ProcessPoolExecutor": _by_executor,
}
