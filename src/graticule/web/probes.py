"""Values of a step under a sample, along a line and in a box."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.image import LEVEL, SPATIAL, Image, Kind
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.pipeline.coarse import window_of
from graticule.pipeline.live.image import RegionView, reference_to
from graticule.pipeline.spec import Spec
from graticule.web.frames import is_colour, plane_dims
from graticule.web.images import Opened
from graticule.web.requests import Probe, ProbeRequest

_CHEAP = 2**24
"""Samples that are read at full resolution; of more a coarser level is looked at."""
_BESIDE = 2
"""Samples around a line from which its values are taken."""


@dataclass(frozen=True)
class _Looked:
    """A step of an image that probes look at."""

    opened: Opened
    pipeline: Spec
    request: ProbeRequest
    is_wanted: Callable[[], bool]

    @property
    def is_labels(self) -> bool:
        """Whether its values are numbers of objects, of which there is no mean."""
        reference = reference_to(self.pipeline, self.request.of or None)
        return self.opened.kind_of(self.pipeline, reference) is Kind.LABELS

    def sizes(self, level: int) -> dict[str, int]:
        """Return its size by dim."""
        of = self.request.of or None
        return self.opened.live.sizes(self.pipeline, level, of, is_wanted=self.is_wanted)

    def window(self, level: int) -> dict[str, int]:
        """Return how many samples one of a level stands for, by dim."""
        return window_of(self.opened.live.inputs[self.pipeline.first_input], level)

    def view(self, box: Mapping[str, tuple[int, int]], level: int, along: str) -> RegionView:
        """Return a box of full resolution at a level: all of a dim, and of others one sample."""
        window, bounds = self.window(level), {}
        for dim, size in self.sizes(level).items():
            factor = window.get(dim, 1)
            if dim in box:
                start = min(box[dim][0] // factor, size - 1)
                bounds[dim] = (start, min(max(start + 1, -(-box[dim][1] // factor)), size))
            elif dim != along and not is_colour(dim, size, self.request.at):
                place = min(max(0, self.request.at.get(dim, 0) // factor), size - 1)
                bounds[dim] = (place, place + 1)
        of = self.request.of or None
        view = self.opened.live.view(self.pipeline, bounds, level, of=of, is_wanted=self.is_wanted)
        if view.image is None:
            raise _no_picture(self.request.of)
        single = [dim for dim, (a, b) in bounds.items() if b - a == 1 and dim not in box]
        image = view.image.isel({dim: 0 for dim in single if dim != along}, drop=True)
        return RegionView(image, view.level, view.basis)


def _no_picture(of: str) -> RequestError:
    return RequestError(
        "is no picture, and so has no values under a place", where=of, hint="show another step"
    )


def probed(
    opened: Opened,
    pipeline: Spec,
    request: ProbeRequest,
    is_wanted: Callable[[], bool],
    copy: Callable[[], None],
) -> dict[str, Any]:
    """Return the values under all probes, as a page is told of them.

    Parameters
    ----------
    opened : Opened
        The image.
    pipeline : Spec
        Of which a step is looked at.
    request : ProbeRequest
        What is asked.
    is_wanted : callable
        Where it says no, `Superseded` is raised.
    copy : callable
        Makes the coarser copies of the image; called before one is read.

    Raises
    ------
    RequestError
        If the step gives no image.
    """
    looked = _Looked(opened, pipeline, request, is_wanted)
    sizes = looked.sizes(0)
    if len(plane_dims(sizes)) < 2:
        raise _no_picture(request.of)
    found = []
    for probe in request.probes:
        box = _box_of(probe, sizes, list(probe.plane or plane_dims(sizes)))
        if box is None:
            found.append({"outside": True, "basis": "exact"})
            continue
        is_followed = probe.shape != "line" and probe.along in sizes and probe.along not in box
        followed = probe.along if is_followed else ""
        level = 0 if probe.shape == "point" else _level_of(looked, box, sizes.get(followed, 1))
        if level:
            copy()
        view = looked.view(box, level, followed)
        told = (
            _along_line(looked, probe, box, view)
            if probe.shape == "line"
            else _in_box(looked, probe, view, followed)
        )
        found.append({"level": level, "basis": view.basis, **told})
    return {"probes": found}


def _box_of(
    probe: Probe, sizes: Mapping[str, int], drawn: list[str]
) -> dict[str, tuple[int, int]] | None:
    """Return the samples that a probe depends on; None where it lies outside of the image.

    What has not both dims of its plane has no sample there.
    """
    if not {*drawn} <= {*sizes}:
        return None
    margin = math.ceil(probe.width / 2) + _BESIDE if probe.shape == "line" else 0
    box = {}
    for axis, dim in enumerate(drawn):
        places = [point[axis] for point in probe.points]
        start = math.floor(min(places) + 0.5) - margin
        stop = math.floor(max(places) + 0.5) + 1 + margin
        if stop <= 0 or start >= sizes[dim]:
            return None
        box[dim] = (max(0, start), min(stop, sizes[dim]))
    return box


def _level_of(looked: _Looked, box: Mapping[str, tuple[int, int]], followed: int) -> int:
    """Return the finest level of which a box, and what is followed of it, has few samples."""
    samples = followed * math.prod(stop - start for start, stop in box.values())
    level = 0
    while level < looked.opened.pyramid.depth and (
        samples / math.prod(looked.window(level).get(dim, 1) for dim in box) > _CHEAP
    ):
        level += 1
    return level


def _in_box(looked: _Looked, probe: Probe, view: RegionView, along: str) -> dict[str, Any]:
    """Return what the samples of a box have in common, for each sample of the followed dim."""
    assert view.image is not None
    image = view.image
    is_one = probe.shape == "point"
    colours = ["c"] if "c" in image.dims and along != "c" else []
    kept = [*([along] if along else []), *colours]
    ordered = image.transpose(*kept, ...)
    values = ordered.values.astype(np.float64)
    if looked.is_labels and not is_one:
        values = (values > 0).astype(np.float64)
    names = _colours(image) if colours else [""]
    values = values.reshape(image.sizes[along] if along else 1, len(names), -1)
    told = _summed(values)
    series = [
        {"name": name, **{key: _plain(each[:, n]) for key, each in told.items()}}
        for n, name in enumerate(names)
    ]
    axis = _axis(image, along, looked.window(view.level)) if along else None
    unit = _unit(looked, image, is_one=is_one)
    return {"unit": unit, "count": int(values.shape[-1]), "axis": axis, "series": series}


def _summed(values: Array) -> dict[str, Array]:
    """Return statistics over the last axis, of the numbers there are."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(axis=-1) / count
        squares = np.where(known, (values - mean[..., None]) ** 2, 0).sum(axis=-1)
        told = {"mean": mean, "sd": np.sqrt(squares / count)}
    told["min"] = np.where(known, values, np.inf).min(axis=-1)
    told["max"] = np.where(known, values, -np.inf).max(axis=-1)
    return told


def _along_line(
    looked: _Looked, probe: Probe, box: Mapping[str, tuple[int, int]], view: RegionView
) -> dict[str, Any]:
    """Return the mean values across a line, by the distance from its start."""
    assert view.image is not None
    image, window, pixel = view.image, looked.window(view.level), 2**view.level
    points = [
        [
            # an op takes places in samples of full resolution, from the corner of what it is given
            ((place + 0.5) / window.get(dim, 1) - 0.5 - box[dim][0] // window.get(dim, 1)) * pixel
            for dim, place in zip(box, point, strict=True)
        ]
        for point in probe.points
    ]
    if looked.is_labels:
        image = image > 0
    rows, columns = box
    image = image.transpose(..., rows, columns)
    if not {rows, columns} <= {*SPATIAL}:  # axes of two kinds have no distance but in samples
        bare = image.rename({rows: "y", columns: "x"}).drop_vars(["y", "x"], errors="ignore")
        image = bare.assign_attrs({**bare.attrs, LEVEL: view.level})
    table = get_op("measure.profile")(
        image.astype(np.float64), points=points, width=max(probe.width, 1), step=pixel
    )
    values = [name for name in table.columns if str(name).startswith("value")]
    names = _colours(image) if len(values) > 1 else [""]
    series = [
        {"name": name, "mean": _plain(table[column].to_numpy())}
        for name, column in zip(names, values, strict=True)
    ]
    axis = {
        "name": "distance",
        "unit": str(table.attrs["units"]["distance"]),
        "values": _plain(table["distance"].to_numpy()),
    }
    unit = _unit(looked, image, is_one=False)
    return {"unit": unit, "count": int(probe.width), "axis": axis, "series": series}


def _unit(looked: _Looked, image: Image, *, is_one: bool) -> str:
    if looked.is_labels:
        return "label" if is_one else "share in objects"
    return str(image.attrs.get("units", ""))


def _colours(image: Image) -> list[str]:
    if "c" in image.coords:
        return [str(name) for name in image["c"].values]
    return ["red", "green", "blue", "alpha"][: int(image.sizes["c"])]


def _axis(image: Image, dim: str, window: Mapping[str, int]) -> dict[str, Any]:
    """Return the name, unit and coordinates of a dim; of names their texts."""
    if dim not in image.coords:
        factor = window.get(dim, 1)
        places = np.arange(image.sizes[dim]) * factor + (factor - 1) / 2
        return {"name": dim, "unit": "", "values": _plain(places)}
    coordinate = image.coords[dim]
    if coordinate.dtype.kind not in "iuf":
        texts = [str(each) for each in coordinate.values]
        return {"name": dim, "unit": "", "values": list(range(len(texts))), "texts": texts}
    unit = str(coordinate.attrs.get("units", ""))
    return {"name": dim, "unit": unit, "values": _plain(coordinate.values)}


def _plain(values: Array) -> list[float | None]:
    """Return numbers as JSON has them, None for what is none."""
    return [float(each) if math.isfinite(each) else None for each in values]
