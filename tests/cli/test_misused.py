"""A command line that cannot be understood: what is missing, an example, and where help is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from graticule.cli import main
from graticule.cli.app import COMMANDS

MISSING = {
    "run": (
        "needs PIPELINE: A YAML file, or the name of a recipe",
        "graticule run coins photo.png",
    ),
    "run coins": ("needs IMAGES: Files, folders or patterns", "graticule run coins photo.png"),
    "run coins x.png": ("needs -o or --out: The folder for the results", "-o out"),
    "compare coins": ("needs STEP: The step to look at", "graticule compare coins threshold"),
    "export out": ("needs --to: What to write", "graticule export out --to roi"),
    "serve here there": ("serve has no use for there", "graticule serve --help"),
    "rnu": ('Did you mean "run"?', "graticule --help"),
}


@pytest.mark.parametrize("line", MISSING)
def test_what_is_missing_is_named_with_an_example(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    for words in MISSING[line]:
        assert words in said
    assert "--help)" in said
    assert "Traceback" not in said


def test_every_command_that_needs_something_says_what_that_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    needing = {"run", "study", "train", "cluster", "evaluate", "export", "compare", "audit",
               "inspect", "cite"}  # fmt: skip
    assert needing <= set(COMMANDS)
    for command in sorted(needing):
        assert main([command]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"graticule: {command} needs "), said
        assert not said.partition(": ")[2].partition(" (")[0].endswith(": "), said


def test_a_word_finds_ops_by_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "skeleton"]) == 0
    assert capsys.readouterr().out.startswith("segment.skeleton")
    assert main(["ops", "gaussian"]) == 0
    found = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "filters.gaussian" in found
    assert "threshold.otsu" not in found
    assert main(["ops", "filters.gausian"]) == 2
    assert "did you mean filters.gaussian" in capsys.readouterr().err


def test_a_folder_is_no_image_and_one_in_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a notes.txt").write_text("notes")
    assert main(["inspect", str(tmp_path)]) == 2
    assert "no file in it is an image" in capsys.readouterr().err
    tifffile.imwrite(tmp_path / "b.tif", np.eye(9, dtype=np.uint8))
    assert main(["inspect", str(tmp_path)]) == 2
    assert f"an image in it is {tmp_path / 'b.tif'}" in capsys.readouterr().err


def test_a_file_without_spacing_is_told_to_have_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, scaled = tmp_path / "plain.tif", tmp_path / "scaled.ome.tif"
    tifffile.imwrite(plain, np.eye(9, dtype=np.uint8))
    about = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(scaled, np.eye(9, dtype=np.uint8), metadata=about)
    assert main(["inspect", str(plain)]) == 0
    assert "default_spacing" in capsys.readouterr().out
    assert main(["inspect", str(scaled)]) == 0
    assert "default_spacing" not in capsys.readouterr().out


def test_a_name_with_spaces_without_quotes_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my photos").mkdir()
    tifffile.imwrite(tmp_path / "my photos" / "b.tif", np.eye(9, dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    assert main(["run", "coins", "my", "photos", "-o", "out"]) == 2
    assert 'did you mean "my photos"? a name with spaces goes in quotes' in capsys.readouterr().err
