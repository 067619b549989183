"""The page of the workbench in a browser, as tests use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

WAIT = 60_000
"""Milliseconds; the first view compiles what it needs."""
expect.set_options(timeout=20_000)

# The colours of a pane's picture, summed with weights, so that two pictures hardly agree by chance.
_SEEN = """(pane) => {
  const canvas = document.querySelectorAll(".pane .picture")[pane];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4) {
    const colour = data[i] * 65536 + data[i + 1] * 256 + data[i + 2];
    if (data[i + 3]) colours.add(colour);
    sum = (sum * 31 + colour) % 1000000007;
  }
  return [sum, colours.size];
}"""
_TEXT = """() => {
  const lines = document.querySelector(".yaml").shadowRoot.querySelectorAll(".cm-line");
  return [...lines].map((line) => line.textContent).join("\\n");
}"""


@dataclass
class Workbench:
    """A page with all that it asked for and complained of."""

    page: Page
    address: str
    folder: Path
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def seen(self, pane: int = 1) -> tuple[int, int]:
        found = self.page.evaluate(_SEEN, pane)
        return found[0], found[1]

    @property
    def text(self) -> str:
        self.page.locator(".yaml .cm-line").first.wait_for(state="attached", timeout=WAIT)
        return str(self.page.evaluate(_TEXT))

    def slider(self, step: str) -> Any:
        return self.page.locator(f"[data-step={step}] .slider").first

    def place(self, y: float, x: float, high: int, wide: int) -> tuple[float, float]:
        """Return where a sample of an image is on the screen: the panes fit the image."""
        box = self.page.locator(".pane .overlay").first.bounding_box()
        assert box is not None
        zoom = 0.98 * min(box["width"] / wide, box["height"] / high)
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        return middle[0] + (x + 0.5 - wide / 2) * zoom, middle[1] + (y + 0.5 - high / 2) * zoom

    def drag(self, *places: tuple[float, float]) -> None:
        """Drag from place to place on the screen."""
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=10)
        self.page.mouse.up()

    def settle(self) -> None:
        """Wait until no pane waits for a picture."""
        self.page.wait_for_timeout(150)
        expect(self.page.locator(".pane.busy")).to_have_count(0, timeout=WAIT)
        self.page.wait_for_timeout(100)

    def wait_for_strokes(self, layer: str) -> Path:
        """Return the file of a layer once all that was drawn is in it: its journal is gone then."""
        self.page.wait_for_timeout(1500)
        (file,) = self.folder.rglob(layer)
        for _ in range(100):
            if not file.with_suffix(".strokes").exists():
                break
            self.page.wait_for_timeout(200)
        return file

    def open_coins(self) -> None:
        self.page.locator("[data-example=coins]").click()
        expect(self.page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
        self.settle()


@contextmanager
def serving(
    folder: Path, cache: Path, port: int = 0, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    environment = {**environment, "GRATICULE_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "graticule.cli", "serve", str(folder), "--port", str(port)]
    with subprocess.Popen(
        [*command, "--no-open"], stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            assert server.stdout is not None
            address = next(filter(None, (re.search(r"http://\S+", line) for line in server.stdout)))
            yield address.group()
        finally:
            server.terminate()
            server.wait(20)
