"""The first second: a command imports what it needs, when it is called."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from graticule.cli.app import COMMANDS, summary
from graticule.io import write
from graticule.simulate.nuclei import nuclei

NUMERICS = {"pandas", "xarray", "scipy", "dask", "numba", "cv2", "skimage", "sklearn", "torch"}
FILES = {"astropy", "h5py", "imageio", "PIL", "pyarrow", "tifffile", "zarr"}
SLOW = NUMERICS | FILES | {"asyncio", "jinja2", "matplotlib"}
SCRIPT = "import sys; from graticule.cli import main; main(sys.argv[1:]); print(*sys.modules)"


@pytest.mark.parametrize(
    ("command", "slow"),
    [
        ("--help", SLOW | {"numpy", "pydantic", "ruamel"}),
        ("ops", SLOW | {"ruamel"}),
        ("ops filters.gaussian", SLOW | {"ruamel"}),
        ("check coins", SLOW),
    ],
)
def test_nothing_slow_is_imported(command: str, slow: set[str]) -> None:
    process = [sys.executable, "-c", SCRIPT, *command.split()]
    said = subprocess.run(process, check=True, capture_output=True, text=True).stdout
    imported = set(said.splitlines()[-1].split())
    assert "graticule.cli" in imported
    assert not imported & slow


def test_a_run_on_a_small_picture_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    picture = tmp_path / "small.png"
    write(picture, nuclei(count=8, shape=(96, 96), seed=0)[0])
    command = f"run nuclei {picture} -o {tmp_path / 'out'} --no-cache"
    process = [sys.executable, "-c", SCRIPT, *command.split()]
    said = subprocess.run(process, check=True, capture_output=True, text=True).stdout
    imported = set(said.splitlines()[-1].split())
    assert "numba" in imported
    assert not imported & {"dask", "cv2", "sklearn", "torch", "astropy", "h5py", "matplotlib"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_shows_their_docstrings(command: str) -> None:
    function = getattr(import_module(f"graticule.cli.{command}"), command)
    assert (inspect.getdoc(function) or "").splitlines()[0] == summary(command)
