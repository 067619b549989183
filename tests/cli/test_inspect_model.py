"""``graticule inspect`` of a model: its card, and whether it still answers as it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from models import Cut

from graticule.cli import main
from graticule.core import as_image
from graticule.io import write
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.model_file import kinds as _kinds
from graticule.learn.model_file import register_model, save_model


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_kinds, "_registered", {})
    register_model(Cut)
    return save_model(
        Cut(0.123, expects=InputSpec(("y", "x"), 0, {"y": (0.5, "um")})),
        tmp_path / "cells.model",
        scores={"dice": {"value": 0.8, "low": 0.75, "high": 0.85}},
        data={"disc.tif": "ab" * 32},
        description="bright cells",
    )


def test_the_card_in_words(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(file)]) == 0
    said = capsys.readouterr().out
    for part in (
        "test cut",
        "bright cells",
        "0 background, 1 object",
        "y 0.5 um",
        "dice 0.8 (0.75 to 0.85)",
        "disc.tif (abababababab)",
        "as it was when the model was saved",
    ):
        assert part in said


def test_the_card_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(file), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["kind"] == "test-cut"
    assert card["opens"]
    assert len(card["sha256"]) == 64


def test_a_model_nobody_can_open_is_still_shown(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graticule.learn.model_file import parameter as _parameter

    monkeypatch.setattr(_kinds, "_registered", {})
    monkeypatch.setattr(_parameter, "_alive", type(_parameter._alive)())
    assert main(["inspect", str(file)]) == 1
    said = capsys.readouterr().out
    assert "dice 0.8" in said
    assert "'test-cut', which is not known here" in said


def test_a_damaged_model(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(file.read_bytes()[:-50])
    assert main(["inspect", str(file)]) != 0
    assert "is damaged or no model file" in capsys.readouterr().err


def test_an_image_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = as_image([[0.0, 1.0], [2.0, 3.0]], spacing={"y": "0.5 um", "x": "0.25 um"})
    path = write(tmp_path / "a.ome.tif", image.astype("float32"))
    assert main(["inspect", str(path), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["sizes"] == {"y": 2, "x": 2}
    assert about["range"] == [0.0, 3.0]
    assert about["spacing"]["x"][1] == "um"


def test_a_card_is_read_by_people_not_by_machines() -> None:
    from graticule.cli.inspect import _card_lines, _shorten

    assert _shorten({"max_samples": 5, "unset": None, "sigmas": [1, 2.5]}) == (
        "max samples 5, sigmas (1, 2.5)"
    )
    card = {"classes": [{"value": 1, "name": "1"}, {"value": 2, "name": "cell"}], "sha256": "a",
            "model": {"classes": [[1, "1"]]}}  # fmt: skip
    lines = dict(_card_lines(card, ""))
    assert lines["classes"] == "1, 2 cell"
    assert "  classes" not in lines
