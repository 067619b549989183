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
    assert csv_text(plain) == plain.to_csv(index=False, lineterminator="\n")
    rows = list(csv.reader(io.StringIO(csv_text(table), newline="")))
    for row in rows[1:]:
        for cell, name in zip(row, table.columns, strict=True):
            if name in ("image", "=doubt"):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_is_not_told_of_is_what_it_looks_like(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"image": ["-rf", "b"], "area": [-1.5, np.nan]}), tmp_path / "a.csv")
    again = read_csv(tmp_path / "a.csv")
    assert again["image"].tolist() == ["-rf", "b"]
    assert again["area"].tolist()[0] == -1.5


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    table = pd.DataFrame([["=a", "-b"]], columns=["x", "x"])
    assert csv_text(table) == "x,x\n'=a,'-b\n"
