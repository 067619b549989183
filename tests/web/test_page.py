"""The page of the workbench in a browser: what a scientist sees and does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

WAIT = 60_000
"""Milliseconds; the first view compiles what it needs."""
pytestmark = pytest.mark.timeout(300)

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
        return str(self.page.evaluate(_TEXT))

    def slider(self, step: str) -> Any:
        return self.page.locator(f"[data-step={step}] .slider").first

    def settle(self) -> None:
        """Wait until no pane waits for a picture."""
        self.page.wait_for_timeout(150)
        expect(self.page.locator(".pane.busy")).to_have_count(0, timeout=WAIT)
        self.page.wait_for_timeout(100)

    def open_coins(self) -> None:
        self.page.locator("[data-example=coins]").click()
        expect(self.page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
        self.settle()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
        try:
            found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"needs Chromium: {error.message.splitlines()[0]}")
        yield found
        found.close()


@contextmanager
def _serving(folder: Path, cache: Path, port: int = 0) -> Iterator[str]:
    environment = {**os.environ, "GRATICULE_CACHE_DIR": str(cache)}
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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("study")
    with _serving(folder, tmp_path_factory.mktemp("cache")) as address:
        yield address, folder


@pytest.fixture
def bench(browser: Browser, served: tuple[str, Path]) -> Iterator[Workbench]:
    address, folder = served
    for saved in folder.glob("graticule/pipelines/*"):
        saved.unlink()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    bench = Workbench(page, address, folder)
    page.on("request", lambda request: bench.hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: bench.hosts.add(urlsplit(socket.url).netloc))
    page.on("pageerror", lambda error: bench.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: bench.complaints.append(message.text) if message.type == "error" else None,
    )
    page.goto(address)
    yield bench
    context.close()
    assert bench.complaints == []
    assert bench.hosts <= {urlsplit(address).netloc, ""}


def test_one_click_opens_an_example_and_shows_it(bench: Workbench) -> None:
    bench.open_coins()
    assert bench.seen(0)[1] > 50
    assert bench.seen(1)[1] > 50
    expect(bench.page.locator(".card[data-step]")).to_have_count(9)
    expect(bench.page.locator(".status")).to_contain_text("y 303 × x 384")


def test_a_slider_changes_picture_and_text_and_undo_restores_both(bench: Workbench) -> None:
    bench.open_coins()
    text, seen = bench.text, bench.seen()
    slider = bench.slider("smooth")
    box = slider.bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    bench.page.mouse.down()
    for step in range(1, 12):
        bench.page.mouse.move(box["x"] + box["width"] * (0.5 + step / 24), box["y"] + 8)
    bench.page.mouse.up()
    bench.settle()
    changed = bench.text
    assert [a != b for a, b in zip(text.split("\n"), changed.split("\n"), strict=True)].count(
        True
    ) == 1
    assert "# The light falls off across the picture" in changed
    assert bench.seen() != seen
    expect(bench.page.locator("[data-step=smooth] .field.changed")).to_have_count(1)
    bench.page.keyboard.press("Control+z")
    bench.settle()
    assert bench.text == text
    assert bench.seen() == seen
    bench.page.keyboard.press("Control+Shift+z")
    bench.settle()
    assert bench.text == changed


def test_a_wrong_value_is_told_at_its_field_and_at_its_line(bench: Workbench) -> None:
    bench.open_coins()
    number = bench.page.locator("[data-step=smooth] input.number").first
    number.fill("wide")
    number.press("Enter")
    fault = bench.page.locator("[data-step=smooth] .field-fault:visible")
    expect(fault).to_contain_text("must be a number")
    assert number.get_attribute("aria-invalid") == "true"
    expect(bench.page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(bench.page.locator(".pane-fault:visible").first).to_contain_text("must be a number")
    number.fill("2")
    number.press("Enter")
    expect(fault).to_have_count(0)
    expect(bench.page.locator(".pane-fault:visible")).to_have_count(0, timeout=WAIT)


def test_typed_text_is_read_by_the_cards(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.locator(".cm-line", has_text="smooth:").click()
    bench.page.keyboard.press("End")
    bench.page.keyboard.press("ArrowLeft")
    bench.page.keyboard.type(", truncate: 3")
    field_ = bench.page.locator("[data-step=smooth] [data-parameter=truncate] input.number")
    expect(field_).to_have_value("3")


def test_a_step_is_switched_off_and_on_again(bench: Workbench) -> None:
    bench.open_coins()
    text = bench.text
    bench.page.get_by_role("button", name="Switch kept off").click()
    bench.settle()
    assert "kept" not in bench.text
    assert "outputs: [objects, inside]" in bench.text
    expect(
        bench.page.locator(".notice, .field-fault, .card-fault").locator("visible=true")
    ).to_have_count(0)
    bench.page.get_by_role("button", name="Switch kept on").click()
    assert bench.text == text


def test_a_step_is_put_in_from_the_gallery_by_keys_alone(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name="Insert a step after smooth").focus()
    bench.page.keyboard.press("Enter")
    bench.page.keyboard.type("median")
    bench.page.keyboard.press("Enter")
    expect(bench.page.locator(".card[data-step=median]")).to_be_visible()
    names = re.findall(r"^  (\w+): +\{op", bench.text, re.M)
    assert names[:4] == ["level", "smooth", "median", "bright"]
    expect(bench.page.locator(".pane[data-of=median]")).to_be_visible(timeout=WAIT)


def test_the_keyboard_reaches_everything(bench: Workbench) -> None:
    bench.open_coins()
    reached = set()
    bench.page.evaluate("() => document.activeElement?.blur()")
    for _ in range(220):
        bench.page.keyboard.press("Tab")
        reached.add(
            bench.page.evaluate(
                "() => document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.className || document.activeElement.textContent"
            )
        )
        if {"yaml", "Images and examples"} <= reached:
            break
        if "yaml" in reached:
            bench.page.keyboard.press("Escape")
    for wanted in ("Show level in the active pane", "Width, slider",
                   "What pane 1 shows", "Switch kept off", "yaml"):  # fmt: skip
        assert wanted in reached, wanted
    picture = bench.page.locator(".pane .picture").first
    picture.focus()
    before = bench.seen(0)
    for key in ("+", "ArrowRight"):
        bench.page.keyboard.press(key)
    bench.settle()
    assert bench.seen(0) != before
    bench.page.keyboard.press("0")
    bench.settle()
    assert bench.seen(0) == before


def test_a_reload_comes_back_to_the_same_view(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name="3 panes").click()
    bench.page.locator(".pane .picture").first.focus()
    bench.page.keyboard.press("+")
    number = bench.page.locator("[data-step=smooth] input.number").first
    number.fill("3")
    number.press("Enter")
    bench.settle()
    expect(bench.page.locator(".saved")).to_have_text("Saved")
    bench.page.wait_for_timeout(400)
    text, seen = bench.text, [bench.seen(pane) for pane in range(3)]
    bench.page.reload()
    expect(bench.page.locator(".pane")).to_have_count(3)
    expect(bench.page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    bench.settle()
    assert bench.text == text
    assert [bench.seen(pane) for pane in range(3)] == seen


def test_the_table_and_the_panes_point_at_each_other(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("tab", name="Objects").click()
    expect(bench.page.locator(".objects .about")).to_contain_text("24 objects", timeout=WAIT)
    bench.page.locator(".objects input").fill("area > 2000")
    expect(bench.page.locator(".objects .about")).to_contain_text("shown")
    shown = bench.page.locator(".table-row")
    assert 0 < shown.count() < 24
    before = bench.seen()
    shown.first.click()
    bench.settle()
    assert bench.seen() != before
    expect(bench.page.locator(".table-row[aria-selected=true]")).to_have_count(1)
    bench.page.locator(".objects input").fill("")
    label = shown.nth(4).locator(".cell").first.inner_text()
    shown.nth(4).click()
    bench.settle()
    middle = bench.page.locator(".pane .overlay").nth(1).bounding_box()
    bench.page.mouse.click(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    expect(bench.page.locator(".table-row[aria-selected=true] .cell").first).to_have_text(label)


def test_the_histogram_sets_the_contrast(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.locator(".pane-head").first.click()
    bench.page.get_by_role("tab", name="Histogram").click()
    limit = bench.page.get_by_role("slider", name="Upper limit of the contrast")
    expect(limit).to_be_visible(timeout=WAIT)
    before = bench.seen(0)
    limit.focus()
    for _ in range(8):
        bench.page.keyboard.press("ArrowLeft")
    bench.settle()
    assert bench.seen(0) != before


@pytest.mark.parametrize("mode", ["Swipe", "Blink", "Difference"])
def test_two_pictures_are_compared_in_one(bench: Workbench, mode: str) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name=mode, exact=True).click()
    bench.settle()
    assert bench.seen(0)[1] > 20


def test_another_windows_change_is_not_lost(bench: Workbench) -> None:
    bench.open_coins()
    file = next(bench.folder.glob("graticule/pipelines/coins*"))
    file.write_text(file.read_text("utf-8").replace("sigma: 1", "sigma: 4"), "utf-8")
    number = bench.page.locator("[data-step=kept] input.number").first
    number.fill("500")
    number.press("Enter")
    expect(bench.page.locator(".banner")).to_be_visible()
    bench.complaints.clear()  # browsers write refusals of the server there
    bench.page.get_by_role("button", name="Keep mine").click()
    expect(bench.page.locator(".pipeline-title")).to_have_text("coins-2")
    expect(bench.page.locator(".saved")).to_have_text("Saved")
    assert "sigma: 4" in file.read_text("utf-8")


def test_the_page_says_when_the_server_is_gone(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with _serving(tmp_path, tmp_path / "cache") as address:
        page.goto(address)
        expect(page.locator("[data-example=coins]")).to_be_visible()
        page.wait_for_timeout(300)
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator(".gone")).to_contain_text("The server does not answer")
    page.close()
