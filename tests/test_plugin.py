"""A package of somebody else adds one of everything, in a file each, and every command knows it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests_support import environment_with

PACKAGE = Path(__file__).parent / "support" / "lab"
ENTRY_POINTS = """
[graticule.ops]
texture = lab.texture
threshold = lab.threshold

[graticule.formats]
lab = lab.formats

[graticule.checks]
lab = lab.checks

[graticule.methods]
lab = lab.methods
"""
PIPELINE = """
graticule: 1
steps:
  folded: {op: texture.fold, level: 10}
  bright: {op: threshold.midrange}
checks:
  agree: {check: halves, of: folded}
outputs: [bright]
report:
  - {figure: two_halves, of: agree}
"""

TRAINING = """
graticule: 1
split: {by: blocks, folds: 2, size: 5}
methods:
  middle: {midway: brighter}
"""
COMMANDS = [
    "inspect a.grid",
    "run pipeline.yaml a.grid -o out",
    "evaluate out --truth a_mask.grid -o judged",
    "evaluate . a.grid --labels a_mask.grid -o methods",
]

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs Graticule where the package is installed, and returns what is said."""
    shutil.copytree(PACKAGE, tmp_path / "site" / "lab")
    info = tmp_path / "site" / "lab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    grid = np.add.outer(np.arange(20), np.arange(30))
    far = abs(grid - 10)
    for name, values in (("a", grid), ("a_mask", far > far.max() / 2)):
        np.savetxt(tmp_path / f"{name}.grid", values, "%d", header="GRID", comments="")

    def python(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment_with(tmp_path / "site"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    return python


def test_it_has_one_file_for_each_thing() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    assert len(files) == len({path.parent for path in files}) == len(ENTRY_POINTS.split(" = ")) - 1


def test_every_command_knows_what_it_adds(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "training.yaml").write_text(TRAINING)
    said = run("-c", f"from graticule.cli import main\nfor line in {COMMANDS}: main(line.split())")
    assert "grid" in said
    assert "Dice's coefficient is 1" in said
    assert "middle was judged" in said
    page = (tmp_path / "out" / "report.html").read_text()
    for words in ("difference of the halves 15", "is how far the means of the two", "Each half by"):
        assert words in page
    assert "midway between means" in (tmp_path / "methods" / "evaluation.html").read_text()


def test_a_threshold_is_known_to_all_that_choose_among_thresholds(run: Run) -> None:
    run("-c", """if True:
        import numpy as np, graticule as gt
        image = np.array([0, 1, 2, 10, 7, 0])
        assert gt.threshold.midrange(image).tolist() == [False, False, False, True, True, False]
        values = gt.threshold.values(image, methods=["midrange", "otsu"])
        assert list(values) == ["midrange", "otsu"] and values.midrange.iloc[0] == 5
        assert "midrange" not in gt.threshold.values(image)
        schema = gt.op("threshold.values").parameters.schema()
        choices = schema["properties"]["methods"]["items"]["enum"]
        assert {"midrange", "otsu", "multi_otsu"} <= set(choices) and "phases" not in choices
        assert "Where to look; everywhere by default." in gt.threshold.midrange.__doc__
    """)  # fmt: skip
