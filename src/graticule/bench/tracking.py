"""E5: cells followed through a simulated time-lapse with divisions and gaps."""

from __future__ import annotations

import time

from graticule.bench.row import Row, row
from graticule.core.registry import get_op
from graticule.evaluate.tracking import score_tracks
from graticule.simulate.dividing_cells import dividing_cells

_SEEDS = (1, 2, 3)
_REACH = 20.0


@row("E5")
def tracks() -> list[Row]:
    """Track about 100 cells over 200 frames, of which 2 % begin to be missed in each frame."""
    track = get_op("segment.track")
    scores, spent = [], []
    for seed in _SEEDS:
        movie = dividing_cells(
            (400, 400), frames=200, count=100, radius=8, speed=2, cycle=120, seed=seed
        )
        started = time.process_time()
        found = track(movie.labels, max_distance=_REACH)
        spent.append(time.process_time() - started)
        scores.append(score_tracks(movie.labels, movie.tracks, movie.lineage, found.objects))
    links = min(min(each.link_recall, each.link_precision) for each in scores)
    divisions = min(each.division_recall for each in scores)
    precision = min(each.division_precision for each in scores)
    many = sum(each.links for each in scores), sum(each.divisions for each in scores)
    about = f"200 frames of 100 cells of radius 8, {len(_SEEDS)} movies, the worst of them"
    return [
        Row(
            "E5",
            f"links of tracks, {about}: the lesser of those found and those right, of {many[0]}; "
            f"{min(spent):.2f} s of the processor a movie",
            round(links, 4),
            "",
            ">= 0.98",
            links >= 0.98,
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
