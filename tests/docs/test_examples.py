"""Every check, format and command has an example on its page, and examples do as they say.

Those of Python are doctests, which pytest runs where they stand; here it is held that all are
there. Those of commands are typed in an empty folder.
"""

from __future__ import annotations

import doctest
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from reference import documents, kinds
from reference.commands import lines_to_try

from graticule.cli import main
from graticule.cli.app import COMMANDS
from graticule.core.registry import check_names, get_check
from graticule.core.settings import settings
from graticule.io import write
from graticule.io.format import Format, formats
from graticule.simulate.galaxies import Morphology, galaxies
from graticule.simulate.nuclei import nuclei

SRC = Path(__file__).parents[2] / "src"
SLOW = {"cluster", "train"}
KINDS: tuple[Morphology, ...] = ("spiral", "elliptical")
CELLS = """graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.fixed, value: 60}
  kept: {op: segment.label}
outputs: [smooth, kept]
"""
MEASURE = """graticule: 1
steps:
  bright: {op: threshold.otsu}
  cells: {op: segment.label}
  table: {op: measure.regions, intensity: image}
outputs: [table]
"""
OTHER_ENDS = {"bench": {0, 1}, "docs": {0, 2}}
"""Ends besides 0 that depend on the machine: a bar not reached, pages not built."""


@pytest.mark.parametrize("name", check_names())
def test_a_check_has_an_example(name: str) -> None:
    check = get_check(name)
    examples = doctest.DocTestParser().get_examples(check.__doc__ or "")
    assert any(f'get_check("{name}")' in each.source for each in examples)
    assert examples[-1].want
    assert Path(sys.modules[check.function.__module__].__file__ or "").is_relative_to(SRC)


@pytest.mark.parametrize("format", formats(), ids=lambda each: each.name)
def test_a_format_has_an_example_on_its_page_that_reads_it(format: Format) -> None:
    module = sys.modules[format.open.__module__]
    examples = doctest.DocTestParser().get_examples(module.__doc__ or "")
    assert any("gt.read(" in each.source for each in examples)
    assert examples[-1].want
    assert Path(module.__file__ or "").is_relative_to(SRC)
    assert "gt.read(" in kinds.page_of_format(format)


@pytest.mark.parametrize(
    "command",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in COMMANDS],
)
def test_a_command_can_be_tried_in_an_empty_folder(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = lines_to_try(command)
    assert lines, f"the docstring of {command} has no line that begins with Try:"
    assert lines[-1].startswith(f"graticule {command}")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    settings.cache_clear()
    for line in lines:
        name, *words = shlex.split(line)[1:]
        if name == "serve":
            _serve_and_end(words)
            continue
        status = main([name, *words])
        told = capsys.readouterr()
        assert status in OTHER_ENDS.get(name, {0}), f"{line}\n{told.err}"
        assert told.out or (status and told.err)


def _serve_and_end(words: list[str]) -> None:
    """Serve until the page is there, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "graticule.cli", "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = next(line for line in server.stdout if "http://" in line)
            address = next(word for word in told.split() if word.startswith("http://"))
            with urllib.request.urlopen(address, timeout=60) as page:
                assert b"<html" in page.read()
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(60) in (0, 130)


def _plate(folder: Path) -> None:
    """Write what the pipeline with every key is of: a plate of twelve wells and its sheet."""
    folder.mkdir()
    lines = ["well,drug,row,column,control,dose,level"]
    for number in range(12):
        row, column = "ABC"[number // 4], number % 4 + 1
        image, truth = nuclei(count=10, seed=number, shape=(96, 96))
        values = np.asarray(image.values, np.float32)
        with h5py.File(folder / f"{row}{column}_dna.h5", "w") as file:
            file["entry/data"] = values
        write(folder / f"{row}{column}_truth.png", np.asarray(truth.values, np.uint16))
        drug, control = (
            ("DMSO", "mine")[number % 2],
            ("no", "no", "yes", "yes", *8 * [""])[number],
        )
        level = np.percentile(values, 85)
        lines.append(f"{row}{column},{drug},{row},{column},{control},{0.1 * 2**number},{level}")
    (folder / "plate.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_pipeline_with_every_key_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _plate(tmp_path / "plate")
    document, out = documents.EXAMPLES / "pipeline.yaml", tmp_path / "out"
    status = main(["run", str(document), str(tmp_path / "plate"), "-o", str(out)])
    assert status == 0, capsys.readouterr().err
    for table in ("images", "objects", "groups", "units", "places", "answers"):
        assert len((out / f"{table}.csv").read_text("utf-8").splitlines()) > 1, table


def _run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def test_the_clustering_with_every_key_runs(tmp_path: Path) -> None:
    for number in range(18):
        kind = KINDS[number % 2]
        seen = galaxies(morphology=kind, radius=9.0, seed=number).image.values
        folder = tmp_path / "cutouts" / kind
        folder.mkdir(parents=True, exist_ok=True)
        shown = (255 * (seen / seen.max())).astype(np.uint8)
        Picture.fromarray(shown).save(folder / f"{number:02}.jpg", quality=95)
    document = shutil.copy(documents.EXAMPLES / "clustering.yaml", tmp_path)
    _run("cluster", document, "-o", tmp_path / "out")
    methods = pd.read_csv(tmp_path / "out" / "methods.csv", index_col=0)
    assert list(methods.index) == ["few", "merged"]
    assert len(pd.read_csv(tmp_path / "out" / "groups.csv")) == 18


def _fields(images: Path, labels: Path, seeds: Sequence[int]) -> None:
    """Write nuclei and their masks as arrays within files."""
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        image, truth = nuclei(count=12, seed=seed, shape=(160, 160))
        with h5py.File(images / f"{seed}.h5", "w") as file:
            file["entry/data"] = np.asarray(image.values, np.float32)
        with h5py.File(labels / f"{seed}.h5", "w") as file:
            file["entry/labels"] = np.asarray(truth.values > 0, np.uint8)


def test_the_training_with_every_key_runs(tmp_path: Path) -> None:
    """All of its methods; the networks learn a few steps, which is no other key."""
    pytest.importorskip("monai")
    _fields(tmp_path / "images", tmp_path / "images" / "labels", range(3))
    _fields(tmp_path / "test" / "images", tmp_path / "test" / "labels", [10])
    _fields(tmp_path / "others" / "images", tmp_path / "others" / "labels", [20, 21])
    (tmp_path / "cells.yaml").write_text(CELLS)
    text = (documents.EXAMPLES / "training.yaml").read_text("utf-8")
    short = text.replace("steps: 300, every: 30", "steps: 4, every: 2")
    short = short.replace("on: others}", "fit: {steps: 4}, on: others}")
    assert short.count("steps: 4") == 2
    document = tmp_path / "training.yaml"
    document.write_text(short, encoding="utf-8")
    out = tmp_path / "out"
    _run("evaluate", document, tmp_path / "images", "--only", "forest,fixed", "-o", out)
    assert (out / "evaluation.html").exists()
    for method in ("forest", "network"):
        model = tmp_path / f"{method}.model"
        given = (document, tmp_path / "images", "-o", model, "--method", method)
        _run("train", *given, "--no-scores")
        assert model.stat().st_size > 1000


def test_the_training_of_groups_in_names_runs(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for number in range(6):
        image, truth = nuclei(count=8, seed=number, shape=(96, 96))
        name = f"mouse{number // 2}_{number}.tif"
        write(tmp_path / "images" / name, image)
        write(tmp_path / "masks" / name, truth > 0)
    document = documents.EXAMPLES / "training-groups.yaml"
    given = (tmp_path / "images", "--labels", tmp_path / "masks")
    _run("evaluate", document, *given, "-o", tmp_path / "out")
    assert pd.read_csv(tmp_path / "out" / "folds.csv")["fold"].nunique() == 3


def test_the_trainings_of_images_and_of_objects_run(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    lines = ["image,grade,patient"]
    for number in range(12):
        image, _ = nuclei(count=4 + 2 * number, seed=number, shape=(96, 96))
        write(images / f"{number}.tif", image)
        lines.append(f"{number},{number / 2},p{number // 2}")
    grades = tmp_path / "grades.csv"
    grades.write_text("\n".join(lines) + "\n")
    document = documents.EXAMPLES / "training-images.yaml"
    _run("evaluate", document, images, "--labels", grades, "-o", tmp_path / "graded")
    (tmp_path / "measure.yaml").write_text(MEASURE)
    _run("run", tmp_path / "measure.yaml", images, "-o", tmp_path / "run")
    found = pd.read_csv(tmp_path / "run" / "objects.csv")
    found["class"] = np.where(found["area"] > found["area"].median(), "large", "small")
    found[["image", "label", "class"]].to_csv(tmp_path / "classes.csv", index=False)
    document = documents.EXAMPLES / "training-objects.yaml"
    given = (tmp_path / "run", "--labels", tmp_path / "classes.csv")
    _run("evaluate", document, *given, "-o", tmp_path / "sorted")
    for out in ("graded", "sorted"):
        assert (tmp_path / out / "evaluation.html").exists()
