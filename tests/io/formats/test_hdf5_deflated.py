"""Deflated chunks are unpacked as HDF5 does it, and into no more than their room."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import read
from graticule.io.formats._hdf5_deflated import is_deflated, unpacked


@given(data=st.data())
def test_any_box_is_as_hdf5_reads_it(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=3)))
    chunks = tuple(data.draw(st.integers(1, n)) for n in shape)
    dtype = data.draw(st.sampled_from(["<u2", ">f4", "<i8", "u1", "<f2"]))
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    with h5py.File(tmp_path_factory.mktemp("h5") / "a.h5", "w") as file:
        made = file.create_dataset(
            "a", shape, dtype, chunks=chunks, compression="gzip",
            shuffle=data.draw(st.booleans()), fillvalue=7,
        )  # fmt: skip
        if data.draw(st.booleans()):
            made[...] = values
        else:  # the other chunks are not there
            made[:1] = values[:1]
        spans = [sorted(data.draw(st.integers(0, n)) for _ in "ab") for n in shape]
        box = tuple(slice(a, b) for a, b in spans)
        assert is_deflated(made)
        found = unpacked(made, box)
        assert found.dtype == made.dtype
        np.testing.assert_array_equal(found, made[box])


def test_a_filter_that_was_left_out_is_left_out(tmp_path: Path) -> None:
    values = np.arange(16, dtype="<u2").reshape(4, 4)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("a", (4, 4), "<u2", chunks=(4, 4), compression="gzip")
        made.id.write_direct_chunk((0, 0), values.tobytes(), filter_mask=1)
    np.testing.assert_array_equal(read(tmp_path / "a.h5").values, values)


@pytest.mark.parametrize(
    "other", [{"fletcher32": True}, {"scaleoffset": 3}, {"compression": "lzf"}]
)
def test_other_filters_are_left_to_hdf5(tmp_path: Path, other: dict[str, Any]) -> None:
    values = np.arange(64, dtype="<i4").reshape(8, 8) % 8
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset(
            "a", data=values, chunks=(4, 4), **{"compression": "gzip", **other}
        )
        assert not is_deflated(made)
    np.testing.assert_array_equal(read(tmp_path / "a.h5").values, values)


@pytest.mark.parametrize("content", [zlib.compress(bytes(10**8)), zlib.compress(b"ab"), b"damaged"])
def test_a_chunk_of_another_size_is_told_and_takes_no_room(tmp_path: Path, content: bytes) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("a", (64, 64), "u1", chunks=(64, 64), compression="gzip")
        made.id.write_direct_chunk((0, 0), content)
    with pytest.raises(FormatError, match=r"chunk at \(0, 0\)"):
        _ = read(tmp_path / "a.h5").values
