"""A region of an unopened image is the region of the opened one, and costs no more."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_files import FILES

from graticule.io import read, write
from graticule.io.lazy import FileArray

LAZY = ["npy", "fits", "fits_packed", "tiff", "tiff_pages", "tiff_tiles", "ome_tiff", "imagej",
        "hdf5", "hdf5_plain"]  # fmt: skip


@st.composite
def regions(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    parts: list[Any] = []
    for size in shape:
        kind = draw(st.sampled_from(("slice", "step", "index", "list")))
        at = st.integers(-size, size - 1)
        if kind == "index":
            parts.append(draw(at))
        elif kind == "list":
            parts.append(draw(st.lists(at, min_size=1, max_size=4)))
        else:
            step = draw(st.sampled_from((-3, -1, 2))) if kind == "step" else 1
            parts.append(slice(draw(at), draw(at), step))
    return tuple(parts)


@pytest.fixture(params=[*LAZY, "omezarr"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> xr.DataArray:
    if request.param == "omezarr":
        values = np.arange(3 * 700 * 5, dtype=np.int32).reshape(3, 700, 5)
        return read(write(tmp_path / "a.zarr", values))
    FILES[request.param](tmp_path / "sample")
    return read(tmp_path / "sample")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_region_is_that_of_the_whole(image: xr.DataArray, data: st.DataObject) -> None:
    assert image.chunks is not None
    region = data.draw(regions(image.shape))
    by_dim = dict(zip(image.dims, region, strict=True))
    np.testing.assert_array_equal(image.isel(by_dim).values, image.compute().isel(by_dim).values)


def test_it_travels_to_another_process_by_its_path(image: xr.DataArray) -> None:
    again = pickle.loads(pickle.dumps(image))  # noqa: S301
    xr.testing.assert_identical(again.compute(), image.compute())
    assert len(pickle.dumps(image)) < 20_000


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

    def spy(page: Any, keyframe: Any, number: int) -> Any:
        decoded.append(number)
        return segment(page, keyframe, number)

    monkeypatch.setattr(_tiff_pages, "_segment", spy)
    _ = image[600:1000, 500:530].values
    assert sorted(decoded) == [8, 9]
