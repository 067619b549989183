"""A region of an unopened image is the region of the opened one, and costs no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graticule.io import read, write
from graticule.io.lazy import FileArray


def test_only_the_region_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.npy", np.zeros((3000, 8192), np.uint16))
    asked = []
    fetch = FileArray.__getitem__

    def spy(self: FileArray, key: Any) -> Any:
        asked.append(fetch(self, key).size)
        return fetch(self, key)

    monkeypatch.setattr(FileArray, "__getitem__", spy)
    _ = read(path)[2000:2100, 100:612].values
    assert sum(asked) == 100 * 512


def test_only_the_tiles_it_touches_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graticule.io.formats import _tiff_pages

    path = write(tmp_path / "a.ome.tif", np.zeros((4096, 4096), np.uint8))
    image = read(path)
    decoded = []
    segment = _tiff_pages._segment

    def spy(file: Any, page: Any, keyframe: Any, number: int) -> Any:
        decoded.append(number)
        return segment(file, page, keyframe, number)

    monkeypatch.setattr(_tiff_pages, "_segment", spy)
    _ = image[600:1000, 500:530].values
    assert sorted(decoded) == [8, 9]
