"""The workbench in a notebook: the kernel answers its page; pictures without its packages."""

from __future__ import annotations

import base64
import importlib.util
import json
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import pytest
from served_folder import spots

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import RequestError, UnknownNameError
from graticule.io import write
from graticule.web.notebook import StaticExplorer

pytest.importorskip("starlette")

PIPELINE = gt.Pipeline.loads(
    """graticule: 1
name: spots
steps:
  # finer than the spots
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.otsu}
outputs: [bright]
"""
)
NOTEBOOK = """
import numpy as np, graticule as gt
image = np.random.default_rng(0).normal(size=(40, 60)); image[10:20, 10:20] += 9
pipeline = gt.Pipeline.loads("{graticule: 1, name: n, steps: {bright: {op: threshold.otsu}}}")
view = pipeline.explore(image)
view
# ---
gt.interact(gt.filters.gaussian, image, sigma=3)
# ---
view.pipeline
"""
PAGE = """<!doctype html><body><div id=here style="width:1200px"></div><script type=module>
import widget from "/notebook.js";
const heard = new Set();
const model = {
  get: (name) => window.given[name],
  send: (content) => { void window.toKernel(JSON.stringify(content)); },
  on: (_, each) => heard.add(each), off: (_, each) => heard.delete(each),
};
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
setInterval(async () => {
  for (const [content, buffer] of JSON.parse(await window.fromKernel()))
    for (const each of heard) each(content, buffer === null ? [] : [bytes(buffer)]);
}, 20);
widget.render({ model, el: document.getElementById("here") });
</script></body>"""


@pytest.fixture
def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "anywidget" else found(name)
    )


@pytest.mark.usefixtures("without_packages")
def test_without_its_packages_it_is_pictures_of_all_steps(tmp_path: Path) -> None:
    image = as_image(spots(0))
    write(tmp_path / "a.tif", image)
    for given in (image, tmp_path / "a.tif"):
        view = PIPELINE.explore(given)
        assert isinstance(view, StaticExplorer)
        page = view._repr_html_()
        for name in ("smooth", "bright", "pip install &#x27;graticule[notebook]&#x27;"):
            assert name in page.replace("'", "&#x27;")
        assert "<img" in page or "<svg" in page
    assert not (tmp_path / "graticule").exists()


def test_what_cannot_be_shown_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        gt.interact("filters.gausian", np.eye(9))
    pytest.importorskip("anywidget")
    with pytest.raises(RequestError, match="there is no such image"):
        PIPELINE.explore(tmp_path / "none.tif")
    paired = gt.Pipeline.loads(
        "{graticule: 1, inputs: {image: {}, other: {path: '{stem}_b.tif'}}, "
        "steps: {both: {op: measure.regions, input: other, intensity: image}}}"
    )
    with pytest.raises(RequestError, match="also takes other"):
        paired.explore(np.eye(9))


def test_a_pipeline_is_kept_beside_others_of_its_name(tmp_path: Path) -> None:
    pytest.importorskip("anywidget")
    write(tmp_path / "a.tif", as_image(spots(0)))
    other = gt.Pipeline.loads(PIPELINE.text.replace("sigma: 2", "sigma: 3"))
    first, second, again = (p.explore(tmp_path / "a.tif") for p in (PIPELINE, other, PIPELINE))
    assert [view.file.stem for view in (first, second, again)] == ["spots", "spots-2", "spots"]
    assert second.pipeline.text == other.text
    for view in (first, second, again):
        view.close()


def test_the_page_is_answered_by_the_kernel(browser: Any) -> None:
    """The real page in a frame, and the widget's side of a notebook played by this test."""
    pytest.importorskip("anywidget")
    api = pytest.importorskip("playwright.sync_api")
    from workbench_page import WAIT

    view = gt.interact(gt.filters.gaussian, as_image(spots(0)), sigma=2)
    told: SimpleQueue[Any] = SimpleQueue()
    view.send = lambda content, buffers=None: told.put((content, buffers))

    def from_kernel() -> str:
        found = []
        try:
            while True:
                content, buffers = told.get_nowait()
                packed = base64.b64encode(buffers[0]).decode() if buffers else None
                found.append([content, packed])
        except Empty:
            return json.dumps(found)

    static = Path(gt.__file__).parent / "web/static"
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.expose_function("toKernel", lambda text: view._heard(view, json.loads(text), []))
    page.expose_function("fromKernel", from_kernel)
    page.add_init_script(
        f"window.given = {json.dumps({'height': view.height, 'place': view.place})}"
    )
    script = (static / "notebook.js").read_text("utf-8")
    page.route(
        "**/*",
        lambda route: (
            route.fulfill(body=script, content_type="text/javascript")
            if route.request.url.endswith(".js")
            else route.fulfill(body=PAGE, content_type="text/html")
        ),
    )
    page.goto("http://notebook.test/lab")
    inside = page.frame_locator("iframe")
    api.expect(inside.locator(".pane[data-of=gaussian]")).to_be_visible(timeout=WAIT)
    number = inside.locator("[data-step=gaussian] input.number").first
    api.expect(number).to_have_value("2")
    api.expect(inside.locator(".yaml .cm-line").first).to_contain_text("graticule: 1", timeout=WAIT)
    number.fill("5")
    number.press("Enter")
    api.expect(inside.locator(".saved")).to_have_text("Saved", timeout=WAIT)
    assert view.pipeline.steps["gaussian"].params["sigma"] == gt.core.Length(5)
    assert complaints == []
    page.close()
    view.close()


def test_a_notebook_shows_them() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("anywidget")
    cells = [nbformat.v4.new_code_cell(cell) for cell in NOTEBOOK.split("# ---\n")]
    book = nbformat.v4.new_notebook(cells=cells)
    started = time.monotonic()
    nbclient.NotebookClient(book, timeout=200).execute()
    assert time.monotonic() - started < 200
    shown = [cell.outputs[0]["data"] for cell in book.cells]
    for each in shown[:2]:
        assert "application/vnd.jupyter.widget-view+json" in each
    assert "threshold.otsu" in shown[2]["text/html"]
