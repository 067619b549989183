"""All methods of a kind on what is on screen, and pictures of the steps one can put in."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from workbench_page import WAIT, Workbench

from graticule.io import read
from graticule.pipeline import Pipeline

pytestmark = pytest.mark.timeout(300)


PANES = range(56, 60)
"""The numbers of small pictures."""


GAUSSIAN = """document.querySelector("[data-op='filters.gaussian']")"""


def messages(bench: Workbench) -> list[dict[str, Any]]:
    """Begin anew; return what the page tells the server from now on."""
    sent: list[dict[str, Any]] = []
    bench.page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda told: sent.append(json.loads(told))),
    )
    bench.page.reload()
    return sent


def try_all(bench: Workbench, step: str) -> Any:
    bench.page.locator(f"[data-step={step}] .try-all").click()
    dialog = bench.page.get_by_role("dialog")
    expect(dialog.locator(".gallery-count")).to_contain_text("Click one to take it", timeout=WAIT)
    return dialog


def test_a_method_is_chosen_by_its_picture_and_taken_back(bench: Workbench) -> None:
    bench.open_coins()
    text = bench.text
    dialog = try_all(bench, "bright")
    tiles = dialog.locator(".trial")
    names = [tile.get_attribute("data-op") for tile in tiles.all()]
    assert names[0] == "threshold.otsu"
    assert {"threshold.li", "threshold.sauvola", "threshold.triangle"} <= set(names)
    assert all(str(name).startswith("threshold.") for name in names)
    expect(tiles.first).to_have_attribute("aria-pressed", "true")
    image = read(next((bench.folder / "graticule/examples/coins").rglob("*.png")))
    smooth = Pipeline.loads(re.sub(r"(?s)outputs:.*", "outputs: [smooth]\n", text)).apply(image)
    wanted = Pipeline.loads(
        "{graticule: 1, steps: {found: {op: threshold.values, methods: [otsu, li]}}}"
    ).apply(smooth["smooth"])["found"]
    for name in ("otsu", "li"):
        found = dialog.locator(f"[data-op='threshold.{name}']").get_attribute("data-result")
        assert float(found) == pytest.approx(float(wanted[name].iloc[0]), rel=1e-5)
    expect(dialog.locator("[data-op='threshold.sauvola'] .trial-value")).to_have_text(
        "for each place"
    )
    dialog.locator("[data-op='threshold.triangle']").click()
    expect(dialog).to_have_count(0)
    bench.settle()
    assert bench.text == text.replace("threshold.otsu", "threshold.triangle")
    expect(bench.page.locator(".pane[data-of=bright]")).to_be_visible(timeout=WAIT)
    bench.page.keyboard.press("Control+z")
    bench.settle()
    assert bench.text == text


def test_what_fits_no_more_is_left_out_and_what_fits_stays(bench: Workbench) -> None:
    bench.open_coins()
    dialog = try_all(bench, "smooth")
    bench.page.keyboard.press("ArrowRight")
    chosen = bench.page.evaluate("() => document.activeElement.dataset.op")
    assert chosen != "filters.gaussian"
    dialog.locator("[data-op='filters.median']").click()
    bench.settle()
    assert "op: filters.median" in bench.text
    assert "sigma: 1.5" not in bench.text.split("smooth:")[1].split("\n")[0]
    expect(bench.page.locator(".notice:visible, .pane-fault:visible")).to_have_count(0)


def small(bench: Workbench, op: str) -> Any:
    return bench.page.locator(f".op[data-op='{op}'] .op-picture")


def test_the_gallery_shows_what_each_step_would_make(bench: Workbench) -> None:
    sent = messages(bench)
    bench.open_coins()
    bench.page.get_by_role("button", name="Insert a step after smooth").click()
    blurred = small(bench, "filters.gaussian")
    expect(blurred.locator(".op-note")).to_have_text("before and after, on screen", timeout=WAIT)
    halves = blurred.locator("canvas").evaluate(
        """(canvas) => [0, 1].map((half) => {
          const { width, height } = canvas;
          const context = canvas.getContext("2d");
          const { data } = context.getImageData(half * width / 2, 0, width / 2, height);
          return new Set(data.filter((_, k) => k % 4 === 0)).size;
        })"""
    )
    assert min(halves) > 20
    bench.page.evaluate(f"() => {{ window.seen = {GAUSSIAN}; }}")
    search = bench.page.get_by_label("Search the steps")
    for text in ("g", "ga", "gau", "", "gauss"):
        search.fill(text)
    assert bench.page.evaluate(f"() => window.seen === {GAUSSIAN}")
    asked = [each["of"] for each in sent if each.get("pane") in PANES and each["type"] == "view"]
    assert asked.count("gaussian") == 1
    assert len(asked) < 60, "of more than a hundred that would fit"
    search.fill("measure regions")
    bench.page.locator("#gallery-fits").uncheck()
    own = small(bench, "measure.regions")
    expect(own.locator("img")).to_be_visible(timeout=WAIT)
    expect(own.locator(".op-note")).to_have_text("its own example")
    assert bench.page.evaluate("() => document.querySelector('.op img').naturalWidth") > 200
    bench.page.keyboard.press("Escape")
    expect(bench.page.get_by_role("dialog")).to_have_count(0)


def test_what_is_scrolled_away_is_not_computed(bench: Workbench) -> None:
    sent = messages(bench)
    bench.open_coins()
    bench.page.get_by_role("button", name="Insert a step after smooth").click()
    last = bench.page.locator(".op").last
    last.scroll_into_view_if_needed()
    shown = bench.page.locator(".op").evaluate_all(
        """(all) => all.filter((each) => {
          const box = each.querySelector(".op-picture").getBoundingClientRect();
          const pane = document.querySelector(".gallery-results").getBoundingClientRect();
          return box.bottom > pane.top && box.top < pane.bottom;
        }).map((each) => each.dataset.op)"""
    )
    assert 3 < len(shown) < 30
    bench.page.wait_for_timeout(1500)
    bench.page.keyboard.press("Escape")
    bench.page.wait_for_timeout(300)
    told = [each for each in sent if each.get("pane") in PANES]
    count = len([each for each in told if each["type"] == "view"])
    bench.page.wait_for_timeout(1500)
    assert count <= 30, "what was passed by is not asked for"
    assert [each for each in sent if each.get("pane") in PANES] == told


def test_strokes_say_which_agrees_best_and_leaving_drops_the_rest(bench: Workbench) -> None:
    sent = messages(bench)
    bench.open_coins()
    bench.page.keyboard.press("p")
    expect(bench.page.locator(".palette:visible")).to_have_count(1)
    bench.page.wait_for_timeout(500)
    box: Any = bench.page.locator(".pane .overlay").first.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    bench.page.mouse.move(*middle)
    bench.page.mouse.down()
    bench.page.mouse.move(middle[0] + 30, middle[1], steps=4)
    bench.page.mouse.up()
    bench.settle()
    dialog = try_all(bench, "bright")
    expect(dialog.locator(".gallery-count")).to_contain_text("compared with the strokes")
    scores = dialog.locator(".trial-score").all_inner_texts()
    numbers = [float(score.split()[0]) for score in scores]
    best = [score.endswith("best") for score in scores]
    assert [number == max(numbers) for number in numbers] == best
    bench.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    asked = len([each for each in sent if each.get("pane") in PANES])
    bench.page.locator("[data-step=smooth] .try-all").click()
    bench.page.keyboard.press("Escape")
    bench.page.wait_for_timeout(700)
    after = [each for each in sent if each.get("pane") in PANES][asked:]
    assert after[-1]["type"] == "leave"
    assert len([each for each in after if each["type"] == "view"]) < 18
