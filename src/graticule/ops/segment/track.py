"""Objects followed through time."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Labels, Length, RowsOf, Table, Whole, filtered_dims, like, op
from graticule.core.dims import FRAMES
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.core.units import unit_product
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops.measure._merge import Partial
from graticule.ops.measure._objects import objects_of
from graticule.ops.measure._sums import collect
from graticule.ops.measure._table import Measured
from graticule.ops.segment._linking import Links, Observations, Rules, link


class Tracks(NamedTuple):
    """The labels by track, and tables of objects, tracks and frames."""

    labels: Labels
    objects: Annotated[Table, RowsOf(inputs=("labels",))]
    tracks: Table
    frames: Table


@op(
    version=2,
    scope=Whole("a link depends on all objects of the frames around it", memory=5.0),
    dtype="int32",
    doc=DOC,
)
def track(
    labels: Labels,
    *,
    max_distance: Annotated[Length, Field(title="Longest way to the next frame", gt=0)] = Length(
        20
    ),
    max_gap: Annotated[int, Field(title="Frames an object may be missing", ge=0, le=100)] = 2,
    divisions: Annotated[bool, Field(title="Objects divide")] = True,
    motion: Annotated[Literal["random", "steady"], Field(title="Motion")] = "random",
    size_weight: Annotated[float, Field(title="Weight of the size", ge=0, le=100)] = 1.0,
) -> Tracks:
    r"""Follow objects from frame to frame, over gaps and through divisions.

    Objects of one frame are assigned to those of the next so that the sum of costs is least; then
    the pieces are joined over gaps and at divisions by one more assignment over all frames [1]_.
    A link over a distance :math:`d` between objects of sizes :math:`a, b` costs

    .. math:: d^2 \left(1 + 3 w \frac{|a - b|}{a + b}\right)^2

    and over :math:`n` frames the :math:`n`-th part of it; none may cost more than the square of
    ``max_distance``. At a division :math:`d` is the mean of the distance from mother to daughter
    and twice that from the mother to the middle between the daughters, and the factor counts how
    unlike the daughters are, and how unlike the mother is to both together.

    Parameters
    ----------
    labels : Labels
        Along ``t`` or ``time`` and ``z y x``; numbers of different frames have nothing to do with
        each other.
    max_distance : Length
        How far an object goes from one frame to the next at most, and so how far daughters are
        from their mother; in pixels (of the smallest spacing) or as a length.
    max_gap : int
        Frames that an object may be missing.
    divisions : bool
        Whether an object may become two.
    motion : {"random", "steady"}
        Whether an object is looked for around where it was, or around where its last steps lead.
    size_weight : float
        :math:`w`; at 0 only the distance counts.

    Returns
    -------
    labels : Labels
        int32: the number of its track for each object, so that `measure.regions` makes a table by
        track and frame.
    objects : Table
        One row for each object of each frame: ``label``, the frame, ``track``, ``parent`` (0
        where the track came from no division), ``step`` from where it was before, and
        ``frames_missed`` in between.
    tracks : Table
        One row for each track: ``track``, ``parent``, ``children`` (0 or 2), ``start`` and
        ``stop`` (the first and the last frame), ``duration`` (from the first frame to that after
        the last: of a track between two divisions the whole cycle), ``objects``,
        ``frames_missed``, ``path`` (sum of the steps), ``displacement`` (from the first to the
        last place) and ``speed`` (path by the time from the first place to the last).
    frames : Table
        One row for each frame: ``objects``, ``starts`` (of tracks without a parent, but for the
        first frame), ``stops`` (without children, but for the last) and ``divisions``.

    Raises
    ------
    ImageError
        If there is no dim of time, or one beside it and ``z y x``.
    %(length_error)s

    References
    ----------
    .. [1] Jaqaman, K. et al., "Robust single-particle tracking in live-cell time-lapse sequences",
       Nature Methods 5, 695-702, 2008. :doi:`10.1038/nmeth.1237`

    %(examples)s
    >>> frames = np.array([[1, 1, 0, 0, 0, 0], [0, 7, 7, 0, 0, 0], [0, 4, 0, 2, 0, 0]])
    >>> movie = gt.core.as_image(frames, dims=["t", "x"])
    >>> found = gt.segment.track(movie, max_distance=3)
    >>> found.labels.values
    array([[1, 1, 0, 0, 0, 0],
           [0, 1, 1, 0, 0, 0],
           [0, 3, 0, 2, 0, 0]], dtype=int32)
    >>> found.tracks[["track", "parent", "children", "start", "stop"]]
       track  parent  children  start  stop
    0      1       0         2      0     1
    1      2       1         0      2     2
    2      3       1         0      2     2
    """
    from graticule.ops._distance import extent_of

    dim = _time_of(labels)
    space = filtered_dims(labels)
    block = BlockInfo.of(labels)
    axes = Axes.of(labels, block)
    objects = objects_of(labels, None, block)
    parts = {"objects": collect(objects, intensity=False)}
    measured = Measured(Partial(objects.layout, axes, parts))
    frame, label = measured.objects["frame"], measured.objects["label"]
    seen = Observations(frame, measured.middles * measured.steps, measured.sizes.astype(float))
    reach = extent_of(labels, max_distance)
    rules = Rules(reach, max_gap, divisions, size_weight, motion == "steady")
    found = link(seen, labels.sizes[dim], rules)
    order = (dim, *space)
    values = labels.transpose(*order).values
    renamed = _renamed(values, frame, label, found.track)
    turned = like(labels.transpose(*order), renamed).transpose(*labels.dims)
    moves = _moves(seen, found)
    return Tracks(
        like(labels, np.ascontiguousarray(turned.values)),
        _objects(axes, dim, measured, found, moves),
        _tracks(axes, dim, measured, seen, found, moves),
        _frames(axes, dim, seen, found),
    )


def _time_of(labels: Labels) -> str:
    space = filtered_dims(labels)
    others = [str(dim) for dim in labels.dims if dim not in space]
    if len(others) == 1 and others[0] in FRAMES:
        return others[0]
    said = ", ".join(map(str, labels.dims))
    raise ImageError(
        f"must have one dim of time, t or time, beside z y x; it has {said}",
        hint="name the axes with dims: [t, y, x] when reading",
    )


def _renamed(values: Array, frame: Array, label: Array, track: Array) -> Array:
    """Return labels with the number of the track in the place of each."""
    out = np.zeros(values.shape, np.int32)
    starts = np.searchsorted(frame, np.arange(len(values) + 1))
    for number in range(len(values)):
        own = slice(starts[number], starts[number + 1])
        known = label[own]
        if len(known):
            inside = values[number] != 0
            named = np.searchsorted(known, values[number][inside])
            out[number][inside] = track[own][named]
    return out


class _Moves(NamedTuple):
    """For each object the one before it on its track (-1), the way from it, and frames missed."""

    before: Array
    step: Array
    missed: Array


def _moves(seen: Observations, found: Links) -> _Moves:
    order = np.lexsort((seen.frame, found.track))
    before = np.full(len(order), -1)
    same = found.track[order][1:] == found.track[order][:-1]
    before[order[1:][same]] = order[:-1][same]
    known = before >= 0
    step = np.where(known, np.linalg.norm(seen.place - seen.place[before], axis=1), np.nan)
    missed = np.where(known, seen.frame - seen.frame[before] - 1, 0)
    return _Moves(before, step, missed)


def _objects(axes: Axes, dim: str, measured: Measured, found: Links, moves: _Moves) -> Table:
    import pandas as pd

    frame = measured.objects["frame"]
    times, unit = axes.frame_columns((dim,), frame)[dim]
    table = pd.DataFrame(
        {
            "label": measured.objects["label"],
            dim: times,
            "track": found.track,
            "parent": found.parent[found.track - 1],
            "step": moves.step,
            "frames_missed": moves.missed,
        }
    )
    table.attrs["units"] = _known({dim: unit, "step": measured.unit})
    return table


def _tracks(
    axes: Axes, dim: str, measured: Measured, seen: Observations, found: Links, moves: _Moves
) -> Table:
    import pandas as pd

    count = len(found.parent)
    rank = found.track - 1
    first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    last[rank] = np.arange(len(rank))  # objects are in the order of frames
    first[rank[::-1]] = np.arange(len(rank))[::-1]
    start, unit = axes.frame_columns((dim,), seen.frame[first])[dim]
    stop = axes.frame_columns((dim,), seen.frame[last])[dim][0]
    path = np.bincount(rank, np.nan_to_num(moves.step), count)
    spent = np.abs(np.asarray(stop, float) - np.asarray(start, float))
    table = pd.DataFrame(
        {
            "track": np.arange(1, count + 1),
            "parent": found.parent,
            "children": np.bincount(found.parent, minlength=count + 1)[1:],
            "start": start,
            "stop": stop,
            "duration": spent + _interval(axes, dim),
            "objects": np.bincount(rank, minlength=count),
            "frames_missed": np.bincount(rank, moves.missed, count).astype(np.int64),
            "path": path,
            "displacement": np.linalg.norm(seen.place[last] - seen.place[first], axis=1),
            "speed": np.divide(path, spent, out=np.full(count, np.nan), where=spent > 0),
        }
    )
    speed = unit_product(measured.unit, unit, -1)[1] if unit else measured.unit
    times = dict.fromkeys(("start", "stop", "duration"), unit)
    lengths = dict.fromkeys(("path", "displacement"), measured.unit)
    table.attrs["units"] = _known({**times, **lengths, "speed": speed})
    return table


def _interval(axes: Axes, dim: str) -> float:
    """Return the mean time from a frame to the next; 1 where frames are counted."""
    axis = axes.coordinate(dim)
    if axis is None or axis.size < 2:
        return 1.0
    return abs(float(axis.values[-1]) - float(axis.values[0])) / (axis.size - 1)


def _frames(axes: Axes, dim: str, seen: Observations, found: Links) -> Table:
    import pandas as pd

    size = axes.shape[dim]
    times, unit = axes.frame_columns((dim,), np.arange(size))[dim]
    rank, count = found.track - 1, len(found.parent)
    first, last = np.full(count, size), np.full(count, -1)
    np.minimum.at(first, rank, seen.frame)
    np.maximum.at(last, rank, seen.frame)
    born = found.parent > 0
    mothers = np.unique(found.parent[born]) - 1
    childless = np.ones(count, bool)
    childless[mothers] = False
    begins = first[~born & (first > 0)]
    ends = last[childless & (last < size - 1)]
    table = pd.DataFrame(
        {
            dim: times,
            "objects": np.bincount(seen.frame, minlength=size),
            "starts": np.bincount(begins, minlength=size),
            "stops": np.bincount(ends, minlength=size),
            "divisions": np.bincount(last[mothers], minlength=size),
        }
    )
    table.attrs["units"] = _known({dim: unit})
    return table


def _known(units: dict[str, str]) -> dict[str, str]:
    return {column: unit for column, unit in units.items() if unit}
