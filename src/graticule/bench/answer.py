"""Q5, Q6: what the user waits for, from the command to the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import xarray as xr

from graticule.bench.row import Row, row, seconds, timed
from graticule.evaluate.instances import Matches, match
from graticule.io import read, write
from graticule.simulate.nuclei import nuclei

_SCRIPT = Path(__file__).with_name("_nuclei_script.py")
_BARS = {1: 1.3, 10: 0.8, 100: 0.35, 1000: 0.25}
_DISTINCT = 50
_THRESHOLD = """
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
_STEPS = {
    "regions": "the recipe nuclei",
    "threshold": "Li's threshold and a watershed",
}
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

    def script(self, steps: str, images: Path) -> Path:
        """Run the script of the peer."""
        out = self.folder / "peer"
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, str(_SCRIPT), steps, str(images), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out


def _micrograph(number: int) -> tuple[xr.DataArray, xr.DataArray]:
    """Return a micrograph and its true labels, moved about and so of a content of its own."""
    image, truth = nuclei(count=30, seed=number % _DISTINCT)
    image, truth = (each.roll(y=number, x=3 * number, roll_coords=False) for each in (image, truth))
    return image, truth


def _micrographs(folder: Path, count: int) -> Path:
    """Write micrographs of 256 x 256."""
    folder.mkdir()
    for number in range(count):
        write(folder / f"micrograph_{number:04}.png", _micrograph(number)[0])
    return folder


@row("Q5")
def many_small_images() -> list[Row]:
    """Time pipelines against scripts of the same steps on 1 to 1,000 micrographs."""
    with TemporaryDirectory() as folder:
        run = _Commands(Path(folder))
        document = Path(folder, "nuclei.yaml")
        document.write_text(_THRESHOLD, encoding="utf-8")
        names = {"regions": "nuclei", "threshold": str(document)}
        images = {count: _micrographs(Path(folder, f"images-{count}"), count) for count in _BARS}
        for steps, name in names.items():  # loops are compiled, and files come from memory
            run.recipe(name, images[1])
            run.script(steps, images[1])
        return [
            _race(run, steps, name, images[count], bar)
            for steps, name in names.items()
            for count, bar in _BARS.items()
        ]


def _race(run: _Commands, steps: str, name: str, images: Path, bar: float) -> Row:
    """Time both, one after the other so that they wait alike, and match what they found."""
    count = len(list(images.iterdir()))
    times = []
    for _ in range(5 if count < 100 else 3 if count < 1000 else 1):
        ours, out = timed(lambda: run.recipe(name, images))
        theirs, peer = timed(lambda: run.script(steps, images))
        times.append((ours, theirs))
    ours, theirs = (median(each) for each in zip(*times, strict=True))
    share = ours / theirs
    return Row(
        id="Q5",
        what=f"graticule run on {count:,} images of 256 x 256, the steps of {_STEPS[steps]}, with "
        f"tables, labels and page; baseline: a script of the same steps with scikit-image and "
        f"SciPy, a process for each of {os.cpu_count()} processors and the same output. "
        f"{_agreement(out, peer, count)}",
        value=round(ours, 2),
        unit="s",
        bar=f"<= {bar} of its time",
        reached=share <= bar,
        baseline=round(theirs, 2),
        ratio=round(1 / share, 2),
    )


def _agreement(out: Path, peer: Path, count: int) -> str:
    """Return in words how many objects both found, how well, and how many are the same."""
    ours, theirs, both = [], [], []
    for number in range(count):
        name = f"micrograph_{number:04}"
        one = read(out / "arrays" / name / "kept.ome.tif").values
        other = read(peer / f"{name}.tif").values
        truth = _micrograph(number)[1].values
        ours.append(match(one, truth))
        theirs.append(match(other, truth))
        both.append(match(one, other, iou=0.9))
    found, precision = (
        [total(each) for each in (ours, theirs)] for total in (_found, _mean_precision)
    )
    same = sum(pairs.tp for pairs in both)
    return (
        f"{found[0]:,} objects against {found[1]:,}, {same:,} of them alike (IoU 0.9); AP at IoU "
        f"0.5 {precision[0]:.3f} against {precision[1]:.3f}"
    )


def _found(matches: list[Matches]) -> int:
    return sum(pairs.found for pairs in matches)


def _mean_precision(matches: list[Matches]) -> float:
    return sum(pairs.average_precision for pairs in matches) / len(matches)


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
