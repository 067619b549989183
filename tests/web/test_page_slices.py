"""Three planes through one place of a volume, in a browser."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import expect
from workbench_page import WAIT, Workbench

from graticule.core import as_image
from graticule.io import read, write

pytestmark = pytest.mark.timeout(300)

TEXT = """graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.fixed, value: 100}
outputs: [bright]
"""
SIZES = {"z": 20, "y": 60, "x": 80}


@pytest.fixture
def volume(bench: Workbench) -> Workbench:
    """Open a volume of which each sample tells its place: z by 1, y by 100, x by 200."""
    z, y, x = np.indices(tuple(SIZES.values()))
    values = (z + 100 * (y >= 30) + 200 * (x >= 40)).astype(np.uint16)
    spacing = {"z": "2 um", "y": "0.5 um", "x": "0.5 um"}
    write(bench.folder / "volume.tif", as_image(values, dims=("z", "y", "x"), spacing=spacing))
    own = bench.folder / "graticule" / "pipelines"
    own.mkdir(parents=True, exist_ok=True)
    (own / "planes.yaml").write_text(TEXT)
    query = "#image=volume.tif&pipeline=planes&show=image,bright&active=0"
    bench.page.goto(bench.address + query)
    bench.page.reload()
    expect(bench.page.locator(".pane[data-of=image]").first).to_be_visible(timeout=WAIT)
    bench.settle()
    return bench


def corner(bench: Workbench) -> dict[str, str]:
    told = bench.page.locator(".corner dl > *").all_inner_texts()
    return dict(zip(told[::2], told[1::2], strict=True))


def overlay(bench: Workbench, pane: int) -> Any:
    return bench.page.locator(".pane .overlay").nth(pane).bounding_box()


def test_a_click_in_one_plane_moves_the_others(volume: Workbench) -> None:
    bench = volume
    bench.page.get_by_role("button", name="Slices").click()
    bench.settle()
    expect(bench.page.locator(".pane")).to_have_count(3)
    assert corner(bench) == {
        "x": "40 (20 µm)", "y": "30 (15 µm)", "z": "10 (20 µm)", "image": "310",
    }  # fmt: skip
    # the planes are drawn by their spacing: 20 x 2 um are as long as 80 x 0.5 um
    xy, zy = overlay(bench, 0), overlay(bench, 1)
    assert xy["width"] == pytest.approx(zy["width"], rel=0.02)
    before = [bench.seen(pane) for pane in range(3)]
    bench.page.mouse.click(xy["x"] + xy["width"] / 4 + 20, xy["y"] + xy["height"] / 2 + 8)
    bench.settle()
    assert int(corner(bench)["x"].split()[0]) < 40
    assert corner(bench)["image"] == "110"
    after = [bench.seen(pane) for pane in range(3)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    bench.page.mouse.move(zy["x"] + zy["width"] / 2, zy["y"] + zy["height"] / 2)
    bench.page.mouse.down()
    bench.page.mouse.move(zy["x"] + zy["width"] / 2 + 20, zy["y"] + zy["height"] / 4, steps=5)
    bench.page.mouse.up()
    bench.settle()
    place = {dim: int(text.split()[0]) for dim, text in corner(bench).items() if dim != "image"}
    assert place["z"] > 10
    assert place["y"] < 30
    assert corner(bench)["image"] == str(place["z"])
    for dim, index in place.items():
        expect(bench.page.locator(f"#dim-{dim}")).to_have_value(str(index))


def test_slices_are_leafed_through_and_last(volume: Workbench) -> None:
    bench = volume
    bench.page.get_by_role("button", name="Slices").click()
    bench.settle()
    for pane, dim in enumerate("zxy"):
        before = int(corner(bench)[dim].split()[0])
        bench.page.locator(".pane .picture").nth(pane).focus()
        bench.page.keyboard.press("PageDown")
        assert int(corner(bench)[dim].split()[0]) == before + 1
    bench.page.locator("#dim-x").fill("7")
    bench.page.locator(".pane select").first.select_option("bright")
    bench.settle()
    expect(bench.page.locator(".pane[data-of=bright]")).to_have_count(3)
    told, seen = corner(bench), [bench.seen(pane) for pane in range(3)]
    assert told["x"] == "7 (3.5 µm)"
    assert told["bright"] == "in the mask"
    bench.page.wait_for_timeout(400)
    bench.page.reload()
    expect(bench.page.locator(".pane[data-of=bright]")).to_have_count(3, timeout=WAIT)
    bench.settle()
    assert corner(bench) == told
    assert [bench.seen(pane) for pane in range(3)] == seen
    bench.page.get_by_role("button", name="Slices").click()
    bench.settle()
    expect(bench.page.locator(".pane")).to_have_count(2)
    expect(bench.page.locator(".corner")).to_have_count(0)


def spot(bench: Workbench, pane: int, across: float, down: float) -> tuple[float, float]:
    """Return where on the page a sample of a slice is: all three are fitted, at one zoom."""
    box = overlay(bench, pane)
    wide, high = {0: (80, 60), 1: (80, 60), 2: (80, 80)}[pane]  # in samples of x
    columns, rows = {0: (1, 1), 1: (4, 1), 2: (1, 4)}[pane]
    boxes = [overlay(bench, each) for each in range(3)]
    spans = [(80, 60), (80, 60), (80, 80)]
    zoom = 0.97 * min(
        min(each["width"] / w, each["height"] / h)
        for each, (w, h) in zip(boxes, spans, strict=True)
    )
    x = box["x"] + box["width"] / 2 + ((across + 0.5) * columns - wide / 2) * zoom
    return x, box["y"] + box["height"] / 2 + ((down + 0.5) * rows - high / 2) * zoom


def test_strokes_in_a_slice_lie_in_the_volume_and_are_seen_in_all_three(volume: Workbench) -> None:
    bench, page = volume, volume.page
    for kept in (bench.folder / "graticule").glob("labels/volume.*"):
        kept.unlink()
    page.get_by_role("button", name="Slices").click()
    page.keyboard.press("p")
    expect(page.get_by_role("group", name="Paint", exact=True)).to_be_visible()
    page.locator("#brush-size").fill("31")  # about 4 samples of x from its middle, 1 of z
    expect(page.locator("output[for=brush-size]")).to_have_text(
        re.compile(r"x ([\d.]+), y \1, z [\d.]+ px")
    )
    bench.settle()
    before = [bench.seen(pane) for pane in range(3)]
    bench.drag(spot(bench, 2, 20, 5), spot(bench, 2, 60, 15))
    bench.settle()
    assert (bench.folder / "graticule/labels").exists()
    drawn = np.asarray(read(bench.wait_for_strokes("volume.strokes.tif"), labels=True).values)
    assert set(np.unique(drawn)) == {0, 2}
    z, y, x = np.nonzero(drawn)
    assert set(y) == {30}, "the slice goes through the crosshair"
    line = 5 + (x - 20) / 4  # along z for each x
    assert np.abs(z - line).max() < 3
    assert (drawn[10, 30, 40], drawn[5, 30, 20], drawn[15, 30, 60]) == (2, 2, 2)
    bench.settle()
    after = [bench.seen(pane) for pane in range(3)]
    assert all(a != b for a, b in zip(before, after, strict=True)), "it crosses all three planes"
    page.get_by_text("Use strokes as").click()
    page.get_by_role("button", name="Markers of a watershed").click()
    expect(page.locator(".pane[data-of=grown]")).to_have_count(3, timeout=WAIT)
    for _ in range(2):
        page.keyboard.press("Control+z")
    drawn = np.asarray(read(bench.wait_for_strokes("volume.strokes.tif"), labels=True).values)
    assert not drawn.any()
    page.mouse.move(*spot(bench, 2, 30, 12))
    page.keyboard.down("Control")
    page.mouse.click(*spot(bench, 2, 30, 12))
    page.keyboard.up("Control")
    assert corner(bench)["x"].split()[0] == "30", "with Ctrl the crosshair is moved"
    assert corner(bench)["z"].split()[0] == "12"


def test_the_wand_takes_superpixels_of_the_slice_under_it(volume: Workbench) -> None:
    bench, page = volume, volume.page
    for kept in (bench.folder / "graticule").glob("labels/volume.*"):
        kept.unlink()
    page.get_by_role("button", name="Slices").click()
    page.keyboard.press("p")
    page.keyboard.press("w")
    page.locator("#brush-size").fill("50")
    for pane, across, down in ((1, 5, 10), (2, 60, 15)):  # z 5, y 10; x 60, z 15
        page.mouse.move(*spot(bench, pane, across, down))
        expect(page.locator(".wand-waiting")).to_be_hidden(timeout=WAIT)
        page.mouse.click(*spot(bench, pane, across, down))
    drawn = np.asarray(read(bench.wait_for_strokes("volume.strokes.tif"), labels=True).values)
    assert drawn[5, 10, 40] == drawn[15, 30, 60] == 2
    z, y, x = np.nonzero(drawn)
    assert set(zip(y, x, strict=True)) <= {(b, a) for b in range(60) for a in range(80)
                                           if a == 40 or b == 30}  # fmt: skip
    assert (y[(x == 40) & (y != 30)] < 30).all(), "where values jump the superpixel ends"
    assert (x[(y == 30) & (x != 40)] >= 40).all()
    assert 20 < len(z) < 1200
    for _ in range(2):
        page.keyboard.press("Control+z")
    bench.wait_for_strokes("volume.strokes.tif")


def test_probes_in_a_slice_give_values_along_the_third_dim(volume: Workbench) -> None:
    bench, page = volume, volume.page
    page.get_by_role("button", name="Slices").click()
    bench.settle()
    page.keyboard.press("i")
    page.mouse.click(*spot(bench, 2, 50, 7))  # z 7, x 50; the crosshair is at y 30
    page.get_by_role("button", name="Box", exact=True).click()
    bench.drag(spot(bench, 1, 3, 10), spot(bench, 1, 4, 19))  # z 3 to 4, y 10 to 19
    expect(page.locator(".probe-value")).to_have_count(2)
    names = page.locator(".probe-name").all_inner_texts()
    assert names == ["1 sample x 50, z 7", "2 box z 3, y 10 to z 4, y 19"]
    values = page.locator(".probe-value").all_inner_texts()
    assert values[0] == "307"
    assert values[1].startswith("mean 203.5")  # at x 40
    for dim in "yx":
        expect(page.get_by_role("img", name=f"Values against {dim} (µm)")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    found = pd.read_csv(download.value.path())
    sample = found[found["shape"] == "point"]
    assert set(zip(sample["x"], sample["z"], strict=True)) == {(50, 7)}
    assert sample["y"].isna().all()
    np.testing.assert_array_equal(sample["mean"], 207 + 100 * (np.arange(60) >= 30))
    np.testing.assert_allclose(sample["coordinate"], np.arange(60) / 2)
    box = found[found["shape"] == "box"]
    np.testing.assert_allclose(box["mean"], 3.5 + 200 * (np.arange(80) >= 40))
    page.locator("#dim-y").fill("3")
    expect(page.locator(".probe-value").first).to_have_text("207")
    page.get_by_role("button", name="Clear").click()


def test_whole_objects_are_merged_and_deleted_from_any_slice(volume: Workbench) -> None:
    bench, page = volume, volume.page
    values = np.zeros(tuple(SIZES.values()), np.uint16)
    values[3:8, 20:40, 30:50] = 500
    values[12:17, 20:40, 30:50] = 500
    spacing = {"z": "2 um", "y": "0.5 um", "x": "0.5 um"}
    write(bench.folder / "pair.tif", as_image(values, dims=("z", "y", "x"), spacing=spacing))
    (bench.folder / "graticule/pipelines/pair.yaml").write_text(
        "graticule: 1\nsteps:\n  bright: {op: threshold.fixed, value: 100}\n"
        "  cells: {op: segment.label}\noutputs: [cells]\n"
    )
    page.goto(bench.address + "#image=pair.tif&pipeline=pair&show=image,cells&active=1&mode=slices")
    page.reload()
    expect(page.locator(".pane[data-of=cells]")).to_have_count(3, timeout=WAIT)
    bench.settle()
    page.keyboard.press("c")
    bar = page.locator(".correct-row")
    expect(bar).to_contain_text("2 objects begun from cells", timeout=WAIT)
    expect(bar).to_contain_text("Whole objects, on all slices.")
    bench.settle()
    bench.drag(spot(bench, 2, 40, 5), spot(bench, 2, 40, 14))
    expect(bar).to_contain_text("1 object begun from cells, 1 edit", timeout=WAIT)
    file = bench.folder / "graticule/corrected/pair.tif"
    labels = np.asarray(read(file, labels=True).values)
    np.testing.assert_array_equal(labels, values > 0)
    page.keyboard.press("e")
    expect(bar).to_contain_text("On this slice alone.")
    page.mouse.click(*spot(bench, 1, 5, 30))
    expect(bar).to_contain_text("2 edits", timeout=WAIT)
    gone = np.nonzero(labels != np.asarray(read(file, labels=True).values))
    assert set(gone[2]) == {40}
    page.keyboard.press("d")
    page.mouse.click(*spot(bench, 1, 14, 30))
    expect(bar).to_contain_text("0 objects", timeout=WAIT)
    assert not np.asarray(read(file, labels=True).values).any()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(bar).to_contain_text("2 objects begun from cells, no edits yet", timeout=WAIT)


def test_a_plane_picture_has_no_slices(bench: Workbench) -> None:
    bench.open_coins()
    expect(bench.page.get_by_role("button", name="Slices")).to_have_count(0)


def test_across_time_nothing_is_painted_and_it_says_why(volume: Workbench) -> None:
    bench, page = volume, volume.page
    values = np.arange(6 * 20 * 30).reshape(6, 20, 30).astype(np.uint16)
    write(bench.folder / "film.tif", as_image(values, dims=("t", "y", "x")))
    page.goto(bench.address + "#image=film.tif&pipeline=planes&show=image,bright&mode=slices")
    page.reload()
    expect(page.locator(".pane[data-of=bright]")).to_have_count(3, timeout=WAIT)
    for name in ("Paint", "Correct"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("Across t nothing is painted"))
    page.keyboard.press("i")
    page.locator(".pane .picture").nth(2).focus()
    page.keyboard.press("Enter")  # in the plane of t and x: values along y
    expect(page.locator(".probe-name")).to_have_text(["1 sample x 15, t 3"], timeout=WAIT)
    expect(page.get_by_role("img", name="Values against y")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Clear").click()
