"""NumPy's header by its grammar: what NumPy writes is read as NumPy does, and all else refused."""

from __future__ import annotations

import io
import time
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from graticule.core.errors import FormatError
from graticule.io.npy_header import read_header


def header(text: bytes, version: tuple[int, int] = (1, 0)) -> io.BytesIO:
    size = 2 if version == (1, 0) else 4
    return io.BytesIO(b"\x93NUMPY" + bytes(version) + len(text).to_bytes(size, "little") + text)


DTYPES = st.one_of(
    arrays.scalar_dtypes(),
    arrays.unicode_string_dtypes(),
    arrays.byte_string_dtypes(),
    arrays.array_dtypes(),
    arrays.nested_dtypes(),
)


@given(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_side=5), st.booleans())
def test_it_is_read_as_numpy_does(dtype: np.dtype[Any], shape: Any, fortran: bool) -> None:
    values = np.zeros(shape, dtype, order="F" if fortran else "C")
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # that older versions of NumPy will not read it
        np.lib.format.write_array(content, values)
    content.seek(0)
    if content.getbuffer().nbytes - values.nbytes > 8192:
        with pytest.raises(FormatError, match="no array of numbers"):
            read_header(content)
        return
    told = read_header(content)
    turned = values.flags.f_contiguous and not values.flags.c_contiguous
    assert told == (shape, turned, dtype)
    assert len(content.getvalue()) - content.tell() == values.nbytes


def test_what_python_2_wrote() -> None:
    old = header(b"{'descr': '<f4', 'shape': (10L, 20L), 'fortran_order': True, }          \n")
    assert read_header(old) == ((10, 20), True, np.dtype("f4"))


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{}", b"[]", b" = " + b" " * 8000, b"{'descr': " + b" " * 8000, b"{" * 8000,
        b"{'descr': [" + b"(" * 8000, b"{'descr': [" + b"[]," * 2500 + b"], 'fort",
        b"{" + b"'descr': []," * 600, b"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2,)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        b"{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
        b"{'descr': '<q99', 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': [('__import__', 'f4')], 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': [('a', 'f4', -1)], 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} import os",
    ],
)  # fmt: skip
def test_what_is_no_header_is_refused_at_once(text: bytes) -> None:
    start = time.process_time()
    with pytest.raises(FormatError, match="none of NumPy's"):
        read_header(header(text))
    assert time.process_time() - start < 1


def test_a_long_header_is_not_parsed() -> None:
    with pytest.raises(FormatError, match="a header of 9903 bytes"):
        read_header(header(b" = " + b" " * 9900))
    with pytest.raises(FormatError, match="ends within its header"):
        read_header(io.BytesIO(b"\x93NUMPY\1\0\x76\0{'descr'"))
    with pytest.raises(FormatError, match="version"):
        read_header(header(b"", (9, 0)))
    with pytest.raises(FormatError, match="no mark"):
        read_header(io.BytesIO(b"\x93NUM"))
