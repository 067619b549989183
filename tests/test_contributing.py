"""The worked example of CONTRIBUTING.md runs as it is written there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests_support import environment_with

GUIDE = Path(__file__).parents[1] / "CONTRIBUTING.md"
SUITE = """
from pathlib import Path

from graticule.testing.contract import OpContract


class TestExample(OpContract):
    names = ("example.local_range",)
    golden = Path(__file__).parent / "golden.json"
"""


def block(title: str) -> str:
    found = re.search(rf"<!-- {title} -->\n```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found, f"CONTRIBUTING.md has no block {title!r}"
    return found[1].replace("gt.filters.", "gt.example.").replace("filters.local", "example.local")


def test_the_op_of_the_guide_keeps_the_contract_and_its_test_passes(tmp_path: Path) -> None:
    package = tmp_path / "example"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "local_range.py").write_text(block("the op"))
    info = tmp_path / "example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[graticule.ops]\nexample = example\n")
    (tmp_path / "test_values.py").write_text(block("the test"))
    (tmp_path / "test_contract.py").write_text(SUITE)
    add = "from graticule.testing.golden import add_missing; from pathlib import Path; "
    add += "add_missing(Path('golden.json'), ['example.local_range'])"
    for command in (
        ["-c", add],
        ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", ".",
         "--hypothesis-profile", "ci", "--doctest-modules",
         "test_values.py", "test_contract.py", "example/local_range.py"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment_with(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
