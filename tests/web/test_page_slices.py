"""Three planes through one place of a volume, in a browser."""

from __future__ import annotations

from typing import Any

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


def test_a_plane_picture_has_no_slices(bench: Workbench) -> None:
    bench.open_coins()
    expect(bench.page.get_by_role("button", name="Slices")).to_have_count(0)
