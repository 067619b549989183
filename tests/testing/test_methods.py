"""Every built-in kind of method keeps the contract."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

import pytest

from graticule.testing.methods import MethodContract


class TestPixels(MethodContract):
    sections = (
        "{features: {sigmas: [1, 2]}, estimator: tree, max_samples: 2000}",
        "{features: {sigmas: [1, 2]}, estimator: {name: forest, n_estimators: 5}, balance: true}",
    )


class TestUNet(MethodContract):
    sections = (
        "{unet: {base: 4, depth: 2, patch: 32, batch: 2}, fit: {steps: 4, every: 2}, "
        "validation: 0.2}",
    )

    @pytest.fixture(autouse=True)
    def _torch(self):
        pytest.importorskip("torch")


class TestPipeline(MethodContract):
    sections = ("{pipeline: negative.yaml}",)
    folder: ClassVar[Path] = Path(tempfile.mkdtemp())

    @pytest.fixture(autouse=True)
    def _files(self):
        (self.folder / "training.yaml").write_text("")
        text = "{graticule: 1, steps: {turned: {op: transform.negative}}}"
        (self.folder / "negative.yaml").write_text(text)
