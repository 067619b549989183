"""A5: disks that are full, read-only or gone give the right result or a typed error."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast
from unittest.mock import patch

import numpy as np
import xarray as xr

from graticule.core.errors import GraticuleError
from graticule.core.settings import settings
from graticule.pipeline import Pipeline
from graticule.pipeline.store import StepStore
from graticule.testing.children import Limits, in_children
from graticule.testing.disks import enlarge, files_up_to, read_only, small_disk
from graticule.testing.reliability.row import Effort, row
from graticule.testing.reliability.run_folders import RETOLD
from graticule.testing.trial import Outcome, Trial

_RECIPE = """
graticule: 1
name: objects
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table, labels]
"""
_IMAGES = 4
_ROOM = 2**26
_CANNOT = "this process may not mount disks"


@dataclass(frozen=True)
class _Case:
    """What refuses, by its number."""

    number: int
    kind: str

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}"


@row(
    "A5",
    "a step store or an output folder that is full, read-only, gone or no folder gives the right "
    "result or a typed error; nothing is half-written, and with room the same command goes on",
)
def full_disks(effort: Effort) -> Iterator[Trial]:
    """Run a study in children whose disks refuse."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, effort.seed)
        count = effort.count(full=300, quick=24)
        kinds = [*_KINDS, *["output: full"] * 3]  # of any size: it ends at another place
        cases = [_Case(number, kinds[number % len(kinds)]) for number in range(count)]
        work = partial(_try, folder, effort.seed)
        limits = Limits(seconds=60, memory=2**30)
        for end in in_children(cases, work, folder, limits=limits, processes=effort.processes):
            if end.said == _CANNOT:
                continue
            outcome = cast(Outcome, end.stopped or ("wrong" if end.said else "right"))
            detail = f"{end.said}\n{end.detail}".strip()
            yield Trial(end.item.kind, str(end.item), outcome, detail, "", end.seconds, end.peak)


def _prepare(folder: Path, seed: int) -> None:
    """Write the recipe and the images, and run them where nothing refuses."""
    (folder / "recipe.yaml").write_text(_RECIPE)
    (folder / "study").mkdir()
    rng = np.random.default_rng(seed)
    for number in range(_IMAGES):
        bright = 5 * (rng.random((96, 96)) > 0.97)
        image = (rng.normal(size=(96, 96)) + bright).astype(np.float32)
        np.save(folder / "study" / f"image-{number}.npy", image)
    with _store_in(folder / "store"):
        if fault := _run(folder, folder / "wanted").fault:
            raise RuntimeError(fault)


@contextmanager
def _store_in(folder: Path) -> Iterator[None]:
    """Keep every step, however quick, in a store."""
    with (
        patch.dict("os.environ", GRATICULE_CACHE_DIR=str(folder)),
        patch("graticule.pipeline.evaluate._WRITE_START", -1e9),
    ):
        settings.cache_clear()
        yield
    settings.cache_clear()


@dataclass(frozen=True)
class _Ran:
    """How a run ended: what was said, and what of it was no error of ours."""

    said: list[str]
    untyped: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fault(self) -> str:
        """What is wrong of a run that must succeed."""
        return self.untyped or "; ".join(self.said)


def _run(folder: Path, out: Path) -> _Ran:
    try:
        run = Pipeline.load(folder / "recipe.yaml").run(folder / "study", out, workers=2)
    except GraticuleError as error:
        return _Ran([str(error)])
    except Exception:  # none of ours, so a fault
        return _Ran([], traceback.format_exc())
    errors = [result.error or {} for result in run.failed]
    faults = [error for error in errors if "report it" in error.get("hint", "")]
    return _Ran([error.get("what", "") for error in errors], str(faults or ""), run.notes)


def _try(folder: Path, seed: int, case: _Case) -> str:
    """Run with what refuses; return what is wrong, an empty text if nothing is."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        return _KINDS[case.kind](folder, Path(own), random.Random(f"{seed} {case}"))


def _with_store(folder: Path, own: Path, store: Path) -> str:
    """Run with a store that refuses: the result must be right, and the note be said once."""
    with _store_in(store):
        ran = _run(folder, own / "out")
    if ran.fault:
        return ran.fault
    if len(ran.notes) > 1:
        return f"told more than once: {ran.notes}"
    drafts = list(store.glob("drafts/*")) if store.is_dir() else []
    return f"drafts stay: {drafts}" if drafts else _difference(folder / "wanted", own / "out")


def _store_is(make: Callable[[Path], None]) -> Callable[[Path, Path, random.Random], str]:
    def attempt(folder: Path, own: Path, _: random.Random) -> str:
        make(own / "store")
        return _with_store(folder, own, own / "store")

    return attempt


def _a_file(place: Path) -> None:
    place.write_text("no folder")


def _a_loop(place: Path) -> None:
    place.symlink_to(place)


def _with_a_file_within(place: Path) -> None:
    place.mkdir()
    (place / "drafts").write_text("no folder")


def _with_a_folder_for_its_size(place: Path) -> None:
    (place / "size").mkdir(parents=True)


def _store_full(folder: Path, own: Path, draw: random.Random) -> str:
    with small_disk(own / "store", draw.choice([4096, draw.randrange(4096, 400_000)])) as may:
        return _with_store(folder, own, own / "store") if may else _CANNOT


def _store_read_only(folder: Path, own: Path, draw: random.Random) -> str:
    (own / "store").mkdir()
    if draw.random() < 0.5:
        shutil.copytree(folder / "store", own / "store", dirs_exist_ok=True)
    with read_only(own / "store") as may:
        return _with_store(folder, own, own / "store") if may else _CANNOT


def _store_limited(_: Path, own: Path, draw: random.Random) -> str:
    store = StepStore(own / "store", max_bytes=10**7)
    with files_up_to(draw.randrange(0, 2000)):
        if store.put("a" * 64, (xr.DataArray(np.arange(10_000.0)),)):
            return "stored though the file is too large"
    drafts = list(store.folder.glob("drafts/*"))
    return "" if store.trouble and not drafts else f"trouble {store.trouble!r}, drafts {drafts}"


def _store_deleted(folder: Path, own: Path, draw: random.Random) -> str:
    ended = threading.Event()

    def delete() -> None:
        while not ended.wait(draw.uniform(0, 0.02)):
            shutil.rmtree(own / "store", ignore_errors=True)

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        return _with_store(folder, own, own / "store")
    finally:
        ended.set()
        thread.join()


def _out_full(folder: Path, own: Path, draw: random.Random) -> str:
    disk = own / "disk"
    with small_disk(disk, draw.randrange(4096, 1_600_000)) as may:
        if not may:
            return _CANNOT
        fault = _refused(folder, disk / "out")
        enlarge(disk, _ROOM)
        return fault or _goes_on(folder, disk / "out")


def _out_limited(folder: Path, own: Path, draw: random.Random) -> str:
    with files_up_to(draw.choice([draw.randrange(0, 40_000), draw.randrange(0, 600_000)])):
        fault = _refused(folder, own / "out")
    return fault or _goes_on(folder, own / "out")


def _out_read_only(folder: Path, own: Path, draw: random.Random) -> str:
    place = own / "out"
    place.mkdir()
    if draw.random() < 0.5:
        _run(folder, place)
    with read_only(place) as may:
        if not may:
            return _CANNOT
        fault = _refused(folder, place)
    return fault or _goes_on(folder, place)


def _out_is_a_file(folder: Path, own: Path, draw: random.Random) -> str:
    place = own / draw.choice(["out", "file/out", "file/a/b"])
    (own / "file").write_text("no folder")
    (own / "out").write_text("no folder")
    ran = _run(folder, place)
    return ran.untyped or ("" if ran.said else "a file was taken for a folder")


def _refused(folder: Path, out: Path) -> str:
    """Run where the output is refused; return what is wrong of how it ends."""
    with _store_in(folder / "store"):
        ran = _run(folder, out)
    if ran.untyped:
        return ran.untyped
    if not ran.said:
        return _difference(folder / "wanted", out)
    return _half_written(folder / "wanted", out)


def _goes_on(folder: Path, out: Path) -> str:
    """Run again with room; the result must be as if nothing had been."""
    with _store_in(folder / "store"):
        ran = _run(folder, out)
    return ran.fault or _difference(folder / "wanted", out)


def _results(out: Path) -> dict[str, bytes]:
    """Return the files of a run but for those that say when and how long."""
    files = [path for path in out.rglob("*") if path.is_file() and ".work" not in path.parts]
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in files}
    return {name: found[name] for name in found if name not in RETOLD}


def _difference(wanted: Path, out: Path) -> str:
    one, other = _results(wanted), _results(out)
    if set(one) != set(other):
        return f"files differ: {sorted(set(one) ^ set(other))}"
    unlike = [name for name in one if one[name] != other[name]]
    return f"contents differ: {unlike}" if unlike else _damaged(out)


def _half_written(wanted: Path, out: Path) -> str:
    """Return what stands there and is not whole: tables may have fewer rows."""
    if not out.is_dir():
        return ""
    whole, found = _results(wanted), _results(out)
    odd = [name for name in found if found[name] != whole.get(name) and not _is_table(name)]
    return f"half-written: {odd}" if odd else _damaged(out)


def _is_table(name: str) -> bool:
    return name.startswith(("images.", "objects."))


def _damaged(out: Path) -> str:
    """Return which of the files that are never twice the same, or may be shorter, is not whole."""
    import pandas as pd

    try:
        for table in out.glob("*.parquet"):
            pd.read_parquet(table)
        for table in out.glob("*.csv"):
            if not table.read_bytes().endswith(b"\n"):
                return f"{table.name} ends early"
        for record in out.glob("*.json*"):
            json.loads(record.read_text())
        for page in out.glob("report.html"):
            if not page.read_text().rstrip().endswith("</html>"):
                return "report.html ends early"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


_KINDS: Mapping[str, Callable[[Path, Path, random.Random], str]] = {
    "store: full": _store_full,
    "store: read-only": _store_read_only,
    "store: deleted while it is used": _store_deleted,
    "store: files may not grow": _store_limited,
    "store: a file": _store_is(_a_file),
    "store: a loop of links": _store_is(_a_loop),
    "store: a file in the place of its drafts": _store_is(_with_a_file_within),
    "store: a folder in the place of its size": _store_is(_with_a_folder_for_its_size),
    "output: full": _out_full,
    "output: files may not grow": _out_limited,
    "output: read-only": _out_read_only,
    "output: a file": _out_is_a_file,
}
