"""B3: nuclei counted and measured beside CellProfiler, which has a Python of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from graticule.bench.libraries import micrograph, same_objects
from graticule.bench.nuclei import is_fluorescent
from graticule.bench.row import Row, data_folder, row, run_pipeline, speedup, timed
from graticule.core.errors import RequestError
from graticule.evaluate.bootstrap import bootstrap
from graticule.evaluate.instances import Matches, match
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path

_COUNT = 48
_SIDE = 1024
_PIPELINE = """
graticule: 1
name: nuclei
steps:
  light:   {op: transform.channels, formula: "image / 65535", names: [image]}   # as CellProfiler
  bright:  {op: threshold.otsu}
  filled:  {op: segment.fill_holes}
  nuclei:  {op: segment.label, connectivity: 2}
  objects: {op: measure.regions, intensity: light}
outputs: [nuclei, objects]
"""
_SPLIT = "Method to distinguish clumped objects"
_LINES = "Method to draw dividing lines between clumped objects"
_SCALE = "Threshold smoothing scale"
_COLUMNS = {
    "AreaShape_Area": "area",
    "AreaShape_Center_Y": "centroid_y",
    "AreaShape_Center_X": "centroid_x",
    "AreaShape_MajorAxisLength": "major_axis",
    "AreaShape_MinorAxisLength": "minor_axis",
    "Intensity_MeanIntensity_DNA": "intensity_mean",
}
"""What both measure, by their names and by ours."""


def interpreter() -> str | None:
    """Return the Python that CellProfiler is installed in, if ``GRATICULE_CELLPROFILER`` says.

    Raises
    ------
    RequestError
        If it says what is no program.
    """
    said = os.environ.get("GRATICULE_CELLPROFILER")
    if said and shutil.which(said) is None:
        raise RequestError(
            "is no program", where=said, hint="GRATICULE_CELLPROFILER is to be its Python"
        )
    return said or None


def cellprofiler(images: Path, out: Path, *, split: str, smoothing: str, processes: int) -> None:
    """Run CellProfiler on a folder, a part of the images for each process.

    Parameters
    ----------
    images, out : Path
        Images; each process writes labels and tables to a folder of its own in ``out``.
    split : str
        How objects that touch are told apart: ``None``, ``Intensity`` or ``Shape``.
    smoothing : str
        Scale of smoothing before the threshold.
    processes : int
        How many are started.

    Raises
    ------
    RequestError
        If CellProfiler ends with an error.
    """
    out.mkdir()
    settings = Path(__file__).with_name("_nuclei.cppipe").read_text(encoding="utf-8")
    chosen = {_SPLIT: split, _LINES: "Intensity" if split == "None" else split, _SCALE: smoothing}
    for setting, value in chosen.items():
        settings = re.sub(rf"(?<= {re.escape(setting)}:).*", value, settings)
    pipeline = out / "nuclei.cppipe"
    pipeline.write_text(settings, encoding="utf-8")
    count = len(list(images.iterdir()))
    bounds = [count * part // processes for part in range(processes + 1)]
    program = [str(interpreter()), "-m", "cellprofiler", "-c", "-r", "-p", str(pipeline)]

    def run(part: int) -> None:
        folder = out / str(part)
        folder.mkdir()
        images_of_it = ["-f", str(bounds[part] + 1), "-l", str(bounds[part + 1])]
        command = [*program, *images_of_it, "-i", str(images), "-o", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RequestError(
                f"CellProfiler ended with {done.returncode}: {done.stderr[-2000:].strip()}",
                where=str(interpreter()),
                hint="GRATICULE_CELLPROFILER is to be the Python it is installed in",
            )

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(run, range(processes)))


def _tables(out: Path) -> pd.DataFrame:
    """Return what CellProfiler measured, under our names."""
    parts = [pd.read_csv(path) for path in sorted(out.glob("*/Nuclei.csv"))]
    return pd.concat(parts)[list(_COLUMNS)].rename(columns=_COLUMNS)


def _version(out: Path) -> str:
    told = pd.read_csv(out / "0" / "Experiment.csv", index_col="Key")["Value"]
    return str(told["CellProfiler_Version"])


@row("B3")
def beside_cellprofiler() -> list[Row]:
    """Count and measure nuclei beside CellProfiler: the same objects, and those told apart."""
    if interpreter() is None:
        what = "nuclei beside CellProfiler: not measured, set GRATICULE_CELLPROFILER to its Python"
        return [Row("B3", what, None, "", "", None)]
    return [_same_work(), *_against_drawn()]


def _same_work() -> Row:
    """Time both from the folder to labels and tables, with the same threshold."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = folder / "images"
        images.mkdir()
        for number in range(_COUNT):
            turned = micrograph(_SIDE)[number:, number:]
            write(images / f"micrograph_{number:02}.tif", turned * 16)
        run_pipeline(folder, _PIPELINE, images, "first")  # loops are compiled
        spent, peak = run_pipeline(folder, _PIPELINE, images, "ours")
        ours = pd.read_parquet(folder / "ours" / "objects.parquet")
        out = folder / "theirs"
        theirs, _ = timed(
            lambda: cellprofiler(images, out, split="None", smoothing="0", processes=cores)
        )
        table, version = _tables(out), _version(out)
    names = list(_COLUMNS.values())
    one, other = (
        each[names].sort_values(names, key=lambda column: column.round(5)) for each in (ours, table)
    )
    what = (
        f"Otsu, holes, labels and measures of {_COUNT} images of about {_SIDE}^2 uint16 beside "
        f"CellProfiler {version} in {cores} processes, from the folder to labels and tables; "
        f"{len(one):,} and {len(other):,} objects, {same_objects(one, other):.2%} of them equal in "
        f"all of {len(names)} columns"
    )
    return speedup("B3", what, spent, theirs, None, peak_mb=round(peak, 1))


def _against_drawn() -> list[Row]:
    """Match nuclei of fluorescent micrographs with those drawn by hand, theirs in both ways."""
    folder = data_folder("nuclei_dsb2018")
    if folder is None:
        return []
    found: dict[str, list[Matches]] = {}
    with tempfile.TemporaryDirectory() as name:
        images = Path(name, "images")
        images.mkdir()
        truths = {}
        pipeline = Pipeline.load(pipeline_path("nuclei"))
        for path in sorted((folder / "images").glob("*.png")):
            image = read(path).compute()
            if is_fluorescent(image):
                truths[path.stem] = read(folder / "labels" / path.name).values
                write(images / f"{path.stem}.tif", image.isel(c=0))
                labels = pipeline.apply(image)["kept"].values
                found.setdefault("ours", []).append(match(labels, truths[path.stem]))
        for split in ("Intensity", "Shape"):
            out = Path(name, split)
            cellprofiler(images, out, split=split, smoothing="1.3488", processes=1)
            found[split] = [
                match(read(out / "0" / f"{stem}.tiff").values, truth)
                for stem, truth in truths.items()
            ]
    scores = {
        name: np.array([pairs.average_precision for pairs in each]) for name, each in found.items()
    }
    ours = scores.pop("ours")
    better, theirs = max(scores.items(), key=lambda item: item[1].mean())
    more = bootstrap(ours - theirs)
    what = (
        f"AP at IoU 0.5 of nuclei by the recipe, {len(ours)} fluorescent images; CellProfiler by "
        f"Otsu and {better.lower()}, the better of its two ways to tell apart; the difference is "
        f"{more.estimate:.3f}, 95 % over images {more.low:.3f} to {more.high:.3f}"
    )
    return [Row("B3", what, round(ours.mean(), 4), "", "", None, round(theirs.mean(), 4))]
