"""Recipe digits_clusters: groups that are there, and some that a method makes of anything."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from graticule.cli import main
from graticule.clustering.document import load
from graticule.recipes import clusterings, examples, expected, make_example


def test_the_recipe_is_whole(tmp_path: Path) -> None:
    folder = examples()["digits_clusters"]
    assert load(clusterings()["digits_clusters"]).name == "digits_clusters"
    assert (folder / "README.md").read_text().startswith("# digits_clusters")
    assert len(list(make_example("digits_clusters", tmp_path).glob("*/*.png"))) == 1797


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_numbers_are_those_expected(tmp_path: Path) -> None:
    images = make_example("digits_clusters", tmp_path / "images")
    out = tmp_path / "out"
    assert main(["cluster", "digits_clusters", str(images), "-o", str(out)]) == 0
    table = pd.read_csv(out / "methods.csv").set_index("method")
    for method, columns in expected("digits_clusters")["methods"].items():
        for column, (value, tolerance) in columns.items():
            found = table.loc[method, column]
            assert found == pytest.approx(value, abs=tolerance), (method, column)
    groups = pd.read_csv(out / "groups.csv")
    assert groups["outlier_rank"].is_unique
    assert (groups["group_dense"] < 0).sum() == table.loc["dense", "noise"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "1,797 images form 10 groups" in page
