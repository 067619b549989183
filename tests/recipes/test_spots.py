"""Recipe spots: methods that learn, and fixed ones, on the same held-out images."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from graticule.cli import main
from graticule.core.errors import UnknownNameError
from graticule.io import read
from graticule.learn.document.document import load
from graticule.recipes import examples, expected, make_example, pipeline_path, trainings


def test_the_document_is_sound_and_named_after_its_folder() -> None:
    for name, file in trainings().items():
        assert load(file).name == name
        assert (file.parent / "README.md").read_text().startswith(f"# {name}")
        assert "example" in expected(name)
        assert name in examples()


def test_images_of_the_example_have_their_spots(tmp_path: Path) -> None:
    folder = make_example("spots", tmp_path)
    names = sorted(path.name for path in (folder / "images").iterdir())
    assert names == sorted(path.name for path in (folder / "labels").iterdir())
    for name in names:
        image, spots = read(folder / "images" / name), read(folder / "labels" / name)
        inside = image.values[spots.values > 0].mean()
        assert inside > image.values[spots.values == 0].mean()


def test_a_recipe_that_learns_is_no_pipeline() -> None:
    with pytest.raises(UnknownNameError, match="graticule train spots"):
        pipeline_path("spots")


@pytest.mark.slow
def test_methods_give_the_expected_numbers(tmp_path: Path) -> None:
    folder = make_example("spots", tmp_path / "example")
    quick = ("fixed", "adaptive", "neighbours")  # the others take a minute
    wanted = {name: expected("spots")["methods"][name] for name in quick}
    given = ["evaluate", "spots", str(folder / "images"), "--labels", str(folder / "labels")]
    assert main([*given, "--only", ",".join(wanted), "-o", str(tmp_path / "out")]) == 0
    table = pd.read_csv(tmp_path / "out" / "methods.csv").set_index("method")
    for method, columns in wanted.items():
        for column, (value, tolerance) in columns.items():
            assert table.loc[method, column] == pytest.approx(value, abs=tolerance), method
