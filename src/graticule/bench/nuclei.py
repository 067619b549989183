"""S9: nuclei of the Data Science Bowl 2018, counted and outlined with one setting for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from graticule.bench.row import Row, absent, data_folder, row
from graticule.evaluate.bootstrap import bootstrap
from graticule.evaluate.instances import Matches, match
from graticule.io import read
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path

_DARK = 100
"""A micrograph without colour whose median is below this (of 255) is a fluorescent one."""


def is_fluorescent(image: xr.DataArray) -> bool:
    """Whether a micrograph of colours or greys is one of fluorescence."""
    colours = image.isel(c=slice(0, 3)).values.astype(float)
    return bool(np.ptp(colours, axis=-1).max() == 0 and np.median(colours) < _DARK)


def _matches(folder: Path) -> list[tuple[bool, Matches]]:
    """Return of each micrograph whether it is fluorescent, and its nuclei matched with the true."""
    pipeline = Pipeline.load(pipeline_path("nuclei"))
    matches = []
    for path in sorted((folder / "images").glob("*.png")):
        image = read(path).compute()
        labels = pipeline.apply(image)["kept"].values
        pairs = match(labels, read(folder / "labels" / path.name).values)
        matches.append((is_fluorescent(image), pairs))
    return matches


@row("S9")
def nuclei() -> list[Row]:
    """Run the recipe on 40 micrographs and match its nuclei with those drawn by hand."""
    folder = data_folder("nuclei_dsb2018")
    if folder is None:
        return [absent("S9", "nuclei by the recipe", ">= 0.75 on the fluorescent images")]
    matches = _matches(folder)
    everything = [pairs for _, pairs in matches]
    bright, stained = ([p for is_bright, p in matches if is_bright is b] for b in (True, False))
    return [
        _precision("fluorescent", bright, 0.75),
        _precision("stained", stained, 0.55),
        _precision("all", everything),
        _twice_too_many(everything),
        _count_error("fluorescent", bright),
        _count_error("all", everything),
    ]


def _precision(which: str, scores: list[Matches], bar: float | None = None) -> Row:
    interval = bootstrap([score.average_precision for score in scores])
    what = f"AP at IoU 0.5 of nuclei, {len(scores)} {which} images, one setting for all; 95 % over "
    what += f"images {interval.low:.3f} to {interval.high:.3f}"
    reached = None if bar is None else interval.estimate >= bar
    wanted = "" if bar is None else f">= {bar}"
    return Row("S9", what, round(interval.estimate, 4), "", wanted, reached)


def _twice_too_many(scores: list[Matches]) -> Row:
    many = sum(score.found > 2 * score.true for score in scores)
    return Row("S9", "images with more than twice the true count", many, "images", "0", many == 0)


def _count_error(which: str, scores: list[Matches]) -> Row:
    found, true = np.array([(score.found, score.true) for score in scores], float).T
    interval = bootstrap(np.abs(found - true))
    total = found.sum() / true.sum() - 1
    what = f"mean |found - true| nuclei, {which} images, of {true.mean():.1f} each; 95 % "
    what += f"{interval.low:.1f} to {interval.high:.1f}; in all {100 * total:+.1f} %"
    return Row("S9", what, round(interval.estimate, 3), "nuclei", "", None)
