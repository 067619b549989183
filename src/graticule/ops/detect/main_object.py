"""The object a cut-out was made for, and every reason not to use it."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import (
    BlockInfo,
    Image,
    Labels,
    Length,
    Mask,
    Record,
    Whole,
    feature_dims,
    like,
    op,
    with_features_last,
)
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops._sky import sky_of
from graticule.ops.detect import _lines as lines
from graticule.ops.detect import _main_object as steps
from graticule.ops.detect import _profile as profiles
from graticule.ops.detect._overlap import overlap_of
from graticule.ops.filters._separable import gaussian_plane

REASONS = (
    "missing",
    "faint",
    "blended",
    "blended_circles",
    "cut",
    "saturated",
    "stripe",
    "trail",
    "artefact",
)
_MEASURES = (
    "y",
    "x",
    "radius",
    "half_light_radius",
    "axis_ratio",
    "angle",
    "area",
    "light",
    "snr",
)
_COMPILED = (np.uint8, np.uint16, np.float32)
"""Dtypes that means of features are taken of as they are; others become float64."""
_LEAST = 12
"""Samples that noise does not bring together."""
_SATURATED = 4
_SHARP = 0.5
_WINDOW = 2.0
"""Width of the window that shape is measured under, in half-light radii."""
_DARK = 4.0
"""What is so far below the sky, in noise, is no sky."""
_OUT = 1.5
"""How far around an object no trail is looked for, in radii."""


class MainObject(NamedTuple):
    """The object in numbers, its footprint, and all objects."""

    object: Record
    footprint: Mask
    objects: Labels


@op(version=2, scope=Whole("the sky is that of the whole image", memory=48), doc=DOC)
def main_object(
    image: Image,
    *,
    threshold: Annotated[float, Field(title="Above the sky (in noise)", gt=0)] = 3.0,
    smoothing: Annotated[Length, Field(title="Width of the smoothing", gt=0)] = Length(1.5),
    contrast: Annotated[float, Field(title="Least share of a part", ge=0, le=1)] = 0.005,
    blend: Annotated[float, Field(title="Light of a companion", ge=0)] = 0.03,
    meeting: Annotated[float, Field(title="Light between two (in noise)", ge=0)] = 15.0,
    overlap: Annotated[float, Field(title="Part circles may share", ge=0, le=1)] = 0.1,
    min_snr: Annotated[float, Field(title="Smallest signal to noise", ge=0)] = 20.0,
    saturation: Annotated[float | None, Field(title="Saturated from (value)")] = None,
) -> MainObject:
    r"""Find the object in the middle of a cut-out, and say what speaks against using it.

    The sky is the median, and its noise the deviation below the median, of what is left when
    bright samples are put aside again and again. What is above ``threshold`` deviations of the
    smoothed image is parted into objects: two that touch are apart where each has ``contrast`` of
    the light of both above the saddle between them [1]_. Of these the main one is that with the
    most light, counted less with the distance of its middle to that of the image: by a Gaussian as
    wide as a tenth of it.

    Its place is the middle of its light under a Gaussian window that follows it [1]_. Its
    ``radius`` is :math:`\sqrt 2\,\sigma` for the width :math:`\sigma` at which the determinant
    of the Hessian [2]_ is largest there, of its own light: samples of other objects are put aside
    and stand for what is around them at the same distance.

    A companion is what it has more than it has on its other side: the smoothed image turned by
    180 degrees about its brightest part is taken away [3]_, so that arms, rings and bars go. Of a
    companion 5 deviations and 0.3 of the light in its middle are left, 0.4 times as wide as long
    or more; between the two the light falls, yet nowhere to the sky (``meeting``). Its light is
    twice that of its upper half.

    Parameters
    ----------
    image : Image
        Two dims of space; channels (and other dims of features) are averaged.
    threshold : float
        In standard deviations of the smoothed sky.
    smoothing : Length
        Standard deviation of the Gaussian, about that of a point.
    contrast : float
        The least share of the light of touching objects that makes one of its own.
    blend : float
        The light of a companion, over its own, from which it is blended.
    meeting : float
        The light there is at least everywhere between an object and its companion, in standard
        deviations of the smoothed sky.
    overlap : float
        The part of the smaller of two circles, its own and that of another object, from which it
        is blended.
    min_snr : float
        Light of the footprint over the deviation that sky of this size has.
    saturation : float, optional
        The value from which samples are saturated; of integers the largest there is.

    Returns
    -------
    object : Record
        One row. Place ``y x`` in the coordinates of the image; ``radius``,
        ``half_light_radius`` (the circle with half of its light), ``axis_ratio`` and ``angle``
        (radians from the first dim to the major axis, by second moments of light under a window of
        two such radii); ``area`` of the
        footprint; ``light`` over the sky and ``snr``; ``companion``, the light of the
        strongest over its own; ``sky`` and ``noise``; ``label`` in ``objects``. Then whether a
        reason speaks against it: ``missing`` (none was found), ``faint``, ``blended`` (with a
        companion), ``blended_circles``, ``cut`` (it reaches the border), ``saturated``,
        ``stripe`` (a long slim part of the image is darker than the sky or without noise, or about
        half as bright as what is around it), ``trail`` (a straight line through the image is
        bright),
        ``artefact`` (half of its light is in one sample); and ``refused``, their names, empty
        where there is none.
    footprint : Mask
        Samples of the main object.
    objects : Labels
        All objects, int32, numbered by first sample in raster order.

    Raises
    ------
    ImageError
        If there are not two dims of space, or the values are complex.
    UnitsError
        If ``smoothing`` has a unit and the dims have none.

    See Also
    --------
    detect.blobs : all round things of an image.

    References
    ----------
    .. [1] Bertin, E. and Arnouts, S., "SExtractor: software for source extraction", Astron.
       Astrophys. Suppl. 117, 393-404, 1996. :doi:`10.1051/aas:1996164`
    .. [2] Lindeberg, T., "Feature detection with automatic scale selection", International
       Journal of Computer Vision 30(2), 79-116, 1998. :doi:`10.1023/A:1008045108935`
    .. [3] Conselice, C. J., "The relationship between stellar light distributions of galaxies and
       their formation histories", Astrophys. J. Suppl. 147, 1-28, 2003. :doi:`10.1086/375001`

    %(examples)s
    >>> y, x = np.mgrid[:90, :90]
    >>> light = 50 * np.exp(-((y - 45) ** 2 + (x - 42) ** 2) / 80)
    >>> image = light + np.random.default_rng(0).normal(10, 1, light.shape)
    >>> found = gt.detect.main_object(image).object
    >>> found[["y", "x", "radius"]].round(1).iloc[0].tolist(), found["refused"][0]
    ([45.0, 42.0, 9.0], '')
    """
    seen, grey = _plane(image)
    dims = (str(seen.dims[0]), str(seen.dims[1]))
    width = float(np.mean([smoothing.samples(seen, dim) for dim in dims]))
    used = np.isfinite(grey)
    sky = sky_of(grey)
    light = np.subtract(grey, sky.level, dtype=np.float32, casting="same_kind")
    if not used.all():
        light[~used] = 0
    smooth = gaussian_plane(light, width)
    calm = sky_of(smooth)
    objects = steps.objects_of(smooth, threshold, calm, contrast, _LEAST)
    main = steps.nearest_middle(objects)
    inside = objects.labels == main if main else np.zeros(grey.shape, bool)
    row: dict[str, Any] = dict.fromkeys(_MEASURES, math.nan)
    row |= {"companion": 0.0, "sky": sky.level, "noise": sky.noise, "label": main}
    reasons = dict.fromkeys(REASONS, False) | {"missing": main == 0}
    if main:
        measured, most = _measured(light, sky.noise, objects, main, inside)
        row |= measured
        row["companion"] = steps.companion_of(
            smooth - np.float32(calm.level),
            calm.noise,
            objects,
            main,
            row["half_light_radius"],
            meeting,
        )
        circle = (row["y"], row["x"], row["radius"])
        reasons |= {
            "faint": bool(row["snr"] < min_snr),
            "blended": bool(row["companion"] >= blend > 0),
            "blended_circles": _circles_meet(objects, main, circle, blend, overlap),
            "cut": bool(inside[[0, -1]].any() or inside[:, [0, -1]].any()),
            "saturated": _is_saturated(seen, inside, saturation),
            "artefact": bool(most >= _SHARP * row["light"]),
        }
    reach = threshold * calm.noise
    dark = (smooth < calm.level - reach) | (lines.still(grey) & (smooth <= calm.level))
    reasons["stripe"] = lines.has_stripe(light, sky.noise, dark, used)
    disk = ((row["y"], row["x"]), _OUT * row["radius"]) if main else ((0.0, 0.0), 0.0)
    reasons["trail"] = lines.is_crossed(smooth > calm.level + reach, *disk)
    table = _as_record(row, reasons, seen, dims)
    plane = seen.isel({str(dim): 0 for dim in seen.dims[2:]}, drop=True)
    return MainObject(table, like(plane, inside), like(plane, objects.labels))


def _plane(image: Image) -> tuple[Image, Array]:
    """Return the image with its features last, and their mean as float64."""
    seen = with_features_last(image, feature_dims(image))
    if seen.ndim != 3:
        raise ImageError(
            f"must have two dims of space, beside features, not {', '.join(map(str, image.dims))}",
            hint="select along the others first",
        )
    from graticule.ops.detect._profile_kernels import mean_of_features

    values = np.ascontiguousarray(seen.values)
    if values.dtype not in _COMPILED:
        values = values.astype(np.float64)
    grey = np.empty(values.shape[:2])
    mean_of_features(values, grey)
    return seen, grey


def _measured(
    light: Array, noise: float, objects: steps.Objects, main: int, inside: Array
) -> tuple[dict[str, Any], float]:
    """Return what is measured of the main object, and the most light in a sample of it."""
    from graticule.ops.detect._profile_kernels import footprint_sums, windowed_centre

    used = inside | ((objects.labels == 0) & (light > -_DARK * noise))
    place = (float(objects.place[main, 0]), float(objects.place[main, 1]))
    size = int(objects.size[main])
    total, furthest, most, _, _ = footprint_sums(light, inside, *place)
    half = profiles.half_light_radius(profiles.profile_of(light, inside, place, furthest + 1))
    found = windowed_centre(light, used, *place, max(half / 1.1774, 1.0), 30)
    if math.dist(found, place) < half:
        place = found
    profile = profiles.profile_of(light, used, place, 1.5 * furthest + 2)
    half = max(profiles.half_light_radius(profile), 1.0)
    ratio, angle = profiles.ellipse_of(light, inside, place, _WINDOW * half)
    deviation = noise * math.sqrt(size)
    return {
        "y": place[0],
        "x": place[1],
        "radius": math.sqrt(2) * profiles.width_of(profile),
        "half_light_radius": half,
        "axis_ratio": ratio,
        "angle": angle,
        "area": size,
        "light": total,
        "snr": total / deviation if deviation > 0 else math.inf,
    }, most


def _circles_meet(
    objects: steps.Objects,
    main: int,
    circle: tuple[float, float, float],
    blend: float,
    share: float,
) -> bool:
    """Tell whether the circle of another object with light enough overlaps that of the main one."""
    other = objects.light >= blend * objects.light[main]
    other[[0, main]] = False
    far = np.hypot(*(objects.place[other] - circle[:2]).T)
    radii = np.sqrt(objects.size[other] / np.pi)
    shared = overlap_of(far, np.full(len(far), circle[2]), radii, 2)
    return bool((shared > share).any())


def _is_saturated(seen: Image, inside: Array, saturation: float | None) -> bool:
    if saturation is None:
        if seen.dtype.kind not in "iu":
            return False
        saturation = float(np.iinfo(seen.dtype).max)
    top = seen.values >= saturation
    return bool(top.any() and top[inside].any(axis=1).sum() >= _SATURATED)


def _as_record(
    row: dict[str, Any], reasons: dict[str, bool], seen: Image, dims: tuple[str, str]
) -> Record:
    """Return the row in the units of the image, with the reasons."""
    import pandas as pd

    axes = Axes.of(seen, BlockInfo.of(seen))
    lengths, unit = axes.steps(dims)
    step = float(np.sqrt(np.prod(lengths)))
    units = {"sky": str(seen.attrs.get("units", ""))}
    units |= dict.fromkeys(("noise", "light"), units["sky"])
    named: dict[str, Any] = {}
    for name, dim in zip("yx", dims, strict=True):
        at, units[dim] = axes.positions(dim, np.array([row.pop(name)]))
        named[dim] = float(at[0])
    for name in ("radius", "half_light_radius"):
        row[name], units[name] = step * row[name], unit
    row["area"] = float(np.prod(lengths)) * row["area"]
    units["area"] = f"{unit}2" if unit else ""
    refused = ", ".join(name for name, holds in reasons.items() if holds)
    columns = named | row | reasons | {"refused": refused}
    table = pd.DataFrame({name: np.array([value]) for name, value in columns.items()})
    table.attrs["units"] = {name: of for name, of in units.items() if of}
    return table
