"""Generated NPY, NPZ and OME-Zarr: values, axes, spacing and units as they were stored."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graticule.core.typing import Array
from graticule.io import levels, read

GENERATED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CODES = ("?", "u1", "i1", "<u2", ">u2", "<i4", ">i8", "<f2", "<f4", ">f8", "<c8", ">c16")
SPELLINGS = {
    "um": ("micrometer", "micrometre", "µm", "um"),
    "nm": ("nanometer", "Nanometres", "nm"),
    "Angstrom": ("angstrom", "Å"),
    "s": ("second", "seconds", "s"),
}


@st.composite
def arrays(draw: st.DrawFn, ndim: st.SearchStrategy[int]) -> Array:
    """Draw an array of any numbers, byte order and order of axes."""
    shape = tuple(draw(st.integers(1, 7)) for _ in range(draw(ndim)))
    values = np.random.default_rng(draw(st.integers(0, 99))).uniform(-100, 100, shape)
    with np.errstate(invalid="ignore"):
        values = values.astype(draw(st.sampled_from(CODES)))
    return np.asarray(values, order=draw(st.sampled_from("CF")))


@GENERATED
@given(st.data())
def test_npy(tmp_path: Path, data: st.DataObject) -> None:
    values = data.draw(arrays(st.integers(0, 5)))
    version = data.draw(st.sampled_from([(1, 0), (2, 0), (3, 0)]))
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, values, version, allow_pickle=False)
    dims = list("abcde"[: values.ndim])
    image = read(tmp_path / "a.npy", dims=dims)
    np.testing.assert_array_equal(image.values, np.load(tmp_path / "a.npy"))
    assert image.dtype == values.dtype.newbyteorder("=")
    assert "notes" not in image.attrs


@GENERATED
@given(st.data())
def test_npz(tmp_path: Path, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(["a", "b", "deep/c", "d e"]), min_size=1, unique=True)
    )
    held = {name: data.draw(arrays(st.integers(1, 3))) for name in names}
    save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(tmp_path / "a.npz", **held)
    for name, values in held.items():
        np.testing.assert_array_equal(read(tmp_path / "a.npz" / name).values, values)


@GENERATED
@given(st.data())
def test_ome_zarr(tmp_path: Path, data: st.DataObject) -> None:
    values = data.draw(arrays(st.integers(2, 5)))
    dims = "tczyx"[-values.ndim :]
    version = data.draw(st.sampled_from([2, 3]))
    units = {
        dim: data.draw(st.sampled_from(sorted(SPELLINGS)))
        for dim in dims
        if dim != "c" and data.draw(st.booleans())
    }
    axes = [{"name": dim, "type": "space"} for dim in dims]
    for axis in axes:
        if axis["name"] in units:
            axis["unit"] = data.draw(st.sampled_from(SPELLINGS[units[axis["name"]]]))
    step = [data.draw(st.floats(1e-3, 1e3)) for _ in dims]
    origin = [data.draw(st.floats(-1e3, 1e3)) for _ in dims]
    placed = [{"type": "scale", "scale": step}, {"type": "translation", "translation": origin}]
    count = data.draw(st.integers(1, 3))
    folder = tmp_path / "a.zarr"
    shutil.rmtree(folder, ignore_errors=True)
    group = zarr.create_group(folder, zarr_format=version)
    for level in range(count):
        _fill(group, str(level), values[..., :: 2**level, :: 2**level], data)
    datasets = [{"path": str(n), "coordinateTransformations": placed} for n in range(count)]
    said: dict[str, Any] = {"multiscales": [{"axes": axes, "datasets": datasets}]}
    group.attrs.update(said if version == 2 else {"ome": {"version": "0.5", **said}})

    told = levels(folder)
    assert len(told) == count
    for level in range(count):
        image = read(folder, level=level)
        np.testing.assert_array_equal(image.values, values[..., :: 2**level, :: 2**level])
        assert image.dims == tuple(dims)
        assert image.dtype == values.dtype.newbyteorder("=")
        assert told[level] == dict(image.sizes)
    image = read(folder)
    for axis, dim in enumerate(dims):
        if dim not in image.coords:
            assert (step[axis], origin[axis], dim in units) == (1, 0, False)
            continue
        positions = origin[axis] + step[axis] * np.arange(image.sizes[dim])
        np.testing.assert_allclose(image[dim].values, positions)
        assert image[dim].attrs.get("units") == units.get(dim)


def _fill(group: Any, name: str, values: Array, data: st.DataObject) -> None:
    """Store values in chunks, with or without a codec; Zarr 3 in shards too."""
    chunks = tuple(data.draw(st.integers(1, n)) for n in values.shape)
    options: dict[str, Any] = {"chunks": chunks}
    if group.metadata.zarr_format == 3 and data.draw(st.booleans()):
        options["shards"] = tuple(chunk * data.draw(st.integers(1, 2)) for chunk in chunks)
    if data.draw(st.booleans()):
        options["compressors"] = None
    array = group.create_array(name, shape=values.shape, dtype=values.dtype, **options)
    array[...] = values
