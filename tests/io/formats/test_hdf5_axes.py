"""Axes of HDF5: by ilastik, NeXus old and new, netCDF, Fiji, Imaris and BigDataViewer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from graticule.core.errors import FormatError
from graticule.io import levels, read

Made = Callable[[h5py.File], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


def tags(**steps: float) -> str:
    axes = [{"key": key, "typeFlags": 2, "resolution": step} for key, step in steps.items()]
    return json.dumps({"axes": axes})


def notes_of(image: Any) -> str:
    return "; ".join(image.attrs.get("notes", ()))


def test_ilastik_names_the_axes(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["exported_data"] = np.zeros((2, 3, 4, 5, 1), np.uint8)
        file["exported_data"].attrs["axistags"] = tags(t=0, z=0.5, y=0.25, x=0.25, c=0)
        file["exported_data"].attrs["axis_units"] = json.dumps({"z": "µm", "y": "micron"})
    image = read(path)
    assert image.dims == ("t", "z", "y", "x", "c")
    assert image.z.values.tolist() == [0, 0.5, 1]
    assert (image.z.attrs, image.y.attrs) == ({"units": "um"}, {"units": "um"})
    assert "t" not in image.coords
    assert not image.attrs.get("notes")


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ("{", "no JSON"),
        ('{"axes": [3]}', "no JSON"),
        (tags(y=1), "names 1 axes; there are 2"),
        (tags(x=0), "names 1 axes"),
    ],
)
def test_tags_that_do_not_fit_are_told(path: Path, told: str, note: str) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros((3, 4))
        file["a"].attrs["axistags"] = told
    image = read(path)
    assert image.dims == ("y", "x")
    assert note in notes_of(image)


def test_one_name_twice_is_told(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros((3, 4, 5))
        for axis, label in enumerate(("pos", "pos", "E")):
            file["a"].dims[axis].label = label
    image = read(path)
    assert image.dims == ("z", "y", "E")
    assert "several axes are named pos" in notes_of(image)


def legacy_axes(file: h5py.File) -> None:
    group = file.create_group("entry/data")
    group["counts"] = np.arange(12.0).reshape(3, 4)
    group["counts"].attrs["signal"], group["counts"].attrs["axes"] = 1, "energy:angle"


def legacy_listed(file: h5py.File) -> None:
    legacy_axes(file)
    file["entry/data/counts"].attrs["axes"] = "[energy,angle]"


def legacy_numbered(file: h5py.File) -> None:
    legacy_axes(file)
    del file["entry/data/counts"].attrs["axes"]
    file["entry/data/other"] = np.zeros(3)


def new_style(file: h5py.File) -> None:
    group = file.create_group("entry/data")
    group["counts"] = np.arange(12.0).reshape(3, 4)
    group.attrs["signal"], group.attrs["axes"] = "counts", ["energy", "angle"]


def by_indices(file: h5py.File) -> None:
    new_style(file)
    group = file["entry/data"]
    group.attrs["axes"] = ["angle", "energy"]
    group.attrs["angle_indices"], group.attrs["energy_indices"] = 1, [0]


def auxiliary(file: h5py.File) -> None:
    new_style(file)
    group = file["entry/data"]
    group.attrs["signal"], group.attrs["auxiliary_signals"] = "total", ["counts"]
    group["total"] = np.ones((3, 4))


MADE = [legacy_axes, legacy_listed, legacy_numbered, new_style, by_indices, auxiliary]


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_nexus_of_every_age(path: Path, make: Made) -> None:
    with h5py.File(path, "w") as file:
        make(file)
        group = file["entry/data"]
        group["energy"], group["angle"] = [1.0, 2.0, 4.0], np.arange(5.0)
        group["energy"].attrs["units"], group["angle"].attrs["units"] = "keV", "degrees"
        group["energy"].attrs["long_name"] = "photon energy"
        group["energy"].attrs["axis"], group["angle"].attrs["axis"] = 1, 2
        group["energy"].attrs["primary"] = 1
        if "other" in group:
            group["other"].attrs["axis"], group["other"].attrs["primary"] = 1, 2
    image = read(path / "entry/data/counts")
    assert image.dims == ("energy", "angle")
    assert image.energy.values.tolist() == [1, 2, 4]
    assert image.energy.attrs == {"units": "keV", "long_name": "photon energy"}
    assert image.angle.values.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert image.angle.attrs["units"] == "deg"
    assert "middles of the bins" in notes_of(image)
    np.testing.assert_array_equal(image.values, np.arange(12.0).reshape(3, 4))


def test_the_edges_of_bins_of_different_widths_are_kept(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["counts"] = np.zeros((4, 3, 5), np.uint16)
        file["tof"] = [0.0, 10, 20, 40, 80]
        file["tof"].attrs["units"] = "microsecond"
        file["y"] = np.arange(4.0)
        file.attrs["signal"], file.attrs["axes"] = "counts", ["tof", "y", "x"]
    image = read(path)
    assert image.tof.values.tolist() == [5, 15, 30, 60]
    assert image.tof_left.values.tolist() == [0, 10, 20, 40]
    assert image.tof_right.values.tolist() == [10, 20, 40, 80]
    assert image.tof_left.attrs["units"] == "us"
    assert "y_left" not in image.coords


def test_axes_numbered_from_the_last_are_turned_and_told(path: Path) -> None:
    with h5py.File(path, "w") as file:
        legacy_numbered(file)
        group = file["entry/data"]
        group["energy"], group["angle"] = [1.0, 2.0, 4.0], np.arange(4.0)
        group["energy"].attrs["axis"], group["angle"].attrs["axis"] = 2, 1
    image = read(path)
    assert image.dims == ("energy", "angle")
    assert "numbered from the last" in notes_of(image)


def test_the_axes_are_those_of_the_group_that_links_the_data(path: Path) -> None:
    with h5py.File(path, "w") as file:
        new_style(file)
        file.move("entry/data/counts", "entry/detector")
        file["entry/data/counts"] = h5py.SoftLink("/entry/detector")
        file["entry/data/energy"] = [1.0, 2.0, 4.0]
        file.attrs["default"], file["entry"].attrs["default"] = "entry", "data"
    image = read(path)
    assert image.dims == ("energy", "angle")
    assert image.energy.values.tolist() == [1, 2, 4]


def test_defaults_in_a_circle_end(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a/b"] = h5py.SoftLink("/a")
        file.attrs["default"], file["a"].attrs["default"] = "a", "b"
        file["image"] = np.zeros((3, 4))
    with pytest.raises(FormatError, match="circle"):
        read(path)
    assert read(path / "image").shape == (3, 4)


@pytest.mark.parametrize(
    ("positions", "note"),
    [
        (np.zeros(7), "3 samples and 7 positions"),
        (np.zeros((3, 4)), "3 samples and 3 x 4 positions"),
        (5.0, "3 samples and 1 positions"),
        (["DAPI", "GFP", "RFP"], "are called DAPI, GFP, RFP"),
        (np.zeros(3, [("a", "i4"), ("b", "i4")]), "no numbers"),
    ],
)
def test_positions_that_do_not_fit_are_told(path: Path, positions: Any, note: str) -> None:
    with h5py.File(path, "w") as file:
        new_style(file)
        file["entry/data/energy"] = positions
    image = read(path / "entry/data/counts")
    assert image.dims == ("energy", "angle")
    assert "energy" not in image.coords
    assert note in notes_of(image)


def test_nexus_scales_its_values(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("data")
        group.attrs["signal"], group.attrs["axes"] = "raw", ["y", "x"]
        group["raw"] = np.arange(12, dtype=np.int32).reshape(3, 4)
        group["raw_scaling_factor"], group["raw_offset"] = 0.5, 10.0
        group["x"], group["x_scaling_factor"] = np.arange(4), 0.25
    image = read(path / "data")
    np.testing.assert_array_equal(image.values, (np.arange(12).reshape(3, 4) + 10) * 0.5)
    assert image.x.values.tolist() == [0, 0.25, 0.5, 0.75]
    assert "scaled by raw_scaling_factor, raw_offset" in notes_of(image)


def test_netcdf_scales_its_values_and_knows_the_absent(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["t"] = np.array([[1, 2], [-9, 200]], np.int16)
        attrs = file["t"].attrs
        attrs["scale_factor"], attrs["add_offset"], attrs["_FillValue"] = 0.1, 5.0, np.int16(-9)
        attrs["units"] = "K"
        file["plain"] = np.array([[1, 2], [-1, 3]], np.int8)
        file["plain"].attrs["_Unsigned"] = "true"
        file["counts"] = np.array([[1, 2], [255, 3]], np.uint8)
        file["counts"].attrs["missing_value"] = [255.0, -9999.0]
        file["float"] = np.array([[1, 2], [-99.5, 3]], np.float32)
        file["float"].attrs["_FillValue"] = -99.5
    image = read(path / "t")
    np.testing.assert_allclose(image.values, [[5.1, 5.2], [np.nan, 25]], rtol=1e-6)
    assert image.dtype == np.float32
    assert image.attrs["units"] == "K"
    assert read(path / "plain").values.tolist() == [[1, 2], [255, 3]]
    np.testing.assert_array_equal(read(path / "counts").values, [[1, 2], [np.nan, 3]])
    np.testing.assert_array_equal(read(path / "float").values, [[1, 2], [np.nan, 3]])
    assert "its fill value" in notes_of(image)


def test_netcdf_dimensions_with_and_without_positions(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["time"], file["lat"] = np.arange(3) * 6.0, [40.0, 50.0]
        file["time"].attrs["units"] = "hours since 2000-01-01 00:00:00"
        file["lat"].attrs["units"] = "degrees_north"
        file["station"] = np.zeros(4, ">f4")
        file["v"] = np.zeros((3, 2, 4))
        for axis, name in enumerate(("time", "lat", "station")):
            none = "This is a netCDF dimension but not a netCDF variable.         4"
            file[name].make_scale(none if name == "station" else name)
            file[name].attrs["_Netcdf4Dimid"] = axis
            file["v"].dims[axis].attach_scale(file[name])
    image = read(path)
    assert image.dims == ("time", "lat", "station")
    assert (image.time.attrs, image.lat.attrs) == ({"units": "h"}, {"units": "deg"})
    assert "station" not in image.coords
    assert "hours since 2000" in notes_of(image)


def test_a_row_of_a_file_is_not_its_scale(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["time"], file["signal"] = np.arange(5.0), np.arange(5.0) ** 2
        file["time"].make_scale()
        file["signal"].dims[0].attach_scale(file["time"])
    image = read(path)
    assert image.dims == ("time",)
    assert image.values.tolist() == [0, 1, 4, 9, 16]


def test_elements_of_fiji(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((2, 3, 4), np.uint8)
        file["data"].attrs["element_size_um"] = [0.5, 0.2, 0.1]
    image = read(path)
    assert float(image.x[1]) == 0.1
    assert image.z.attrs == {"units": "um"}


def letters(text: str) -> Any:
    return np.array([bytes([letter]) for letter in text.encode()], "S1")


def imaris(path: Path, times: int = 2, channels: int = 2) -> np.ndarray[Any, Any]:
    """Write a stack the way Imaris does, in blocks that are filled up at their ends."""
    values = np.arange(times * channels * 3 * 10 * 14, dtype=np.uint16)
    values = values.reshape(times, channels, 3, 10, 14)
    with h5py.File(path, "w") as file:
        for level, step in enumerate((1, 2)):
            for t in range(times):
                for c in range(channels):
                    part = values[t, c, :, ::step, ::step]
                    group = file.create_group(
                        f"DataSet/ResolutionLevel {level}/TimePoint {t}/Channel {c}"
                    )
                    for axis, size in zip("ZYX", part.shape, strict=True):
                        group.attrs[f"ImageSize{axis}"] = letters(str(size))
                    padded = np.zeros((4, 16, 16), np.uint16)
                    padded[: part.shape[0], : part.shape[1], : part.shape[2]] = part
                    group.create_dataset("Data", data=padded, chunks=(2, 8, 8), compression="gzip")
        image = file.create_group("DataSetInfo/Image")
        for number, (low, high) in enumerate(((10, 17), (0, 5), (-1, 5))):
            image.attrs[f"ExtMin{number}"] = letters(str(low))
            image.attrs[f"ExtMax{number}"] = letters(str(high))
        image.attrs["Unit"] = letters("um")
    return values


def test_imaris(path: Path) -> None:
    values = imaris(path)
    image = read(path)
    assert dict(image.sizes) == {"t": 2, "c": 2, "z": 3, "y": 10, "x": 14}
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[1, :, 1:, 3:7, ::2].values, values[1, :, 1:, 3:7, ::2])
    assert image.x.values[:2].tolist() == [10.25, 10.75]
    assert image.z.attrs == {"units": "um"}
    assert [each["x"] for each in levels(path)] == [14, 7]
    coarse = read(path, level=1)
    np.testing.assert_array_equal(coarse.values, values[..., ::2, ::2])
    assert float(coarse.x[1] - coarse.x[0]) == 1
    assert image.attrs["header"]["Image"]["ExtMax0"] == "17"


def test_imaris_of_one_time_and_channel(path: Path) -> None:
    values = imaris(path, 1, 1)
    image = read(path)
    assert image.dims == ("z", "y", "x")
    np.testing.assert_array_equal(image.values, values[0, 0])


def test_big_data_viewer(path: Path) -> None:
    values = (np.arange(2 * 2 * 3 * 4 * 5) * 273 % 65536).astype(np.uint16).reshape(2, 2, 3, 4, 5)
    with h5py.File(path, "w") as file:
        for setup in range(2):
            file[f"s{setup:02d}/resolutions"] = [[1.0, 1, 1]]
            for t in range(2):
                file[f"t{t:05d}/s{setup:02d}/0/cells"] = values[t, setup].view(np.int16)
    image = read(path)
    assert image.dims == ("t", "c", "z", "y", "x")
    np.testing.assert_array_equal(image.values, values)
    assert ".xml" in notes_of(image)
    with h5py.File(path, "a") as file:
        del file["t00000/s01/0/cells"]
        file["t00000/s01/0/cells"] = np.zeros((3, 4, 6), np.int16)
    with pytest.raises(FormatError, match=r"different sizes .*t00000/s00/0/cells"):
        read(path)


@pytest.mark.parametrize(
    ("attrs", "note"),
    [
        ({"scale_factor": np.nan}, "scale_factor of a is nan"),
        ({"scale_factor": [1.0, 2.0]}, "scale_factor of a is [1.0, 2.0]"),
        ({"_FillValue": "none"}, "_FillValue of a is 'none'"),
        ({"axistags": tags(y=float("inf"), x=1)}, "resolution of y is inf"),
        ({"element_size_um": [1, np.nan, 1]}, "not three lengths"),
    ],
)
def test_numbers_that_are_none_are_told(path: Path, attrs: dict[str, Any], note: str) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.ones((3, 4))
        file["a"].attrs.update(attrs)
    image = read(path)
    assert note in notes_of(image)
    assert (image.values == 1).all()
    assert "y" not in image.coords


def test_an_axis_without_a_name_takes_one_that_is_free(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.ones((3, 4))
        file["a"].dims[0].label = "X"
    assert read(path).dims == ("x", "y")
