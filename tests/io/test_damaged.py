"""A damaged file ends in a `FormatError`, or in exactly what it held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_files import FILES

from graticule.core.errors import FormatError
from graticule.io import read

FAST = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=sorted(FILES))
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bytes, Any]:
    path = tmp_path / "sample.bin"
    values = FILES[request.param](path)
    return path, path.read_bytes(), values


def test_a_whole_file_gives_its_values_whatever_its_name(sample: tuple[Path, bytes, Any]) -> None:
    path, _, values = sample
    image = read(path)
    np.testing.assert_array_equal(image.values, values)
    assert image.dtype == values.dtype


@FAST
@given(data=st.data())
def test_cut_short_at_any_byte(sample: tuple[Path, bytes, Any], data: st.DataObject) -> None:
    path, content, values = sample
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    try:
        found = read(path).values
    except FormatError:
        return
    np.testing.assert_array_equal(found, values)


@FAST
@given(data=st.data())
def test_bytes_changed_anywhere(sample: tuple[Path, bytes, Any], data: st.DataObject) -> None:
    path, content, _ = sample
    # the head is where the sizes stand that could ask for much memory
    for _ in range(data.draw(st.integers(1, 3))):
        limit = data.draw(st.sampled_from((64, 512, len(content))))
        at = data.draw(st.integers(0, min(limit, len(content)) - 1))
        content = content[:at] + data.draw(st.binary(min_size=1, max_size=1)) + content[at + 1 :]
    path.write_bytes(content)
    try:
        image = read(path)
        if image.size < 10**7:
            _ = image.values
    except FormatError:
        pass
