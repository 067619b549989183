"""A model is a step like any other: by its content in the key, resumed, tiled, spread."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from models import ALL_KINDS, Cut
from tests_support import environment_with

from graticule.core.errors import PipelineError
from graticule.core.registry import get_op
from graticule.io import read
from graticule.learn.model_file import ModelFile, register_model, save_model
from graticule.learn.model_file import kinds as _kinds
from graticule.learn.model_file import parameter as _parameter
from graticule.pipeline import Pipeline
from graticule.report.page import write

TEXT = """
graticule: 1
name: cells
steps:
  cells:  {op: learn.classify, model: models/cells.model}
  mask:   {op: threshold.fixed, value: 0.5}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table, cells]
"""


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kinds, "_registered", {})
    for kind in ALL_KINDS:
        register_model(kind)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A pipeline's file, with its model beside it."""
    (tmp_path / "models").mkdir()
    save_model(
        Cut(25.0),
        tmp_path / "models" / "cells.model",
        scores={"dice": {"value": 0.8, "low": 0.75, "high": 0.85}},
        data={"disc.npy": "00"},
    )
    path = tmp_path / "cells.yaml"
    path.write_text(TEXT)
    return path


def forget() -> None:
    _parameter._kept.clear()
    _parameter._alive.clear()


def test_it_runs_and_the_record_says_by_what(file: Path, study_folder: Path) -> None:
    out = file.parent / "out"
    run = Pipeline.load(file).run(study_folder, out)
    assert not run.failed, run.failed
    sha256 = ModelFile.open(file.parent / "models" / "cells.model").sha256
    about = json.loads((out / "run.json").read_text())
    assert about["steps"]["cells"]["params"]["model"] == f"sha256:{sha256}"
    said = about["steps"]["cells"]["about"]["model"]
    assert said["file"] == str(file.parent / "models" / "cells.model")
    assert said["sha256"] == sha256
    assert said["scores"]["dice"] == {"value": 0.8, "low": 0.75, "high": 0.85}
    page = (out / "report.html").read_text()
    assert f"cells.model ({sha256[:12]})" in page
    assert "held out: dice 0.8 (0.75 to 0.85)" in page
    assert "trained on 1 file" in page
    for number in range(5):
        image = read(study_folder / f"disc-{number}.npy")
        found = read(out / "arrays" / f"disc-{number}" / "cells.ome.tif")
        np.testing.assert_array_equal(found, Cut(25.0).predict(image))


def test_a_report_is_made_again_without_the_model(file: Path, study_folder: Path) -> None:
    out = file.parent / "out"
    Pipeline.load(file).run(study_folder, out)
    (file.parent / "models" / "cells.model").unlink()
    forget()
    write(out)
    assert "cells.model" in (out / "report.html").read_text()


def test_the_key_is_of_the_models_content(file: Path) -> None:
    first = Pipeline.load(file).key
    place = file.parent / "models" / "cells.model"
    place.rename(file.parent / "other.model")
    file.write_text(TEXT.replace("models/cells.model", "other.model"))
    assert Pipeline.load(file).key == first
    save_model(Cut(26.0), file.parent / "other.model")
    assert Pipeline.load(file).key != first


def test_a_run_goes_on_with_the_same_model_only(file: Path, study_folder: Path) -> None:
    out = file.parent / "out"
    first = Pipeline.load(file).run(study_folder, out)
    forget()
    again = Pipeline.load(file).run(study_folder, out)
    assert all(result.cached for result in again.results)
    pd.testing.assert_frame_equal(first.images, again.images)
    save_model(Cut(11.0), file.parent / "models" / "cells.model")
    other = Pipeline.load(file).run(study_folder, out, overwrite=True)
    assert not any(result.cached for result in other.results)


@pytest.mark.usefixtures("memory_of_arrays")
def test_in_tiles_it_gives_the_same(file: Path, coins: Path) -> None:
    pipeline = Pipeline.load(file)
    whole = pipeline.run(coins, file.parent / "whole")
    tiled = pipeline.run(coins, file.parent / "tiled", memory="2MB")
    assert tiled.results[0].tile is not None
    pd.testing.assert_frame_equal(tiled.tables["objects"], whole.tables["objects"], rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("none.model", "'none.model': there is no such file"),
        ("models/cell.model", r"no such file \(looked in /.*; did you mean cells\.model\?\)"),
        ("cells.yaml", "'cells.yaml': is damaged or no model file"),
        ("cut.model", "'cut.model': is damaged or no model file"),
        ("changed.model", "'changed.model': arrays/level.npy is not what the card says"),
        ("7", "must be the path of a model file, or a model, not 7"),
        ("[a, b]", r"must be the path of a model file, or a model, not \['a', 'b'\]"),
        ('"sha256:00"', "'sha256:00' is no model that is open here"),
        ("models", "'models': is a folder"),
    ],
)
def test_faults_have_their_line(file: Path, name: str, what: str) -> None:
    content = (file.parent / "models" / "cells.model").read_bytes()
    (file.parent / "cut.model").write_bytes(content[:-100])
    place = content.index(b"\x93NUMPY") + 128
    changed = bytearray(content)
    changed[place] ^= 1
    fixed = _with_right_crc(bytes(changed))
    (file.parent / "changed.model").write_bytes(fixed)
    file.write_text(TEXT.replace("models/cells.model", name))
    with pytest.raises(PipelineError, match=what) as caught:
        Pipeline.load(file)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].path == "steps.cells.model"
    assert caught.value.faults[0].line == 5
    shown = name.strip('"')
    assert str(caught.value.faults[0]).count(f"{shown!r}") <= 1  # it is named once


def _with_right_crc(content: bytes) -> bytes:
    """Return a zip whose checksums fit, so that only the hashes in the card tell."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for about in old.infolist():
            start = about.header_offset + 30 + len(about.filename)
            new.writestr(about.filename, content[start : start + about.file_size])
    return out.getvalue()


def test_a_model_in_memory_is_a_parameter_too(study_folder: Path) -> None:
    cut = get_op("learn.classify")
    image = read(study_folder / "disc-0.npy")
    np.testing.assert_array_equal(cut(image, model=Cut(25.0)), Cut(25.0).predict(image))
    validated = cut.parameters.validate({"model": Cut(25.0)})
    written = json.loads(json.dumps(cut.parameters.canonical(validated)))
    assert cut.parameters.canonical(cut.parameters.validate(written)) == written
    assert cut.parameters.schema()["properties"]["model"]["type"] == "string"


def test_a_pipeline_goes_to_a_process_that_knows_nothing(file: Path, study_folder: Path) -> None:
    """As a job goes to the worker of a cluster; the class comes along by its name."""
    given = Pipeline.load(file).steps["cells"].params["model"]
    image = study_folder / "disc-0.npy"
    script = (
        "import pickle, sys, numpy as np\n"
        f"given = pickle.loads({pickle.dumps(given)!r})\n"
        "from graticule.io import read\n"
        f"print(given.sha256, int(given.model.predict(read({str(image)!r})).sum()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment_with(Path(__file__).parents[1] / "support"),
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = int(Cut(25.0).predict(read(image)).sum())
    assert done.stdout.split() == [given.sha256, str(wanted)]


@pytest.mark.usefixtures("memory_of_arrays")
@pytest.mark.slow
def test_a_cluster_gives_the_same(file: Path, coins: Path, study_folder: Path) -> None:
    distributed = pytest.importorskip("distributed")
    pipeline = Pipeline.load(file)
    here = pipeline.run(study_folder, file.parent / "here")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        there = pipeline.run(study_folder, file.parent / "there", cluster=address)
        tiled = pipeline.run(coins, file.parent / "tiled", cluster=address, memory="2MB")
    pd.testing.assert_frame_equal(there.images, here.images)
    pd.testing.assert_frame_equal(there.tables["objects"], here.tables["objects"])
    assert tiled.results[0].tile is not None


BOUND = """
graticule: 1
name: bound
sheet: facts.csv
steps:
  cells:  {op: learn.probability, model: models/cells.model, of: {column: cls}}
  mask:   {op: threshold.fixed, value: 0.5}
  share:  {op: measure.porosity}
outputs: [share]
"""


def test_a_model_is_beside_the_pipeline_where_another_parameter_is_from_a_column(
    file: Path, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = sorted(path.stem for path in study_folder.iterdir())
    rows = [f"{name},{'object' if n % 2 else 'background'}" for n, name in enumerate(names)]
    (file.parent / "facts.csv").write_text("\n".join(["image,cls", *rows]))
    file.write_text(BOUND)
    elsewhere = file.parent / "elsewhere"
    (elsewhere / "models").mkdir(parents=True)
    save_model(Cut(-1.0), elsewhere / "models" / "cells.model")
    monkeypatch.chdir(elsewhere)
    run = Pipeline.load(file).run(study_folder, file.parent / "out", cache=False)
    assert not run.failed, run.failed
    for n in range(len(names)):
        fixed = file.with_name(f"fixed_{n}.yaml")
        word = "object" if n % 2 else "background"
        fixed.write_text(BOUND.replace("{column: cls}", word).replace("sheet: facts.csv\n", ""))
        own = Pipeline.load(fixed).run(study_folder, file.parent / f"out_{n}", cache=False).images
        assert run.images["porosity"][n] == own["porosity"][n]


def test_a_text_is_that_of_a_number_in_a_column(file: Path) -> None:
    file.write_text(BOUND)
    pipeline = Pipeline.load(file)
    assert pipeline.bound({"cls": 2}, {}).steps["cells"].params["of"] == "2"
    assert pipeline.bound({"cls": 2.0}, {}).steps["cells"].params["of"] == "2"
    assert pipeline.bound({"cls": 0.5}, {}).steps["cells"].params["of"] == "0.5"
