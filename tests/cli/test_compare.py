"""``graticule compare``: from the command line to the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graticule.cli import main
from graticule.pipeline import Pipeline


def test_a_recipe_is_compared_on_its_own_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    status = main(["compare", "recipes/coins", "threshold", "--try", "thresholds", "-o", str(out)])
    assert status == 0
    said = capsys.readouterr().out
    assert "threshold.li" in said
    assert "agrees most" in said
    assert Pipeline.load(out / "best.yaml").name == "coins"
    assert 'class="view"' in (out / "compare.html").read_text()


def test_a_grid_over_two_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "a.npy", np.kron(rng.random((6, 6)) > 0.6, np.ones((9, 9))) * 9.0)
    (tmp_path / "p.yaml").write_text(
        "graticule: 1\nname: p\nsteps:\n  smooth: {op: filters.gaussian}\n"
        "  bright: {op: threshold.otsu}\n"
    )
    words = ["compare", str(tmp_path / "p.yaml"), "bright", str(tmp_path / "a.npy")]
    words += ["--over", "smooth.sigma=0,1,2", "--over", "smooth.truncate=2,4"]
    assert main([*words, "-o", str(tmp_path / "out"), "--region", "y=0:27,x=0:54"]) == 0
    assert "smooth.sigma=2 smooth.truncate=4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "coins", "treshold"], "no step 'treshold'"),
        (["compare", "coins", "bright", "--over", "smooth"], "step.parameter=value"),
        (["compare", "coins", "bright", "--over", "smooth.sigma=[["], "step.parameter=value"),
        (["compare", "coins", "bright", "--try", "threshold.otso"], "did you mean threshold.otsu"),
        (["compare", "coins", "bright", "--region", "y=5"], "dim=start:stop"),
        (["compare", "coin", "bright"], "did you mean coins"),
    ],
)
def test_bad_requests_say_the_way_out(
    words: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}
