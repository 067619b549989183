"""Objects corrected in a browser: the labels on the disk become what is clicked and drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import Browser, expect
from workbench_page import WAIT, Workbench, serving

from graticule.core import as_image
from graticule.io import read, write
from graticule.recipes import recipes

pytestmark = pytest.mark.timeout(300)

TEXT = """graticule: 1
steps:
  bright: {op: threshold.fixed, value: 100}
  cells:  {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table]
"""
HIGH, WIDE = 120, 160


def squares() -> np.ndarray[Any, Any]:
    values = np.zeros((HIGH, WIDE), np.uint16)
    for y, x in ((20, 20), (20, 70), (20, 120), (70, 20)):
        values[y : y + 25, x : x + 25] = 500
    return values


class Squares:
    """Four squares of 25 samples, numbered in raster order, opened to be corrected."""

    def __init__(self, bench: Workbench) -> None:
        self.bench, self.page = bench, bench.page
        write(bench.folder / "squares.tif", as_image(squares()))
        own = bench.folder / "graticule" / "pipelines"
        own.mkdir(parents=True, exist_ok=True)
        (own / "squares.yaml").write_text(TEXT)
        for old in (bench.folder / "graticule/corrected").glob("*squares*"):
            old.unlink()
        query = "#image=squares.tif&pipeline=squares&show=image,cells&active=1"
        self.page.goto(bench.address + query)
        self.page.reload()
        expect(self.page.locator(".pane[data-of=cells]")).to_be_visible(timeout=WAIT)
        bench.settle()

    def open(self) -> None:
        self.page.get_by_role("button", name="Correct", exact=True).click()
        self.expect("4 objects begun from cells, no edits yet")
        self.bench.settle()

    def expect(self, words: str) -> None:
        expect(self.page.locator(".correct-row")).to_contain_text(words, timeout=WAIT)

    def place(self, y: float, x: float) -> tuple[float, float]:
        return self.bench.place(y, x, HIGH, WIDE)

    def drag(self, *points: tuple[float, float]) -> None:
        self.bench.drag(*(self.place(*point) for point in points))

    def click(self, y: float, x: float, **modifiers: Any) -> None:
        if modifiers:
            self.page.keyboard.down("Shift")
        self.page.mouse.click(*self.place(y, x))
        if modifiers:
            self.page.keyboard.up("Shift")

    @property
    def file(self) -> Path:
        return self.bench.folder / "graticule/corrected/squares.tif"

    @property
    def labels(self) -> Any:
        return np.asarray(read(self.file, labels=True).values)

    def sizes(self) -> dict[int, int]:
        labels, counts = np.unique(self.labels, return_counts=True)
        return {int(a): int(b) for a, b in zip(labels, counts, strict=True) if a}


@pytest.fixture
def squared(bench: Workbench) -> Squares:
    return Squares(bench)


def test_objects_are_merged_cut_split_deleted_added_and_redrawn(squared: Squares) -> None:
    s, keyboard = squared, squared.page.keyboard
    s.open()
    whole = s.labels
    assert s.sizes() == {1: 625, 2: 625, 3: 625, 4: 625}
    s.click(30, 30)
    s.click(30, 80, shift=True)
    s.expect("3 objects begun from cells, 1 edit")
    assert s.sizes() == {1: 1250, 3: 625, 4: 625}
    s.drag((30, 30), (30, 130))
    s.expect("2 objects")
    assert s.sizes() == {1: 1875, 4: 625}
    keyboard.press("Control+z")
    keyboard.press("Control+z")
    s.expect("4 objects begun from cells, no edits yet")
    np.testing.assert_array_equal(s.labels, whole)
    keyboard.press("x")
    s.drag((60, 32), (105, 32))
    s.expect("5 objects")
    cut = s.sizes()
    assert (cut[4] + cut[5], cut[4] >= cut[5] > 200) == (625, True)
    keyboard.press("s")
    s.click(30, 125)
    s.click(30, 140)
    s.expect("6 objects")
    split = s.sizes()
    assert split[3] + split[6] == 625
    keyboard.press("d")
    s.click(30, 30)
    s.expect("5 objects")
    assert 1 not in s.sizes()
    keyboard.press("a")
    for y, x in ((100, 100), (100, 140), (115, 140), (115, 100), (100, 100)):
        s.click(y, x)
    s.expect("6 objects")
    added = s.labels == 7
    rows, columns = np.nonzero(added)
    assert (abs(rows.min() - 100) <= 1, abs(columns.max() - 140) <= 1) == (True, True)
    keyboard.press("b")
    s.drag((32, 82), (60, 82))
    s.expect("5 edits")
    assert s.labels[58, 82] == 2
    keyboard.press("e")
    s.drag((58, 82), (30, 82))
    s.expect("6 edits")
    assert s.labels[32, 82] == 0
    keyboard.press("Control+z")
    s.expect("5 edits")
    assert s.labels[32, 82] == 2
    keyboard.press("Control+Shift+z")
    s.expect("6 edits")
    assert s.labels[32, 82] == 0


def test_a_corner_set_by_mistake_is_taken_back_and_no_edit_with_it(squared: Squares) -> None:
    s, keyboard = squared, squared.page.keyboard
    s.open()
    keyboard.press("d")
    s.click(30, 30)
    s.expect("3 objects begun from cells, 1 edit")
    keyboard.press("a")
    for y, x in ((100, 100), (100, 140), (60, 60)):
        s.click(y, x)
    keyboard.press("Backspace")
    s.click(115, 150)
    keyboard.press("Control+z")
    for y, x in ((115, 140), (115, 100), (100, 100)):
        s.click(y, x)
    s.expect("4 objects begun from cells, 2 edits")
    rows, columns = np.nonzero(s.labels == 5)
    assert rows.min() >= 98
    assert 138 <= columns.max() <= 142
    keyboard.press("s")
    s.click(30, 75)
    keyboard.press("Backspace")
    s.click(30, 125)
    s.click(30, 140)
    s.expect("5 objects begun from cells, 3 edits")
    assert s.sizes()[2] == 625


def test_an_edit_is_on_screen_at_once_in_every_pane_and_its_faults_in_words(
    squared: Squares,
) -> None:
    s = squared
    s.open()
    before = [s.bench.seen(pane) for pane in range(2)]
    s.page.keyboard.press("d")
    s.drag((10, 30), (60, 30))
    s.expect("3 objects")
    s.bench.settle()
    assert all(s.bench.seen(pane) != seen for pane, seen in enumerate(before))
    s.page.keyboard.press("x")
    s.drag((30, 60), (30, 82))
    s.expect("does not part the object 2")
    s.click(30, 5)
    s.expect("Draw a line through the object")
    s.page.locator("#correction-shown").uncheck()
    s.bench.settle()
    assert s.bench.seen(0)[1] < before[0][1]
    s.page.locator("#correction-shown").check()
    s.page.keyboard.press("c")
    s.bench.settle()
    assert s.bench.seen(0)[1] < before[0][1]
    expect(s.page.get_by_role("group", name="Correct objects")).to_be_hidden()


def test_a_correction_is_gone_on_with_after_a_reload_and_in_another_tab(squared: Squares) -> None:
    s = squared
    s.open()
    other = s.page.context.new_page()
    other.goto(s.page.url)
    expect(other.locator(".pane[data-of=cells]")).to_be_visible(timeout=WAIT)
    other.keyboard.press("c")
    expect(other.locator(".correct-row")).to_contain_text("no edits yet", timeout=WAIT)
    s.page.keyboard.press("d")
    s.click(30, 30)
    s.expect("1 edit")
    expect(other.locator(".correct-row")).to_contain_text("3 objects begun from cells, 1 edit")
    other.keyboard.press("Control+z")
    s.expect("4 objects begun from cells, no edits yet")
    other.close()
    s.page.keyboard.press("Control+Shift+z")
    s.expect("3 objects")
    s.page.reload()
    s.expect("3 objects begun from cells, 1 edit")


def test_a_correction_stands_in_for_a_step_is_its_truth_and_is_measured(squared: Squares) -> None:
    s, text = squared, squared.bench.text
    s.open()
    s.page.keyboard.press("d")
    s.click(30, 30)
    s.expect("3 objects")

    def use(name: str) -> None:
        s.page.get_by_text("Use it").click()
        s.page.get_by_role("button", name=re.compile(name)).click()

    use("In place of cells")
    assert 'corrected: {path: "graticule/corrected/{path}.tif"}' in s.bench.text
    assert "table:  {op: measure.regions, intensity: image, input: corrected}" in s.bench.text
    s.page.get_by_role("tab", name="Objects").click()
    about = s.page.locator(".objects .about")
    expect(about).to_contain_text("3 objects; exact", timeout=WAIT)
    s.page.keyboard.press("Control+z")
    expect(about).to_contain_text("4 objects; exact", timeout=WAIT)
    s.page.keyboard.press("Control+Shift+z")
    expect(about).to_contain_text("3 objects; exact", timeout=WAIT)
    s.page.locator(".pane .picture").first.focus()
    use("As the truth of cells")
    s.page.get_by_role("tab", name="YAML").click()
    assert "{check: instances, of: cells, against: corrected}" in s.bench.text
    use("Measure its objects")
    use("with it: difference")
    s.bench.settle()
    expect(s.page.locator(".notice:visible, .pane-fault:visible")).to_have_count(0)
    assert s.bench.seen(0)[1] >= 2
    use("Begin again from")
    s.page.get_by_role("button", name=re.compile("Yes: begin again from cells")).click()
    s.expect("4 objects begun from cells, no edits yet")
    assert s.bench.text.startswith(text.split("steps")[0])


def test_a_check_against_the_correction_follows_every_edit(squared: Squares) -> None:
    s = squared
    s.open()
    s.page.get_by_text("Use it").click()
    s.page.get_by_role("button", name=re.compile("As the truth of cells")).click()
    s.page.get_by_role("tab", name="Objects").click()
    verdict = s.page.locator(".objects [data-check=truth]")
    expect(verdict).to_contain_text("measured", timeout=WAIT)
    verdict.locator("summary").click()
    error = verdict.locator(".check-line", has_text="count error")
    expect(error).to_contain_text(re.compile(r"count error0\b"))
    s.page.keyboard.press("d")
    s.click(30, 30)
    expect(error).to_contain_text(re.compile(r"count error1\b"), timeout=WAIT)
    s.page.keyboard.press("Control+z")
    expect(error).to_contain_text(re.compile(r"count error0\b"), timeout=WAIT)
    assert verdict.get_attribute("open") is not None, "it stays open"


def test_what_the_server_did_not_hear_is_sent_again_when_it_is_there(
    browser: Browser, tmp_path: Path
) -> None:
    assert "coins" in recipes()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    with serving(tmp_path, tmp_path / "cache") as address:
        page.goto(address)
        s = Squares(Workbench(page, address, tmp_path))
        s.open()
        s.page.keyboard.press("d")
        s.click(30, 30)
        s.expect("3 objects")
    expect(page.locator(".gone")).to_be_visible()
    s.click(30, 80)
    assert s.sizes() == {2: 625, 3: 625, 4: 625}
    port = int(re.search(r":(\d+)/", address).group(1))
    with serving(tmp_path, tmp_path / "cache", port):
        s.expect("2 objects begun from cells, 2 edits")
        assert s.sizes() == {3: 625, 4: 625}
    page.close()
