"""Recipe galaxies, grouped: two kinds that are there, and four that are not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from graticule.cli import main
from graticule.clustering.document import load
from graticule.pipeline import Pipeline
from graticule.recipes import clusterings, expected, make_collection


def test_the_document_and_its_pipeline_are_sound() -> None:
    document = load(clusterings()["galaxies"])
    pipeline = Pipeline.load(document.folder / document.pipeline)
    assert document.prepared in pipeline.steps
    assert not pipeline.unused


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_groups_are_those_expected(tmp_path: Path) -> None:
    images = make_collection("galaxies", tmp_path / "images")
    out = tmp_path / "out"
    assert main(["cluster", "galaxies", str(images), "-o", str(out)]) == 0
    wanted = expected("galaxies")["clustering"]
    value, tolerance = wanted["rows"]
    assert len(pd.read_csv(out / "groups.csv")) == pytest.approx(value, abs=tolerance)
    table = pd.read_csv(out / "methods.csv").set_index("method")
    for method, columns in wanted["methods"].items():
        for column, (value, tolerance) in columns.items():
            found = table.loc[method, column]
            assert found == pytest.approx(value, abs=tolerance), (method, column)
    aside = pd.read_csv(out / "set_aside.csv")
    assert aside["why"].str.contains("stripe").sum() == 4
    assert not aside["failed"].any()
