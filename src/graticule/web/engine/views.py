"""What a page is shown of a step: the part that is asked for, as it goes to the page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypedDict

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.image import Kind
from graticule.core.scope import Region
from graticule.pipeline.coarse import window_of
from graticule.pipeline.live.image import RegionView, reference_to
from graticule.pipeline.spec import Spec
from graticule.web.frames import (
    channels_frame,
    frame,
    histogram,
    is_colour,
    plane_dims,
    table_frame,
)
from graticule.web.images import Opened
from graticule.web.requests import ViewRequest

_FEW = 8
"""Numbers of a result that are told."""


class _How(TypedDict):
    of: str | None
    is_wanted: Callable[[], bool]
    part: bool


def viewed(
    opened: Opened,
    pipeline: Spec,
    request: ViewRequest,
    is_wanted: Callable[[], bool],
) -> tuple[RegionView, Kind, Region]:
    """Return what a request asks for, what it is, and which part of the whole."""
    of = request.of or None
    reference = reference_to(pipeline, of)
    live, kind = opened.live, opened.kind_of(pipeline, reference)
    how: _How = {"of": of, "is_wanted": is_wanted, "part": request.part}
    sizes = live.sizes(pipeline, request.level, **how)
    window = window_of(live.inputs[pipeline.first_input], request.level)
    region = _region(request, sizes, window)
    view = live.view(pipeline, region, request.level, **how)
    return view, kind, region


def _region(request: ViewRequest, sizes: Mapping[str, int], window: Mapping[str, int]) -> Region:
    """Return what is asked for, cut to what there is; of further dims one sample."""
    drawn, bounds = _drawn(request, sizes), {}
    for dim, size in sizes.items():
        if dim in request.region:
            start, stop = request.region[dim]
            start = min(max(0, start), size - 1)
            bounds[dim] = (start, min(max(start + 1, stop), size))
        elif dim not in drawn and dim == "c" and _channels(request, size):
            chosen = _channels(request, size)
            bounds[dim] = (min(chosen), max(chosen) + 1)
        elif dim not in drawn and not is_colour(dim, size, request.at):
            place = request.at.get(dim, 0) // window.get(dim, 1)
            place = min(max(0, place), size - 1)
            bounds[dim] = (place, place + 1)
    return Region(bounds)


def _channels(request: ViewRequest, size: int) -> list[int]:
    """Return which of the channels that are asked for there are."""
    return [channel for channel in request.channels if 0 <= channel < size]


def _drawn(request: ViewRequest, dims: Collection[Any]) -> list[str]:
    """Return the dims that are rows and columns of what is asked for."""
    if request.plane is None or not dims:
        return plane_dims(dims)
    if missing := [dim for dim in request.plane if dim not in dims]:
        raise RequestError(
            f"has no {' and no '.join(missing)}, and so no slice along it", where=request.of,
            hint="show a step that keeps all dims of the image, or leave the slices",
        )  # fmt: skip
    return list(request.plane)


def reply(
    view: RegionView, kind: Kind, request: ViewRequest, region: Region, named: dict[str, Any]
) -> bytes | dict[str, Any]:
    """Return a view as the page reads it; ``named`` is said in its header."""
    if view.image is None:
        return table_frame(view.table, {**named, "basis": view.basis})
    if request.type == "histogram":
        edges, counts = histogram(view)
        found = {"basis": view.basis, "edges": edges, "counts": counts}
        return {"type": "histogram", **named, **found}
    image, drawn = view.image, _drawn(request, view.image.dims)
    further = [dim for dim, size in image.sizes.items() if size == 1 and dim not in drawn]
    sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
    shown = {dim: list(region.bounds.get(dim, (0, sizes[dim]))) for dim in drawn if dim in sizes}
    told = {**named, "region": shown, "result": _told(view.result)}
    first, last = region.bounds.get("c", (0, 0))
    chosen = _channels(request, last) if "c" in image.dims and kind is Kind.IMAGE else []
    flat = replace(view, image=image.isel({dim: 0 for dim in further if dim != "c" or not chosen}))
    if chosen:
        return channels_frame(flat, {c: c - first for c in chosen}, told, drawn)
    return frame(flat, kind, told, drawn)


def _told(result: Any) -> list[float] | None:
    """Return what a reduction found, as a threshold, where that is a number or few."""
    if not isinstance(result, (int, float, np.number, np.ndarray)):
        return None
    numbers = np.atleast_1d(np.asarray(result, float))
    is_told = numbers.ndim == 1 and numbers.size <= _FEW and bool(np.isfinite(numbers).all())
    return numbers.tolist() if is_told else None
