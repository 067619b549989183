"""W2, W4, W8: how long a look at a large image takes, and whether it shows what a run gives."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from graticule.bench.row import Row, row
from graticule.core.image import Image
from graticule.core.scope import Region
from graticule.core.settings import array_budget, settings
from graticule.io import read
from graticule.pipeline import LiveImage, Pipeline, make_plan
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.pyramid import Pyramid

SIDE = 16384
"""Samples along a side of the large image."""
_TEXT = """
graticule: 1
steps:
  level:  {{op: filters.background, width: {width}}}
  smooth: {{op: filters.gaussian, sigma: {sigma}}}
  bright: {{op: threshold.otsu}}
  cells:  {{op: segment.label}}
  table:  {{op: measure.regions, input: cells, intensity: level, properties: [{properties}]}}
outputs: [{of}]
"""
_SCREEN = {"y": (7000, 7900), "x": (8000, 9600)}
_SMALL_SCREEN = {"y": (3000, 3900), "x": (4000, 5600)}
_KEPT = 600 * 2**20


def pipeline(
    width: float = 50, sigma: float = 2, properties: str = "shape, intensity", of: str = "table"
) -> Pipeline:
    """Return five steps from a large image to a table of its cells."""
    return Pipeline.loads(_TEXT.format(width=width, sigma=sigma, properties=properties, of=of))


def write_large(path: Path, side: int = SIDE) -> Path:
    """Write an image of 16 bits with cells under uneven light, as a file that is not cut up."""
    field = cells(2048)
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 40, field.shape).astype(np.float32)
    target = np.lib.format.open_memmap(path, "w+", np.uint16, (side, side))
    along = np.arange(2048, dtype=np.float32)
    for i, j in itertools.product(range(0, side, 2048), repeat=2):
        light = 600 + 200 * np.sin((along[:, None] + i) / 1500) + 200 * np.cos((along + j) / 1700)
        grain = np.roll(noise, (17 * i // 2048, 31 * j // 2048), (0, 1))
        part = np.clip(field + light + grain, 0, 65535).astype(np.uint16)
        target[i : i + 2048, j : j + 2048] = part[: side - i, : side - j]
    target.flush()
    return path


def cells(side: int) -> Any:
    """Return discs of other brightness each on nothing, as `write_large` repeats them."""
    rng = np.random.default_rng(0)
    field = np.zeros((side, side), np.float32)
    for y, x in rng.integers(30, side - 30, (2500, 2)):
        reach = int(rng.uniform(6, 14))
        grid = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        inside = (grid**2).sum(axis=0) <= reach * reach
        part = field[y - reach : y + reach + 1, x - reach : x + reach + 1]
        np.maximum(part, inside * np.float32(rng.uniform(800, 1500)), out=part)
    return field


@contextlib.contextmanager
def large_image() -> Iterator[tuple[Image, Pyramid]]:
    """Give a large image on the disk, with its coarser copies."""
    with tempfile.TemporaryDirectory() as folder:
        image = read(write_large(Path(folder) / "large.npy"))
        pyramid = Pyramid(image, "large", Path(folder) / "levels", max_bytes=10**10)
        pyramid.make()
        yield image, pyramid


def _live(image: Image, pyramid: Pyramid) -> LiveImage:
    return LiveImage({"image": image}, {"image": "large"}, TileCache(_KEPT), pyramid.levels())


def _seconds(live: LiveImage, made: Pipeline, of: str = "table") -> float:
    started = time.perf_counter()
    live.view(made, _SCREEN, of=of)
    return time.perf_counter() - started


@row("W2")
def views() -> list[Row]:
    """Look at the table of what is on screen, cold and after changes of single steps."""
    with large_image() as (image, pyramid):
        _seconds(_live(image, pyramid), pipeline())  # what is compiled is loaded
        cold, changed = [], {"last": [], "middle": [], "first": []}  # type: ignore[var-annotated]
        for turn in range(5):
            live = _live(image, pyramid)
            cold.append(_seconds(live, pipeline()))
            for number in range(4):
                step = 0.1 * (4 * turn + number + 1)
                asked = ["shape", "shape, moments", "shape, border", "shape, quantiles"][number]
                changed["last"].append(_seconds(live, pipeline(properties=asked)))
                changed["middle"].append(_seconds(live, pipeline(sigma=2 + step)))
                changed["first"].append(_seconds(live, pipeline(width=50 + step)))
        held = live.kept.bytes / 1e6
    what = "900 x 1600 of 16384 x 16384 at full resolution, five steps"
    bars = {"last": 40, "middle": 120, "first": 250}
    rows = [_row(f"{what}, cold", cold, 400, held)]
    return [*rows, *(_row(f"{what}, after the {n}", t, bars[n], held) for n, t in changed.items())]


def _row(what: str, seconds: list[float], bar: int, held: float) -> Row:
    value = 1e3 * median(seconds)
    what = f"{what} ({held:.0f} MB of tiles kept)"
    return Row("W2", what, round(value, 1), "ms", f"<= {bar} ms", value <= bar)


@row("W4")
def exact_afterwards() -> Row:
    """Compare what is seen once the exact result is there with what a run gives."""
    side = 4 * 2048
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        image = read(write_large(place / "large.npy", side))
        pyramid = Pyramid(image, "large", place / "levels", max_bytes=10**10)
        pyramid.make()
        live = _live(image, pyramid)
        before = live.view(pipeline(), _SMALL_SCREEN).basis
        started = time.perf_counter()
        plan = make_plan(pipeline(), live.inputs, memory=array_budget(settings().memory))
        for of in ("bright", "cells", "table"):
            live.make_exact(pipeline(), of, tile=plan.tile, scratch=place)
        spent = time.perf_counter() - started
        out = place / "out"
        run = pipeline(of="table, cells, bright").run(place / "large.npy", out, cache=False)
        same = {"table": bool(_same_table(live.view(pipeline(), _SMALL_SCREEN).table, run.tables))}
        for of in ("bright", "cells"):
            whole = read(out / "arrays" / "large" / f"{of}.ome.tif")
            for level in (0, 2):
                same[f"{of} at level {level}"] = _same(live, whole, of, level)
    what = (
        f"{side} x {side}, {before} at first, exact after {spent:.0f} s: table, mask and labels of "
        f"the run: {', '.join(name for name, equal in same.items() if not equal) or 'all equal'}"
    )
    value = sum(same.values()) / len(same)
    return Row("W4", what, round(100 * value), "%", "identical", all(same.values()))


def _same_table(seen: Any, tables: Any) -> bool:
    whole = tables["objects"].drop(columns="image")
    return bool(seen.reset_index(drop=True).equals(whole[seen.columns].reset_index(drop=True)))


def _same(live: LiveImage, whole: Image, of: str, level: int) -> bool:
    factor = 2**level
    region = Region({d: (a // factor, b // factor) for d, (a, b) in _SMALL_SCREEN.items()})
    view = live.view(pipeline(), region, level, of=of)
    fine = {d: slice(a * factor, b * factor) for d, (a, b) in region.bounds.items()}
    wanted = whole.isel(fine).values[factor // 2 :: factor, factor // 2 :: factor]
    if of == "bright" and level:
        return True  # a threshold is applied to the coarser image, with the exact value
    return view.image is not None and view.is_exact and bool((view.image.values == wanted).all())


@row("W8")
def slices_of_a_volume() -> Row:
    """Move a slider of a filter on a volume of 1024^3, seen in three orthogonal slices."""
    side, text = 1024, "{{graticule: 1, steps: {{smooth: {{op: filters.gaussian, sigma: {}}}}}}}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "volume.npy"
        target = np.lib.format.open_memmap(path, "w+", np.uint8, (side,) * 3)
        plane = (cells(side) / 8).astype(np.uint8)
        for z in range(side):
            target[z] = np.roll(plane, 3 * z, axis=1)
        target.flush()
        image = read(path, dims=("z", "y", "x"))
        pyramid = Pyramid(image, "volume", Path(folder) / "levels", max_bytes=10**10)
        pyramid.make()
        live = _live(image, pyramid)
        seconds = []
        for number in range(12):
            made = Pipeline.loads(text.format(1 + number / 20))
            started = time.perf_counter()
            for dim in ("z", "y", "x"):
                live.view(made, {dim: (256, 257)}, 1)
            seconds.append(time.perf_counter() - started)
    value = 1e3 * median(seconds[2:])
    what = "1024^3 of 8 bits, Gaussian, three orthogonal slices of 512 x 512 after each change"
    return Row("W8", what, round(value, 1), "ms", "<= 120 ms", value <= 120)
