"""An embedding that is learned from a collection: fitted once, kept, and applied to others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import graticule as gt
from graticule.cli import main
from graticule.learn import open_model

DOCUMENT = """
graticule: 1
task: clustering
name: stripes
study: images
features: {{embedding: {embedding}}}
methods:
  two: [standardise, {{step: kmeans, n_clusters: 2}}]
null: {{n: 0}}
stability: {{n: 0}}
"""
LEARNED = {
    "pca": "{name: pca, n_components: 4}",
    "contrastive": "{name: contrastive, n_components: 6, epochs: 8, fit_images: 24}",
}


def _stripes(wide: bool, rng: np.random.Generator) -> np.ndarray:
    """Return stripes of one of two widths, at any place and in any of four directions."""
    x = np.arange(16) + rng.integers(0, 16)
    line = 100 * np.sin(2 * np.pi * x / (8 if wide else 3.2))
    values = 120 + np.broadcast_to(line, (16, 16)) + rng.normal(0, 8, (16, 16))
    return np.rot90(values, rng.integers(0, 4)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for number in range(40):
        Image.fromarray(_stripes(number % 2 == 0, rng)).save(tmp_path / f"images/{number:02}.png")
    return tmp_path


def _cluster(study: Path, embedding: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(study)
    Path("document.yaml").write_text(DOCUMENT.format(embedding=LEARNED[embedding]))
    assert main(["cluster", "document.yaml", "-o", "out"]) == 0
    return study / "out"


@pytest.mark.parametrize("embedding", LEARNED)
def test_groups_by_a_learned_embedding(
    study: Path, embedding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if embedding == "contrastive":
        pytest.importorskip("torch").set_num_threads(1)
    out = _cluster(study, embedding, monkeypatch)
    groups = pd.read_csv(out / "groups.csv")
    if embedding == "contrastive":  # knows places and directions as one; components do not
        wide = groups["image"].astype(int) % 2 == 0
        same = ((groups["group"] == 1) == wide).mean()
        assert max(same, 1 - same) > 0.9
    record = json.loads((out / "run.json").read_text())
    kept = record["kept"][0]
    assert (kept["before"], kept["after"]) == (256, 4 if embedding == "pca" else 6)
    assert 0 < kept["explained_variance"] <= 1
    page = (out / "report.html").read_text()
    assert "What is kept" in page
    assert ("What components keep" in page) == (embedding == "pca")

    features = pd.read_csv(out / "features.csv").drop(columns="image")
    image = gt.io.read(study / "images/07.png")
    for model in ("images.embedding.model", "two.model"):
        row = gt.learn.embed(image, model=out / model)
        np.testing.assert_allclose(row, features.iloc[[7]], rtol=1e-4, atol=1e-5)
    assigned = gt.learn.assign_image(image, model=out / "two.model")
    assert assigned["group"][0] == groups["group"][7]


def test_what_was_fitted_is_taken_again_until_an_image_changes(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graticule.learn.models.image_rows import ImageRows

    fits = []
    real = ImageRows.fit
    monkeypatch.setattr(ImageRows, "fit", lambda *a, **k: fits.append(1) or real(*a, **k))
    out = _cluster(study, "pca", monkeypatch)
    first = (out / "images.embedding.model").read_bytes()
    _cluster(study, "pca", monkeypatch)
    assert len(fits) == 1
    assert (out / "images.embedding.model").read_bytes() == first
    kept = next((out / ".work/embedding").glob("*.npz"))
    kept.write_bytes(kept.read_bytes()[:-20])
    _cluster(study, "pca", monkeypatch)
    assert len(fits) == 2
    assert (out / "images.embedding.model").read_bytes() == first
    Image.fromarray(np.eye(16, dtype=np.uint8) * 200).save(study / "images/07.png")
    _cluster(study, "pca", monkeypatch)
    assert len(fits) == 3
    assert (out / "images.embedding.model").read_bytes() != first
    assert len(list((out / ".work/embedding").glob("*.npz"))) == 1


def test_an_image_that_cannot_be_read_is_set_aside_and_learned_without(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (study / "images/03.png").write_bytes((study / "images/03.png").read_bytes()[:60])
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(study / "images/05.png")
    monkeypatch.chdir(study)
    Path("document.yaml").write_text(DOCUMENT.format(embedding=LEARNED["pca"]))
    assert main(["cluster", "document.yaml", "-o", "out"]) == 1
    aside = pd.read_csv("out/set_aside.csv", dtype=str)
    assert aside["image"].tolist() == ["03", "05"]
    assert len(pd.read_csv("out/groups.csv")) == 38
    assert open_model("out/images.embedding.model").image_rows.fitted.images == 38


def test_more_components_than_images_are_refused_by_name(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(study)
    spec = "{name: pca, n_components: 100}"
    Path("document.yaml").write_text(DOCUMENT.format(embedding=spec))
    assert main(["cluster", "document.yaml", "-o", "out"]) != 0
    told = capsys.readouterr().err
    assert "100 components need" in told
    assert "n_components to 39" in told
    assert not Path("out/groups.csv").exists()
