"""F7 and F8: killed at any moment it finishes to the same bytes; the import is quick."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from graticule.bench.row import Row, row, timed

_PIPELINE = """
graticule: 1
name: objects
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table, labels]
"""
_TABLES = ("images.csv", "images.parquet", "objects.csv", "objects.parquet")


@row("F7")
def kills(count: int = 100, images: int = 40) -> Row:
    """Kill a run at random moments, call it again, and compare the tables byte by byte."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = _prepared(folder, images)
        whole = [*command, "-o", str(folder / "whole")]
        lasts, _ = timed(lambda: subprocess.run(whole, check=True, capture_output=True))
        wanted = _digest(folder / "whole")
        rng = random.Random(7)
        moments = [rng.uniform(0, lasts) for _ in range(count)]
        outs = [folder / f"out-{number}" for number in range(count)]
        survives = partial(_survives, command, wanted)
        with ThreadPoolExecutor(2) as pool:
            same = sum(pool.map(survives, outs, moments))
    return Row(
        id="F7",
        what=f"byte-identical results after {count} kills of a {images}-image run",
        value=same,
        unit=f"of {count}",
        bar=f"= {count}",
        reached=same == count,
    )


def _prepared(folder: Path, images: int) -> list[str]:
    (folder / "study").mkdir()
    rng = np.random.default_rng(1)
    for number in range(images):
        field = np.kron(rng.random((8, 8)) > 0.7, np.ones((10, 10))) * 40
        np.save(folder / "study" / f"{number}.npy", field + rng.normal(0, 4, field.shape))
    (folder / "objects.yaml").write_text(_PIPELINE, encoding="utf-8")
    graticule = [sys.executable, "-m", "graticule.cli", "run"]
    return [*graticule, str(folder / "objects.yaml"), str(folder / "study"), "--workers", "2"]


def _survives(command: list[str], wanted: str, out: Path, moment: float) -> bool:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, "-o", str(out)], stdout=quiet, stderr=quiet)
    time.sleep(moment)
    process.kill()
    process.wait()
    again = subprocess.run(
        [*command, "-o", str(out)], capture_output=True, timeout=300, check=False
    )
    return again.returncode == 0 and _digest(out) == wanted


def _digest(folder: Path) -> str:
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in _TABLES)).hexdigest()


@row("F8")
def import_time(repeat: int = 9) -> Row:
    """Time ``import graticule`` in fresh processes."""
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"

    def timed(module: str) -> float:
        command = [sys.executable, "-c", code.format(module)]
        runs = [subprocess.run(command, capture_output=True, check=True) for _ in range(repeat)]
        return median(float(run.stdout) for run in runs)

    ours, numpys = timed("graticule"), timed("numpy")
    return Row(
        id="F8",
        what="import graticule, fresh process, median (baseline: import numpy)",
        value=round(ours, 4),
        unit="s",
        bar="< 0.3",
        reached=ours < 0.3,
        baseline=round(numpys, 4),
        ratio=round(numpys / ours, 2),
    )
