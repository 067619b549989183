"""The worked examples of CONTRIBUTING.md run as they are written there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests_support import environment_with

GUIDE = Path(__file__).parents[1] / "CONTRIBUTING.md"
SUITE = """
from pathlib import Path

from graticule.testing.contract import OpContract


class TestExample(OpContract):
    names = ("example.local_range",)
    golden = Path(__file__).parent / "golden.json"
"""


PYTEST = ("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", ".",
          "--hypothesis-profile", "ci", "--basetemp", "temporary", "--doctest-modules")  # fmt: skip
PIPELINE = """
graticule: 1
inputs:
  image: {dims: [time, distance]}
steps:
  stack: {op: detect.stack}
  event: {op: detect.peak}
checks:
  survives: {check: noise, of: event.statistic, sigma: 0.2}
outputs: [event]
report:
  - {figure: answers_under_noise, of: survives}
"""


def block(title: str) -> str:
    found = re.search(rf"<!-- {title} -->\n```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found, f"CONTRIBUTING.md has no block {title!r}"
    return found[1].replace("gt.filters.", "gt.example.").replace("filters.local", "example.local")


def run_python(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment_with(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(folder: Path, group: str, module: str, text: str) -> None:
    """Install a package of one module, as pip would."""
    package = folder / "example"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / f"{module}.py").write_text(text)
    info = folder / "example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[graticule.{group}]\nexample = example\n")


def test_the_op_of_the_guide_keeps_the_contract_and_its_test_passes(tmp_path: Path) -> None:
    install(tmp_path, "ops", "local_range", block("the op"))
    (tmp_path / "test_values.py").write_text(block("the test"))
    (tmp_path / "test_contract.py").write_text(SUITE)
    add = "from graticule.testing.golden import add_missing; from pathlib import Path; "
    add += "add_missing(Path('golden.json'), ['example.local_range'])"
    run_python(tmp_path, "-c", add)
    run_python(tmp_path, *PYTEST, "test_values.py", "test_contract.py", "example/local_range.py")


def test_the_check_of_the_guide_keeps_the_contract_and_is_in_the_report(tmp_path: Path) -> None:
    install(tmp_path, "checks", "noise", block("the check"))
    (tmp_path / "test_contract.py").write_text(block("the contract of the check"))
    run_python(tmp_path, *PYTEST, "test_contract.py")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    np.save(tmp_path / "image.npy", np.random.default_rng(0).normal(size=(40, 30)))
    run_python(tmp_path, "-m", "graticule.cli", "run", "pipeline.yaml", "image.npy", "-o", "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "change under noise 0." in page
    assert "noise of 0.2 standard deviations" in page
    assert "Answers under noise of image. The answer without noise is" in page


def test_the_format_of_the_guide_keeps_the_contract_and_is_read_by_commands(tmp_path: Path) -> None:
    install(tmp_path, "formats", "mrc", block("the format"))
    (tmp_path / "test_contract.py").write_text(block("the contract of the format"))
    run_python(tmp_path, *PYTEST, "test_contract.py")
    program = "from pathlib import Path; from test_contract import volume; volume(Path('a.mrc'))"
    run_python(tmp_path, "-c", program)
    program = "import graticule as gt; image = gt.read('a.mrc'); print(image.dims, gt.core.step_of"
    shown = run_python(tmp_path, "-c", f"{program}(image, 'y'))")
    assert shown.split() == ["('z',", "'y',", "'x')", "(2.0,", "'Angstrom')"]
    (tmp_path / "b.MAP").touch()
    program = "from graticule.io import study; print([image.name for image in study('.')])"
    assert run_python(tmp_path, "-c", program).strip() == "['a', 'b']"


def test_the_method_of_the_guide_keeps_the_contract_and_is_compared(tmp_path: Path) -> None:
    install(tmp_path, "methods", "between", block("the method"))
    (tmp_path / "test_contract.py").write_text(block("the contract of the method"))
    run_python(tmp_path, *PYTEST, "test_contract.py")
    (tmp_path / "cells.yaml").write_text("{graticule: 1, methods: {mine: {between: 0.5}}}")
    rng = np.random.default_rng(0)
    truth = np.kron(rng.random((12, 12)) > 0.5, np.ones((8, 8), bool))
    np.save(tmp_path / "image.npy", (truth + rng.normal(size=truth.shape)).astype(np.float32))
    np.save(tmp_path / "truth.npy", truth)
    files = ("cells.yaml", "image.npy", "--labels", "truth.npy")
    run_python(tmp_path, "-m", "graticule.cli", "evaluate", *files, "-o", "out")
    assert "threshold between means" in (tmp_path / "out" / "evaluation.html").read_text()
