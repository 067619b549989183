"""The page for everyone: no fault of access in any view, and all of it by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import Browser, Page, expect
from workbench_page import WAIT, Workbench

AXE = Path(__file__).parents[2] / "workbench/node_modules/axe-core/axe.min.js"
_FAULTS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
pytestmark = pytest.mark.timeout(300)


def _tab(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("tab", name=name).click()


def _pressed(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=re.compile(f"^{name}")).first.click()


VIEWS: dict[str, Callable[[Page], None]] = {
    "text": _tab("YAML"),
    "histogram": _tab("Histogram"),
    "objects": _tab("Objects"),
    "look": _pressed("Look"),
    "paint": lambda page: page.keyboard.press("p"),
    "swipe": _pressed("Swipe"),
    "gallery": lambda page: page.get_by_role("button", name="Insert a step after smooth").click(),
}


@pytest.mark.skipif(not AXE.exists(), reason="needs npm ci in workbench/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_no_view_has_a_serious_fault(
    browser: Browser, served: tuple[str, Path], scheme: Any, size: tuple[int, int]
) -> None:
    viewport: Any = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    bench = Workbench(page, *served)
    page.goto(bench.address)
    expect(page.locator("[data-example=coins]")).to_be_visible(timeout=WAIT)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_timeout(400)
        page.evaluate(AXE.read_text("utf-8"))
        if faults := page.evaluate(_FAULTS):
            found[name] = faults

    look("start")
    bench.open_coins()
    for name, show in VIEWS.items():
        show(page)
        bench.settle()
        look(name)
        page.keyboard.press("Escape")
    context.close()
    assert found == {}


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
