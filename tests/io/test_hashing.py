"""The hash of a file is that of its bytes, and of all of them."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io import content_hash, write


def test_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npy", np.eye(3))
    assert content_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert content_hash(path / "inside") == content_hash(path)


def test_of_a_folder(tmp_path: Path) -> None:
    one = write(tmp_path / "a.zarr", np.eye(3))
    two = tmp_path / "b.zarr"
    shutil.copytree(one, two)
    assert content_hash(one) == content_hash(two)
    (two / "0" / "c").rename(two / "0" / "d")
    assert content_hash(one) != content_hash(two)


def test_what_cannot_be_hashed_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        content_hash(tmp_path / "none")
    folder = write(tmp_path / "a.zarr", np.eye(3))
    (folder / "more").symlink_to(tmp_path)
    with pytest.raises(UnsafeFileError, match="leads out"):
        content_hash(folder)
