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


def test_stopped_it_leaves_nothing_in_the_way(tmp_path, monkeypatch):
    from graticule.simulate import dataset

    def stop(*_):
        raise KeyboardInterrupt

    words = ["simulate", "roots", "-n", "2", "--set", "shape=[32, 32]", "-o", str(tmp_path / "out")]
    with monkeypatch.context() as patched:
        patched.setattr(dataset, "_describe", stop)
        assert main(words) == 130
    assert not (tmp_path / "out").exists()
    assert main(words) == 0
    (tmp_path / "file").write_text("x")
    for place in ("file", "file/deep"):
        assert main([*words[:-1], str(tmp_path / place)]) == 2
