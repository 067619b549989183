"""W6: a hundred thousand objects in the page: sorted, filtered, linked with the picture, gated."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from graticule.bench.row import Row, row
from graticule.bench.workbench_page import page, served, why_not
from graticule.core import as_image
from graticule.io import write

OBJECTS = 100_000
_BAR, _TURNS = 200, 5
_CELL, _CELLS = 8, 320
_TEXT = """graticule: 1
steps:
  bright:   {op: threshold.fixed, value: 400}
  numbered: {op: segment.label}
  objects:  {op: measure.regions, intensity: image}
outputs: [objects]
"""
# Milliseconds from an act of the person until the page has drawn what comes of it.
_ACT = """async ([act, turn]) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const told = () => document.querySelector(".objects .about").textContent;
  const before = told(), start = performance.now();
  if (act === "sort") document.querySelectorAll(".table-head button")[2].click();
  if (act === "link") document.querySelectorAll(".table-row")[3 + turn].click();
  if (act === "filter") {
    const box = document.querySelector(".objects input");
    box.value = `area > ${[4, 9, 16, 25, 1][turn]}`;
    box.dispatchEvent(new Event("input"));
  }
  const waits = () => act === "filter" && told() === before && performance.now() - start < 9e3;
  do await drawn(); while (waits());
  return performance.now() - start;
}"""
_LASSO = """() => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const told = () => document.querySelector(".objects .about").textContent;
  const before = told();
  window.lassoed = new Promise((done) => addEventListener("pointerup", async () => {
    const start = performance.now();
    do await drawn(); while (told() === before && performance.now() - start < 9e3);
    done(performance.now() - start);
  }, { once: true, capture: true }));
}"""


def write_many(folder: Path) -> None:
    """Write an image of so many squares of six sizes, and a pipeline that measures them."""
    random = np.random.default_rng(1)
    reach = random.integers(1, 7, _CELLS * _CELLS)
    reach[random.permutation(reach.size)[OBJECTS:]] = 0
    place = np.arange(_CELL)
    inside = place < reach.reshape(_CELLS, _CELLS)[:, :, None]
    cells = inside[:, None, :, :, None] & inside[:, None, :, None, :]
    image = cells.transpose(0, 3, 1, 2, 4).reshape(_CELLS * _CELL, _CELLS * _CELL)
    write(folder / "many.tif", as_image(500 * image.astype(np.uint16)))
    pipelines = folder / "graticule" / "pipelines"
    pipelines.mkdir(parents=True)
    (pipelines / "many.yaml").write_text(_TEXT, "utf-8")


@row("W6")
def objects() -> list[Row]:
    """Sort, filter, link and gate a hundred thousand objects."""
    if reason := why_not():
        return [Row("W6", f"{OBJECTS:,} objects ({reason})", None, "ms", f"<= {_BAR} ms", None)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        folder.mkdir()
        write_many(folder)
        with served(folder) as url, page() as opened:
            opened.goto(f"{url}#image=many.tif&pipeline=many&show=image,numbered")
            opened.get_by_role("tab", name="Objects").click(timeout=60_000)
            opened.get_by_text(f"{OBJECTS:,} objects").first.wait_for(timeout=120_000)
            opened.wait_for_timeout(1500)
            acts = {act: [_spent(opened, act, n) for n in range(_TURNS)]
                    for act in ("sort", "filter", "link")}  # fmt: skip
            opened.locator(".objects input").first.fill("")
            opened.wait_for_timeout(1000)
            acts["lasso"] = [_lassoed(opened, turn) for turn in range(_TURNS)]
    return [_row(act, median(spent)) for act, spent in acts.items()]


def _spent(opened: Any, act: str, turn: int) -> float:
    found = opened.evaluate(_ACT, [act, turn])
    opened.wait_for_timeout(400)
    return float(found)


def _lassoed(opened: Any, turn: int) -> float:
    """Draw a line around a part of the points; return the milliseconds until they are told."""
    box = opened.locator(".scatter-canvas").bounding_box()
    left, right = box["x"] + 30, box["x"] + box["width"] * (0.4 + 0.08 * turn)
    top, bottom = box["y"] + 2, box["y"] + box["height"] - 20
    opened.evaluate(_LASSO)
    opened.mouse.move(left, top)
    opened.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        opened.mouse.move(x, y, steps=4)
    opened.mouse.up()
    found = opened.evaluate("window.lassoed")
    opened.wait_for_timeout(400)
    return float(found)


def _row(act: str, value: float) -> Row:
    what = f"{OBJECTS:,} objects in the page: {act} until it is drawn"
    return Row("W6", what, round(value, 1), "ms", f"<= {_BAR} ms", value <= _BAR)
