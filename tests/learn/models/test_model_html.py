"""A model in a notebook: what it learned from, its classes, and its score with its interval."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.learn import PixelClassifier, save_model
from graticule.learn.model_file.parameter import ModelFile


def test_a_model_tells_what_it_learned_from(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32)
    labels = np.zeros((40, 40), np.uint8)
    labels[:5], labels[30:] = 1, 2
    model = PixelClassifier(names={1: "ground", 2: "<spot>"})
    assert "not fitted" in model._repr_html_()
    model.fit([image], [labels])
    page = model._repr_html_()
    for words in ("ground (200 samples)", "&lt;spot&gt; (400 samples)", "y x, float32", "forest"):
        assert words in page
    assert "<spot>" not in page
    np.save(tmp_path / "a.npy", image)
    score = {"dice": {"value": 0.912, "low": 0.88, "high": 0.93}}
    file = save_model(
        model, tmp_path / "spots.model", scores=score, data=[tmp_path / "a.npy"], description="Mine"
    )
    page = ModelFile.open(file)._repr_html_()
    for words in ("spots.model", "Mine", "a.npy", "dice 0.912 (0.88 to 0.93)", "ground (200"):
        assert words in page
