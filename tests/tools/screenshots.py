"""Make the pictures of the workbench in its documentation, on an example in a browser.

Run as ``make screenshots``; needs Chromium.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from PIL import Image as Picture
from playwright.sync_api import Page, expect, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "support"))

from workbench_page import WAIT, Workbench, serving

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures" / "workbench"


def _start(bench: Workbench) -> None:
    expect(bench.page.locator("[data-example=coins]")).to_be_visible(timeout=WAIT)


def _steps(bench: Workbench) -> None:
    bench.page.get_by_role("tab", name="YAML").click()
    bench.page.locator(".yaml .cm-line").first.wait_for(timeout=WAIT)


def _histogram(bench: Workbench) -> None:
    bench.page.locator(".pane-head").first.click()
    bench.page.get_by_role("tab", name="Histogram").click()
    limit = bench.page.get_by_role("slider", name="Upper limit of the contrast")
    expect(limit).to_be_visible(timeout=WAIT)


def _objects(bench: Workbench) -> None:
    page = bench.page
    page.get_by_role("tab", name="Objects").click()
    expect(page.locator(".objects .about")).to_contain_text("24 objects", timeout=WAIT)
    bench.settle()
    box = page.locator(".scatter-canvas").bounding_box()
    assert box is not None
    left, right = box["x"] + 30, box["x"] + box["width"] * 0.5
    top, bottom = box["y"] + 2, box["y"] + box["height"] - 20
    _drag(page, [(left, top), (right, top), (right, bottom), (left, bottom)])
    expect(page.locator(".objects .about")).to_contain_text(" of 24 objects")


def _compared(bench: Workbench) -> None:
    bench.page.get_by_role("tab", name="YAML").click()
    bench.page.get_by_role("button", name=re.compile("^Swipe")).first.click()


def _painted(bench: Workbench) -> None:
    page = bench.page
    page.get_by_role("button", name=re.compile("^Swipe")).first.click()
    page.get_by_role("button", name=re.compile("^Paint")).first.click()
    bench.settle()
    box = page.locator(".pane .overlay").first.bounding_box()
    assert box is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + box["width"] * x, box["y"] + box["height"] * y

    _drag(page, [at(0.38, 0.345), at(0.43, 0.345)])
    _drag(page, [at(0.53, 0.565), at(0.58, 0.565)])
    page.keyboard.press("1")
    _drag(page, [at(0.05, 0.41), at(0.6, 0.41)])
    page.wait_for_timeout(1500)


VIEWS: dict[str, Callable[[Workbench], None]] = {
    "start": _start,
    "steps": _steps,
    "histogram": _histogram,
    "objects": _objects,
    "compared": _compared,
    "painted": _painted,
}


def _drag(page: Page, places: list[tuple[float, float]]) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def _keep(page: Any, path: Path) -> None:
    """Write what the page shows, in as many colours as a small file has."""
    seen = Picture.open(io.BytesIO(page.screenshot())).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    few = seen.quantize(256, Picture.Quantize.MAXCOVERAGE, kmeans=2, dither=Picture.Dither.NONE)
    few.save(path, optimize=True)


def _served(place: Path) -> AbstractContextManager[str]:
    folder = place / "study"
    folder.mkdir()
    return serving(folder, place / "cache")


def main() -> None:
    """Open the example of coins, and keep a picture of each view."""
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with (
        tempfile.TemporaryDirectory() as place,
        _served(Path(place)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        size: Any = {"width": 1280, "height": 800}
        page = browser.new_page(viewport=size, color_scheme="light")
        page.goto(address)
        bench = Workbench(page, address, Path(place))
        for name, show in VIEWS.items():
            show(bench)
            bench.settle()
            page.mouse.move(640, 795)
            page.wait_for_timeout(500)
            _keep(page, PICTURES / f"{name}.png")
            if name == "start":
                bench.open_coins()
        browser.close()


if __name__ == "__main__":
    main()
