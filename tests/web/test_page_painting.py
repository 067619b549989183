"""Painting in the page: strokes, what grows from them, and what learns from them."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from scipy import ndimage
from workbench_page import WAIT, Workbench

from graticule.io import read

pytestmark = pytest.mark.timeout(300)


def _drag(bench: Workbench, *points: tuple[float, float], up: bool = True) -> None:
    """Drag in the first pane, by shares of its width and height."""
    box = bench.page.locator(".pane .overlay").first.bounding_box()
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    bench.page.mouse.move(*places[0])
    bench.page.mouse.down()
    for place in places[1:]:
        bench.page.mouse.move(*place, steps=8)
    if up:
        bench.page.mouse.up()


def _layer(bench: Workbench) -> Any:
    return np.asarray(read(bench.wait_for_strokes("coins.strokes.tif"), labels=True).values)


def test_strokes_are_seen_at_once_kept_taken_back_and_grown_from(own_bench: Workbench) -> None:
    bench = own_bench
    bench.open_coins()
    bench.page.keyboard.press("p")
    expect(bench.page.get_by_role("group", name="Paint", exact=True)).to_be_visible()
    bench.settle()
    seen = bench.seen(0)
    _drag(bench, (0.4, 0.4), (0.5, 0.5), up=False)
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert bench.seen(0) != seen
    bench.page.mouse.up()
    drawn = _layer(bench)
    assert set(np.unique(drawn)) == {0, 2}
    bench.page.keyboard.press("1")
    _drag(bench, (0.3, 0.3), (0.7, 0.3))
    assert set(np.unique(_layer(bench))) == {0, 1, 2}
    bench.page.keyboard.press("e")
    _drag(bench, (0.3, 0.3), (0.7, 0.3))
    np.testing.assert_array_equal(_layer(bench), drawn)
    bench.page.keyboard.press("Control+z")
    assert set(np.unique(_layer(bench))) == {0, 1, 2}
    text = bench.text
    bench.page.get_by_text("Use strokes as").click()
    bench.page.get_by_role("button", name="Markers of a watershed").click()
    expect(bench.page.locator(".pane[data-of=grown]")).to_be_visible(timeout=WAIT)
    bench.settle()
    assert 'strokes: {path: "graticule/labels/{path}.strokes.tif"}' in bench.text
    assert "edges: {op: filters.sobel, input: image}" in bench.text
    assert "grown: {op: segment.watershed, input: edges, markers: strokes}" in bench.text
    pane = bench.page.evaluate(
        "() => [...document.querySelectorAll('.pane')].findIndex((p) => p.dataset.of === 'grown')"
    )
    bench.page.locator("#strokes-shown").uncheck()
    bench.settle()
    contours = bench.seen(pane)
    bench.page.keyboard.press("3")
    bench.page.keyboard.press("g")
    _drag(bench, (0.7, 0.55), (0.8, 0.55), (0.8, 0.65), (0.7, 0.65))
    bench.wait_for_strokes("coins.strokes.tif")
    bench.settle()
    assert bench.seen(pane) != contours
    for _ in range(5):
        bench.page.keyboard.press("Control+z")
    bench.settle()
    assert bench.text == text


def test_a_polygon_is_closed_by_clicks_and_an_outline_is_filled(own_bench: Workbench) -> None:
    bench = own_bench
    bench.open_coins()
    page = bench.page
    page.keyboard.press("p")
    page.get_by_role("button", name="Polygon", exact=True).click()
    page.keyboard.press("1")
    corners = [(100, 100), (100, 160), (150, 160), (150, 100)]
    y, x = np.mgrid[:303, :384]
    square = (y >= 100) & (y <= 150) & (x >= 100) & (x <= 160)

    def click(row: float, column: float) -> None:
        page.mouse.click(*bench.place(row, column, 303, 384))

    for row, column in [*corners, (200, 300)]:
        click(row, column)
    page.keyboard.press("Control+z")  # the last corner was none
    seen = bench.seen(0)
    click(*corners[0])
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert bench.seen(0) != seen
    drawn = _layer(bench)
    assert np.mean((drawn == 1) == square) > 0.995
    assert drawn[125, 130] == 1
    click(20, 20)
    page.keyboard.press("Escape")
    click(20, 60)
    click(60, 60)
    page.keyboard.press("Escape")
    np.testing.assert_array_equal(_layer(bench), drawn)
    page.keyboard.press("b")
    page.keyboard.press("2")
    outline = [(200, 200), (200, 260), (250, 260), (250, 200), (200, 200)]
    bench.drag(*(bench.place(*corner, 303, 384) for corner in outline))
    painted = _layer(bench)
    assert painted[225, 230] == 0
    page.get_by_role("button", name="Fill", exact=True).click()
    page.keyboard.press("3")
    click(225, 230)
    filled = _layer(bench)
    areas, _ = ndimage.label(painted == 0)
    np.testing.assert_array_equal(filled == 3, areas == areas[225, 230])
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(_layer(bench), painted)
    page.keyboard.press("Control+Shift+z")
    np.testing.assert_array_equal(_layer(bench), filled)
    page.reload()
    palette = page.get_by_role("group", name="Paint", exact=True)
    palette.get_by_role("button", name="Take the last stroke back").click(timeout=WAIT)
    np.testing.assert_array_equal(_layer(bench), painted)
    palette.get_by_role("button", name="Make the stroke again").click()
    np.testing.assert_array_equal(_layer(bench), filled)


def test_a_classifier_learns_from_strokes_while_they_are_drawn(own_bench: Workbench) -> None:
    bench = own_bench
    bench.open_coins()
    page = bench.page
    page.keyboard.press("p")
    page.get_by_text("Use strokes as").click()
    page.get_by_role("button", name="Examples for a classifier").click()
    learning = page.get_by_role("group", name="Classifier")
    page.keyboard.press("1")
    _drag(bench, (0.02, 0.5), (0.98, 0.5))
    expect(learning).to_contain_text("Paint some of two classes", timeout=WAIT)
    page.keyboard.press("2")
    _drag(bench, (0.1, 0.6), (0.14, 0.6))
    expect(page.locator(".pane[data-of=classes]")).to_be_visible(timeout=WAIT)
    expect(learning).to_contain_text(
        re.compile(r"learned from background \d[\d,]*, object \d"), timeout=WAIT
    )
    bench.settle()
    assert "classes: {op: learn.classify, input: image, model: ../models/strokes.model}" in (
        bench.text
    )
    pane = page.evaluate(
        "() => [...document.querySelectorAll('.pane')].findIndex((p) => p.dataset.of === 'classes')"
    )
    seen, told = bench.seen(pane), learning.inner_text()
    _drag(bench, (0.3, 0.3), (0.35, 0.3))
    expect(learning).not_to_have_text(told, timeout=WAIT)
    bench.settle()
    assert bench.seen(pane) != seen
    page.keyboard.press("Control+z")
    page.locator("#hits").check()
    page.get_by_role("button", name="Uncertainty").click()
    expect(page.locator(".pane[data-of=uncertainty]")).to_be_visible(timeout=WAIT)
    held: list[Any] = []
    page.route("**/api/train", lambda route: route.continue_() if held else held.append(route))
    _drag(bench, (0.6, 0.7), (0.65, 0.7))
    bench.wait_for_strokes("coins.strokes.tif")
    while not held:
        page.wait_for_timeout(50)
    page.keyboard.press("n")  # while it learns: what it is asked is how the next model decides
    expect(learning).to_contain_text("looking at the whole image", timeout=WAIT)
    held[0].continue_()
    expect(learning).to_contain_text("undecided by", timeout=WAIT)
    bench.settle()
    expect(learning).to_contain_text("undecided by")
    page.locator("#estimator").select_option("logistic")
    document = bench.folder / "graticule" / "training" / "strokes.yaml"
    deadline = time.monotonic() + WAIT / 1000
    while '"estimator": "logistic"' not in document.read_text():
        assert time.monotonic() < deadline, "the choice is not written"
        page.wait_for_timeout(50)
    expect(learning).to_contain_text("learned from", timeout=WAIT)
    page.reload()
    expect(page.locator("#estimator")).to_have_value("logistic", timeout=WAIT)
    bench.settle()
