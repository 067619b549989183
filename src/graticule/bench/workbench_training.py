"""W5: a stroke is drawn, and a classifier has learned from it and shows what it says now."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from graticule.bench.row import Row, row
from graticule.bench.workbench import SIDE, cells, write_large
from graticule.bench.workbench_page import address, page, served, why_not

_VIEW, _STROKES, _FIRST = 1024, 16, 4
_BAR, _SMALLER = 0.7, 4
_TILE = 2048
_WATCH = """
(() => {
  const ask = window.fetch;
  window.learning = 0; window.learned = 0; window.lifted = 0;
  window.fetch = async (...given) => {
    if (!String(given[0]).includes('/api/train')) return ask(...given);
    window.learning += 1;
    try { return await ask(...given); }
    finally { window.learning -= 1; window.learned = performance.now(); }
  };
  window.addEventListener('pointerup', () => { window.lifted = performance.now(); }, true);
})();
"""
_WAIT = """
async () => {
  const started = performance.now();
  for (;;) {
    await new Promise((done) => setTimeout(done, 2));
    if (performance.now() - started > 60000) throw new Error('nothing was shown');
    if (window.learning || performance.now() - window.learned < 150 || !window.learned) continue;
    const asked = window.asked.filter((each) => each.of === 'classes');
    const last = asked[asked.length - 1];
    if (!last || last.at < window.lifted) continue;
    const shown = window.painted.find((each) => each.id === last.id);
    if (shown) return shown.at - window.lifted;
  }
}
"""


@row("W5")
def stroke_to_prediction() -> Row:
    """Paint strokes on a large image, and wait for what a forest says after each."""
    bar = f"<= {_BAR} s"
    if reason := why_not():
        return Row("W5", f"stroke to prediction ({reason})", None, "s", bar, None)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        (folder / "graticule" / "pipelines").mkdir(parents=True)
        write_large(folder / "large.npy")
        text = "graticule: 1\nsteps:\n  smooth: {op: filters.gaussian, sigma: 1}\n"
        (folder / "graticule" / "pipelines" / "painted.yaml").write_text(text, "utf-8")
        with served(folder) as url, page(width=1820, height=1340) as opened:
            opened.add_init_script(_WATCH)
            opened.goto(address(url, "large.npy", "painted", "image", zoom=1.0))
            spent, size = _painted(opened)
    value, slow = median(spent), float(np.percentile(spent, 95))
    what = (
        f"stroke to what a forest says after it, {SIDE} x {SIDE}, {size[0]} x {size[1]} samples on "
        f"screen (95th percentile {slow:.2f} s)"
    )
    return Row("W5", what, round(value, 2), "s", bar, value <= _BAR and min(size) >= _VIEW)


def _painted(opened: Any) -> tuple[list[float], tuple[int, int]]:
    """Return the seconds after each stroke but the first ones, and what is on screen."""
    opened.locator(".picture").first.wait_for()
    opened.wait_for_timeout(3000)
    opened.keyboard.press("p")
    opened.get_by_text("Use strokes as").click()
    opened.get_by_role("button", name="Examples for a classifier").click()
    opened.wait_for_timeout(500)
    for _ in range(_SMALLER):
        opened.keyboard.press("[")
    overlay = opened.locator(".pane .overlay").first
    size = overlay.evaluate("(canvas) => [canvas.width, canvas.height]")
    box = overlay.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    spent = []
    for number, (value, y, x) in enumerate(_strokes(min(size) // 2 - 40)):
        opened.keyboard.press(str(value))
        opened.mouse.move(middle[0] + x - 2, middle[1] + y)
        opened.mouse.down()
        opened.mouse.move(middle[0] + x + 2, middle[1] + y, steps=3)
        opened.mouse.up()
        if number == 0:
            opened.wait_for_timeout(1000)
            continue
        spent.append(opened.evaluate(_WAIT) / 1e3)
        opened.wait_for_timeout(300)
    return spent[_FIRST:], (size[0], size[1])


def _strokes(reach: int) -> list[tuple[int, int, int]]:
    """Return a class for each stroke, and where it is from the middle of the image."""
    field = cells(_TILE) > 0
    start = SIDE // 2 % _TILE
    rng = np.random.default_rng(2)
    found: list[tuple[int, int, int]] = []
    while len(found) < _STROKES:
        y, x = (int(n) for n in rng.integers(-reach, reach, 2))
        rows = (np.arange(y - 4, y + 5) + start) % _TILE
        columns = (np.arange(x - 6, x + 7) + start) % _TILE
        part = field[np.ix_(rows, columns)]
        wanted = 1 + len(found) % 2
        if part.all() if wanted == 2 else not part.any():
            found.append((wanted, y, x))
    return found
