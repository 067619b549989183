"""A scratch array is an array, however it is cut."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.pipeline.scratch import ScratchArray


@st.composite
def boxes(draw):
    shape = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    chunk = [draw(st.integers(1, 8)) for _ in shape]
    index = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        start = draw(st.integers(0, size - 1))
        stop = draw(st.integers(start, size))
        index.append(draw(st.sampled_from([start, start - size, slice(start, stop), slice(None)])))
    return shape, chunk, tuple(index)


@settings(deadline=None, max_examples=60)
@given(boxes())
def test_reads_and_writes_as_numpy_does(case):
    shape, chunk, index = case
    whole = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    with tempfile.TemporaryDirectory() as folder:
        scratch = ScratchArray(Path(folder), shape, np.int32, chunk)
        assert not scratch[:].any()
        scratch[:] = whole
        np.testing.assert_array_equal(scratch[index], whole[index])
        changed = whole.copy()
        changed[index] = -whole[index] - 1
        scratch[index] = -whole[index] - 1
        np.testing.assert_array_equal(scratch[:], changed)


def test_the_file_goes_with_the_array(tmp_path):
    scratch = ScratchArray.for_tiles(tmp_path, {"y": 5, "x": 4}, np.uint8, {"y": 2})
    assert scratch.chunk == (2, 4)
    assert len(list(tmp_path.iterdir())) == 1
    del scratch
    assert not list(tmp_path.iterdir())
