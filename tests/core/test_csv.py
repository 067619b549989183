"""core.csv: no cell of text is a formula, numbers are as they are, and a table comes back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames

from graticule.core.csv import columns_of, csv_text, guarded, read_csv, unguarded, write_csv

PIECES = st.sampled_from([*"=+-@\t\r\n'\",;ax1é ", "nan", "NA", "None", "TRUE", "1e5"])
TEXTS = st.lists(PIECES, max_size=4).map("".join)
TABLES = data_frames(
    [
        column("image", dtype=object, elements=TEXTS),
        column("=doubt", dtype=object, elements=TEXTS.filter(bool) | st.none()),
        column("area", dtype=np.float64),
        column("small", dtype=np.float32),
        column("-count", dtype=np.int64),
        column("label", dtype=np.uint8),
        column("detected", dtype=bool),
        column("maybe", dtype=object, elements=st.sampled_from([True, False, None])),
    ]
)


@given(TEXTS)
def test_a_text_comes_back_and_is_no_formula(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, f"'{text}")


@settings(max_examples=40)
@given(TABLES)
def test_a_table_comes_back(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    write_csv(table, path)
    again = read_csv(path, columns_of(table))
    assert list(again.columns) == list(table.columns)
    for name in table.columns:
        found, wanted = again[name], table[name]
        assert found.isna().tolist() == wanted.isna().tolist(), name
        assert found.dropna().tolist() == wanted.dropna().tolist(), name
        if wanted.dtype != object:
            assert found.dtype == wanted.dtype, name


@settings(max_examples=40)
@given(TABLES)
def test_only_text_is_guarded(table: pd.DataFrame) -> None:
    plain = table[["area", "small", "-count", "label"]].set_axis(list("abcd"), axis="columns")
    told = list(csv.reader(io.StringIO(csv_text(plain))))
    assert [[float(cell or "nan") for cell in row] for row in told[1:]] == [
        [pytest.approx(float(value), rel=0, abs=0, nan_ok=True) for value in row]
        for row in plain.itertuples(index=False)
    ]
    rows = list(csv.reader(io.StringIO(csv_text(table), newline="")))
    for row in rows[1:]:
        for cell, name in zip(row, table.columns, strict=True):
            if name in ("image", "=doubt"):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "a": st.integers(-(2**53) + 1, 2**53 - 1) | st.floats() | st.none(),
                "b": st.integers(-9, 9) | st.booleans() | TEXTS | st.none(),
                "c": st.integers(-9, 9) | st.floats(-2, 2, width=16) | TEXTS.filter(bool),
                "d": st.booleans() | st.none(),
            }
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_text_of_a_row_does_not_depend_on_other_rows(rows: list[dict[str, object]]) -> None:
    def told(some: list[dict[str, object]]) -> list[list[str]]:
        return list(
            csv.reader(io.StringIO(csv_text(pd.DataFrame(some, columns=list("abcd"))), newline=""))
        )[1:]

    assert told(rows) == [told([row])[0] for row in rows]


def test_many_rows_are_written_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"a": n / 2, "b": "\r" if n == 7 else "=x", "c": None if n % 3 else n} for n in range(9)
    ]
    at_once = csv_text(pd.DataFrame(rows))
    monkeypatch.setattr("graticule.core.csv._TOGETHER", 2)
    assert csv_text(pd.DataFrame(rows)) == at_once
    assert csv_text(pd.DataFrame(rows[:0], columns=["a"])) == "a\n"


@given(st.floats(width=32), st.floats())
def test_a_number_of_few_bits_has_the_text_of_its_value(small: float, beside: float) -> None:
    alone = pd.DataFrame({"a": np.array([small], np.float32)})
    joined = pd.DataFrame({"a": np.array([small, beside])})
    assert csv_text(joined).split("\n")[1] == csv_text(alone).split("\n")[1]


def test_a_whole_number_is_written_as_one() -> None:
    table = pd.DataFrame({"a": [3.0, 2.5, np.nan], "b": [-0.0, 2.0**53, np.inf]})
    assert csv_text(table) == "a,b\n3,-0.0\n2.5,9007199254740992.0\n,inf\n"
    mixed = pd.DataFrame({"a": ["x", 3.0, 2**60], "b": pd.array([1, None, 2.5], "Float64")})
    assert csv_text(mixed) == "a,b\nx,1\n3,\n1152921504606846976,2.5\n"


def test_what_is_not_told_of_is_what_it_looks_like(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"image": ["-rf", "b"], "area": [-1.5, np.nan]}), tmp_path / "a.csv")
    again = read_csv(tmp_path / "a.csv")
    assert again["image"].tolist() == ["-rf", "b"]
    assert again["area"].tolist()[0] == -1.5


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    table = pd.DataFrame([["=a", "-b"]], columns=["x", "x"])
    assert csv_text(table) == "x,x\n'=a,'-b\n"
