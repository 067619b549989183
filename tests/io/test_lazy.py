"""A region of an unopened image is the region of the opened one, and costs no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graticule.io import read, write
from graticule.io.lazy import FileArray, _split


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


@pytest.mark.parametrize("key", [slice(0, 2**40), slice(2**60, 5, -(2**50)), 2**62, [-1, 5, 2**61]])
def test_an_index_into_a_long_axis_is_found_at_once(key: Any) -> None:
    size = 2**63 - 1
    box, rest = _split(key, [size])
    whole = range(size)
    wanted = whole[key] if isinstance(key, slice) else key
    assert box[0].start == min(np.atleast_1d(np.asarray(_ends(wanted, size))))
    assert isinstance(rest, list)


def _ends(wanted: Any, size: int) -> Any:
    if isinstance(wanted, range):
        return [wanted[0], wanted[-1]]
    return [place % size for place in np.atleast_1d(wanted).tolist()]


def test_lists_of_places(tmp_path: Path) -> None:
    values = np.arange(20).reshape(4, 5)
    array = FileArray(tmp_path, (4, 5), values.dtype, lambda _, box: values[box])
    for key in ([0, -1], [True, False, True, False], [], [3, 3, 1]):
        np.testing.assert_array_equal(array[key], values[np.asarray(key, int if not key else None)])
    with pytest.raises(IndexError, match="there are 4 samples"):
        array[[4]]
