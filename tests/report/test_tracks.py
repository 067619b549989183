"""The figure of tracks: a line for each, where the table says, and what it needs is named."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from graticule.core import as_image
from graticule.io import write
from graticule.pipeline import Pipeline

DOCUMENT = """
graticule: 1
name: film
inputs: {image: {dims: [t, y, x]}}
steps:
  bright: {op: threshold.fixed, value: 0.5}
  cells:  {op: segment.label}
  film:   {op: segment.track, max_distance: "6 um"}
  shapes: {op: measure.regions, input: film.labels}
  bare:   {op: measure.regions, input: cells}
outputs: [shapes]
report:
  - {figure: tracks, image: image, table: TABLE}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two spots that go to the right and down."""
    frames = np.zeros((6, 40, 60), np.float32)
    for n, frame in enumerate(frames):
        frame[5:8, 5 + 4 * n : 8 + 4 * n] = 1
        frame[20 + 2 * n : 23 + 2 * n, 40:43] = 1
    folder = tmp_path / "films"
    folder.mkdir()
    image = as_image(frames, dims=["t", "y", "x"], spacing={"t": "1 min", "y": "1 um", "x": "1 um"})
    write(folder / "one.ome.tif", image)
    return folder


def _page(study: Path, table: str, out: Path) -> str:
    run = Pipeline.loads(DOCUMENT.replace("TABLE", table)).run(study, out)
    assert not run.failed
    from graticule.report import write as write_report

    write_report(out)
    return unquote(html.unescape((out / "report.html").read_text("utf-8")))


def test_each_track_is_a_line_where_it_went(study: Path, tmp_path: Path) -> None:
    page = _page(study, "shapes", tmp_path / "out")
    assert "2 tracks" in page
    lines = re.findall(r"<polyline points='([^']*)'[^>]*stroke-width='1.4'", page)
    assert len(lines) == 2
    ways = [np.array([p.split(",") for p in line.split()], float) for line in lines]
    right, down = (np.ptp(way, axis=0) for way in ways)
    assert right[1] == pytest.approx(0, abs=0.1)
    assert down[0] == pytest.approx(0, abs=0.1)
    assert right[0] / down[1] == pytest.approx(2, rel=0.01)
    assert (np.diff(ways[1][:, 1]) > 0).all(), "y grows downwards on the page as in the image"
