"""measure.size_distribution: the histograms of NumPy, and quantiles under weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import ImageError, ParameterError

run = gt.op("measure.size_distribution")
NAME = "equivalent_diameter"


def objects(seed: int, count: int = 80) -> pd.DataFrame:
    sizes = np.random.default_rng(seed).lognormal(1, 0.5, count).round(1)
    table = pd.DataFrame({NAME: sizes, "volume": sizes**3})
    table.attrs["units"] = {NAME: "um", "volume": "um3"}
    return table


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_histograms_are_those_of_numpy(seed: int, bins: int) -> None:
    table = objects(seed)
    histogram, _ = run(table, bins=bins)
    number, edges = np.histogram(table[NAME], bins)
    held, _ = np.histogram(table[NAME], edges, weights=table.volume)
    np.testing.assert_allclose(histogram[f"{NAME}_start"], edges[:-1])
    assert abs(histogram.number - number).sum() <= 4  # a size may lie on an edge but for rounding
    assert histogram.number.sum() == len(table)
    assert histogram.cumulative.iloc[-1] == pytest.approx(1)
    if (histogram.number == number).all():
        np.testing.assert_allclose(histogram.volume_share, held / held.sum())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_quantiles_are_the_inverse_of_the_shares(seed: int, count: int) -> None:
    table = objects(seed, count)
    sizes = table[NAME].to_numpy()
    _, summary = run(table)
    row = summary.iloc[0]
    for part, weights in (("", np.ones(count)), ("volume_", table.volume.to_numpy())):
        for name, level in (("d10", 0.1), ("d50", 0.5), ("d90", 0.9)):
            found = row[f"{NAME}_{part}{name}"]
            assert weights[sizes <= found].sum() >= level * weights.sum() * (1 - 1e-9)
            assert weights[sizes < found].sum() < level * weights.sum()
        mean = np.average(sizes, weights=weights)
        assert row[f"{NAME}_{part}mean"] == pytest.approx(mean)
        spread = np.sqrt(np.average((sizes - mean) ** 2, weights=weights))
        assert row[f"{NAME}_{part}std"] == pytest.approx(spread)


def test_units_are_those_of_the_size() -> None:
    histogram, summary = run(objects(0))
    assert histogram.attrs["units"] == {f"{NAME}_start": "um", f"{NAME}_stop": "um"}
    assert summary.attrs["units"][f"{NAME}_volume_d50"] == "um"
    assert f"{NAME}_span" not in summary.attrs["units"]


def test_logarithmic_bins_grow_by_a_factor() -> None:
    histogram, _ = run(objects(1), scale="log", bins=7)
    ratio = histogram[f"{NAME}_stop"] / histogram[f"{NAME}_start"]
    np.testing.assert_allclose(ratio, ratio[0])


def test_equal_sizes_share_one_bin_and_none_have_none() -> None:
    same = pd.DataFrame({NAME: [2.0, 2.0], "area": [1.0, np.nan]})
    histogram, summary = run(same)
    assert histogram.number.tolist() == [1]
    assert summary[f"{NAME}_d90"].tolist() == [2.0]
    histogram, summary = run(same.head(0))
    assert len(histogram) == 0
    assert summary[f"{NAME}_count"].tolist() == [0]
    assert summary.drop(columns=f"{NAME}_count").isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "params", "error", "says"),
    [
        ({}, {"column": "diameter"}, ParameterError, "no column 'diameter'"),
        ({}, {"weight": "mass"}, ParameterError, "no column 'mass'"),
        ({"volume": -1.0}, {}, ImageError, "must not be negative"),
        ({NAME: "large"}, {}, ImageError, "must hold numbers"),
        ({NAME: 0.0}, {"scale": "log"}, ParameterError, "positive sizes"),
    ],
)
def test_what_makes_no_sense_is_refused(change: Any, params: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        run(objects(0).assign(**change), **params)


def test_it_follows_from_a_table_of_regions() -> None:
    labels = np.array([[1, 1, 0, 2], [1, 1, 0, 3]])
    table = gt.op("measure.regions")(labels)
    histogram, summary = run(table, column="area", bins=1)
    assert histogram.number.tolist() == [3]
    assert summary.area_volume_d50.tolist() == [4.0]


@pytest.mark.parametrize("column", ["equivalent_diameter", "volume"])
def test_sizes_whose_squares_no_float_holds_are_refused(column: str) -> None:
    table = pd.DataFrame({"equivalent_diameter": [1.0, 2.0, 3.0], "volume": [1.0, 8.0, 27.0]})
    table.loc[1, column] = 1e300
    with pytest.raises(ImageError, match="at most 1e"):
        gt.measure.size_distribution(table)
