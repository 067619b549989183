"""E5: cells followed through a simulated time-lapse with divisions and gaps."""

from __future__ import annotations

import time

import numpy as np
from scipy.spatial import KDTree

from graticule.bench.row import Row, row
from graticule.core import Table
from graticule.core.registry import get_op
from graticule.evaluate.tracking import score_tracks
from graticule.simulate.dividing_cells import CellMovie, dividing_cells

_SEEDS = (1, 2, 3)
_REACH = 20.0


def _nearest(movie: CellMovie) -> Table:
    """Return tracks as a short script makes them: each cell is the nearest of the frame before."""
    seen = get_op("measure.regions")(movie.labels, properties=())
    seen["track"] = range(1, len(seen) + 1)
    before = None
    for _, now in seen.groupby("t"):
        if before is not None:
            places = [each[["centroid_y", "centroid_x"]].to_numpy() for each in (before, now)]
            query = KDTree(places[0]).query(places[1], distance_upper_bound=_REACH)
            away, at = np.asarray(query[0]), np.asarray(query[1])
            order = np.argsort(away)
            taken: set[int] = set()
            for index in order[np.isfinite(away[order])]:
                if at[index] not in taken:
                    taken.add(at[index])
                    track = seen.loc[before.index[at[index]], "track"]
                    seen.loc[now.index[index], "track"] = track
        before = now
    tracks: Table = seen.assign(parent=0)
    return tracks


@row("E5")
def tracks() -> list[Row]:
    """Track about 100 cells over 200 frames, of which 2 % begin to be missed in each frame."""
    track = get_op("segment.track")
    scores, theirs, spent = [], [], []
    for seed in _SEEDS:
        movie = dividing_cells(
            (400, 400), frames=200, count=100, radius=8, speed=2, cycle=120, seed=seed
        )
        started = time.process_time()
        found = track(movie.labels, max_distance=_REACH)
        spent.append(time.process_time() - started)
        scores.append(score_tracks(movie.labels, movie.tracks, movie.lineage, found.objects))
        theirs.append(score_tracks(movie.labels, movie.tracks, movie.lineage, _nearest(movie)))
    links = min(min(each.link_recall, each.link_precision) for each in scores)
    peer = min(min(each.link_recall, each.link_precision) for each in theirs)
    divisions = min(each.division_recall for each in scores)
    precision = min(each.division_precision for each in scores)
    many = sum(each.links for each in scores), sum(each.divisions for each in scores)
    about = f"200 frames of 100 cells of radius 8, {len(_SEEDS)} movies, the worst of them"
    return [
        Row(
            "E5",
            f"links of tracks, {about}: the lesser of those found and those right, of {many[0]}; "
            f"{min(spent):.2f} s of the processor a movie; beside it the nearest cell before",
            round(links, 4),
            "",
            ">= 0.98",
            links >= 0.98,
            baseline=round(peer, 4),
            seeds=_SEEDS,
        ),
        Row(
            "E5",
            f"divisions found with mother and both daughters, {about}, of {many[1]}; "
            f"of those told {precision:.3f} are right",
            round(divisions, 4),
            "",
            ">= 0.9",
            divisions >= 0.9,
            seeds=_SEEDS,
        ),
    ]
