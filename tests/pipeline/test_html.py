"""Pipelines and runs as a notebook shows them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from graticule.core import as_image
from graticule.io import write
from graticule.pipeline import Pipeline

TEXT = """
graticule: 1
name: <b>bright</b>
steps:
  smooth: {op: filters.gaussian, sigma: 2.5}
  bright: {op: threshold.otsu}
  cells:  {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table]
"""


class Cells(HTMLParser):
    """The cells of tables, and whether each tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


def test_a_pipeline_shows_what_was_chosen() -> None:
    found = Cells(Pipeline.loads(TEXT)._repr_html_())
    assert not found.open
    assert found.rows[1] == ["smooth", "filters.gaussian", "image", "sigma = 2.5"]
    assert found.rows[2] == ["bright", "threshold.otsu", "smooth"]
    assert found.rows[4][2] == "cells, image"
    assert "&lt;b&gt;bright" in Pipeline.loads(TEXT)._repr_html_()


def test_a_run_shows_its_tables(tmp_path: Path) -> None:
    y, x = np.mgrid[:80, :90]
    image = 200.0 * (((y % 20) < 9) & ((x % 30) < 9))
    write(tmp_path / "a.npy", as_image(image))
    run = Pipeline.loads(TEXT).run(tmp_path / "a.npy", tmp_path / "out", cache=False)
    text = run._repr_html_()
    assert text.startswith("<div><b>1 image done</b>: <a href=")
    found = Cells(text)
    assert not found.open
    assert "first 6 of 12 rows" in text
    assert any("area [px2]" in row for row in found.rows)
