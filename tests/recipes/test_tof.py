"""The recipes of spectral cubes find the materials of their examples; the plain way does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import graticule as gt
from graticule.pipeline import Pipeline
from graticule.recipes import make_example, pipeline_path
from graticule.recipes.hyperspectral.example import scene

METALS = ("ferrite", "austenite", "aluminium", "nickel")


def ran(name: str, folder: Path, **values: Any) -> tuple[Any, Path, Path]:
    images = make_example(name, folder / "images")
    pipeline = Pipeline.load(pipeline_path(name)).with_values(values)
    run = pipeline.run(images, folder / "out")
    assert not run.failed, run.failed
    return run, images / "truth", folder / "out"


def array(out: Path, image: str, name: str) -> Any:
    [path] = (out / "arrays" / image).glob(f"{name}.*")
    return gt.read(path)


def test_a_scene_is_told_apart_where_light_and_shade_is_not(tmp_path: Path) -> None:
    _, folder, out = ran("hyperspectral", tmp_path)
    truth = gt.read(folder / "labels.tif").values.ravel()
    ours = array(out, "scene", "materials.labels").values.ravel()
    raw = array(out, "scene", "raw").values.ravel()
    assert adjusted_rand_score(truth, raw) < 0.3
    assert adjusted_rand_score(truth, ours) > 0.9
    parts = array(out, "scene", "materials.abundance").transpose("class", "y", "x").values[-3:]
    true = scene().abundances
    order = [int(np.argmax([np.corrcoef(p.ravel(), t.ravel())[0, 1] for p in parts])) for t in true]
    assert np.sqrt(((parts[order] - true) ** 2).mean()) < 0.08
    page = (out / "report.html").read_text()
    for title in ("Plain k-means, 3 groups", "Groups of one material each", "chosen pixels"):
        assert title in page
    assert "There is more than one material" in page
    assert "cannot be drawn" not in page


@pytest.mark.slow
def test_metals_are_told_apart_whatever_their_thickness(tmp_path: Path) -> None:
    run, folder, out = ran("tof", tmp_path)
    truth = gt.read(folder / "labels.tif").values
    found = {name: array(out, "metals", name).values for name in ("raw4", "raw10")}
    ours = array(out, "metals", "materials.labels").values
    for labels in found.values():
        assert adjusted_rand_score(truth.ravel(), labels.ravel()) < 0.45
    assert adjusted_rand_score(truth.ravel(), ours.ravel()) > 0.85
    mostly = {name: np.bincount(ours[truth == n]).argmax() for n, name in enumerate(METALS, 1)}
    assert len(set(mostly.values())) == 4
    for phase, plane in (("ferrite", "110"), ("austenite", "111")):
        edges = run.tables[f"objects_{phase}"]
        own = edges[(edges.region.astype(str) == str(mostly[phase])) & (edges.plane == plane)]
        assert len(own) == 1
        assert own.position.item() == pytest.approx(own.expected.item(), abs=0.003)
        assert own.position_error.item() < 0.001
        assert own.height_low.item() > 0
    page = (out / "report.html").read_text()
    for title in ("Plain k-means, 4 groups", "Plain k-means, 10 groups", "Edges of ferrite"):
        assert title in page
    assert "cannot be drawn" not in page
