"""segment.track: assignments as SciPy's dense one, and movies whose tracks are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import linear_sum_assignment

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.evaluate.tracking import score_tracks
from graticule.ops.segment._linking import assigned
from graticule.simulate.dividing_cells import CellMovie, dividing_cells


@pytest.mark.parametrize("seed", range(20))
def test_assignment_is_the_dense_one_of_jaqaman(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns, limit = 7, 9, 0.4
    costs = rng.random((rows, columns))
    there = rng.random((rows, columns)) < 0.6
    i, j = np.nonzero(there)
    one, two = assigned(i + 3, j + 5, costs[i, j], limit)
    # links, no link of a row, no link of a column, and what these leave over
    full = np.full((rows + columns, rows + columns), 1e6)
    full[:rows, :columns] = np.where(there, costs, 1e6)
    np.fill_diagonal(full[:rows, columns:], limit)
    np.fill_diagonal(full[rows:, :columns], limit)
    full[rows:, columns:] = np.where(there, 0, 1e6).T
    full[rows:, columns:] = 0
    wanted = [(a, b) for a, b in zip(*linear_sum_assignment(full), strict=True)
              if a < rows and b < columns]  # fmt: skip
    assert sorted(zip(one - 3, two - 5, strict=True)) == wanted


def discs(places: list[list[tuple[float, float]]], radius: float = 3.0) -> xr.DataArray:
    """Return frames with a disc at each place, numbered from the last to the first."""
    y, x = np.mgrid[:60, :80]
    frames = np.zeros((len(places), 60, 80), np.int32)
    for frame, each in zip(frames, places, strict=True):
        for number, (at_y, at_x) in enumerate(reversed(each), start=1):
            frame[(y - at_y) ** 2 + (x - at_x) ** 2 <= radius**2] = number
    return as_image(frames, dims=["t", "y", "x"])


def test_a_gap_is_closed_and_a_longer_one_is_not() -> None:
    way = [(30.0, 10.0 + 4 * n) for n in range(10)]
    places = [[one, (10.0, 60.0)] if n not in (4, 5) else [(10.0, 60.0)]
              for n, one in enumerate(way)]  # fmt: skip
    found = gt.segment.track(discs(places), max_distance=8, max_gap=2)
    assert found.tracks["objects"].tolist() == [10, 8]
    assert found.tracks["frames_missed"].tolist() == [0, 2]
    assert found.tracks["path"].tolist() == pytest.approx([0, 36])
    assert found.tracks["speed"].tolist() == pytest.approx([0, 4])
    apart = gt.segment.track(discs(places), max_distance=8, max_gap=1)
    assert apart.tracks["objects"].tolist() == [10, 4, 4]
    assert apart.frames["starts"].tolist() == [0] * 6 + [1, 0, 0, 0]
    assert apart.frames["stops"].tolist() == [0] * 3 + [1] + [0] * 6
    assert apart.frames["objects"].tolist() == [2, 2, 2, 2, 1, 1, 2, 2, 2, 2]


def test_objects_that_cross_are_told_apart_by_their_way() -> None:
    places = [[(16.0 + 4 * n, 6.0 + 6 * n), (54.0 - 4 * n, 9.0 + 6 * n)] for n in range(10)]

    def swaps(motion: str) -> bool:
        found = gt.segment.track(discs(places, 1), max_distance=12, motion=motion).labels.values
        assert found.max() == 2
        return bool(found[9, 52, 60] != found[0, 16, 6])

    assert swaps("random")
    assert not swaps("steady")


def test_a_division_ends_a_track_and_begins_two() -> None:
    y, x = np.mgrid[:40, :60]
    frames = np.zeros((6, 40, 60), np.uint8)
    for n, frame in enumerate(frames):
        if n < 3:
            frame[(y - 20) ** 2 + (x - 30) ** 2 <= 49] = 9
        else:
            for number, at in ((4, 24), (5, 36)):
                frame[(y - 20) ** 2 + (x - at) ** 2 <= 25] = number
    movie = as_image(frames, dims=["t", "y", "x"], spacing={"y": "2 um", "x": "2 um", "t": "5 min"})
    found = gt.segment.track(movie, max_distance="30 um")
    assert found.tracks["parent"].tolist() == [0, 1, 1]
    assert found.tracks["children"].tolist() == [2, 0, 0]
    assert found.tracks["start"].tolist() == [0, 15, 15]
    assert found.frames["divisions"].tolist() == [0, 0, 1, 0, 0, 0]
    assert found.tracks["duration"].tolist() == [15, 15, 15]
    units = {"start": "min", "stop": "min", "duration": "min", "path": "um", "displacement": "um"}
    assert found.tracks.attrs["units"] == units | {"speed": "um / min"}
    assert found.labels.dtype == np.int32
    single = gt.segment.track(movie, max_distance="30 um", divisions=False)
    assert (single.tracks["parent"] == 0).all()


@pytest.fixture(scope="module")
def movie() -> CellMovie:
    return dividing_cells((160, 180), frames=60, count=20, cycle=40, seed=5)


def test_simulated_cells_are_followed(movie: CellMovie) -> None:
    found = gt.segment.track(movie.labels, max_distance=16)
    scores = score_tracks(movie.labels, movie.tracks, movie.lineage, found.objects)
    assert scores.divisions > 15
    assert min(scores.link_recall, scores.link_precision) > 0.98
    assert min(scores.division_recall, scores.division_precision) > 0.85


def test_tables_and_labels_tell_the_same(movie: CellMovie) -> None:
    found = gt.segment.track(movie.labels, max_distance=16)
    by_track = gt.measure.regions(found.labels)[["t", "label", "pixels"]]
    by_label = gt.measure.regions(movie.labels)[["t", "label", "pixels"]]
    named = by_label.merge(found.objects[["t", "label", "track"]], on=["t", "label"])
    wanted = named[["t", "track", "pixels"]].sort_values(["t", "track"]).to_numpy()
    np.testing.assert_array_equal(by_track.to_numpy(), wanted)
    assert len(found.objects) == found.tracks["objects"].sum() == found.frames["objects"].sum()
    paths = found.objects.groupby("track")["step"].sum()
    np.testing.assert_allclose(found.tracks["path"], paths)


def test_numbers_and_the_order_of_dims_do_not_matter(movie: CellMovie) -> None:
    labels = movie.labels[:20]
    found = gt.segment.track(labels, max_distance=16)
    renamed = labels.copy(data=np.where(labels > 0, 1000 - labels, 0)).transpose("y", "t", "x")
    other = gt.segment.track(renamed, max_distance=16)
    assert other.labels.dims == ("y", "t", "x")
    one, two = found.labels.values, other.labels.transpose("t", "y", "x").values
    pairs = pd.DataFrame({"one": one.ravel(), "two": two.ravel()}).drop_duplicates()
    assert not pairs["one"].duplicated().any()
    assert not pairs["two"].duplicated().any()


def test_movies_without_objects_or_time() -> None:
    empty = xr.DataArray(np.zeros((3, 4, 5), int), dims=("t", "y", "x"))
    found = gt.segment.track(empty)
    assert len(found.objects) == len(found.tracks) == 0
    assert found.frames["objects"].tolist() == [0, 0, 0]
    with pytest.raises(ImageError, match="one dim of time"):
        gt.segment.track(np.zeros((3, 4, 5), int))
