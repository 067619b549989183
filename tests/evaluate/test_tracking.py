"""evaluate.tracking: scores of tracks that are right, cut, swapped or without divisions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.evaluate.tracking import score_tracks

# Track 1 divides after frame 1 into 2 and 3; track 4 is missed in frame 2.
TRUTH = xr.DataArray(
    np.array([[1, 1, 0, 4], [1, 1, 0, 4], [2, 0, 3, 4], [2, 0, 3, 4]]), dims=("t", "x")
)
LABELS = xr.DataArray(
    np.array([[5, 5, 0, 6], [1, 1, 0, 2], [1, 0, 2, 0], [3, 0, 1, 2]]), dims=("t", "x")
)
LINEAGE = pd.DataFrame({"track": [1, 2, 3, 4], "parent": [0, 1, 1, 0]})
RIGHT = pd.DataFrame(
    {
        "t": [0, 0, 1, 1, 2, 2, 3, 3, 3],
        "label": [5, 6, 1, 2, 1, 2, 3, 1, 2],
        "track": [1, 4, 1, 4, 2, 3, 2, 3, 4],
        "parent": [0, 0, 0, 0, 1, 1, 1, 1, 0],
    }
)


def test_what_is_right_is_whole() -> None:
    scores = score_tracks(LABELS, TRUTH, LINEAGE, RIGHT)
    assert scores == (1.0, 1.0, 1.0, 1.0, 7, 1)
    renamed = RIGHT.assign(track=RIGHT["track"] * 10, parent=RIGHT["parent"] * 10)
    assert score_tracks(LABELS, TRUTH, LINEAGE, renamed) == scores


def test_cut_swapped_and_lost() -> None:
    cut = RIGHT.assign(track=RIGHT["track"].where(RIGHT.index != 8, 9))
    scores = score_tracks(LABELS, TRUTH, LINEAGE, cut)
    assert scores[:3] == (pytest.approx(6 / 7), 1.0, 1.0)
    swapped = RIGHT.assign(track=[1, 4, 1, 4, 2, 3, 3, 2, 4])
    scores = score_tracks(LABELS, TRUTH, LINEAGE, swapped)
    assert scores[:2] == (pytest.approx(5 / 7), pytest.approx(5 / 7))
    undivided = RIGHT.assign(parent=0)
    scores = score_tracks(LABELS, TRUTH, LINEAGE, undivided)
    assert scores.link_recall == pytest.approx(5 / 7)
    assert scores.division_recall == 0
    assert np.isnan(scores.division_precision)
    assert score_tracks(LABELS, TRUTH, LINEAGE, RIGHT, max_gap=0).links == 6


def test_objects_that_are_none_are_on_no_track() -> None:
    spurious = LABELS.copy(data=[[5, 5, 9, 6], [1, 1, 9, 2], [1, 9, 2, 0], [3, 9, 1, 2]])
    false = pd.DataFrame({"t": range(4), "label": 9, "parent": 0})
    right = score_tracks(LABELS, TRUTH, LINEAGE, RIGHT)
    apart = pd.concat([RIGHT, false.assign(track=[11, 12, 13, 14])])
    assert score_tracks(spurious, TRUTH, LINEAGE, apart) == right
    linked = pd.concat([RIGHT, false.assign(track=11)])
    assert score_tracks(spurious, TRUTH, LINEAGE, linked) == right._replace(link_precision=0.7)
    daughters = false.assign(track=[11, 12, 13, 14], parent=[0, 11, 11, 0])
    scores = score_tracks(spurious, TRUTH, LINEAGE, pd.concat([RIGHT, daughters]))
    assert scores == right._replace(link_precision=7 / 9, division_precision=0.5)
