"""The wand: superpixels on screen are taken whole, as strokes like others."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from workbench_page import WAIT, Workbench

import graticule as gt
from graticule.core import as_image
from graticule.io import read, write

pytestmark = pytest.mark.timeout(300)

TEXT = "graticule: 1\nsteps:\n  smooth: {op: filters.gaussian, sigma: 1}\n"
HIGH, WIDE = 120, 160


class Opened:
    """An image of blots with its strokes, and what the page asked of the wand's step."""

    def __init__(self, bench: Workbench, image: Any, at: int | None = None) -> None:
        self.bench, self.page, self.image = bench, bench.page, image
        self.asked: list[dict[str, Any]] = []
        dims = ("z", "y", "x")[-image.ndim :]
        self.name = "blots" if image.ndim == 2 else "stack"
        write(bench.folder / f"{self.name}.tif", as_image(image, dims=dims))
        own = bench.folder / "graticule" / "pipelines"
        own.mkdir(parents=True, exist_ok=True)
        (own / "blots.yaml").write_text(TEXT)
        self.page.on("websocket", lambda socket: socket.on("framesent", self._sent))
        place = "" if at is None else f"&at.z={at}"
        query = f"#image={self.name}.tif&pipeline=blots&show=image,smooth&active=0{place}"
        self.page.goto(bench.address + query)
        self.page.reload()
        expect(self.page.locator(".pane[data-of=smooth]")).to_be_visible(timeout=WAIT)
        self.page.keyboard.press("p")
        self.page.keyboard.press("w")
        self.page.keyboard.press("]")
        expect(self.page.get_by_role("button", name="Wand")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(self.page.locator(".wand-waiting")).to_be_hidden(timeout=WAIT)
        bench.settle()
        self.page.wait_for_timeout(700)  # for the superpixels of the larger size

    def _sent(self, content: str | bytes) -> None:
        message = json.loads(content)
        if message["type"] == "view" and message["of"] == "wand":
            self.asked.append(message)

    @property
    def segments(self) -> int:
        (line,) = [each for each in self.asked[-1]["text"].splitlines() if "slic" in each]
        return int(line.split("segments: ")[1].split(",")[0].rstrip("}"))

    def place(self, y: float, x: float) -> tuple[float, float]:
        return self.bench.place(y, x, HIGH, WIDE)

    def drag(self, *points: tuple[float, float]) -> None:
        self.bench.drag(*(self.place(*point) for point in points))

    @property
    def strokes(self) -> Any:
        file = self.bench.wait_for_strokes(f"{self.name}.strokes.tif")
        return np.asarray(read(file, labels=True).values)


def blots(seed: int = 3) -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:HIGH, :WIDE]
    image = np.random.default_rng(seed).normal(100, 2, (HIGH, WIDE))
    for row, column in ((40, 40), (40, 110), (85, 70)):
        image += 400 * (np.hypot(y - row, x - column) < 18)
    return image.clip(0).astype(np.uint16)


def test_a_drag_takes_the_superpixels_that_it_passes_and_nothing_else(bench: Workbench) -> None:
    image = blots()
    opened = Opened(bench, image)
    before = opened.bench.page.evaluate(_OVERLAY)
    opened.page.mouse.move(*opened.place(40, 40))
    opened.page.wait_for_timeout(300)
    assert opened.bench.page.evaluate(_OVERLAY) != before, "the one under the pointer has a rim"
    opened.drag((40, 30), (40, 120))
    drawn = opened.strokes
    cells = gt.segment.slic(image, segments=opened.segments)
    passed = np.unique(cells[40, 30:121])
    np.testing.assert_array_equal(drawn == 2, np.isin(cells, passed))
    opened.page.keyboard.press("1")
    opened.page.mouse.click(*opened.place(100, 20))
    drawn = opened.strokes
    np.testing.assert_array_equal(drawn == 1, cells == cells[100, 20])
    opened.page.reload()
    expect(opened.page.locator(".pane[data-of=smooth]")).to_be_visible(timeout=WAIT)
    bench.settle()
    np.testing.assert_array_equal(opened.strokes, drawn)


def test_drags_of_the_wand_are_taken_back_one_by_one(bench: Workbench) -> None:
    opened = Opened(bench, blots(4))
    first = opened.strokes
    opened.drag((85, 60), (85, 80))
    second = opened.strokes
    assert (second != first).any()
    opened.page.mouse.click(*opened.place(10, 150))
    assert (opened.strokes != second).any()
    opened.page.keyboard.press("Control+z")
    np.testing.assert_array_equal(opened.strokes, second)
    opened.page.keyboard.press("Control+z")
    np.testing.assert_array_equal(opened.strokes, first)


def test_of_a_stack_it_takes_superpixels_of_the_plane_that_is_shown(bench: Workbench) -> None:
    image = np.stack([blots(5), blots(6)[::-1], blots(7)])
    opened = Opened(bench, image, at=1)
    opened.page.mouse.click(*opened.place(40, 70))
    drawn = opened.strokes
    assert not drawn[[0, 2]].any()
    cells = gt.segment.slic(image[1], segments=opened.segments)
    np.testing.assert_array_equal(drawn[1] == 2, cells == cells[40, 70])


_OVERLAY = """() => {
  const canvas = document.querySelector(".pane .overlay");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value) => (sum * 31 + value) % 1000000007, 0);
}"""
