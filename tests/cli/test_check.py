"""``graticule check``: pipelines and training documents, sound and faulty."""

from __future__ import annotations

from pathlib import Path

import pytest

from graticule.cli import main
from graticule.recipes import clusterings, recipes, trainings

SOUND = """\
graticule: 1
name: cells
inputs: {image: {dims: [y, x], spacing: {y: 0.5 um}}}
labels: classes
classes: {1: cell, 2: debris}
split: {by: group, group: '^(a)', folds: 3}
extra:
  simulated: {simulate: cells, count: 5}
methods:
  forest: {features: {sigmas: [1, 2]}, estimator: forest}
  mixed: {features: {sigmas: [1]}, estimator: boosting, on: [real, simulated]}
train: mixed
"""


def test_every_recipe_is_listed_and_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == sorted({*recipes(), *trainings(), *clusterings()})
    for name in {**trainings(), **clusterings()}:
        assert main(["check", name]) == 0
        assert f"{name}: sound" in capsys.readouterr().out


def test_a_training_document_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cells.yaml"
    path.write_text(SOUND)
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    for line in (
        "cells: sound",
        "  input  image [y x] y 0.5 um",
        "  labels classes (1 cell, 2 debris), task pixels",
        "  split  by=group folds=3 buffer=auto seed=0 group=^(a)",
        "  extra  simulated = 5 x cells",
        "  method mixed = features and estimator; learned from: real, simulated; ",
        "  train  mixed",
    ):
        assert line in said
    (tmp_path / "training.yaml").write_text(SOUND)
    (tmp_path / "pipeline.yaml").write_text(
        "{graticule: 1, name: p, steps: {a: {op: threshold.otsu}}}"
    )
    assert main(["check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "p: sound" in said
    assert "cells: sound" in said


def test_all_faults_are_told_at_once_each_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cells.yaml"
    path.write_text(SOUND.replace("folds: 3", "fold: 3").replace("train: mixed", "train: mixd"))
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    assert "2 faults" in said
    assert "line 6: split.fold: is not known here (did you mean folds?)" in said
    assert "line 12: train: there is no 'mixd'" in said
    files = SOUND.replace("simulate: cells, count: 5", "images: nowhere, labels: masks")
    path.write_text(files.replace(", simulated]", "]"))
    assert main(["check", str(path)]) == 0
    assert "  note   simulated is learned from by no method" in capsys.readouterr().out
    path.write_text(files.replace("train:", "  fixed: {pipeline: absent.yaml}\ntrain:"))
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    assert "3 faults" in said
    assert "line 8: extra.simulated: images: there is no" in said
    assert "line 12: methods.fixed" in said
    assert "absent.yaml" in said
    (tmp_path / "empty").mkdir()
    assert main(["check", str(tmp_path / "empty")]) == 2
    said = capsys.readouterr().err
    assert "holds none of pipeline.yaml, training.yaml and clustering.yaml" in said
    assert main(["check", "mitocondria"]) == 2
    assert "did you mean mitochondria?" in capsys.readouterr().err
