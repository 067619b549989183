"""The page for everyone: no fault of access in any view, and all of it by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import Browser, Page, expect
from workbench_page import WAIT, Workbench, serving

from graticule.core import as_image
from graticule.io import write

AXE = Path(__file__).parents[2] / "workbench/node_modules/axe-core/axe.min.js"
_FAULTS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
pytestmark = pytest.mark.timeout(300)


SCHEMES: tuple[Any, ...] = ("light", "dark")
SIZES = ((1280, 800), (1920, 1080))
GROUPED = """graticule: 1
task: clustering
name: shades
features: {embedding: values}
methods: {two: [{step: kmeans, n_clusters: 2}]}
null: {n: 0}
stability: {n: 0}
"""
PLANES = """graticule: 1
steps:
  bright: {op: threshold.fixed, value: 100}
  cells:  {op: segment.label}
outputs: [cells]
"""


class Audit:
    """What axe finds in views of a page, in light and dark, on a small and a large screen."""

    def __init__(self, bench: Workbench) -> None:
        self.bench, self.page = bench, bench.page
        self.found: dict[str, list[str]] = {}

    def look(self, name: str) -> None:
        self.page.evaluate(AXE.read_text("utf-8"))
        for scheme, (wide, high) in product(SCHEMES, SIZES):
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": wide, "height": high})
            self.page.wait_for_timeout(250)
            if faults := self.page.evaluate(_FAULTS):
                self.found[f"{name}, {scheme}, {wide} x {high}"] = faults

    def click(self, name: str, role: Any = "button") -> None:
        self.page.get_by_role(role, name=re.compile(f"^{name}")).first.click()

    def draw(self, *points: tuple[float, float], pane: int = 0) -> None:
        """Drag in a pane, by shares of its width and height."""
        box: Any = self.page.locator(".pane .overlay").nth(pane).bounding_box()
        self.bench.drag(
            *((box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points)
        )


@pytest.fixture
def audit(browser: Browser, page_cache: Path, tmp_path: Path) -> Iterator[Audit]:
    folder = tmp_path / "study"
    (folder / "graticule" / "clusterings").mkdir(parents=True)
    with serving(folder, page_cache) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        yield Audit(Workbench(context.new_page(), address, folder))
        context.close()


def _open_volume(bench: Workbench) -> None:
    values = np.zeros((12, 40, 60), np.uint16)
    values[3:9, 10:30, 20:40] = 500
    write(bench.folder / "volume.tif", as_image(values, dims=("z", "y", "x")))
    (bench.folder / "graticule/pipelines").mkdir()
    (bench.folder / "graticule/pipelines/planes.yaml").write_text(PLANES)
    bench.page.goto(
        bench.address + "#image=volume.tif&pipeline=planes&show=image,cells&mode=slices"
    )
    expect(bench.page.locator(".pane[data-of=cells]")).to_have_count(3, timeout=WAIT)
    bench.settle()


needs_axe = pytest.mark.skipif(not AXE.exists(), reason="needs npm ci in workbench/")


@needs_axe
def test_no_view_of_an_image_has_a_serious_fault(audit: Audit) -> None:
    bench, page = audit.bench, audit.page
    page.goto(bench.address)
    expect(page.locator("[data-example=coins]")).to_be_visible(timeout=WAIT)
    audit.look("start")
    bench.open_coins()
    for tab in ("YAML", "Histogram", "Objects"):
        audit.click(tab, "tab")
        bench.settle()
        audit.look(tab)
    audit.click("Look")
    audit.look("look")
    page.keyboard.press("Escape")
    audit.click("Swipe")
    bench.settle()
    audit.look("swipe")
    audit.click("2 panes")
    audit.click("Insert a step after smooth")
    audit.look("gallery")
    page.keyboard.press("Escape")
    page.locator("[data-step=bright] .try-all").click()
    expect(page.locator(".gallery-count")).to_contain_text("Click one to take it", timeout=WAIT)
    audit.look("try all")
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    audit.draw((0.3, 0.3), (0.6, 0.5))
    audit.draw((0.4, 0.4), (0.4, 0.4))
    expect(page.locator(".probe-value")).to_have_count(2, timeout=WAIT)
    audit.look("probes")
    page.keyboard.press("c")
    expect(page.locator(".correct-row")).to_contain_text("objects begun from", timeout=WAIT)
    audit.look("correct")
    page.get_by_text("Use it").click()
    audit.look("uses of corrected objects")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.get_by_role("group", name="Paint", exact=True)).to_be_visible()
    audit.look("paint")
    page.get_by_text("Use strokes as").click()
    audit.click("Examples for a classifier")
    page.keyboard.press("1")
    audit.draw((0.1, 0.5), (0.9, 0.5))
    page.keyboard.press("2")
    audit.draw((0.1, 0.6), (0.2, 0.6))
    expect(page.locator(".learned")).to_contain_text("learned from", timeout=WAIT)
    audit.look("classifier")
    assert audit.found == {}


@needs_axe
def test_no_view_of_slices_has_a_serious_fault(audit: Audit) -> None:
    page = audit.page
    _open_volume(audit.bench)
    audit.look("slices")
    page.keyboard.press("i")
    audit.draw((0.5, 0.5), (0.5, 0.5), pane=2)
    audit.draw((0.3, 0.3), (0.6, 0.6), pane=1)
    expect(page.locator(".probe-value")).to_have_count(2, timeout=WAIT)
    audit.look("probes in slices")
    page.keyboard.press("p")
    audit.draw((0.3, 0.3), (0.6, 0.6), pane=2)
    audit.look("paint in slices")
    page.keyboard.press("c")
    expect(page.locator(".correct-row")).to_contain_text("1 object begun", timeout=WAIT)
    audit.look("correct in slices")
    assert audit.found == {}


@needs_axe
def test_no_view_of_groups_has_a_serious_fault(audit: Audit) -> None:
    bench, page = audit.bench, audit.page
    rng = np.random.default_rng(0)
    for number in range(12):
        shade = rng.normal(50 + 100 * (number % 2), 5, (8, 8)).astype(np.uint8)
        write(bench.folder / f"{number:02}.png", as_image(shade))
    (bench.folder / "graticule/clusterings/shades.yaml").write_text(GROUPED)
    page.goto(bench.address)
    audit.click("Sort by shades")
    cards = page.locator(".sheet-card")
    expect(cards).to_have_count(6, timeout=WAIT)
    audit.look("groups")
    cards.nth(2).focus()
    page.keyboard.press("Space")
    expect(cards.nth(2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Space")
    audit.look("images chosen")
    chosen = cards.nth(4).get_attribute("title")
    page.get_by_label("Move to").focus()
    page.get_by_label("Move to").select_option("new")
    expect(cards).to_have_count(4)
    expect(cards.first).to_be_focused()
    page.get_by_role("button", name="Group 2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Group 2")).to_be_focused()
    expect(cards).to_have_count(2)
    assert chosen not in [card.get_attribute("title") for card in cards.all()]
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Group 2")).to_have_count(0)
    assert page.evaluate("() => document.activeElement !== document.body")
    audit.look("groups after a move")
    assert audit.found == {}


_FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return ["page", true];
  const style = getComputedStyle(element);
  const ring = element.matches(".picture") ? getComputedStyle(element.nextElementSibling) : style;
  const isSeen = element.matches(":focus-visible") && (style.outlineStyle !== "none"
    || ring.boxShadow !== "none" || style.backgroundImage !== "none");
  const name = element.getAttribute("aria-label") || element.id || element.textContent.trim();
  return [`${element.tagName} ${name.slice(0, 60)}`, isSeen];
}"""


def _walk(page: Page) -> list[str]:
    """Press Tab until the focus is where it began; return what had it, each seen to have it."""
    page.evaluate("() => document.activeElement.blur()")
    passed: list[str] = []
    for _ in range(300):
        page.keyboard.press("Tab")
        name, is_seen = page.evaluate(_FOCUSED)
        if name == "page" or (passed and name == passed[0]):
            return passed
        assert is_seen, name
        assert passed[-3:] != [name] * 3, f"the focus stays at {name}"
        passed.append(name)
    raise AssertionError(f"Tab never comes to an end: {passed[-6:]}")


def test_in_slices_all_is_reached_and_done_by_the_keyboard_alone(audit: Audit) -> None:
    page, keyboard = audit.page, audit.page.keyboard
    _open_volume(audit.bench)
    keyboard.press("i")
    names = "\n".join(_walk(page))
    for plane in ("z 6", "x 30", "y 20"):
        assert f"Picture of cells at {plane}" in names, names
    for name in ("Line", "Box", "The place of the crosshair", "Run", "dim-y"):
        assert name in names, names
    _reach(page, "Picture of cells at x 30,.*")
    keyboard.press("Enter")
    expect(page.locator(".probe-name")).to_have_text(["1 sample z 6, y 20"], timeout=WAIT)


def test_the_focus_stays_where_steps_are_switched_off_and_deleted(bench: Workbench) -> None:
    page, keyboard = bench.page, bench.page.keyboard
    bench.open_coins()
    page.get_by_role("button", name="Switch filled off").focus()
    keyboard.press("Enter")
    expect(page.get_by_role("button", name="Switch filled on")).to_be_focused()
    keyboard.press("Enter")
    expect(page.locator("[data-step=filled] :focus")).to_have_count(1)
    page.get_by_role("button", name="Delete filled").focus()
    keyboard.press("Enter")
    expect(page.get_by_role("button", name="Delete labels")).to_be_focused()
    assert "filled:" not in bench.text
    keyboard.press("Control+z")


def _reach(page: Page, name: str, key: str = "Tab") -> None:
    """Press a key until what has a name has the focus."""
    for _ in range(250):
        page.keyboard.press(key)
        now = page.evaluate(
            "() => { const e = document.activeElement;"
            " return e.getAttribute('aria-label') || e.dataset.example || e.textContent.trim(); }"
        )
        if re.fullmatch(name, now):
            return
    raise AssertionError(f"{key} does not reach {name}")


def test_from_open_to_run_by_the_keyboard_alone(bench: Workbench) -> None:
    page, keyboard = bench.page, bench.page.keyboard
    expect(page.locator("[data-example=coins]")).to_be_visible(timeout=WAIT)
    _reach(page, "coins")
    keyboard.press("Enter")
    expect(page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    bench.settle()
    seen, text = bench.seen(), bench.text
    _reach(page, "Width, slider")
    for _ in range(6):
        keyboard.press("ArrowRight")
    bench.settle()
    assert bench.text != text
    assert bench.seen() != seen
    keyboard.press("Control+z")
    bench.settle()
    _reach(page, "Run", "Shift+Tab")
    keyboard.press("Enter")
    _reach(page, "This image")
    keyboard.press("Enter")
    expect(page.get_by_role("link", name="Open the report")).to_be_visible(timeout=WAIT)
    assert (bench.folder / "graticule/runs/coins/objects.csv").exists()
