"""The command line: exit statuses that mean something, and never a traceback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import skimage

from graticule.cli import main

COINS = str(Path(skimage.__file__).parent / "data" / "coins.png")
SMALL = "graticule: 1\nname: small\nsteps: {bright: {op: threshold.otsu}}\n"


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    return str(file)


def test_run_names_the_report_and_exits_0(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["run", small, COINS, "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert str(out / "report.html") in said.replace("\n", "")
    assert "1 of 1 images done" in said


def test_the_first_use_says_that_it_compiles(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", small, COINS, "-o", str(tmp_path / "one")])
    assert "compiled" in capsys.readouterr().err
    main(["run", small, COINS, "-o", str(tmp_path / "two")])
    assert "compiled" not in capsys.readouterr().err


def test_a_failed_image_is_named_and_exits_1(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(Path(COINS).read_bytes()[:5000])
    assert main(["run", small, COINS, str(bad), "-o", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert "failed: bad" in captured.err
    assert "1 of 2 images done" in captured.out


def test_set_changes_parameters(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["run", "coins", COINS, "-o", str(out)]
    assert main([*arguments, "--set", "kept.min_size=1500", "--set", "smooth.sigma=2 px"]) == 0
    about = json.loads((out / "run.json").read_text())
    assert about["pipeline"]["steps"]["smooth"]["params"]["sigma"] == 2
    assert "min_size: 1500" in about["text"]


WRONG = [
    (["run"], "needs PIPELINE"),
    (["nonsense"], "nonsense"),
    (["run", "no-such-recipe", COINS, "-o", "{out}"], "neither a file nor a recipe"),
    (["run", "{small}", "nowhere.png", "-o", "{out}"], "nowhere.png"),
    (["run", "{small}", COINS, "-o", "{out}", "--set", "bright"], "step.parameter=value"),
    (["run", "{small}", COINS, "-o", "{out}", "--set", "brght.x=1"], "did you mean bright"),
    (["run", "{small}", COINS, "-o", "{out}", "--set", "bright.sigma=1"], "no such parameter"),
    (["run", "{small}", COINS, "-o", "{out}", "--set", "bright.x=2001-13-45"], "no such parameter"),
    (["run", "{small}", COINS, "-o", "{out}", "--set", "bright.x=" + "[" * 3000], "no such"),
    (["run", "{small}", COINS, "-o", "{out}", "--workers", "0"], "workers"),
    (["run", "{small}", COINS, "-o", "{out}", "--workers", "two"], "two"),
    (["run", "{small}", COINS, "-o", "{out}", "--memory", "lots"], "lots"),
    (["run", "{small}", COINS, "-o", "{out}", "--cluster", "tcp://127.0.0.1:9"], "scheduler"),
    (["run", "{small}", COINS, "-o", "{small}"], "small.yaml"),
    (["check", "{faulty}"], "line 2"),
    (["check", "nowhere.yaml"], "nowhere.yaml"),
    (["ops", "filters.gausian"], "did you mean filters.gaussian"),
    (["inspect", "nowhere.tif"], "nowhere.tif"),
    (["inspect", "{faulty}"], "format"),
    (["bench", "--only", "F99"], "F99"),
]


@pytest.mark.parametrize(("arguments", "wanted"), WRONG, ids=lambda value: str(value)[-30:])
def test_wrong_requests_say_why_and_exit_2(
    arguments: list[str],
    wanted: str,
    small: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("graticule.pipeline.cluster.CONNECT_TIMEOUT", 0.2)
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("graticule: 1\nsteps: {a: {op: nothing.at.all}}\n")
    names = {"small": small, "out": str(tmp_path / "out"), "faulty": str(faulty)}
    assert main([argument.format(**names) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert wanted in captured.err.replace("\n", " ")
    assert "Traceback" not in captured.err


def test_a_fault_of_ours_is_told_kindly(
    small: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("graticule.pipeline.execute.study_of", broken)
    assert main(["run", small, COINS, "-o", str(tmp_path / "out")]) == 70
    assert "fault in Graticule" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graticule.pipeline.execute.process_image", stopped)
    assert main(["run", small, COINS, "-o", str(tmp_path / "out")]) == 130
    assert "goes on" in capsys.readouterr().err
    monkeypatch.setattr("graticule.compare.run.try_variants", stopped)
    out = tmp_path / "compared"
    assert main(["compare", small, "threshold", COINS, "-o", str(out)]) == 130
    said = capsys.readouterr().err
    assert "stopped" in said
    assert "same command" not in said
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_of_many_images_is_stopped_at_once_and_goes_on(
    tmp_path: Path, how: signal.Signals, status: int
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(4):
        image = np.random.default_rng(number).normal(size=(1200, 1200)).astype(np.float32)
        np.save(tmp_path / "in" / f"{number}.npy", image)
    steps = [f"  s{number}: {{op: filters.gaussian, sigma: {30 + number}}}" for number in range(30)]
    (tmp_path / "long.yaml").write_text("\n".join(["graticule: 1", "steps:", *steps]))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "graticule.cli", "run", str(tmp_path / "long.yaml")]
    command += [str(tmp_path / "in"), "-o", str(out), "--workers", "2", "--no-cache"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # of what a shell runs in the background, the children never hear Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not list(out.glob(".work/drafts/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    asked = time.monotonic()
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == status
    assert time.monotonic() - asked < 3
    assert "goes on" in said
    assert "Traceback" not in said
    assert not list(out.glob("images*"))


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "graticule demo" in capsys.readouterr().out
    assert main(["run", "--help"]) == 0
    assert "--set chance.n=199" in " ".join(capsys.readouterr().out.split())


def test_a_demo_of_one_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "coins", "-o", str(tmp_path / "out")]) == 0
    assert "README.md" in capsys.readouterr().out
    assert (tmp_path / "out" / "coins" / "report.html").exists()
    assert (tmp_path / "out" / "coins-images" / "coins.png").exists()
    assert main(["demo", "coin", "-o", str(tmp_path / "other")]) == 2
    assert "did you mean coins" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_ops_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops"]) == 0
    assert "filters.gaussian" in capsys.readouterr().out
    assert main(["ops", "filters.gaussian"]) == 0
    assert "default 1.0" in capsys.readouterr().out
    assert main(["ops", "measure.regions"]) == 0
    assert "takes  input: labels, intensity: image (optional)" in capsys.readouterr().out
    assert main(["ops", "threshold"]) == 0
    said = capsys.readouterr().out
    assert "filters.gaussian" not in said
    assert "`" not in said
    starts = {re.match(r"\S+ +", line).end() for line in said.splitlines()}  # type: ignore[union-attr]
    assert len(starts) == 1


def test_inspect_shows_axes_and_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from graticule.core import as_image
    from graticule.io import write

    image = as_image(np.arange(12.0).reshape(3, 4), spacing={"y": "0.5 um", "x": "0.25 um"})
    path = write(tmp_path / "small.ome.tif", image.astype(np.float32))
    assert main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert "0.25 um" in said
    assert "0 to 11" in said


def test_check_lists_the_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "coins" in said
    assert "sunquake" in said
    assert main(["check", "sunquake"]) == 0
    assert "chance = surrogate of event" in capsys.readouterr().out
