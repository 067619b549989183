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


def _is_fluorescent(image: xr.DataArray) -> bool:
    colours = image.isel(c=slice(0, 3)).values.astype(float)
    return bool(np.ptp(colours, axis=-1).max() == 0 and np.median(colours) < _DARK)


def _matches(folder: Path) -> dict[bool, list[Matches]]:
    """Return the nuclei of each micrograph matched with the true ones, by fluorescent or not."""
    pipeline = Pipeline.load(pipeline_path("nuclei"))
    matches: dict[bool, list[Matches]] = {True: [], False: []}
    for path in sorted((folder / "images").glob("*.png")):
        image = read(path).compute()
        labels = pipeline.apply(image)["kept"].values
        pairs = match(labels, read(folder / "labels" / path.name).values)
        matches[_is_fluorescent(image)].append(pairs)
    return matches


@row("S9")
def nuclei() -> list[Row]:
    """Run the recipe on 40 micrographs and match its nuclei with those drawn by hand."""
    folder = data_folder("nuclei_dsb2018")
    if folder is None:
        return [absent("S9", "nuclei by the recipe", ">= 0.6 on the fluorescent images")]
    matches = _matches(folder)
    bright, stained = matches[True], matches[False]
    return [
        _precision("fluorescent", bright, ">= 0.6"),
        _precision("stained", stained),
        _precision("all", bright + stained),
        _count_error("fluorescent", bright),
        _count_error("all", bright + stained),
    ]


def _precision(which: str, scores: list[Matches], bar: str = "") -> Row:
    interval = bootstrap([score.average_precision for score in scores])
    what = f"AP at IoU 0.5 of nuclei, {len(scores)} {which} images, one setting for all; 95 % over "
    what += f"images {interval.low:.3f} to {interval.high:.3f}"
    reached = interval.estimate >= 0.6 if bar else None
    return Row("S9", what, round(interval.estimate, 4), "", bar, reached)


def _count_error(which: str, scores: list[Matches]) -> Row:
    found, true = np.array([(score.found, score.true) for score in scores], float).T
    interval = bootstrap(np.abs(found - true))
    total = found.sum() / true.sum() - 1
    what = f"mean |found - true| nuclei, {which} images, of {true.mean():.1f} each; 95 % "
    what += f"{interval.low:.1f} to {interval.high:.1f}; in all {100 * total:+.1f} %"
    return Row("S9", what, round(interval.estimate, 3), "nuclei", "", None)
