"""Q5, Q6: what the user waits for, from the command to the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd

from graticule.bench.row import Row, row, seconds, timed
from graticule.io import write
from graticule.simulate.nuclei import nuclei

_SCRIPT = Path(__file__).with_name("_nuclei_script.py")
_BARS = {1: 1.3, 10: 0.8, 100: 0.35, 1000: 0.25}
_DISTINCT = 50
_STEPS = """
graticule: 1
name: nuclei
steps:
  grey:    {op: transform.grey}
  apart:   {op: transform.deviation}
  smooth:  {op: filters.gaussian, sigma: 1}
  level:   {op: filters.background, input: smooth, width: 8}
  near:    {op: threshold.fixed, value: 0}
  bright:  {op: threshold.li, input: smooth}
  both:    {op: segment.combine, input: near, other: bright}
  filled:  {op: segment.fill_holes}
  parts:   {op: segment.split, depth: 0.75}
  kept:    {op: segment.filter_by_size, min_size: 20}
  nuclei:  {op: measure.regions, intensity: grey}
outputs: [nuclei, kept]
report:
  - {figure: overlay, image: grey, labels: kept}
  - {figure: histogram, table: objects, column: area}
"""
_Q6_BAR = 2.5


class _Commands:
    """Runs of recipes in a folder, each without what an earlier one has stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}

    def recipe(self, name: str, images: Path) -> Path:
        """Run a recipe with an empty store, and loops compiled where it ran before."""
        out = self.folder / "out"
        store = self.folder / "cache" / "graticule"
        for part in store.iterdir() if store.exists() else ():
            if len(part.name) == 2:  # results; the compiled loops lie beside them
                shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "graticule.cli", "run", name, str(images), "-o", str(out)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)
        return out

    def script(self, images: Path) -> Path:
        """Run the script of the peer."""
        out = self.folder / "peer"
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, str(_SCRIPT), str(images), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out


def _micrographs(folder: Path, count: int) -> Path:
    """Write micrographs of 256 x 256, each moved about and so of a content of its own."""
    folder.mkdir()
    for number in range(count):
        image, _ = nuclei(count=30, seed=number % _DISTINCT)
        moved = image.roll({"y": number, "x": 3 * number}, roll_coords=False)
        write(folder / f"micrograph_{number:04}.png", moved)
    return folder


@row("Q5")
def many_small_images() -> list[Row]:
    """Time a pipeline against a script of the same steps on 1 to 1,000 micrographs."""
    rows = []
    with TemporaryDirectory() as folder:
        run = _Commands(Path(folder))
        document = Path(folder, "nuclei.yaml")
        document.write_text(_STEPS, encoding="utf-8")
        for count, bar in _BARS.items():
            images = _micrographs(Path(folder, f"images-{count}"), count)
            times, objects = [], (0, 0)
            for _ in range(
                3 if count < 1000 else 1
            ):  # one after the other, so that both wait alike
                ours, out = timed(lambda: run.recipe(str(document), images))  # noqa: B023
                theirs, peer = timed(lambda: run.script(images))  # noqa: B023
                times.append((ours, theirs))
                objects = (_objects(out), _objects(peer))
            ours, theirs = (median(each) for each in zip(*times, strict=True))
            share = ours / theirs
            rows.append(
                Row(
                    id="Q5",
                    what=f"graticule run on {count:,} images of 256 x 256, with tables, labels and "
                    f"page; baseline: a script of the same steps with scikit-image and a process "
                    f"for each of {os.cpu_count()} processors, without page. {objects[0]:,} "
                    f"objects against {objects[1]:,}",
                    value=round(ours, 2),
                    unit="s",
                    bar=f"<= {bar} of its time",
                    reached=share <= bar,
                    baseline=round(theirs, 2),
                    ratio=round(1 / share, 2),
                )
            )
    return rows


def _objects(out: Path) -> int:
    return len(pd.read_csv(out / "objects.csv"))


@row("Q6")
def one_image_to_page() -> Row:
    """Time ``graticule run coins`` on one image, loops compiled before."""
    from skimage.data import data_dir

    with TemporaryDirectory() as folder:
        run = _Commands(Path(folder))
        coins = Path(data_dir, "coins.png")
        run.recipe("coins", coins)
        spent = seconds(lambda: run.recipe("coins", coins), repeat=5)
    return Row(
        id="Q6",
        what="graticule run coins on one image, to the page; loops compiled before, empty store",
        value=round(spent, 2),
        unit="s",
        bar=f"<= {_Q6_BAR} s",
        reached=spent <= _Q6_BAR,
    )
