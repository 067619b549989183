"""Recipe digits: what is known by heart scores 1; what was not seen scores less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.core.errors import RequestError
from graticule.recipes import examples, expected, make_example, study_of
from graticule.recipes.digits.study import _by_hand, _shuffled


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("digits")
    study = study_of("digits")
    assert study is not None
    table = study(make_example("digits", root / "images"), root / "out")
    assert len(table) == 8
    return root / "out"


@pytest.mark.slow
def test_the_numbers_are_those_expected(done: Path) -> None:
    table = pd.read_csv(done / "digits.csv").set_index(["task", "method"])
    for name, columns in expected("digits")["methods"].items():
        task, _, method = name.partition(" ")
        for column, (value, tolerance) in columns.items():
            assert table.loc[(task, method), column] == pytest.approx(value, abs=tolerance), name


@pytest.mark.slow
def test_the_interval_holds_the_held_out_score_and_not_that_on_the_training_data(done: Path):
    table = pd.read_csv(done / "digits.csv")
    assert ((table["low"] < table["held_out"]) & (table["held_out"] < table["high"])).all()
    outside = (table["on_training_data"] > table["high"]) | (
        table["on_training_data"] < table["low"]
    )
    assert outside[table["method"] != "linear"].all()


@pytest.mark.slow
def test_the_page_needs_nothing_else(done: Path) -> None:
    text = (done / "digits.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 3
    assert "https://" not in text
    answers = pd.read_csv(done / "answers.csv")
    right = (answers["forest classification"] == answers["digit"]).mean()
    assert right == pytest.approx(0.959, abs=0.01)


def test_parts_hold_every_image_once_and_people_are_whole() -> None:
    hands = np.arange(100) * 13 // 100
    for parts in (_by_hand(hands), _shuffled(100)):
        assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(100))
    people = [set(hands[part]) for part in _by_hand(hands)]
    assert sum(map(len, people)) == 13


def test_images_and_table_must_go_together(tmp_path: Path) -> None:
    make_example("digits", tmp_path)
    pd.read_csv(tmp_path / "digits.csv")[:5].to_csv(tmp_path / "digits.csv", index=False)
    study = study_of("digits")
    assert study is not None
    with pytest.raises(RequestError, match="a row with digit and hand"):
        study(tmp_path, tmp_path / "out")


def test_the_recipe_is_whole() -> None:
    folder = examples()["digits"]
    assert (folder / "README.md").read_text().startswith("# digits")
    assert set(expected("digits")) == {"example", "methods"}
