"""C9: a folder of very many cut-outs streams; killed, it goes on to the same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import graticule
from graticule.bench.galaxies import pictures
from graticule.bench.row import Row, absent, processes, row

_MANY, _ALONE, _PART = 100_000, 500, 500
_SIDE = 128
"""Samples: what grows with the number of files is looked for, and it ends within the hour."""
_SEED = 79
_NOISE = 2.0
"""Of a copy, in grey values of 255."""
_KILLED_AT = 0.4
_LARGEST = 1500


def write_copies(work: tuple[int, Path, Sequence[Path], int]) -> None:
    """Write a part of the copies of pictures, each with its own noise, as JPEG."""
    from PIL import Image as Pictures

    part, folder, paths, side = work
    rng = np.random.default_rng([_SEED, part])
    for number in range(part * _PART, (part + 1) * _PART):
        original = Pictures.open(paths[number % len(paths)])
        scaled = original.resize((side, side), Pictures.Resampling.BOX)
        values = np.asarray(scaled).astype(np.float32)
        noisy = values + rng.normal(0, _NOISE, values.shape).astype(np.float32)
        picture = Pictures.fromarray(noisy.clip(0, 255).astype(np.uint8))
        picture.save(folder / f"cutout_{number:06d}.jpg", quality=90)


def run_of_many(count: int = _MANY, folder: Path | None = None, side: int = _SIDE) -> Row:
    """Run the recipe on copies, kill it on the way, and let it finish.

    Parameters
    ----------
    count : int
        How many; a multiple of 500.
    folder : Path, optional
        Where to work; by default one that is removed.
    side : int
        Samples along the sides of a cut-out.
    """
    bar = f"finishes, same bytes after a kill, < {_LARGEST} MB"
    paths = pictures()
    if not paths:
        return absent("C9", "a folder of very many real cut-outs", bar)
    with contextlib.ExitStack() as held:
        place = folder or Path(held.enter_context(tempfile.TemporaryDirectory()))
        study, out = place / "study", place / "out"
        study.mkdir()
        with processes() as pool:
            works = [(part, study, paths, side) for part in range(count // _PART)]
            list(pool.map(write_copies, works))
        code = _code()
        told = _killed(study, out, count)
        spent, peak = _run(study, out)
        about = json.loads((out / "run.json").read_text("utf-8"))
        done = sum(each["status"] == "done" for each in about["images"])
        again = sum(bool(each["cached"]) for each in about["images"])
        differing = _differing(study, out, place, count)
        if _code() != code:  # it runs for an hour, on whatever is being worked at
            differing.insert(0, "the program itself, which was changed meanwhile")
    what = (
        f"{count:,} cut-outs of {side} x {side}, {done:,} done; killed at {told:,}, {again:,} of "
        f"them taken up again; {_ALONE} around the kill run by themselves: "
        f"{'OTHER BYTES of ' + ', '.join(differing) if differing else 'the same bytes'}; "
        f"then {spent:.0f} s"
    )
    reached = done == count and not differing and 0 < again < count and peak < _LARGEST
    return Row("C9", what, round(peak), "MB", bar, reached, peak_mb=round(peak), seeds=(_SEED,))


def _code() -> str:
    """Return the hash of the program that the runs are made by."""
    digest = hashlib.sha256()
    for path in sorted(Path(graticule.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _command(study: Path, out: Path) -> list[str]:
    start = [sys.executable, "-m", "graticule.cli", "run", "galaxies", str(study), "-o", str(out)]
    return [*start, "--no-cache"]


def _killed(study: Path, out: Path, count: int) -> int:
    """Run until a part of the images is done, and kill it; return how many arrays there were."""
    process = subprocess.Popen(
        _command(study, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    arrays = out / "arrays"
    found = 0
    while process.poll() is None:
        found = sum(1 for _ in arrays.iterdir()) if arrays.is_dir() else 0
        if found >= _KILLED_AT * count:
            process.kill()
        time.sleep(0.2)
    return found


def _run(study: Path, out: Path) -> tuple[float, float]:
    """Run to the end; return seconds and peak megabytes of all processes together."""
    import psutil

    started = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(_command(study, out), stdout=told, stderr=told)
        peak = 0
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                own = psutil.Process(process.pid)
                tree = [own, *own.children(recursive=True)]
                peak = max(peak, sum(each.memory_info().rss for each in tree))
            time.sleep(0.2)
        if process.returncode != 0:
            told.seek(0)
            raise RuntimeError(told.read()[-2000:].decode())
    return time.perf_counter() - started, peak / 1e6


def _differing(study: Path, out: Path, place: Path, count: int) -> list[str]:
    """Return which arrays and columns of images around the kill a run of them alone has not."""
    names = sorted(path.name for path in study.iterdir())
    middle = int(_KILLED_AT * count)
    some = names[max(0, middle - _ALONE // 2) : middle + _ALONE // 2]
    few, alone = place / "few", place / "alone"
    few.mkdir()
    for name in some:
        shutil.copyfile(study / name, few / name)
    _run(few, alone)
    files = sorted(path.relative_to(alone) for path in (alone / "arrays").rglob("*.tif"))
    found = [f"{len(some) - len(files)} missing arrays"] if len(files) != len(some) else []
    others = [f for f in files if (alone / f).read_bytes() != (out / f).read_bytes()]
    found += [f"{len(others)} arrays, as {others[0]}"] if others else []
    rows = {Path(name).stem for name in some}
    for table in ("images", "objects"):
        whole, part = (_read(folder / f"{table}.csv") for folder in (out, alone))
        whole = whole[whole["image"].isin(rows)].reset_index(drop=True)
        if list(whole) != list(part) or len(whole) != len(part):
            found.append(f"the shape of {table}")
            continue
        for column in map(str, whole):
            apart = np.flatnonzero(whole[column] != part[column])
            if apart.size:
                told = f"{whole[column][apart[0]]} for {part[column][apart[0]]}"
                found.append(f"{table}.{column} in {apart.size} rows ({told})")
    return found


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@row("C9", deep=True)
def many_cutouts() -> Row:
    """Run the recipe on a hundred thousand cut-outs, killed on the way."""
    return run_of_many()
