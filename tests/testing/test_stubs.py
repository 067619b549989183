"""Stubs of op families: as the registry has them, and of use to a type checker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import graticule as gt
from graticule.testing.stubs import built_in_families, stub

FOLDER = Path(gt.__file__).parent / "_families"
CALLS = """
from typing import Any, assert_type
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
import graticule as gt

image = np.zeros((3, 3))
assert_type(gt.filters.gaussian(image, sigma="0.5 um", truncate=3), NDArray[Any])
assert_type(gt.filters.gaussian(xr.DataArray(image)), xr.DataArray)
assert_type(gt.detect.spots(image).mask, NDArray[Any])
assert_type(gt.measure.regions(gt.segment.label(gt.threshold.otsu(image))), pd.DataFrame)
assert_type(gt.learn.classify(image, model="cells.model"), NDArray[Any])
gt.plugged_in.sharpen(image)
gt.filters.gaussian(image, sigm=2)
gt.filters.gaussian(image, sigma=None)
gt.threshold.otsu(image, keep="grey")
gt.filters.gausian(image)
"""


@pytest.mark.parametrize("family", built_in_families())
def test_a_stub_is_what_the_registry_has(family: str) -> None:
    kept = (FOLDER / f"{family}.pyi").read_text(encoding="utf-8")
    assert kept == stub(family), "python -m graticule.testing.stubs src/graticule/_families"


def test_every_family_and_no_other_has_a_stub() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(built_in_families())
    assert set(built_in_families()) <= set(gt.__all__)


@pytest.mark.slow  # a minute without mypy's cache
def test_mypy_knows_ops_and_their_parameters(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(CALLS, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "calls.py")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    errors = [line for line in said.splitlines() if " error: " in line]
    for wrong, error in zip(('"sigm"', '"None"', "'grey'", '"gausian"'), errors, strict=True):
        assert wrong in error
