"""The command line names the images whose answers are doubtful."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graticule.cli import main


def test_a_doubtful_answer_of_a_single_image_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "grain.npy", np.random.default_rng(0).normal(100, 5, (96, 96)))
    out = tmp_path / "out"
    assert main(["run", "nuclei", str(tmp_path / "grain.npy"), "-o", str(out)]) == 0
    assert "doubtful: grain: " in capsys.readouterr().err
    assert 'class="box bad" aria-label="The answer"' in (out / "report.html").read_text("utf-8")
