"""Histograms leave out what would press all else into one bar, and say what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.report.figures import FigureContext, draw
from graticule.report.record import RunRecord
from graticule.report.style import Drawing
from graticule.report.tables import StudyTable


def _histogram(folder: Path, values: np.ndarray) -> Drawing:
    table = pd.DataFrame({"image": "a", "label": np.arange(len(values)) + 1, "area": values})
    table.to_csv(folder / "objects.csv", index=False)
    context = FigureContext(RunRecord(), {"objects": StudyTable(folder, "objects")})
    drawing = draw({"figure": "histogram", "column": "area"}, context)
    assert isinstance(drawing, Drawing)
    return drawing


def test_a_far_tail_is_left_out_and_said(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(100, 10, 1000)
    values[[3, 70]] = 5e6, 9e6
    caption = _histogram(tmp_path, values).caption
    assert "1,000 values" in caption
    assert "2 more lie beyond what is drawn" in caption


@pytest.mark.parametrize("kind", ["normal", "lognormal", "exponential"])
def test_an_ordinary_distribution_is_drawn_whole(tmp_path: Path, kind: str) -> None:
    values = getattr(np.random.default_rng(0), kind)(size=500)
    assert "beyond" not in _histogram(tmp_path, np.abs(values)).caption
