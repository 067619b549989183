"""Coarser copies on the disk: averages of windows, made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from graticule.core import as_image
from graticule.core.image import Image
from graticule.pipeline import LiveImage, Pipeline
from graticule.pipeline.coarse import coarsen
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.pyramid import Pyramid
from graticule.pipeline.live.work import Superseded

RNG = np.random.default_rng(0)
IMAGES = {
    "uint16": as_image(RNG.integers(0, 65536, (700, 1101)).astype(np.uint16)),
    "uint64": as_image(RNG.integers(0, 2**53, (600, 700)).astype(np.uint64)),
    "float32": as_image(RNG.normal(size=(1030, 600)).astype(np.float32), spacing={"y": "2 um"}),
    "bool": as_image(RNG.random((600, 700)) > 0.5),
    "colours": as_image(RNG.integers(0, 256, (520, 530, 3)).astype(np.uint8), dims=("y", "x", "c")),
    "volume": as_image(RNG.normal(size=(9, 520, 530)).astype(np.float32), dims=("z", "y", "x")),
    "frames": as_image(RNG.integers(-9, 9, (3, 600, 520)), dims=("time", "y", "x")),
}


def pyramid(image: Image, folder: Path, key: str = "a", max_bytes: int = 10**9) -> Pyramid:
    return Pyramid(image, key, folder, max_bytes=max_bytes)


@pytest.mark.parametrize("name", list(IMAGES))
def test_copies_are_averages_of_windows(tmp_path: Path, name: str) -> None:
    image, told = IMAGES[name], []
    made = pyramid(image, tmp_path)
    assert made.levels() == {}
    made.make(report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    levels = made.levels()
    assert list(levels) == list(range(1, made.depth + 1))
    for level, opened in levels.items():
        wanted, found = coarsen(image, level), opened()
        assert found.dims == wanted.dims
        assert found.shape == wanted.shape
        assert found.dtype == wanted.dtype
        for dim in set(wanted.coords):
            xr.testing.assert_identical(found[dim], wanted[dim])
        if image.dtype.kind == "b":
            assert level > 1 or (found.values == wanted.values).all()
        else:
            # the average of all is cut off; those of two samples are rounded, one after the other
            bound = 1e-5 if image.dtype.kind == "f" else 1 + level / 2
            apart = np.abs(found.values.astype(float) - wanted.values.astype(float)).max()
            assert apart <= max(bound, float(np.abs(wanted.values).max()) * 1e-15)


def test_what_is_missing_has_no_say(tmp_path: Path) -> None:
    values = np.full((600, 600), 3.0, np.float32)
    values[0, 0] = np.nan
    values[10:12, 10:12] = np.nan
    made = pyramid(as_image(values), tmp_path)
    made.make()
    found = made.levels()[1]().values
    assert found[0, 0] == 3
    assert np.isnan(found[5, 5])
    assert np.isnan(found).sum() == 1


def test_a_copy_is_whole_or_not_there(tmp_path: Path) -> None:
    image = as_image(RNG.normal(size=(3000, 3000)).astype(np.float32))
    asked = []

    def twice() -> bool:
        asked.append(1)
        return len(asked) < 3

    made = pyramid(image, tmp_path)
    with pytest.raises(Superseded):
        made.make(is_wanted=twice)
    assert list((tmp_path / "a").iterdir()) == []
    made.make()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()}
    made.make()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()} == before


def test_copies_of_other_images_go_where_there_is_too_little_room(tmp_path: Path) -> None:
    image = IMAGES["uint16"]
    for key in ("a", "b", "c"):
        pyramid(image, tmp_path, key, max_bytes=int(1.1 * image.nbytes)).make()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_a_view_takes_them(tmp_path: Path) -> None:
    image = IMAGES["uint16"]
    made = pyramid(image, tmp_path)
    made.make()
    smooth = Pipeline.loads("{graticule: 1, steps: {smooth: {op: filters.gaussian, sigma: 4}}}")
    keys = {"image": "a"}
    one = LiveImage({"image": image}, keys, TileCache(10**8), made.levels()).view(smooth, {}, 2)
    two = LiveImage({"image": image}, keys, TileCache(10**8)).view(smooth, {}, 2)
    assert one.image is not None
    np.testing.assert_allclose(one.image, two.image, atol=1)
