"""Probes in a browser: values under a sample, along a line and in a box, and as a table."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import WebSocketRoute, expect
from workbench_page import WAIT, Workbench

from graticule.core import as_image
from graticule.io import write

pytestmark = pytest.mark.timeout(300)

TEXT = """graticule: 1
steps:
  negative: {op: transform.negative}
outputs: [negative]
"""
WAVELENGTHS = np.arange(400, 700, 25)


@pytest.fixture
def scene(bench: Workbench) -> Workbench:
    """Open a cube of which each value is 1000 x + 100 y + the number of its band."""
    band, y, x = np.indices((WAVELENGTHS.size, 60, 80))
    image = as_image((1000 * x + 100 * y + band).astype(np.float32), dims=("wavelength", "y", "x"))
    steps = ("wavelength", WAVELENGTHS.astype(float), {"units": "nm"})
    write(bench.folder / "cube.ome.zarr", image.assign_coords(wavelength=steps))
    own = bench.folder / "graticule" / "pipelines"
    own.mkdir(parents=True, exist_ok=True)
    (own / "bands.yaml").write_text(TEXT)
    bench.page.goto(
        bench.address + "#image=cube.ome.zarr&pipeline=bands&show=image,negative&active=0"
    )
    bench.page.reload()
    expect(bench.page.locator(".pane[data-of=image]")).to_be_visible(timeout=WAIT)
    bench.settle()
    return bench


def spot(bench: Workbench, x: float, y: float) -> tuple[float, float]:
    """Return where on the page the middle of a sample of the first pane is."""
    box: Any = bench.page.locator(".pane .overlay").first.bounding_box()
    zoom = min(box["width"] / 80, box["height"] / 60) * 0.98
    return (
        box["x"] + box["width"] / 2 + (x + 0.5 - 40) * zoom,
        box["y"] + box["height"] / 2 + (y + 0.5 - 30) * zoom,
    )


def drag(bench: Workbench, start: tuple[float, float], end: tuple[float, float]) -> None:
    bench.page.mouse.move(*spot(bench, *start))
    bench.page.mouse.down()
    bench.page.mouse.move(*spot(bench, *end), steps=6)
    bench.page.mouse.up()


def values(bench: Workbench) -> list[str]:
    return bench.page.locator(".probe-list .probe-values").all_inner_texts()


def table(bench: Workbench, folder: Path) -> pd.DataFrame:
    with bench.page.expect_download() as download:
        bench.page.get_by_role("button", name="Save CSV").click()
    assert download.value.suggested_filename == "cube.ome-probes.csv"
    return pd.read_csv(io.StringIO(Path(download.value.path()).read_text()))


def test_samples_lines_and_boxes_give_curves_and_a_table(scene: Workbench, tmp_path: Path) -> None:
    bench = scene
    bench.page.keyboard.press("i")
    expect(bench.page.get_by_role("tab", name="Probes")).to_have_attribute("aria-selected", "true")
    bench.page.mouse.click(*spot(bench, 20, 10))
    expect(bench.page.locator(".probe-value")).to_have_text("21006")  # the seventh band
    drag(bench, (10, 20), (40, 20))
    expect(bench.page.locator(".probe-value")).to_have_count(2)
    bench.page.get_by_role("button", name="Box", exact=True).click()
    drag(bench, (50, 30), (59, 39))
    expect(bench.page.locator(".probe-value")).to_have_count(3)
    expect(bench.page.locator(".probe-plot canvas:visible")).to_have_count(2)
    assert values(bench)[2].startswith("mean 57956")
    expect(bench.page.locator(".probes .about")).to_have_text("at full resolution")
    found = table(bench, tmp_path)
    point = found[found["shape"] == "point"]
    np.testing.assert_array_equal(point["coordinate"], WAVELENGTHS)
    assert set(point["axis_unit"]) == {"nm"}
    np.testing.assert_array_equal(point["mean"], 21000 + np.arange(WAVELENGTHS.size))
    line = found[found["shape"] == "line"]
    slope = np.polyfit(line["coordinate"], line["mean"], 1)[0]
    assert slope == pytest.approx(1000, rel=0.01)
    box = found[found["shape"] == "box"]
    assert set(box["samples"]) == {100}
    np.testing.assert_allclose(box["mean"], 54500 + 3450 + np.arange(WAVELENGTHS.size))


def test_they_follow_the_pipeline_and_all_panes_and_last(scene: Workbench) -> None:
    bench = scene
    bench.page.keyboard.press("i")
    bench.page.mouse.click(*spot(bench, 20, 10))
    expect(bench.page.locator(".probe-value")).to_have_text("21006")
    bench.page.locator("#probe-every").check()
    expect(bench.page.locator(".probe-value")).to_have_count(2)
    assert values(bench)[0].split("\n") == ["image: 21006", "negative: -21006"]
    bench.page.locator("#dim-wavelength").fill("2")
    expect(bench.page.locator(".probe-value").first).to_have_text("image: 21002")
    over = bench.page.locator(".probe-plot .u-over").first
    box: Any = over.bounding_box()
    bench.page.mouse.click(box["x"] + box["width"] - 3, box["y"] + 20)
    expect(bench.page.locator("#dim-wavelength")).to_have_value("11")
    bench.page.wait_for_timeout(400)  # until the address is kept
    bench.page.reload()
    expect(bench.page.locator(".probe-value").first).to_have_text("21011", timeout=WAIT)
    bench.page.locator(".pane .picture").first.focus()
    bench.page.keyboard.press("Enter")
    expect(bench.page.locator(".probe-value")).to_have_count(2)
    bench.page.get_by_role("button", name="Remove sample 1").click()
    expect(bench.page.locator(".probe-name")).to_have_text(["2 sample x 40, y 30"])
    bench.page.keyboard.press("i")
    seen = bench.page.locator(".probe-value").all_inner_texts()
    bench.page.mouse.click(*spot(bench, 5, 5))
    bench.page.wait_for_timeout(200)
    assert bench.page.locator(".probe-value").all_inner_texts() == seen


def test_a_probe_that_goes_leaves_the_focus_with_the_next(scene: Workbench) -> None:
    page = scene.page
    page.keyboard.press("i")
    for x in (20, 30, 40):
        page.mouse.click(*spot(scene, x, 10))
    expect(page.locator(".probe-value")).to_have_count(3)
    page.get_by_role("button", name="Remove sample 2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove sample 3")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove sample 1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Probes")).to_be_focused()


def test_a_click_is_not_lost_when_an_answer_comes_in_between(scene: Workbench) -> None:
    """A button that were made anew under the pointer would hear of no click."""
    page, held = scene.page, []
    is_held = [False]

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def told(message: str | bytes) -> None:
            if is_held[0] and isinstance(message, str) and json.loads(message)["type"] == "probe":
                held.append((socket, message))
            else:
                socket.send(message)

        server.on_message(told)

    page.route_web_socket(re.compile("/api/live"), between)
    page.reload()
    expect(page.locator(".pane[data-of=image]")).to_be_visible(timeout=WAIT)
    page.keyboard.press("i")
    page.mouse.click(*spot(scene, 20, 10))
    page.mouse.click(*spot(scene, 30, 10))
    expect(page.locator(".probe-value")).to_have_count(2, timeout=WAIT)
    is_held[0] = True
    page.get_by_label("What pane 1 shows").select_option("negative")
    for _ in range(100):
        page.wait_for_timeout(50)
        if held:
            break
    box: Any = page.get_by_role("button", name="Remove sample 1").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    is_held[0] = False
    for socket, message in held:
        socket.send(message)
    expect(page.locator(".probe-value").first).to_have_text("-21006")
    page.mouse.up()
    expect(page.locator(".probe-name")).to_have_text(["2 sample x 30, y 10"])
