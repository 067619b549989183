"""Rows kept as columns are the table that pandas makes of the rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.pipeline import columns
from graticule.pipeline.columns import Columns

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=3),
)
alike = st.sampled_from([st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=3)])


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    kinds = {name: draw(st.one_of(alike, st.just(cells))) for name in "abc"}
    count = draw(st.integers(1, 20))
    return [
        {"image": f"{number}"}
        | {name: draw(kind) for name, kind in kinds.items() if draw(st.integers(0, 9))}
        for number in range(count)
    ]


@given(tables())
def test_columns_are_what_pandas_makes_of_the_rows(rows: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_TOGETHER", 4)
        held = Columns()
        for row in rows:
            held.append(row)
        pd.testing.assert_frame_equal(held.table(), pd.DataFrame(rows, index=range(len(rows))))


def test_numbers_take_eight_bytes() -> None:
    held = Columns()
    for number in range(5000):
        held.append({"area": number * 0.5, "label": number, "kind": str(number % 1)})
    table = held.table()
    assert table.dtypes.map(str).tolist()[:2] == ["float64", "int64"]
    assert table["area"].sum() == sum(range(5000)) / 2
    assert len({id(text) for text in table["kind"]}) == 1


def test_no_rows_are_an_empty_table() -> None:
    assert Columns().table().shape == (0, 0)


def test_a_column_that_comes_late_has_nan_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_TOGETHER", 3)
    held = Columns()
    for number in range(8):
        held.append({"a": number} if number < 7 else {"a": number, "b": 1})
    late = held.table()["b"]
    assert late.dtype == np.float64
    assert math.isnan(late[0])
    assert late[7] == 1
