"""Memory of a command and of what it starts is seen, and what is shared counts once."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from graticule.io import read
from graticule.testing.large_images import bands, write_large
from graticule.testing.together import watched

_TAKES = "import time; held = bytearray(b'x') * {size}; time.sleep(0.5)"
_FORKS = """
import os, time
held = bytearray(b'x') * {size}
if not os.fork():
    time.sleep(0.5)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize("program", [_TAKES, _FORKS])
def test_what_is_held_counts_once(program: str) -> None:
    size = 200_000_000
    run = watched([sys.executable, "-c", program.format(size=size)])
    assert run.code == 0
    assert size < run.peak < size + 60_000_000


def test_what_two_processes_hold_is_added() -> None:
    child = _TAKES.format(size=100_000_000)
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    run = watched([sys.executable, "-c", program])
    assert run.processes == 2
    assert 100_000_000 < run.peak < 180_000_000


def test_status_and_words_are_kept() -> None:
    run = watched([sys.executable, "-c", "import sys; sys.exit('no')"])
    assert (run.code, run.said.strip()) == (1, "no")


@pytest.mark.parametrize("name", ["a.tif", "a.h5", "a.ome.zarr", "a.png"])
def test_a_large_image_is_what_its_bands_are(tmp_path: Path, name: str) -> None:
    write_large(tmp_path / name, 700, "u2", seed=3)
    wanted = np.concatenate(list(bands(700, "u2", seed=3)))
    np.testing.assert_array_equal(read(tmp_path / name).values, wanted)
