"""The whole story in a browser: from an example to a table that the command line gives again."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from tests_support import tables_of
from workbench_page import WAIT, Workbench

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


def _drag(page: Any, start: tuple[float, float], stop: tuple[float, float]) -> None:
    box = page.locator(".pane .overlay").first.bounding_box()
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in (start, stop)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=8)
    page.mouse.up()


def test_from_an_example_to_a_table_that_the_command_line_gives_again(
    bench: Workbench, tmp_path: Path
) -> None:
    page = bench.page
    bench.open_coins()
    whole = bench.seen(0)
    page.locator(".pane .picture").first.focus()
    page.keyboard.press("+")
    bench.settle()
    assert bench.seen(0) != whole

    number = page.locator("[data-step=smooth] input.number").first
    number.fill("3")
    number.press("Enter")
    number.fill("2")
    number.press("Enter")
    bench.settle()
    tuned = bench.text
    page.keyboard.press("Control+z")
    bench.settle()
    expect(number).to_have_value("3")
    page.keyboard.press("Control+Shift+z")
    bench.settle()
    assert bench.text == tuned
    assert "sigma: 2}" in tuned

    page.get_by_role("button", name=re.compile("^Paint")).first.click()
    expect(page.locator(".palette").first).to_be_visible()
    before = bench.seen(0)
    _drag(page, (0.3, 0.4), (0.6, 0.6))
    page.wait_for_function(f"() => ({_SUM})(0) !== {before[0]}", timeout=WAIT)
    page.keyboard.press("Escape")

    page.get_by_text("Run", exact=True).click()
    page.get_by_role("button", name="This image").click()
    expect(page.get_by_role("link", name="Open the report")).to_be_visible(timeout=2 * WAIT)
    expect(page.locator(".saved")).to_have_text("Saved")

    page.reload()
    expect(page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    bench.settle()
    assert bench.text == tuned
    layer = bench.folder / "graticule/labels/graticule/examples/coins/coins.strokes.tif"
    assert layer.exists()

    exported = bench.folder / "graticule/pipelines/coins.yaml"
    assert exported.read_text("utf-8") == tuned
    image = bench.folder / "graticule/examples/coins/coins.png"
    command = [
        sys.executable,
        "-m",
        "graticule.cli",
        "run",
        exported,
        image,
        "-o",
        tmp_path / "out",
    ]
    subprocess.run([*map(str, command)], check=True, capture_output=True, timeout=300)
    ran = tables_of(bench.folder / "graticule/runs/coins")
    assert ran
    assert ran == tables_of(tmp_path / "out")


_SUM = """(pane) => {
  const canvas = document.querySelectorAll(".pane .picture")[pane];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4)
    sum = (sum * 31 + data[i] * 65536 + data[i + 1] * 256 + data[i + 2]) % 1000000007;
  return sum;
}"""
