"""The page of the workbench in a browser: what a scientist sees and does."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")

from playwright.sync_api import Browser, WebSocketRoute, expect
from tests_support import environment_with
from workbench_page import WAIT, Workbench, serving

from graticule.core import as_image
from graticule.io import write

pytestmark = pytest.mark.timeout(300)


def test_one_click_opens_an_example_and_shows_it(bench: Workbench) -> None:
    bench.open_coins()
    assert bench.seen(0)[1] > 50
    assert bench.seen(1)[1] > 50
    expect(bench.page.locator(".card[data-step]")).to_have_count(9)
    expect(bench.page.locator(".status")).to_contain_text("y 303 × x 384")


def test_a_slider_changes_picture_and_text_and_undo_restores_both(bench: Workbench) -> None:
    bench.open_coins()
    text, seen = bench.text, bench.seen()
    slider = bench.slider("smooth")
    box = slider.bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    bench.page.mouse.down()
    for step in range(1, 12):
        bench.page.mouse.move(box["x"] + box["width"] * (0.5 + step / 24), box["y"] + 8)
    bench.page.mouse.up()
    bench.settle()
    changed = bench.text
    assert [a != b for a, b in zip(text.split("\n"), changed.split("\n"), strict=True)].count(
        True
    ) == 1
    assert "# The light falls off across the picture" in changed
    assert bench.seen() != seen
    expect(bench.page.locator("[data-step=smooth] .field.changed")).to_have_count(1)
    bench.page.keyboard.press("Control+z")
    bench.settle()
    assert bench.text == text
    assert bench.seen() == seen
    bench.page.keyboard.press("Control+Shift+z")
    bench.settle()
    assert bench.text == changed


def test_a_wrong_value_is_told_at_its_field_and_at_its_line(bench: Workbench) -> None:
    bench.open_coins()
    number = bench.page.locator("[data-step=smooth] input.number").first
    number.fill("wide")
    number.press("Enter")
    fault = bench.page.locator("[data-step=smooth] .field-fault:visible")
    expect(fault).to_contain_text("must be a number")
    assert number.get_attribute("aria-invalid") == "true"
    expect(bench.page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(bench.page.locator(".pane-fault:visible").first).to_contain_text("must be a number")
    number.fill("2")
    number.press("Enter")
    expect(fault).to_have_count(0)
    expect(bench.page.locator(".pane-fault:visible")).to_have_count(0, timeout=WAIT)


def test_typed_text_is_read_by_the_cards(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.locator(".cm-line", has_text="smooth:").click()
    bench.page.keyboard.press("End")
    bench.page.keyboard.press("ArrowLeft")
    bench.page.keyboard.type(", truncate: 3")
    field_ = bench.page.locator("[data-step=smooth] [data-parameter=truncate] input.number")
    expect(field_).to_have_value("3")


def test_a_step_is_switched_off_and_on_again(bench: Workbench) -> None:
    bench.open_coins()
    text = bench.text
    bench.page.get_by_role("button", name="Switch kept off").click()
    bench.settle()
    assert "kept" not in bench.text
    assert "outputs: [objects, inside]" in bench.text
    expect(
        bench.page.locator(".notice, .field-fault, .card-fault").locator("visible=true")
    ).to_have_count(0)
    bench.page.get_by_role("button", name="Switch kept on").click()
    assert bench.text == text


def test_a_step_is_put_in_from_the_gallery_by_keys_alone(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name="Insert a step after smooth").focus()
    bench.page.keyboard.press("Enter")
    bench.page.keyboard.type("median")
    bench.page.keyboard.press("Enter")
    expect(bench.page.locator(".card[data-step=median]")).to_be_visible()
    names = re.findall(r"^  (\w+): +\{op", bench.text, re.M)
    assert names[:4] == ["level", "smooth", "median", "bright"]
    expect(bench.page.locator(".pane[data-of=median]")).to_be_visible(timeout=WAIT)


def test_the_keyboard_reaches_everything(bench: Workbench) -> None:
    bench.open_coins()
    reached = set()
    bench.page.evaluate("() => document.activeElement?.blur()")
    for _ in range(220):
        bench.page.keyboard.press("Tab")
        reached.add(
            bench.page.evaluate(
                "() => document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.className || document.activeElement.textContent"
            )
        )
        if {"yaml", "Images and examples"} <= reached:
            break
        if "yaml" in reached:
            bench.page.keyboard.press("Escape")
    for wanted in ("Show level in the active pane", "Width, slider",
                   "What pane 1 shows", "Switch kept off", "yaml"):  # fmt: skip
        assert wanted in reached, wanted
    picture = bench.page.locator(".pane .picture").first
    picture.focus()
    before = bench.seen(0)
    for key in ("+", "ArrowRight"):
        bench.page.keyboard.press(key)
    bench.settle()
    assert bench.seen(0) != before
    bench.page.keyboard.press("0")
    bench.settle()
    assert bench.seen(0) == before


def test_a_reload_comes_back_to_the_same_view(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name="3 panes").click()
    bench.page.locator(".pane .picture").first.focus()
    bench.page.keyboard.press("+")
    number = bench.page.locator("[data-step=smooth] input.number").first
    number.fill("3")
    number.press("Enter")
    bench.settle()
    expect(bench.page.locator(".saved")).to_have_text("Saved")
    bench.page.wait_for_timeout(400)
    text, seen = bench.text, [bench.seen(pane) for pane in range(3)]
    bench.page.reload()
    expect(bench.page.locator(".pane")).to_have_count(3)
    expect(bench.page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    bench.settle()
    assert bench.text == text
    assert [bench.seen(pane) for pane in range(3)] == seen


def test_another_browser_on_another_day_finds_the_same_view(
    browser: Browser, bench: Workbench
) -> None:
    bench.open_coins()
    page = bench.page
    page.get_by_role("button", name="3 panes").click()
    page.locator(".pane .picture").first.focus()
    page.keyboard.press("+")
    bench.settle()
    page.wait_for_timeout(1500)  # until it is kept
    place = page.url.partition("#")[2]
    other = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    other.goto(bench.address)
    other.locator("[data-example=coins]").click()
    expect(other.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    expect(other.locator(".pane")).to_have_count(3)
    assert dict(parse_qsl(other.url.partition("#")[2])) == dict(parse_qsl(place))
    other.context.close()


def test_the_table_and_the_panes_point_at_each_other(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("tab", name="Objects").click()
    expect(bench.page.locator(".objects .about")).to_contain_text("24 objects", timeout=WAIT)
    bench.page.locator(".objects input").fill("area > 2000")
    expect(bench.page.locator(".objects .about")).to_contain_text(" of 24 objects")
    shown = bench.page.locator(".table-row")
    assert 0 < shown.count() < 24
    before = bench.seen()
    shown.first.click()
    bench.settle()
    assert bench.seen() != before
    expect(bench.page.locator(".table-row[aria-selected=true]")).to_have_count(1)
    bench.page.locator(".objects input").fill("")
    label = shown.nth(4).locator(".cell").first.inner_text()
    shown.nth(4).click()
    bench.settle()
    middle = bench.page.locator(".pane .overlay").nth(1).bounding_box()
    bench.page.mouse.click(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    expect(bench.page.locator(".table-row[aria-selected=true] .cell").first).to_have_text(label)


def test_the_histogram_sets_the_contrast(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.locator(".pane-head").first.click()
    bench.page.get_by_role("tab", name="Histogram").click()
    limit = bench.page.get_by_role("slider", name="Upper limit of the contrast")
    expect(limit).to_be_visible(timeout=WAIT)
    before = bench.seen(0)
    limit.focus()
    for _ in range(8):
        bench.page.keyboard.press("ArrowLeft")
    bench.settle()
    assert bench.seen(0) != before


@pytest.mark.parametrize("mode", ["Swipe", "Blink", "Difference"])
def test_two_pictures_are_compared_in_one(bench: Workbench, mode: str) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name=mode, exact=True).click()
    bench.settle()
    assert bench.seen(0)[1] > 20


def test_another_windows_change_is_not_lost(bench: Workbench) -> None:
    bench.open_coins()
    file = next(bench.folder.glob("graticule/pipelines/coins*"))
    file.write_text(file.read_text("utf-8").replace("sigma: 1", "sigma: 4"), "utf-8")
    number = bench.page.locator("[data-step=kept] input.number").first
    number.fill("500")
    number.press("Enter")
    expect(bench.page.locator(".banner")).to_be_visible()
    bench.complaints.clear()  # browsers write refusals of the server there
    bench.page.get_by_role("button", name="Keep mine").click()
    expect(bench.page.locator(".pipeline-title")).to_have_text("coins-2")
    expect(bench.page.locator(".saved")).to_have_text("Saved")
    assert "sigma: 4" in file.read_text("utf-8")


_NAMELESS = """() => [...document.querySelectorAll("button, input, select")]
  .filter((each) => each.offsetParent && !each.getAttribute("aria-label"))
  .filter((each) => !each.labels?.length && !(each.textContent.trim() && each.tagName === "BUTTON"))
  .map((each) => each.outerHTML)"""
MANY = """graticule: 1
steps:
  bright: {op: threshold.fixed, value: 400}
  numbered: {op: segment.label}
  objects: {op: measure.regions, intensity: image}
outputs: [objects]
"""
# How long the page takes for something, in milliseconds, until it is drawn: the best of three.
_SPENT = """async (act) => {
  const acts = {
    sort: () => document.querySelectorAll(".table-head button")[2].click(),
    filter: () => {
      const box = document.querySelector(".objects input");
      box.value = box.value === "area > 5" ? "area > 4" : "area > 5";
      box.dispatchEvent(new Event("input"));
    },
    link: () => document.querySelectorAll(".table-row")[3].click(),
  };
  const told = () => document.querySelector(".objects .about").textContent;
  const times = [];
  for (let k = 0; k < 3; k += 1) {
    const before = told();
    const start = performance.now();
    acts[act]();
    do await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    while (act === "filter" && told() === before && performance.now() - start < 5000);
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 300));
  }
  return Math.min(...times);
}"""


def test_a_hundred_thousand_objects_are_sorted_filtered_and_found_at_once(
    bench: Workbench,
) -> None:
    random = np.random.default_rng(1)
    blocks = np.zeros((320, 8, 320, 8), np.uint16)
    for reach in range(1, 7):
        is_this = random.integers(1, 7, (320, 320)) == reach
        blocks[:, :reach, :, :reach] += (500 * is_this).astype(np.uint16)[:, None, :, None]
    write(bench.folder / "many.tif", as_image(blocks.reshape(2560, 2560)))
    pipelines = bench.folder / "graticule" / "pipelines"
    pipelines.mkdir(parents=True, exist_ok=True)
    (pipelines / "many.yaml").write_text(MANY, "utf-8")
    bench.page.goto(f"{bench.address}#image=many.tif&pipeline=many&show=image,numbered")
    bench.page.reload()
    bench.page.get_by_role("tab", name="Objects").click()
    about = bench.page.locator(".objects .about")
    expect(about).to_have_text(re.compile(r"\d+,\d+ objects;"), timeout=WAIT)
    assert int(re.sub(r"\D", "", about.inner_text().split(" ")[0])) > 60_000
    bench.settle()
    for act in ("sort", "filter", "link"):
        assert bench.page.evaluate(_SPENT, act) < 200, act
    expect(about).to_contain_text(" of ")
    bench.page.locator(".table").evaluate("(table) => { table.scrollTop = 1e5; }")
    expect(bench.page.locator(".table-row").nth(8)).to_be_visible()


def test_a_line_around_points_gates_the_table_and_the_pictures(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("tab", name="Objects").click()
    about = bench.page.locator(".objects .about")
    expect(about).to_contain_text("24 objects", timeout=WAIT)
    bench.settle()
    seen = bench.seen()
    box = bench.page.locator(".scatter-canvas").bounding_box()
    left, right = box["x"] + 30, box["x"] + box["width"] * 0.5
    top, bottom = box["y"] + 2, box["y"] + box["height"] - 20
    bench.page.mouse.move(left, top)
    bench.page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        bench.page.mouse.move(x, y, steps=4)
    bench.page.mouse.up()
    expect(about).to_have_text(re.compile(r"\d+ of 24 objects"))
    inside = int(about.inner_text().split(" ")[0])
    assert 0 < inside < 24
    expect(bench.page.locator(".table-row")).to_have_count(inside)
    expect(bench.page.locator(".gated:visible")).to_contain_text(f"{inside} of 24 objects")
    bench.settle()
    assert bench.seen() != seen
    bench.page.get_by_role("button", name="Show all", exact=True).click()
    expect(about).to_contain_text("24 objects;")
    bench.settle()
    assert bench.seen() == seen
    bench.page.locator(".table-row").nth(2).dblclick()
    bench.settle()
    assert float(re.search(r"zoom=([\d.]+)", _hash(bench)).group(1)) > 1.5


def _hash(bench: Workbench) -> str:
    bench.page.wait_for_timeout(400)
    return str(bench.page.evaluate("location.hash"))


def test_classes_have_names_and_colours_that_last(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.get_by_role("button", name="Paint", exact=False).first.click()
    bench.page.get_by_role("button", name="Another class").click()
    bench.page.get_by_label("Name of the class").fill("rim")
    bench.page.get_by_label("Name of the class").press("Enter")
    expect(bench.page.get_by_role("radio", name="rim")).to_have_attribute("aria-checked", "true")
    size = bench.page.locator("output[for=brush-size]")
    before = size.inner_text()
    bench.page.get_by_role("radio", name="rim").focus()
    bench.page.keyboard.press("]")
    expect(size).not_to_have_text(before)
    bench.page.keyboard.press("ArrowLeft")
    expect(bench.page.get_by_role("radio", name="object")).to_be_focused()
    bench.page.reload()
    expect(bench.page.get_by_role("radio", name="rim")).to_be_visible(timeout=WAIT)
    bench.settle()


def test_images_are_sorted_into_groups_and_put_right_by_hand(
    browser: Browser, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    (study / "graticule" / "clusterings").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(12):
        shade = rng.normal(50 + 100 * (number % 2), 5, (8, 8)).astype(np.uint8)
        write(study / f"{number:02}.png", as_image(shade))
    (study / "graticule" / "clusterings" / "shades.yaml").write_text(
        "graticule: 1\ntask: clustering\nname: shades\nfeatures: {embedding: values}\n"
        "methods: {two: [{step: kmeans, n_clusters: 2}]}\nnull: {n: 0}\nstability: {n: 0}\n"
    )
    with serving(study, tmp_path / "cache") as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Sort by shades").click()
        cards = page.locator(".sheet-card")
        expect(cards).to_have_count(6, timeout=WAIT)
        first = cards.first
        name = str(first.get_attribute("title"))
        first.drag_to(page.get_by_role("button", name="Group 1"))
        expect(cards).to_have_count(5)
        page.reload()
        page.get_by_role("button", name="Moved by hand").click(timeout=WAIT)
        expect(cards).to_have_count(1)
        expect(cards.first).to_have_attribute("title", name)
        page.get_by_role("button", name="Group 1").click()
        expect(cards).to_have_count(7)
        cards.nth(2).focus()
        page.keyboard.press("Space")
        page.get_by_label("Move to").select_option("new")
        expect(page.get_by_role("button", name="Group 2")).to_be_visible()
        page.keyboard.press("Control+z")
        expect(page.get_by_role("button", name="Group 2")).to_have_count(0)
        page.close()


def test_a_step_is_renamed_with_all_that_names_it(bench: Workbench) -> None:
    bench.open_coins()
    text = bench.text
    bench.page.get_by_role("button", name="Rename kept").click()
    name = bench.page.get_by_label("New name of kept")
    name.fill("labels")
    name.press("Enter")
    expect(bench.page.locator(".card .field-fault:visible")).to_contain_text("something else")
    name.fill("coins")
    name.press("Enter")
    expect(bench.page.get_by_role("button", name="Rename coins")).to_be_focused()
    expect(bench.page.locator(".pane[data-of=coins]")).to_be_visible(timeout=WAIT)
    bench.settle()
    assert bench.text == re.sub(r"\bkept\b", "coins", text)
    expect(bench.page.locator(".notice:visible, .pane-fault:visible")).to_have_count(0)
    bench.page.keyboard.press("Control+z")
    expect(bench.page.locator(".pane[data-of=kept]")).to_be_visible(timeout=WAIT)
    assert bench.text == text


def test_the_tools_are_in_one_row_and_all_that_can_be_used_is_named(bench: Workbench) -> None:
    bench.open_coins()
    bench.page.keyboard.press("p")
    bench.page.get_by_role("tab", name="Objects").click()
    for width in (1280, 1400, 1600, 1920, 2400):
        bench.page.set_viewport_size({"width": width, "height": 800})
        bar = bench.page.locator(".toolbar")
        assert bar.bounding_box()["height"] < 48, width
        assert bar.evaluate("(bar) => bar.scrollWidth <= bar.clientWidth"), width
    bench.page.set_viewport_size({"width": 1280, "height": 800})
    bench.page.get_by_role("button", name="Look").click()
    expect(bench.page.get_by_label("gamma")).to_be_visible()
    bench.page.keyboard.press("Escape")
    expect(bench.page.get_by_label("gamma")).to_be_hidden()
    assert bench.page.evaluate(_NAMELESS) == []


def test_a_long_answer_is_waited_for_in_words(bench: Workbench) -> None:
    held: list[bytes | str] = []
    sockets: list[WebSocketRoute] = []
    is_held = [False]

    def between(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda m: held.append(m) if is_held[0] else socket.send(m))

    bench.page.route_web_socket(re.compile("/api/live"), between)
    bench.page.reload()
    bench.open_coins()
    working = bench.page.locator(".pane .working:visible")
    expect(working).to_have_count(0)
    is_held[0] = True
    bench.page.locator(".pane .picture").first.focus()
    bench.page.keyboard.press("+")
    bench.page.wait_for_timeout(200)
    expect(working).to_have_count(0)
    expect(working.first).to_be_visible(timeout=2000)
    expect(working.first).to_have_text("")
    expect(working.first).to_contain_text("Still working", timeout=5000)
    is_held[0] = False
    for message in held:
        sockets[-1].send(message)
    expect(working).to_have_count(0)


def test_a_step_that_crashes_or_hangs_is_told_in_its_pane(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    page = browser.new_page()
    bench = Workbench(page, "", tmp_path)
    with serving(tmp_path, tmp_path / "cache", environment=environment_with(site)) as address:
        page.goto(address)
        bench.open_coins()
        page.get_by_role("button", name="Insert a step after smooth").click()
        page.keyboard.type("peril")
        page.keyboard.press("Enter")
        way = page.locator("#field-peril-way")
        bench.settle()
        way.select_option("crash")
        fault = page.locator(".pane-fault:visible").first
        expect(fault).to_contain_text(
            "Step peril: the process that computes it crashed", timeout=WAIT
        )
        way.select_option("none")
        expect(page.locator(".pane-fault:visible")).to_have_count(0, timeout=WAIT)
        bench.settle()  # the steps before it are known again, and not those that are stopped
        way.select_option("hang")
        page.get_by_role("button", name="Stop").first.click(timeout=WAIT)
        expect(fault).to_contain_text("was stopped", timeout=WAIT)
        way.select_option("none")
        expect(page.locator(".pane-fault:visible")).to_have_count(0, timeout=WAIT)
        bench.settle()
        assert bench.seen()[1] > 20
    page.close()


def test_the_page_comes_back_when_the_server_is_begun_anew(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    bench = Workbench(page, "", tmp_path)
    with serving(tmp_path, tmp_path / "cache") as address:
        page.goto(address)
        bench.open_coins()
        seen = bench.seen()
    expect(page.locator(".gone")).to_be_visible()
    number = page.locator("[data-step=smooth] input.number").first
    number.fill("6")
    number.press("Enter")
    with serving(tmp_path, tmp_path / "cache", urlsplit(address).port or 0) as again:
        assert again == address
        expect(page.locator(".gone")).to_be_hidden(timeout=WAIT)
        expect(page.locator(".saved")).to_have_text("Saved", timeout=WAIT)
        for _ in range(150):  # the server has to load what it computes with anew
            if bench.seen() != seen:
                break
            page.wait_for_timeout(200)
        assert bench.seen() != seen
        kept = (tmp_path / "graticule" / "pipelines" / "coins.yaml").read_text("utf-8")
        assert "sigma: 6" in kept
    page.close()


def test_the_page_says_when_the_server_is_gone(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with serving(tmp_path, tmp_path / "cache") as address:
        page.goto(address)
        expect(page.locator("[data-example=coins]")).to_be_visible()
        page.wait_for_timeout(300)
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator(".gone")).to_contain_text("The server does not answer")
    page.close()
