"""simulate.dividing_cells: what is told of the cells is what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.simulate.dividing_cells import dividing_cells


def test_labels_and_lineage_agree_with_the_tracks() -> None:
    movie = dividing_cells((120, 140), frames=50, count=15, cycle=30, seed=2)
    tracks, labels = movie.tracks.values, movie.labels.values
    assert not labels[tracks == 0].any()
    lineage = movie.lineage.set_index("track")
    for number, row in lineage.iterrows():
        frames = np.flatnonzero((tracks == number).any(axis=(1, 2)))
        assert row["start"] <= frames.min()
        assert frames.max() <= row["stop"]
        if row["parent"]:
            assert row["start"] == lineage.loc[row["parent"], "stop"] + 1
    daughters = movie.lineage[movie.lineage["parent"] > 0].groupby("parent").size()
    assert len(daughters) > 8
    # a cell that leaves in the frame it is born in would be no daughter
    assert (daughters == 2).all()
    alive = [len(np.unique(frame)) - 1 for frame in tracks]
    assert max(alive) <= 16
    assert min(alive) >= 12


def test_some_are_missed_for_a_frame_or_two() -> None:
    movie = dividing_cells((200, 200), frames=40, count=30, missed=0.05, seed=3)
    shown = movie.labels.values > 0
    gaps = []
    for number in movie.lineage["track"]:
        own = movie.tracks.values == number
        drawn = own.any(axis=(1, 2))
        seen = (own & shown).any(axis=(1, 2))
        runs = "".join("s" if s else "m" for s in seen[drawn]).strip("m").split("s")
        gaps += [len(run) for run in runs if run]
    assert gaps
    assert max(gaps) <= 4, "two gaps may follow each other, and none is longer than two"
    share = 1 - (shown & (movie.tracks.values > 0)).sum() / (movie.tracks.values > 0).sum()
    assert 0.03 < share < 0.12
    image = movie.image.values
    assert image[shown].mean() > image[(movie.tracks.values > 0) & ~shown].mean() + 50


def test_the_seed_decides_and_faults_are_named() -> None:
    one, two, other = (dividing_cells((60, 60), frames=5, count=4, seed=n) for n in (1, 1, 2))
    np.testing.assert_array_equal(one.image, two.image)
    assert (one.image != other.image).any()
    with pytest.raises(ParameterError, match="dividing_cells"):
        dividing_cells((60, 60), frames=0)
    with pytest.raises(ParameterError, match="radius and cycle"):
        dividing_cells((60, 60), radius=0)
