"""E1 to E3: from a plate to its answer by one document; intervals over wells."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from graticule.bench import _plate_script
from graticule.bench.row import Row, processes, row, speedup, timed
from graticule.core.typing import Array
from graticule.experiment.run import tables_of
from graticule.pipeline.study_spec import GroupsSpec

_PLATES, _TABLES = 50, 400
_SEED = 90
_REPEATS = 3
_FIELD = 512
"""Samples along the sides of a field, as of a microscope for screening; a cell has 28."""


def answer_of_plate(seed: int) -> tuple[bool, float]:
    """Run the recipe on a simulated plate; say whether EC50's interval holds the truth, and Z'."""
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path
    from graticule.simulate.plate import plate

    made = plate(seed=seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plate").mkdir()
        made.write(folder / "plate")
        run = Pipeline.load(pipeline_path("translocation")).run(
            folder / "plate", folder / "out", workers=1, cache=False
        )
        assert not run.failed
        answers = pd.read_parquet(folder / "out" / "answers.parquet").set_index("answer")
    low, high = (float(answers[end]["EC50"]) for end in ("low", "high"))
    return low < made.ec50 < high, float(answers["value"]["Z'"])


@row("E1")
def coverage_of_plates() -> Row:
    """Run the recipe translocation on 50 plates, and count the EC50 intervals with the truth."""
    with processes() as pool:
        found = list(pool.map(answer_of_plate, range(_SEED, _SEED + _PLATES)))
    held = float(np.mean([holds for holds, _ in found]))
    what = (
        f"{_PLATES} plates of 96 wells x 2 sites x 2 channels with a sheet, by one document: part "
        f"of the 95 % intervals that hold EC50; Z' {np.median([z for _, z in found]):.2f}"
    )
    return Row("E1", what, held, "", "0.90 to 0.99", 0.9 <= held <= 0.99, seeds=(_SEED,))


@row("E2")
def against_a_script() -> Row:
    """Time the command beside a script of scikit-image and pandas, to the same numbers."""
    from graticule.simulate.plate import plate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plate").mkdir()
        plate(seed=_SEED, size=_FIELD).write(folder / "plate")
        ours, theirs = [], []
        for number in range(_REPEATS):
            out, other = folder / f"ours-{number}", folder / f"theirs-{number}"
            command = ["-m", "graticule.cli", "run", "translocation", str(folder / "plate")]
            ours.append(_spent([*command, "-o", str(out), "--no-cache"]))
            script = str(_plate_script.__file__)
            theirs.append(_spent([script, str(folder / "plate"), str(other)]))
        cells = pd.read_csv(out / "objects.csv")
        peers = pd.read_csv(other / "cells.csv")
        apart = np.abs(np.sort(cells["ratio"]) - np.sort(peers["ratio"])) if len(cells) == len(
            peers) else np.array([np.inf])  # fmt: skip
        answers = pd.read_csv(out / "answers.csv").set_index("answer")["value"]
        peer = pd.read_csv(other / "answers.csv").iloc[0]
        same = bool(apart.max() < 1e-3) and abs(answers["EC50"] / peer["EC50"] - 1) < 0.01
    what = (
        f"a plate of 384 files of {_FIELD} x {_FIELD} from folder to answer and page; "
        f"{len(cells):,} and {len(peers):,} "
        f"cells, ratios within {apart.max():.1g}, EC50 {answers['EC50']:.4g} and "
        f"{peer['EC50']:.4g}"
    )
    return speedup("E2", what, median(ours), median(theirs), 3, also="equal numbers", holds=same)


def _spent(command: list[str]) -> float:
    spent, done = timed(
        lambda: subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False
        )
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return spent


def intervals_of_table(seed: int) -> tuple[Array, Array]:
    """Simulate cells of a plate with well effects; say of each group whether its intervals hold.

    That over wells, and the naive one over cells.
    """
    rng = np.random.default_rng([_SEED, seed])
    images, cells = [], []
    for group in range(8):
        for well in range(12):
            shift = rng.normal(0, 1)
            for site in range(2):
                name = f"{group}-{well}-{site}"
                images.append((name, group, f"{group}-{well}"))
                count = int(rng.integers(30, 80))
                cells += [(name, value) for value in group + shift + rng.normal(0, 2, count)]
    tables = {
        "images": pd.DataFrame(images, columns=["image", "dose", "well"]),
        "objects": pd.DataFrame(cells, columns=["image", "value"]),
    }
    spec = GroupsSpec(by=("dose",), over=("well",), of=("objects.value",), n=1000)
    groups = tables_of(spec, tables)["groups"]
    true = np.arange(8)
    over_wells = (groups["low"] < true) & (true < groups["high"])
    of_cells = tables["objects"].merge(tables["images"], on="image").groupby("dose")["value"]
    half: Any = 1.96 * of_cells.std() / np.sqrt(of_cells.size())
    naive = (of_cells.mean() - true).abs() < half
    return over_wells.to_numpy(), naive.to_numpy()


@row("E3")
def intervals_over_wells() -> Row:
    """Count the intervals that hold the mean of their group, over wells and over cells."""
    with processes() as pool:
        found = list(pool.map(intervals_of_table, range(_TABLES), chunksize=10))
    wells, cells = (float(np.mean([each[n] for each in found])) for n in (0, 1))
    what = (
        f"{_TABLES} plates of 8 groups of 12 wells with well effects: part of the 95 % intervals "
        f"over wells that hold the mean; the naive ones over cells {cells:.2f}"
    )
    reached = 0.92 <= wells <= 0.98 and cells < 0.7
    bar = "0.92 to 0.98, naive far below"
    return Row("E3", what, round(wells, 4), "", bar, reached, round(cells, 3), seeds=(_SEED,))
