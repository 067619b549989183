"""Asked to stop: it is heeded wherever the program is, and comes again where Python drops it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from graticule.interrupts import heeded, raise_if_asked
from graticule.pipeline import Pipeline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to itself")
BRIGHT = "{graticule: 1, steps: {bright: {op: threshold.otsu}}}"
STOPS = [signal.SIGTERM, signal.SIGINT]


def ask(how: signal.Signals) -> None:
    os.kill(os.getpid(), how)
    time.sleep(1)  # where the handler runs


class AsksWhenDropped:
    """Asks to stop in its finaliser, out of which Python lets no exception."""

    def __init__(self, how: signal.Signals) -> None:
        self.how = how

    def __del__(self) -> None:
        ask(self.how)


@pytest.mark.parametrize("how", STOPS)
def test_what_python_drops_is_raised_once_more(
    how: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    reached = False
    with heeded() as asked:
        thing = AsksWhenDropped(how)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012  the first comes out of nothing
            del thing
            reached = True
            time.sleep(20)
        assert reached
        assert asked.signal == how
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("how", STOPS)
def test_who_was_asked_stays_so_until_the_command_has_ended(how: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in STOPS], sys.unraisablehook
    with heeded():
        raise_if_asked()
        with pytest.raises(KeyboardInterrupt):
            ask(how)
        with pytest.raises(KeyboardInterrupt):
            raise_if_asked()
    raise_if_asked()
    assert ([signal.getsignal(each) for each in STOPS], sys.unraisablehook) == before


def test_a_keyboard_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeded():
            os.kill(os.getpid(), signal.SIGINT)
            raise_if_asked()
    finally:
        signal.signal(signal.SIGINT, before)


def test_no_image_fails_of_what_compiled_code_made_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(*_: object) -> None:
        try:
            ask(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    monkeypatch.setattr("graticule.pipeline.job.hash_of", compiled)
    np.save(tmp_path / "a.npy", np.eye(8))
    with heeded(), pytest.raises(KeyboardInterrupt):
        Pipeline.loads(BRIGHT).run(tmp_path / "a.npy", tmp_path / "out", cache=False)
    assert not (tmp_path / "out" / "run.json").exists()
    assert not (tmp_path / "out" / "errors").exists()


def test_a_run_ends_though_all_forgot_that_it_was_asked(tmp_path: Path) -> None:
    def forgets(done: int, total: int, message: str) -> None:
        if done == total:
            with pytest.raises(KeyboardInterrupt):
                ask(signal.SIGTERM)

    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.eye(8))
    images = [tmp_path / "a.npy", tmp_path / "b.npy"]
    with heeded(), pytest.raises(KeyboardInterrupt):
        Pipeline.loads(BRIGHT).run(images, tmp_path / "out", cache=False, progress=forgets)
    assert not (tmp_path / "out" / "run.json").exists()
