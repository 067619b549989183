"""Checks in a browser: beside the numbers that they are about, as these are changed."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from workbench_page import WAIT, Workbench

from graticule.core import as_image
from graticule.io import write

pytestmark = pytest.mark.timeout(300)

TEXT = """graticule: 1
steps:
  bright: {op: threshold.fixed, value: 150}
  cells:  {op: segment.label}
  table:  {op: measure.regions, intensity: image}
checks:
  sound:  {check: plausibility, of: cells, at: image, min_diameter: 10}
  cover:  {check: plausibility, of: bright, at: image}
outputs: [table]
"""


@pytest.fixture
def blots(bench: Workbench) -> Workbench:
    """Open an image of discs of two sizes with two checks."""
    y, x = np.mgrid[:200, :240]
    image = np.random.default_rng(0).normal(100, 5, (200, 240))
    for row in range(20, 200, 40):
        for column in range(20, 240, 40):
            image[np.hypot(y - row, x - column) < (9 if column < 120 else 4)] += 200
    write(bench.folder / "blots.tif", as_image(image.astype(np.uint16)))
    own = bench.folder / "graticule" / "pipelines"
    own.mkdir(parents=True, exist_ok=True)
    (own / "checked.yaml").write_text(TEXT)
    query = "#image=blots.tif&pipeline=checked&show=image,cells&active=1"
    bench.page.goto(bench.address + query)
    bench.page.reload()
    expect(bench.page.locator(".pane[data-of=cells]")).to_be_visible(timeout=WAIT)
    bench.settle()
    return bench


def test_a_check_stands_beside_its_table_and_follows_the_pipeline(blots: Workbench) -> None:
    page = blots.page
    page.get_by_role("tab", name="Objects").click()
    verdict = page.locator(".objects [data-check=sound]")
    expect(verdict.locator(".check-state")).to_have_text("passed", timeout=WAIT)
    expect(page.locator(".objects [data-check=cover]")).to_have_count(0)
    assert verdict.get_attribute("open") is None, "what is passed takes one line"
    number = page.locator("[data-step=bright] input.number").first
    number.fill("299")
    number.press("Enter")
    expect(verdict.locator(".check-state")).to_have_text("not passed", timeout=WAIT)
    assert verdict.get_attribute("open") is not None, "what is not says why"
    below = verdict.locator(".check-line.below")
    expect(below.filter(has_text="usual diameter")).to_contain_text("≥ 10")
    expect(verdict.locator(".check-why")).to_contain_text("samples across")
    expect(verdict).to_contain_text("where the usual one is smaller than 10 samples across")
    page.keyboard.press("Control+z")
    expect(verdict.locator(".check-state")).to_have_text("passed", timeout=WAIT)


def test_a_check_stands_beside_the_histogram_of_what_it_looks_at(blots: Workbench) -> None:
    page = blots.page
    page.get_by_role("tab", name="Histogram").click()
    list_ = page.locator(".histogram .checks")
    expect(list_.locator("[data-check=sound]")).to_be_visible(timeout=WAIT)
    page.get_by_label("What pane 2 shows").select_option("bright")
    expect(list_.locator("[data-check=cover]")).to_be_visible(timeout=WAIT)
    expect(list_.locator("[data-check=sound]")).to_have_count(0)
    page.get_by_label("What pane 2 shows").select_option("image")
    expect(list_).to_be_hidden()


def test_a_check_that_cannot_be_made_says_why_and_one_taken_out_is_gone(blots: Workbench) -> None:
    page = blots.page
    page.get_by_role("tab", name="Objects").click()
    verdict = page.locator(".objects [data-check=sound]")
    expect(verdict).to_be_visible(timeout=WAIT)
    file = blots.folder / "graticule/pipelines/checked.yaml"
    file.write_text(
        TEXT.replace("at: image, min", "at: bright, min").replace("of: cells", "of: table")
    )
    page.reload()
    expect(verdict.locator(".check-state")).to_have_text("cannot be made", timeout=WAIT)
    expect(verdict).to_contain_text("looks at labels")
    lines = TEXT.splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "sound" not in line))
    page.reload()
    expect(page.locator(".objects .about")).to_contain_text("objects; exact", timeout=WAIT)
    blots.settle()
    expect(verdict).to_have_count(0)
