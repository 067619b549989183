"""A histogram threshold is one file, also in a package of somebody else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import graticule as gt
from graticule.core.errors import ParameterError

MIDRANGE = '''
"""Halfway between the smallest and the largest value."""
from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding

def _criterion(histogram: Histogram) -> float:
    return float(histogram.centers[0] + histogram.centers[-1]) / 2

_SCOPE = thresholding(_criterion)

@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def midrange(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    """Keep what is above the middle of the range.

    %(page)s
    """
    return _SCOPE.mask(image, mask, keep)
'''
PROGRAM = """
import numpy as np, graticule as gt
image = np.array([0, 1, 2, 10, 7, 0])
assert gt.threshold.midrange(image).tolist() == [False, False, False, True, True, False]
values = gt.threshold.values(image, methods=["midrange", "otsu"])
assert list(values) == ["midrange", "otsu"] and values.midrange.iloc[0] == 5
assert "midrange" not in gt.threshold.values(image)
choices = gt.op("threshold.values").parameters.schema()["properties"]["methods"]["items"]["enum"]
assert {"midrange", "otsu", "multi_otsu"} <= set(choices) and "phases" not in choices
assert "Where to look; everywhere by default." in gt.threshold.midrange.__doc__
"""


def test_a_package_adds_a_histogram_threshold_in_one_file(tmp_path: Path) -> None:
    package = tmp_path / "their_ops" / "threshold"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("")
    (package / "midrange.py").write_text(MIDRANGE)
    info = tmp_path / "their_ops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-ops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[graticule.ops]\nthreshold = their_ops.threshold\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_values_suggests_the_method_that_was_meant() -> None:
    with pytest.raises(ParameterError, match=r"\[0\] .* 'ottsu' \(did you mean otsu"):
        gt.op("threshold.values")([[1, 2]], methods=["ottsu"])
    with pytest.raises(ParameterError, match="no histogram threshold 'phases'"):
        gt.op("threshold.values")([[1, 2]], methods=["phases"])
