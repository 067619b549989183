"""graticule simulate."""

from __future__ import annotations

import pytest

from graticule.cli import main


def test_images_are_written_with_their_truth(tmp_path, capsys):
    out = tmp_path / "made"
    words = ["simulate", "roots", "-n", "2", "-o", str(out), "--seed", "5"]
    assert main([*words, "--set", "shape=[40, 50]", "--set", "growth.count=1..2"]) == 0
    assert "2 images" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        *("images", "labels", "centreline", "radius"),
        *("README.md", "parameters.json", "samples.csv"),
    }


def test_kinds_and_parameters_are_listed(capsys):
    assert main(["simulate"]) == 0
    said = capsys.readouterr().out
    assert "growth.count" in said
    assert "camera.flux" in said


@pytest.mark.parametrize("words", [["rots"], ["roots", "--set", "growth.cont=3"]])
def test_wrong_requests_are_told(words, tmp_path, capsys):
    assert main(["simulate", *words, "-o", str(tmp_path / "made")]) == 2
    assert "did you mean" in capsys.readouterr().err
