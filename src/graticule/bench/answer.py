"""Q5, Q6: what the user waits for, from the command to the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from graticule.bench.row import Row, row, seconds
from graticule.io import write
from graticule.simulate.nuclei import nuclei

_SCRIPT = Path(__file__).with_name("_nuclei_script.py")
_BARS = {1: 1.3, 10: 0.8, 100: 0.35, 1000: 0.25}
_DISTINCT = 50
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
    """Time the recipe against the script on 1 to 1,000 micrographs."""
    rows = []
    with TemporaryDirectory() as folder:
        run = _Commands(Path(folder))
        for count, bar in _BARS.items():
            images = _micrographs(Path(folder, f"images-{count}"), count)
            objects = pd.read_csv(run.recipe("nuclei", images) / "objects.csv")
            peer = pd.read_csv(run.script(images) / "objects.csv")
            repeat = 3 if count < 1000 else 1
            ours = seconds(lambda: run.recipe("nuclei", images), repeat=repeat)  # noqa: B023
            theirs = seconds(lambda: run.script(images), repeat=repeat)  # noqa: B023
            share = ours / theirs
            rows.append(
                Row(
                    id="Q5",
                    what=f"graticule run nuclei on {count:,} images of 256 x 256, with tables, "
                    f"labels and page; baseline: a script of scikit-image with a process for each "
                    f"of {os.cpu_count()} processors, without page. {len(objects):,} objects "
                    f"against {len(peer):,}",
                    value=round(ours, 2),
                    unit="s",
                    bar=f"<= {bar} of its time",
                    reached=share <= bar,
                    baseline=round(theirs, 2),
                    ratio=round(1 / share, 2),
                )
            )
    return rows


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
