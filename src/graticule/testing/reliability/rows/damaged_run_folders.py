"""A3: one file of a run folder damaged, and the same command makes the same results."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graticule.testing.attack.damage import GENERAL
from graticule.testing.attack.mutator import Draw
from graticule.testing.children import Limits, in_children
from graticule.testing.reliability.commands import Command, carried_out, warm_up
from graticule.testing.reliability.row import Effort, row
from graticule.testing.reliability.run_folders import difference_of_runs
from graticule.testing.reliability.studies import objects
from graticule.testing.trial import Outcome, Trial

_WAYS = ("deleted", "emptied", "cut", *GENERAL)
_STAGES = ("finished", "cut off")


@dataclass(frozen=True)
class _Case:
    """One damage: to which file of a finished or a cut-off run, and how."""

    number: int
    stage: str
    file: str
    way: str

    def __str__(self) -> str:
        return f"--seed and trial {self.number}: {self.file} of a {self.stage} run, {self.way}"


@row(
    "A3",
    "a file of a run folder is deleted, emptied, cut or changed: the same command makes the same "
    "tables, arrays and pictures as in an undisturbed run, and leaves nothing else",
)
def damaged_run_folders(effort: Effort) -> Iterator[Trial]:
    """Damage one file of a run folder, run again, and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = objects(folder)
        environment = {"GRATICULE_CACHE_DIR": str(folder / "cache")}
        warm_up(study.command(folder / "finished", environment))
        _cut_off(folder)
        cases = _cases(folder, effort)

        def work(case: _Case) -> str:
            out = folder / f"out-{case.number}"
            shutil.copytree(folder / case.stage, out)
            _damage(out / case.file, case, effort.seed)
            command = study.command(out, {"GRATICULE_CACHE_DIR": str(folder / "cache")})
            try:
                return _fault(command, folder / "finished", out)
            finally:
                shutil.rmtree(out, ignore_errors=True)

        limits = Limits(seconds=60.0)
        for end in in_children(cases, work, folder, limits=limits, processes=effort.processes):
            outcome: Outcome = "wrong" if end.said else "right"
            if end.stopped:
                outcome = "hang" if end.stopped == "hang" else "crash"
            kind = f"{_kind(end.item.file)} {end.item.way}"
            said = f"{end.said}\n{end.detail}" if outcome != "right" else ""
            yield Trial(kind, str(end.item), outcome, said.strip(), seconds=end.seconds)


def _cut_off(folder: Path) -> None:
    """Make a copy of a finished run as it is when it was killed before its tables."""
    out = folder / "cut off"
    shutil.copytree(folder / "finished", out)
    for path in out.iterdir():
        if path.is_file():
            path.unlink()
    shutil.rmtree(out / "previews")
    fate = sorted(out.glob(".work/??/*/fate.json"))[0]
    shutil.rmtree(fate.parent)


def _cases(folder: Path, effort: Effort) -> list[_Case]:
    """Return every file of both runs in turn, each time damaged in another way."""
    files = [
        (stage, path.relative_to(folder / stage).as_posix())
        for stage in _STAGES
        for path in sorted((folder / stage).rglob("*"))
        if path.is_file()
    ]
    count = effort.count(full=max(500, len(files) * len(_WAYS)), quick=20)
    rounds = [(*file, way) for way in _WAYS for file in files]
    draw = Draw(str(effort.seed))
    draw.shuffle(rounds)
    return [_Case(n, *rounds[n % len(rounds)]) for n in range(count)]


def _damage(path: Path, case: _Case, seed: int) -> None:
    content = path.read_bytes()
    if case.way == "deleted":
        path.unlink()
        return
    if case.way == "emptied" or not content:
        damaged = b"" if content else b"\0"
    else:
        draw = Draw(f"{seed} {case}", case.number)
        files = GENERAL[case.way].damage(draw, {"": content})
        damaged = files[""] if files else b""
    path.write_bytes(damaged)


def _fault(command: Command, whole: Path, out: Path) -> str:
    """Carry out a command, and say what is wrong with what it made; empty if nothing is."""
    status = carried_out(command)
    if status:
        return f"exit {status}"
    with suppress(OSError):
        return difference_of_runs(whole, out)
    return "the run folder cannot be read"


def _kind(file: str) -> str:
    """Return what a file is, without what differs from image to image."""
    folder, _, rest = file.partition("/")
    if folder in (".work", "arrays"):
        return f"{folder}: {Path(file).name}"
    return f"{folder}: *" if rest else file
