"""Every recipe gives, on its example, the numbers it says it gives."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from graticule.core.errors import UnknownNameError
from graticule.pipeline import Pipeline
from graticule.recipes import expected, make_example, pipeline_path, recipes


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(recipes()))
def test_a_recipe_gives_its_expected_numbers(name: str, tmp_path: Path) -> None:
    images = make_example(name, tmp_path / "images")
    pipeline = Pipeline.load(pipeline_path(name))
    if "chance" in pipeline.checks:
        pipeline = pipeline.with_values({"chance.n": 199})
    run = pipeline.run(images, tmp_path / "out")
    assert not run.failed, run.failed
    wanted = expected(name)
    rows = run.images.set_index("image")
    for image, columns in wanted["columns"].items():
        for column, (value, tolerance) in columns.items():
            assert rows.loc[image, column] == pytest.approx(value, abs=tolerance), (image, column)
    for column, summaries in wanted["objects"].items():
        for summary, (value, tolerance) in summaries.items():
            found = getattr(run.tables["objects"][column], summary)()
            assert found == pytest.approx(value, abs=tolerance), (column, summary)
    if "answers" in wanted:
        answers = pd.read_csv(tmp_path / "out" / "answers.csv").set_index("answer")["value"]
        for name, (value, tolerance) in wanted["answers"].items():
            assert answers[name] == pytest.approx(value, abs=tolerance), name


@pytest.mark.parametrize("name", sorted(recipes()))
def test_a_recipe_is_whole(name: str) -> None:
    folder = recipes()[name]
    assert Pipeline.load(folder / "pipeline.yaml").name == name
    assert (folder / "README.md").read_text().startswith(f"# {name}")
    assert set(json.loads((folder / "expected.json").read_text())) >= {"example", "columns"}


def test_a_pipeline_is_a_path_or_a_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("graticule: 1")
    assert pipeline_path(str(file)) == file
    assert pipeline_path("recipes/coins") == pipeline_path("coins")
    with pytest.raises(UnknownNameError, match="did you mean coins"):
        pipeline_path("coin")
