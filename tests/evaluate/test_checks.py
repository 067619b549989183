"""The checks of a detection: a p-value for each image, q over the study, recovery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.core import Subject, as_image
from graticule.core.errors import CheckError
from graticule.core.registry import check_names, get_check
from graticule.evaluate.injection import Ripple, efficiency, inject, recovery


def _subject(image: xr.DataArray) -> Subject:
    return Subject(_outgoing(image), image, _outgoing)


def _outgoing(image: xr.DataArray) -> float:
    """Return the largest mean along straight outgoing lines."""
    rolled = [np.roll(image.values[:, d], -d) for d in range(image.shape[1])]
    return float(np.max(np.mean(rolled, axis=0)))


def _image(seed: int, strength: float = 0.0, columns: int = 20) -> xr.DataArray:
    values = np.random.default_rng(seed).normal(size=(40, columns))
    values[np.arange(20) + 10, np.arange(20)] += strength
    return as_image(values, dims=("time", "distance"))


def test_both_checks_are_registered() -> None:
    assert {"surrogate", "injection"} <= set(check_names())


def test_a_signal_is_found_and_its_smallest_p_is_stated() -> None:
    evidence = get_check("surrogate")(_subject(_image(0, strength=3.0)), n=99, taper=0.0)
    assert evidence.columns["p"] == evidence.columns["p_smallest"] == pytest.approx(0.01)
    assert evidence.columns["p_low"] == 0
    assert evidence.columns["statistic_flip_time"] < evidence.arrays["statistic"]
    assert evidence.arrays["null"].shape == (99,)


def test_flips_alone_are_a_null_of_their_own_size() -> None:
    found = get_check("surrogate")(_subject(_image(0, 3.0)), by=["flip_time", "flip_distance"])
    assert found.columns["p"] == pytest.approx(1 / 3)


def test_the_study_controls_its_false_discoveries() -> None:
    check = get_check("surrogate")
    p = {"strong": 0.01, "none": 0.6, "other": 0.04}
    study = pd.DataFrame({"p": p.values()})
    by = {"correction": "benjamini-hochberg"}
    rows = check.conclude(study, check.parameters.validate(by))
    assert rows["q"].tolist() == pytest.approx([0.03, 0.6, 0.06])
    assert rows["detected"].tolist() == [True, False, False]
    careful = check.conclude(study, check.parameters.validate({}))
    assert careful["q"].tolist() == pytest.approx([0.055, 1.0, 0.11])
    assert not careful["detected"].any()


def test_a_best_fit_at_the_end_of_the_search_is_no_detection() -> None:
    """Neither in its row nor in the study, however small its p."""
    image = _image(0, 3.0)

    def event(ends: str) -> Subject:
        def rerun(image: xr.DataArray) -> pd.DataFrame:
            return pd.DataFrame({"statistic": [_outgoing(image)], "at_end": [ends]})

        return Subject(rerun(image), image, rerun)

    check = get_check("surrogate")
    params = {"n": 39, "interior": ["a"], "fdr": 0.1}
    found = [check(event(ends), **params) for ends in ("a, d0", "d0", "")]
    assert [one.columns["best_at_end"] for one in found] == [True, False, False]
    assert [one.notable for one in found] == [False, True, True]
    assert len({one.columns["p"] for one in found}) == 1
    rows = check.conclude(
        pd.DataFrame([one.columns for one in found]), check.parameters.validate(params)
    )
    assert rows["detected"].tolist() == [False, True, True]
    with pytest.raises(CheckError, match="at_end of a record"):
        check(_subject(image), **params)


def test_what_is_no_number_has_no_p_value() -> None:
    image = _image(0)
    with pytest.raises(CheckError, match="one number"):
        get_check("surrogate")(Subject(image, image, lambda i: i), n=5)


def test_stronger_ripples_are_found_more_often() -> None:
    def largest(image: xr.DataArray) -> float:
        return float(image.max())

    image = _image(1, columns=60)
    subject = Subject(largest(image), image, largest)
    evidence = get_check("injection")(subject, strengths=[0.0, 30.0], arrivals=[0.0], n=20)
    found = evidence.arrays["found"]
    assert found[0] < found[1] == 1
    assert evidence.arrays["low"][1] <= found[1] <= evidence.arrays["high"][1]
    assert evidence.columns["strength_half"] == 30


def test_an_injected_ripple_has_its_strength_in_sigma() -> None:
    quiet = as_image(np.random.default_rng(0).normal(size=(400, 90)), dims=("time", "distance"))
    quiet = quiet * xr.DataArray(np.linspace(1, 5, 90), dims="distance")
    added = inject(quiet, Ripple(strength=2, t0=50.3, a=5.0)) - quiet
    largest = np.abs(added).max("time") / quiet.std("time")
    assert float(largest[:18].max()) == 0
    assert float(largest[30:40].max()) == pytest.approx(2, abs=0.05)


def test_every_combination_is_injected_once() -> None:
    rows = recovery(
        [_image(0)], _outgoing, strengths=[1, 2], arrivals=[3, 4, 5], curvatures=[1], threshold=0
    )
    assert len(rows) == 2 * 3 * 4
    assert efficiency(rows)["injected"].tolist() == [12, 12]
    assert efficiency(rows, by="t0")["found"].tolist() == [1.0, 1.0, 1.0]
