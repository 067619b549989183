"""Boxes of arrays that lie in one piece in a file: as NumPy cuts them, without mapping the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import raw
from graticule.io.raw import Raw, RawTarget


@st.composite
def boxes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[slice, ...]]:
    """Return a shape and a box in it."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    spans = [sorted((draw(st.integers(0, n)), draw(st.integers(0, n)))) for n in shape]
    return shape, tuple(slice(a, b) for a, b in spans)


@pytest.mark.parametrize("band", [1, 64, 2**22])
@given(case=boxes(), order=st.sampled_from("CF"), dtype=st.sampled_from(["<u2", ">f4", "|u1"]))
def test_a_box_is_that_of_the_array(
    tmp_path_factory: pytest.TempPathFactory, case: Any, order: Any, dtype: str, band: int
) -> None:
    shape, box = case
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    path = tmp_path_factory.getbasetemp() / "raw.bin"
    path.write_bytes(b"head" + values.tobytes(order))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw, "_BAND", band)
        found = Raw(4, dtype, shape, order)(path, box)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(found, values[box])


@given(case=boxes(), dtype=st.sampled_from(["<u2", ">f4"]))
def test_a_box_that_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, case: Any, dtype: str
) -> None:
    shape, box = case
    path = tmp_path_factory.getbasetemp() / "target.bin"
    path.write_bytes(b"head")
    target = RawTarget(path, 4, dtype, shape)
    wanted = np.zeros(shape, dtype)
    values = np.random.default_rng(1).integers(1, 99, wanted[box].shape).astype(dtype)
    target[box] = wanted[box] = values
    assert path.read_bytes() == b"head" + wanted.tobytes()


def test_a_file_that_ends_before_its_array_is_told(tmp_path: Path) -> None:
    path = tmp_path / "short.bin"
    path.write_bytes(bytes(90))
    read = Raw(0, "<u1", (10, 10))
    assert read(path, (slice(0, 9), slice(0, 10))).shape == (9, 10)
    with pytest.raises(FormatError, match="ends early"):
        read(path, (slice(0, 10), slice(0, 10)))
