"""A6: a run keeps to its memory, or says what it needs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from graticule.core.settings import parse_bytes
from graticule.testing.large_images import write_large
from graticule.testing.reliability.row import Effort, row
from graticule.testing.together import Watched, watched
from graticule.testing.trial import Outcome, Trial

_OBJECTS = """
graticule: 1
name: objects
steps:
  smooth:  {op: filters.gaussian, sigma: 1}
  bright:  {op: threshold.otsu}
  labels:  {op: segment.label}
  kept:    {op: segment.filter_by_size, min_size: 100}
  objects: {op: measure.regions, intensity: image}
outputs: [objects, kept]
report:
  - {figure: overlay, image: image, labels: kept}
  - {figure: histogram, table: objects, column: area}
"""
_CLASSES = """
graticule: 1
name: classes
steps:
  classes: {op: learn.classify, model: pixels.model}
outputs: [classes]
"""
_DTYPES = {".tif": "f8", ".ome.zarr": "f8", ".h5": "f8", ".png": "u2"}
_BOUNDS = ("600MB", "1GB", "2GB")
_REFUSED = "needs at least"
_REFUSALS = (_REFUSED, "of memory to unpack", "needs the whole array")


@row(
    "A6",
    "a run takes no more memory than --memory says, all processes together, or is refused with "
    "what it needs: large TIFF, OME-Zarr, HDF5 and PNG, measured and classified",
)
def large_images(effort: Effort) -> Iterator[Trial]:
    """Run pipelines on images of 3 GB (PNG 0.7 GB), or 128 MB, under bounds far below."""
    side = effort.count(full=19_400, quick=4_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        for suffix, dtype in _DTYPES.items():
            image = folder / f"large{suffix}"
            write_large(image, side, dtype, effort.seed)
            for pipeline in ("objects", "classes")[: 1 if effort.quick else 2]:
                for bound in _BOUNDS[: 1 if effort.quick else 3]:
                    run = _run(folder, pipeline, image, bound)
                    yield _judged(run, f"{suffix[1:]}, {pipeline}", bound)
            shutil.rmtree(image) if image.is_dir() else image.unlink()


@row(
    "A6",
    "many images at once keep to --memory together: in threads, in processes, and where there is "
    "too little for processes",
)
def many_images(effort: Effort) -> Iterator[Trial]:
    """Run a pipeline on two images of tens of MB, and on as many small ones as want processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        for kind, count, side in (("two of 72 MB", 2, 3000), ("64 small", 64, 256)):
            images = folder / kind
            images.mkdir()
            for number in range(count):
                write_large(images / f"{number}.tif", side, "f8", number)
            for bound in _BOUNDS[: 1 if effort.quick else 3]:
                yield _judged(_run(folder, "objects", images, bound), kind, bound)


@row("A6", "a run that cannot do with its --memory is refused before it begins, with what it needs")
def below_the_floor(effort: Effort) -> Iterator[Trial]:
    """Ask for less than the interpreter takes, and for the memory that the refusal names."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        write_large(folder / "a.tif", 4_000, "f8", effort.seed)
        refused = _run(folder, "objects", folder / "a.tif", "200MB")
        right = refused.code == 2 and _REFUSED in refused.said
        yield Trial("below the floor", "200MB", "right" if right else "wrong", refused.said)
        tight = _run(folder, "objects", folder / "a.tif", _floor(refused.said) if right else "1GB")
        while _REFUSED in tight.said and _floor(tight.said):
            floor = _floor(tight.said)
            tight = _run(folder, "objects", folder / "a.tif", floor)
            yield _judged(tight, "at the floor that was named", floor, may_refuse=False)


def _floor(said: str) -> str:
    """Return the amount that a refusal names."""
    return said.partition(_REFUSED)[2].split()[0] if _REFUSED in said else ""


def _prepare(folder: Path) -> None:
    """Write the pipelines, and a model that tells discs from the ground."""
    from graticule.learn import Features, PixelClassifier, save_model
    from graticule.testing.large_images import bands

    image = next(bands(512, "f8"))
    strokes = np.where(image > 2500, 2, np.where(image < 900, 1, 0)).astype(np.uint8)
    model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, strokes)
    save_model(model, folder / "pixels.model")
    (folder / "objects.yaml").write_text(_OBJECTS, encoding="utf-8")
    (folder / "classes.yaml").write_text(_CLASSES, encoding="utf-8")


def _run(folder: Path, pipeline: str, images: Path, bound: str) -> Watched:
    out = folder / "out"
    command = [sys.executable, "-m", "graticule.cli", "run", str(folder / f"{pipeline}.yaml")]
    command += [str(images), "-o", str(out), "--no-cache", "--memory", bound, "--workers", "2"]
    try:
        return watched(command)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _judged(run: Watched, kind: str, bound: str, *, may_refuse: bool = True) -> Trial:
    """Return the trial of a run under a bound."""
    allowed = parse_bytes(bound)
    refused = run.code != 0 and may_refuse and any(word in run.said for word in _REFUSALS)
    outcome: Outcome = "right" if run.code == 0 or refused else "wrong"
    if run.peak > allowed:
        outcome = "too much memory"
    how = "refused" if refused else f"{run.seconds:.0f} s, {run.processes} processes"
    detail = f"{run.peak / 1e6:.0f} MB of {allowed / 1e6:.0f} ({run.peak / allowed:.2f}), {how}"
    said = "" if outcome == "right" and not refused else f": {run.said[-600:]}"
    label = f"--memory {bound}"
    return Trial(kind, label, outcome, detail + said, seconds=run.seconds, peak=run.peak)
