"""Generated HDF5, NeXus and MATLAB files against h5py and SciPy."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import read
from graticule.io.axes import short_unit

NAMES = ("t", "z", "y", "x", "c", "energy", "wavelength", "two_theta")
UNITS = (
    *("", "um", "µm", "micron", "micrometers", "Micrometre", "nm", "nanometers", "mm", "m"),
    *("s", "seconds", "ms", "keV", "eV", "degrees", "deg", "Angstrom", "Å", "1/angstrom", "pixel"),
)
NUMBERS = [
    f"{order}{kind}" for order in "<>" for kind in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]
]
FLOATS = [f"{order}{kind}" for order in "<>" for kind in ["f2", "f4", "f8", "c8", "c16"]]
FILTERS: list[dict[str, Any]] = [
    {},
    {"compression": "gzip"},
    {"compression": "gzip", "shuffle": True},
    {"compression": "lzf"},
    {"compression": "szip"},
    {"fletcher32": True},
    {"compression": "gzip", "fletcher32": True, "shuffle": True},
]


def arrays(draw: Any, codes: list[str], ndim: int) -> np.ndarray[Any, Any]:
    """Draw an array, of small whole numbers so that every dtype holds them."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=ndim, max_size=ndim)))
    code = draw(st.sampled_from(codes))
    seed = draw(st.integers(0, 2**16))
    values = np.random.default_rng(seed).integers(0, 100, shape)
    return values.astype(bool if code == "bool" else code)


def spread(draw: Any, size: int) -> np.ndarray[Any, Any]:
    """Draw positions along an axis, evenly spaced or not."""
    start, step = draw(st.sampled_from([0.0, -3.5, 100.0])), draw(st.sampled_from([0.25, 1.0, 7.5]))
    power = draw(st.sampled_from([1, 2]))
    values: np.ndarray[Any, Any] = start + step * np.arange(size, dtype=float) ** power
    return values.astype(draw(st.sampled_from(["<f4", ">f8"])))


def write_hdf5(draw: Any, path: Path) -> tuple[str, np.ndarray[Any, Any], dict[str, Any]]:
    """Write a file; return where the array is, its values, and by dim its positions and unit."""
    ndim = draw(st.integers(1, 4))
    values = arrays(draw, [*NUMBERS, *FLOATS, "bool"], ndim)
    names = draw(st.lists(st.sampled_from(NAMES), min_size=ndim, max_size=ndim, unique=True))
    style = draw(st.sampled_from(["tags", "new", "indices", "axes", "numbered", "scales"]))
    at = draw(st.sampled_from(["", "entry/", "entry/data/"]))
    options = dict(draw(st.sampled_from(FILTERS)))
    if options:
        options["chunks"] = tuple(draw(st.integers(1, size)) for size in values.shape)
    if options.get("compression") == "szip":
        pixels = int(np.prod(options["chunks"]))
        if values.dtype.kind not in "uif" or pixels < 4:
            options.pop("compression")
        else:
            options["compression_opts"] = ("nn", 4)
    told: dict[str, Any] = {}
    with h5py.File(path, "w", libver=draw(st.sampled_from(["earliest", "latest"]))) as file:
        group = file.require_group(at) if at else file
        image = group.create_dataset("image", data=values, **options)
        image.attrs["units"] = draw(st.sampled_from(["counts", "K", ""]))
        for name, size in zip(names, values.shape, strict=True):
            positions, unit = spread(draw, size), draw(st.sampled_from(UNITS))
            edges = style != "tags" and draw(st.booleans())
            if edges:
                positions = spread(draw, size + 1)
            told[name] = (positions, short_unit(unit), edges)
            if style == "tags":
                continue
            group[name] = positions
            group[name].attrs["units"] = unit
        if style == "tags":
            steps = {name: draw(st.sampled_from([0, 0.5, 2])) for name in names}
            axes = [{"key": k, "typeFlags": 1, "resolution": step} for k, step in steps.items()]
            image.attrs["axistags"] = json.dumps({"axes": axes})
            told = {
                name: (np.arange(size) * steps[name], "", False) if steps[name] else None
                for name, size in zip(names, values.shape, strict=True)
            }
        elif style == "scales":
            for axis, name in enumerate(names):
                group[name].make_scale(name)
                # a scale may have any length, of which the format says nothing
                image.dims[axis].attach_scale(group[name])
        elif style in ("new", "indices"):
            listed = names if style == "new" else draw(st.permutations(names))
            group.attrs["signal"], group.attrs["axes"] = "image", listed
            for axis, name in enumerate(names if style == "indices" else ()):
                group.attrs[f"{name}_indices"] = axis
        else:
            image.attrs["signal"] = 1
            if style == "axes":
                image.attrs["axes"] = ":".join(names)
            for axis, name in enumerate(names if style == "numbered" else ()):
                group[name].attrs["axis"] = axis + 1
        if draw(st.booleans()):
            file["further/other"] = np.zeros((4, 5))
            file["further/text"] = ["a", "b"]
            file["kind"] = np.dtype("f4")
    return f"{at}image", values, told


@settings(max_examples=75)
@given(data=st.data())
def test_generated_hdf5(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.h5")
        name, values, told = write_hdf5(data.draw, path)
        image = read(path / name)
        with h5py.File(path) as file:
            np.testing.assert_array_equal(image.values, file[name][()])
            assert image.attrs.get("units", "") == file[name].attrs["units"]
        assert image.dtype == values.dtype.newbyteorder("=")
        assert image.dims == tuple(told)
        for dim, expected in told.items():
            if expected is None:
                assert dim not in image.coords
                continue
            positions, unit, edges = expected
            if edges:
                positions = (positions[1:] + positions[:-1]) / 2
            np.testing.assert_allclose(image.coords[dim].values, positions, rtol=1e-6)
            assert image.coords[dim].attrs.get("units", "") == unit
        region = tuple(
            slice(data.draw(st.integers(0, size - 1)), None, data.draw(st.integers(1, 2)))
            for size in image.shape
        )
        np.testing.assert_array_equal(image[region].values, values[region])


MATLAB = ["f8", "f4", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c16", "bool"]


def mat_dims(values: np.ndarray[Any, Any]) -> tuple[str, ...] | None:
    """Return what the dims of a MATLAB array must be; None where they need names."""
    if values.ndim > 3:
        return None
    colours = values.ndim == 3 and values.dtype == np.uint8 and values.shape[2] == 3
    return ("y", "x", "c" if colours else "z")[: values.ndim]


def require_same_as_matlab(path: Path, values: np.ndarray[Any, Any]) -> None:
    """Read a variable, with names for its dims where it needs them, and compare."""
    expected = mat_dims(values)
    dims = None if expected else [f"d{axis}" for axis in range(values.ndim)]
    image = read(path, dims=dims)
    assert image.dims == (expected or tuple(dims or ()))
    assert (image.dtype.kind == "b") is (values.dtype.kind == "b")
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[1:, ::2].values, values[1:, ::2])


@settings(max_examples=75)
@given(data=st.data())
def test_generated_matlab(data: st.DataObject) -> None:
    draw = data.draw
    version = draw(st.sampled_from(["4", "5", "5 packed", "7.3"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mat")
        if version == "4":
            values = arrays(draw, ["f8", "f4", "i4", "i2", "u2", "u1", "c16"], 2)
            other: dict[str, Any] = {"text": "abc", "b": np.eye(2)}
            scipy.io.savemat(path, {**other, "image": values}, format="4")
            expected = scipy.io.loadmat(path)["image"]
        else:
            values = arrays(draw, MATLAB, draw(st.integers(1, 4)))
            values = values[None] if values.ndim == 1 else values
            expected = values
            if version == "7.3":
                write_matlab_73(path, values)
            else:
                cell = np.empty((1, 2), object)
                cell[0, 0], cell[0, 1] = values, "text"
                held: dict[str, Any] = {
                    "image": values,
                    "held": {"inner": values, "name": "b"},
                    "cell": cell,
                }
                held["sparse"], held["text"] = scipy.sparse.eye_array(3, format="csc"), "abc"
                scipy.io.savemat(path, held, do_compression=version == "5 packed")
                np.testing.assert_array_equal(scipy.io.loadmat(path)["image"], values)
        require_same_as_matlab(path / "image", expected)
        if version == "4":
            return
        require_same_as_matlab(path / "held" / "inner", as_nested(version, expected))
        require_same_as_matlab(path / "cell" / "0", as_nested(version, expected))
        for name, word in {"text": "is text", "sparse": "sparse matrix", "held": "inner"}.items():
            with pytest.raises(FormatError, match=word):
                read(path / name)


def as_nested(version: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what SciPy gives of values in a struct or cell: it forgets that they are logical."""
    return values.astype(np.uint8) if values.dtype == bool and version != "7.3" else values


def write_matlab_73(path: Path, values: np.ndarray[Any, Any]) -> None:
    """Write the HDF5 that MATLAB writes: columns first, with the class beside."""
    names = {"b": "logical", "f": "single" if values.itemsize == 4 else "double", "c": "double"}
    kind = names.get(values.dtype.kind, values.dtype.name)

    def put(group: Any, name: str) -> Any:
        stored = values.T
        if stored.dtype.kind == "c":
            pairs = np.zeros(stored.shape, [("real", "f8"), ("imag", "f8")])
            pairs["real"], pairs["imag"] = stored.real, stored.imag
            stored = pairs
        group[name] = stored.astype(np.uint8) if stored.dtype == bool else stored
        group[name].attrs["MATLAB_class"] = np.bytes_(kind)
        return group[name]

    with h5py.File(path, "w", userblock_size=512) as file:
        put(file, "image")
        held = file.create_group("held")
        held.attrs["MATLAB_class"] = np.bytes_("struct")
        put(held, "inner")
        refs = file.create_group("#refs#")
        file["cell"] = np.array([[put(refs, "a").ref], [put(refs, "b").ref]], h5py.ref_dtype)
        file["cell"].attrs["MATLAB_class"] = np.bytes_("cell")
        file["text"] = np.zeros((3, 1), np.uint16)
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
        sparse = file.create_group("sparse")
        sparse.attrs["MATLAB_class"], sparse.attrs["MATLAB_sparse"] = np.bytes_("double"), 3
        file["empty"] = np.array([0, 0], np.uint64)
        file["empty"].attrs["MATLAB_class"] = np.bytes_("double")
        file["empty"].attrs["MATLAB_empty"] = 1
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, made by a test".ljust(124) + b"\0\2IM")
