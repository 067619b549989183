"""How many links and divisions of tracks are right."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from graticule.core import Table
from graticule.core.image import Image

__all__ = ["TrackScores", "score_tracks"]

_Node = tuple[int, int]


class TrackScores(NamedTuple):
    """Shares of links and of divisions, of the true ones that are found and the found ones true.

    Attributes
    ----------
    link_recall, link_precision : float
        Of links from an object to the next of its track, or from a mother to a daughter.
    division_recall, division_precision : float
        Of divisions with the right mother and both daughters.
    links, divisions : int
        How many there are in truth.

    Examples
    --------
    >>> scores = TrackScores(0.9, 0.95, 0.5, 1.0, links=200, divisions=4)
    >>> scores.link_recall * scores.links
    180.0
    """

    link_recall: float
    link_precision: float
    division_recall: float
    division_precision: float
    links: int
    divisions: int


def score_tracks(
    labels: Image, truth: Image, lineage: Table, objects: Table, *, max_gap: int = 2
) -> TrackScores:
    """Compare tracks with the truth, link by link.

    Parameters
    ----------
    labels : Labels
        What was tracked; dims ``t`` and spatial ones. An object that lies on no true one may not
        be linked to any other.
    truth : Labels
        The same objects, and others that were missed, with the numbers of their true tracks.
    lineage : Table
        ``track`` and ``parent`` of each true track.
    objects : Table
        As of `segment.track`: ``label``, ``track`` and ``parent`` by frame.
    max_gap : int
        A track that misses more frames than this is not one to be linked.

    Returns
    -------
    TrackScores
        NaN where there is nothing to be found.

    Examples
    --------
    >>> from graticule.core.registry import get_op
    >>> from graticule.simulate.dividing_cells import dividing_cells
    >>> movie = dividing_cells((96, 96), frames=10, count=6, seed=1)
    >>> found = get_op("segment.track")(movie.labels, max_distance=12)
    >>> score_tracks(movie.labels, movie.tracks, movie.lineage, found.objects).link_recall
    1.0
    """
    times = labels["t"].values.tolist() if "t" in labels.coords else range(labels.sizes["t"])
    number = {time: frame for frame, time in enumerate(times)}
    frames = [number[time] for time in objects["t"].tolist()]
    nodes = list(zip(frames, objects["label"].astype(int), strict=True))
    true = _true_of(labels, truth)
    parents = dict(zip(lineage["track"].astype(int), lineage["parent"].astype(int), strict=True))
    wanted = _Graph.of([(node, true[node]) for node in nodes], parents, max_gap)
    tracks = objects["track"].astype(int)
    born = dict(zip(tracks, objects["parent"].astype(int), strict=True))
    got = _Graph.of(list(zip(nodes, tracks, strict=True)), born, None)
    both = len(wanted.links & got.links)
    divided = len(wanted.divisions & got.divisions)
    return TrackScores(
        _share(both, wanted.links),
        _share(both, got.links),
        _share(divided, wanted.divisions),
        _share(divided, got.divisions),
        len(wanted.links),
        len(wanted.divisions),
    )


def _share(part: int, of: set[object] | set[tuple[_Node, _Node]]) -> float:
    return part / len(of) if of else float("nan")


def _true_of(labels: Image, truth: Image) -> dict[_Node, int]:
    """Return the true track of each object: the one that most of its samples belong to."""
    order = ("t", *(dim for dim in labels.dims if dim != "t"))
    found: dict[_Node, int] = {}
    pairs = zip(labels.transpose(*order).values, truth.transpose(*order).values, strict=True)
    for frame, (one, two) in enumerate(pairs):
        inside = one > 0
        codes, counts = np.unique(
            one[inside].astype(np.int64) << 32 | two[inside], return_counts=True
        )
        for code in codes[np.argsort(counts, kind="stable")]:
            found[frame, int(code >> 32)] = int(code & 0xFFFFFFFF)
    return found


class _Graph(NamedTuple):
    """Links between objects, and divisions: the mother's last object and the daughters' first.

    An object of track 0 is on none.
    """

    links: set[tuple[_Node, _Node]]
    divisions: set[object]

    @classmethod
    def of(
        cls, nodes: list[tuple[_Node, int]], parents: dict[int, int], max_gap: int | None
    ) -> _Graph:
        by_track: dict[int, list[_Node]] = {}
        for node, track in sorted(nodes):
            if track:
                by_track.setdefault(track, []).append(node)

        def is_near(one: _Node, two: _Node) -> bool:
            return max_gap is None or two[0] - one[0] <= max_gap + 1

        links = {
            (one, two)
            for own in by_track.values()
            for one, two in itertools.pairwise(own)
            if is_near(one, two)
        }
        daughters: dict[int, list[_Node]] = {}
        for track, own in by_track.items():
            mother = by_track.get(parents.get(track, 0))
            if mother and is_near(mother[-1], own[0]):
                links.add((mother[-1], own[0]))
                daughters.setdefault(parents[track], []).append(own[0])
        divisions: set[object] = {
            (by_track[mother][-1], *sorted(own)) for mother, own in daughters.items()
            if len(own) == 2
        }  # fmt: skip
        return cls(links, divisions)
