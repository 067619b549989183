"""measure.join, derive and summarise: as pandas does it, with units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graticule as gt
from graticule.core.errors import ImageError, ParameterError, UnitsError


def table(units: dict[str, str] | None = None, **columns: object) -> pd.DataFrame:
    made = pd.DataFrame(columns)
    made.attrs["units"] = units or {}
    return made


CELLS = table({"area": "um2"}, label=[1, 2, 3], area=[50.0, 60.0, 70.0])
NUCLEI = table({"area": "um2"}, label=[5, 6, 7], parent=[2, 2, 1], area=[8.0, 9.0, 4.0])


@pytest.mark.parametrize("how", ["left", "inner", "outer"])
def test_join_is_the_merge_of_pandas(how):
    found = gt.measure.join(CELLS, NUCLEI[["label", "area"]].assign(label=[3, 1, 9]),
                            names=["cell", "nucleus"], how=how)  # fmt: skip
    right = NUCLEI[["label", "area"]].assign(label=[3, 1, 9])
    wanted = CELLS.merge(right, on="label", how=how, suffixes=("_cell", "_nucleus"))
    np.testing.assert_array_equal(found.to_numpy(float), wanted.to_numpy(float))
    assert found.columns.tolist() == ["label", "cell.area", "nucleus.area"]
    assert found.attrs["units"] == {"cell.area": "um2", "nucleus.area": "um2"}


def test_join_by_parent_both_ways():
    up = gt.measure.join(NUCLEI, CELLS, names=["", "cell"], on={"parent": "label"})
    assert up["cell.area"].tolist() == [60.0, 60.0, 50.0]
    down = gt.measure.join(
        CELLS, NUCLEI, names=["", "nuclei"], on={"label": "parent"}, reduce="sum"
    )
    assert down["nuclei.area"].fillna(-1).tolist() == [4.0, 17.0, -1.0]
    assert down["nuclei.count"].tolist() == [1, 2, 0]
    assert down["nuclei.count"].dtype == np.int64
    assert down.attrs["units"]["nuclei.area"] == "um2"
    with pytest.raises(ImageError, match="several rows for parent 2"):
        gt.measure.join(CELLS, NUCLEI, names=["", "nuclei"], on={"label": "parent"})


@pytest.mark.parametrize("how", ["left", "inner", "outer"])
def test_what_fits_a_row_is_counted_in_whole_numbers(how):
    spots = table(None, label=[1, 2, 3], parent=[2, 2, 9], size=[1.0, 2.0, 4.0])
    found = gt.measure.join(
        CELLS, spots, NUCLEI, names=["", "spots", "nuclei"], on={"label": "parent"},
        how=how, reduce="mean",
    )  # fmt: skip
    counts = found.set_index("label")[["spots.count", "nuclei.count"]]
    assert (counts.dtypes == np.int64).all()
    wanted = {1: [0, 1], 2: [2, 2], 3: [0, 0], 9: [1, 0]}
    assert {label: row.tolist() for label, row in counts.T.items()} == {
        label: wanted[label] for label in found["label"]
    }
    if how != "inner":
        assert found["spots.size"].isna().any(), "what is measured of none stays missing"


def test_frames_are_joined_by_too_and_units_are_brought_together():
    one = table({"t": "s"}, label=[1, 1], t=[0.0, 60.0], a=[1, 2])
    two = table({"t": "min"}, label=[1, 1], t=[1.0, 0.0], b=[3, 4])
    found = gt.measure.join(one, two)
    assert found["b"].tolist() == [4, 3]
    with pytest.raises(UnitsError, match="cannot equal"):
        gt.measure.join(one, table({"t": "um"}, label=[1], t=[0.0], b=[1]))


@pytest.mark.parametrize(("unit", "step"), [("s", 0.035), ("min", 0.035 / 60), ("ms", 35)])
def test_times_of_other_units_meet_whatever_their_rounding(unit, step):
    frames = np.arange(-3, 40)
    rounding = 1e-17 if unit != "ms" else 0
    one = table({"t": unit}, label=np.ones(43, int), t=frames * step + rounding, frame=frames)
    two = table({"t": "ms"}, label=np.ones(43, int), t=frames * 35, seen=frames)
    for found in (gt.measure.join(one, two), gt.measure.join(one, two, how="outer")):
        assert found["seen"].tolist() == found["frame"].tolist() == frames.tolist()
        assert found["t"].tolist() == one["t"].tolist()
    assert gt.measure.join(two, one)["frame"].tolist() == frames.tolist()


def test_a_time_that_another_table_has_not_meets_none():
    one = table({"t": "s"}, label=[1, 1, 1], t=[0.0, 1.0, np.nan], a=[1, 2, 3])
    two = table({"t": "ms"}, label=[1, 1, 1], t=[1000.001, 0.0, 2000.0], b=[4, 5, 6])
    assert gt.measure.join(one, two)["b"].fillna(-1).tolist() == [5.0, -1.0, -1.0]
    outer = gt.measure.join(one, two, how="outer")
    assert sorted(outer["t"].dropna()) == [0.0, 1.0, 1.000001, 2.0]
    assert gt.measure.join(one.iloc[:0], two).empty
    assert gt.measure.join(one, two.iloc[:0])["b"].isna().all()


def test_keys_may_be_words_and_categories():
    kinds = pd.CategoricalDtype(["x", "y", "z"])
    one = table(None, kind=pd.Series(["x", "y"], dtype=kinds), a=[1, 2])
    two = table(None, kind=pd.Series(["y", "x", "y"], dtype=kinds), b=[3.0, 4.0, 5.0])
    found = gt.measure.join(one, two, on={"kind": "kind"}, reduce="mean")
    assert found["b"].tolist() == [4.0, 4.0]
    assert found["count"].tolist() == [1, 2]
    one.attrs["units"], two.attrs["units"] = {"kind": "s"}, {"kind": "ms"}
    with pytest.raises(ImageError, match="on: the column kind must hold numbers"):
        gt.measure.join(one, two, on={"kind": "kind"})


def test_faults_of_a_join_are_named():
    with pytest.raises(ParameterError, match="names: two tables have the column 'area'"):
        gt.measure.join(CELLS, CELLS)
    with pytest.raises(ParameterError, match="1 names for 2 tables"):
        gt.measure.join(CELLS, CELLS, names=["cell"])
    with pytest.raises(ParameterError, match="did you mean label"):
        gt.measure.join(CELLS, NUCLEI, on={"lable": "label"})


def test_derive_knows_columns_and_units():
    joined = gt.measure.join(CELLS, CELLS, names=["cell", "other"])
    found = gt.measure.derive(
        joined, columns={"ratio": "cell.area / other.area", "side": "sqrt(cell.area)"}
    )
    assert found["ratio"].tolist() == [1.0, 1.0, 1.0]
    assert found.attrs["units"] == {"cell.area": "um2", "other.area": "um2", "side": "um"}
    assert list(joined.columns) == ["label", "cell.area", "other.area"], "the input is unchanged"
    later = gt.measure.derive(CELLS, columns={"a": "area * 2", "b": "a + area"})
    assert later["b"].tolist() == [150.0, 180.0, 210.0]
    with pytest.raises(ParameterError, match=r"columns\.x: .*no column 'aera' \(did you mean area"):
        gt.measure.derive(CELLS, columns={"x": "aera / 2"})
    with pytest.raises(UnitsError, match=r"columns\.x"):
        gt.measure.derive(CELLS, columns={"x": "area + 2"})
    with pytest.raises(ParameterError, match="no formula may"):
        gt.measure.derive(CELLS, columns={"x": "area.max()"})


def test_summarise_is_pandas():
    rng = np.random.default_rng(0)
    values = rng.normal(size=101)
    values[7] = np.nan
    made = table({"a": "um"}, label=range(101), a=values, kind=["x", "y"] * 50 + ["x"])
    found = gt.measure.summarise(
        made,
        columns=["a"],
        statistics=["n", "mean", "sd", "sem", "median", "mad", "min", "max", "sum"],
        quantiles=[0.05, 0.975],
    )
    column = made["a"]
    wanted = [
        column.count(), column.mean(), column.std(), column.sem(), column.median(),
        (column - column.median()).abs().median(), column.min(), column.max(), column.sum(),
        column.quantile(0.05), column.quantile(0.975),
    ]  # fmt: skip
    np.testing.assert_allclose(found.to_numpy(float)[0], wanted, rtol=1e-12)
    assert found.columns[-2:].tolist() == ["a_q05", "a_q97_5"]
    assert found.attrs["units"]["a_q97_5"] == "um"
    assert "a_n" not in found.attrs["units"]
    some = gt.measure.summarise(made, columns=["a"], where="kind == 'x' and a > '0 um'")
    assert some["a_n"].item() == ((made["kind"] == "x") & (column > 0)).sum()


def test_nothing_to_sum_up():
    none = table(None, label=[], area=np.zeros(0))
    found = gt.measure.summarise(none, columns=["area"], statistics=["n", "mean", "sum"])
    assert found["area_n"].item() == 0
    assert found["area_sum"].item() == 0
    assert np.isnan(found["area_mean"].item())
    with pytest.raises(ImageError, match="must hold numbers"):
        gt.measure.summarise(CELLS.assign(kind=["a", "b", "c"]), columns=["kind"])
    with pytest.raises(ParameterError, match="did you mean area"):
        gt.measure.summarise(CELLS, columns=["aera"])
    with pytest.raises(ParameterError, match="true or false"):
        gt.measure.summarise(CELLS, columns=["area"], where="area")


def test_what_a_join_leaves_missing_is_not_true_and_no_number():
    joined = gt.measure.join(
        table(None, label=[1, 2], x=[1.0, 2.0]), table(None, label=[1], ok=[True], n=[3])
    )
    found = gt.measure.derive(joined, columns={"y": "x if ok else 0", "z": "n + 1"})
    assert found["y"].tolist() == [1.0, 0.0]
    assert found["z"].fillna(-1).tolist() == [4.0, -1.0]
