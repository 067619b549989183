"""An object in a frame of its own: centred, scaled, turned."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import (
    Image,
    Labels,
    Record,
    Whole,
    feature_dims,
    op,
    require_dims,
    step_of,
    with_features_last,
)
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.filters._separable import gaussian_plane

_NEEDED = ("y", "x", "radius", "angle")
_WINDOW = 1.0
"""Width of the Gaussian under which skewness is measured, in radii."""


class _Frame(NamedTuple):
    """Where an object lies in an image, in samples."""

    y: float
    x: float
    radius: float
    angle: float
    sky: float
    label: int


@op(version=1, scope=Whole("the object may be anywhere", memory=8), dtype="float32", doc=DOC)
def canonical(
    image: Image,
    object: Record,
    objects: Labels | None = None,
    *,
    size: Annotated[int, Field(title="Samples along each side", ge=8, le=4096)] = 128,
    radii: Annotated[float, Field(title="Half of the side in radii", gt=0, le=100)] = 3.0,
    rotate: Annotated[bool, Field(title="Turn the major axis to x")] = True,
    settle: Annotated[
        Literal["mirror", "half-turn", "none"], Field(title="What is settled by skewness")
    ] = "mirror",
    normalise: Annotated[Literal["light", "none"], Field(title="Normalise")] = "light",
) -> Image:
    r"""Show an object in a frame of its own, so that numbers of it do not depend on the camera.

    The image is resampled once, with its object's centre in the middle, its major axis along
    ``x`` and ``radii`` of its radii to each side, by cubic convolution [1]_. Where samples of the
    result lie further apart than those of the image, a Gaussian takes away first what they cannot
    hold: of :math:`\tfrac12 \sqrt{s^2 - 1}` samples for a step of :math:`s`.

    An axis has two ends, and an image two hands. They are settled by the light :math:`w` under
    a Gaussian of one radius: :math:`\sum w\,x^3 \ge 0` by half a turn, then
    :math:`\sum w\,y^3 \ge 0` by a mirror along ``y``.

    Parameters
    ----------
    image : Image
        With the dims ``y x`` and any of features, as channels.
    object : Record
        One row with ``y``, ``x``, ``radius``, ``angle`` and where there is one ``sky``, as
        `detect.main_object` gives it.
    objects : Labels, optional
        Samples of other objects than its ``label`` become sky.
    size : int
        Samples of the result along ``y`` and ``x``.
    radii : float
        How far it reaches.
    rotate : bool
        Whether to turn; else it is only centred and scaled, and nothing is settled.
    settle : {"mirror", "half-turn", "none"}
        Both, the first alone, or neither.
    normalise : {"light", "none"}
        ``light`` takes away the sky and divides by the mean light within one radius, of all
        channels together.

    Returns
    -------
    Image
        float32 with the dims ``y x`` and those of features; the coordinates of ``y`` and ``x``
        are distances from the middle, in the unit of the image. What lies outside the image is
        sky; all is NaN where the object is missing.

    Raises
    ------
    ImageError
        If the image has other dims, or the record is not one row with what is needed.

    See Also
    --------
    detect.main_object : gives the object.

    References
    ----------
    .. [1] Keys, R. G., "Cubic convolution interpolation for digital image processing", IEEE Trans.
       Acoustics, Speech, Signal Processing 29(6), 1153-1160, 1981.
       :doi:`10.1109/TASSP.1981.1163711`

    %(examples)s
    >>> y, x = np.mgrid[:90, :90]
    >>> long = 50 * np.exp(-((y - 50) ** 2 / 160 + (x - 42) ** 2 / 40))
    >>> found = gt.detect.main_object(long + np.random.default_rng(0).normal(10, 1, (90, 90)))
    >>> shown = gt.transform.canonical(long, found.object, size=64)
    >>> wide, high = (float((shown * at**2).sum()) for at in np.mgrid[-32:32, -32:32][::-1])
    >>> bool(wide > 3 * high)
    True
    """
    features = feature_dims(image)
    require_dims(image, ("y", "x"))
    seen = with_features_last(image, features).transpose("c", "y", "x", ...)
    if seen.ndim != 3:
        raise ImageError(
            f"must have the dims y and x beside features, not {', '.join(map(str, image.dims))}",
            hint="select along the others first",
        )
    frame = _frame_of(object, seen)
    out = np.full((seen.sizes["c"], size, size), np.nan, np.float32)
    if math.isfinite(frame.radius) and frame.radius > 0:
        others = None
        if objects is not None:
            others = objects.transpose("y", "x").values
        out = _resampled(seen.values, others, frame, size, radii, rotate=rotate)
        if rotate:
            out = _settled(out, frame.sky, radii, settle)
        if normalise == "light":
            out = _normalised(out, frame.sky, radii)
    return _as_image(out, image, features, radii, frame.radius)


def _frame_of(record: Record, seen: Image) -> _Frame:
    missing = [name for name in _NEEDED if name not in record]
    if missing or len(record) != 1:
        what = f"lacks {missing[0]!r}" if missing else f"has {len(record)} rows"
        raise ImageError(
            f"must be one row with {', '.join(_NEEDED)}; it {what}",
            where="object",
            hint="detect.main_object gives such",
        )
    row = record.iloc[0]
    place = {dim: _samples(seen, dim, float(row[dim])) for dim in ("y", "x")}
    step = math.sqrt(step_of(seen, "y")[0] * step_of(seen, "x")[0])
    sky = float(row["sky"]) if "sky" in record else 0.0
    label = int(row["label"]) if "label" in record else 0
    return _Frame(
        place["y"], place["x"], float(row["radius"]) / step, float(row["angle"]), sky, label
    )


def _samples(seen: Image, dim: str, place: float) -> float:
    """Return a place along a dim, in samples."""
    if dim not in seen.coords:
        return place
    positions = np.asarray(seen.coords[dim].values, float)
    index = np.arange(positions.size)
    if positions[-1] < positions[0]:
        positions, index = positions[::-1], index[::-1]
    return float(np.interp(place, positions, index))


def _resampled(
    values: Array, objects: Array | None, frame: _Frame, size: int, radii: float, *, rotate: bool
) -> Array:
    """Return the frame of an object in an image ``(c, y, x)``; other objects are sky."""
    from graticule.ops.transform._canonical_kernels import resample_turned

    step = 2 * radii * frame.radius / size
    reach = math.ceil(radii * frame.radius * math.sqrt(2) + 2 * step) + 4
    first = [max(0, math.floor(at) - reach) for at in (frame.y, frame.x)]
    window = tuple(
        slice(start, math.ceil(at) + reach)
        for start, at in zip(first, (frame.y, frame.x), strict=True)
    )
    part = np.array(values[:, *window], np.float32, order="C")
    if objects is not None:
        near = objects[window]
        part[:, (near > 0) & (near != frame.label)] = np.float32(frame.sky)
    if values.dtype.kind == "f":
        part[~np.isfinite(part)] = np.float32(frame.sky)
    if step > 1:
        for plane in part:
            plane[:] = gaussian_plane(plane, 0.5 * math.sqrt(step**2 - 1))
    turn = frame.angle if rotate else math.pi / 2
    along = step * np.array([math.cos(turn), math.sin(turn)])
    down = step * np.array([math.sin(turn), -math.cos(turn)])
    middle = np.array([frame.y - first[0], frame.x - first[1]])
    origin = middle - (size - 1) / 2 * (down + along)
    out = np.empty((len(part), size, size), np.float32)
    outside = np.full(len(part), frame.sky, np.float32)
    resample_turned(part, origin, down, along, outside, out)
    return out


def _settled(values: Array, sky: float, radii: float, settle: str) -> Array:
    """Return an image turned and mirrored so that its light is skewed to the larger x and y."""
    if settle == "none":
        return values
    at = _radii(values.shape[-1], radii)
    window = np.exp(-0.5 * (at[:, None] ** 2 + at**2) / _WINDOW**2)
    light = (values.mean(axis=0, dtype=np.float64) - sky) * window
    if (light * at**3).sum() < 0:
        values, light = values[:, ::-1, ::-1], light[::-1, ::-1]
    if settle == "mirror" and (light * at[:, None] ** 3).sum() < 0:
        values = values[:, ::-1]
    return np.ascontiguousarray(values)


def _normalised(values: Array, sky: float, radii: float) -> Array:
    at = _radii(values.shape[-1], radii)
    inside = np.hypot(at[:, None], at) <= 1
    mean = float(values[:, inside].mean(dtype=np.float64)) - sky
    return np.asarray((values - np.float32(sky)) / np.float32(mean if mean > 0 else np.nan))


def _radii(size: int, radii: float) -> Array:
    return (np.arange(size) - (size - 1) / 2) * (2 * radii / size)


def _as_image(
    values: Array, image: Image, features: tuple[str, ...], radii: float, radius: float
) -> Image:
    """Return the values with the dims of the image, and distances from the middle along y and x."""
    import xarray as xr

    size = values.shape[-1]
    shape = (*(image.sizes[dim] for dim in features), size, size)
    coords: dict[Any, Any] = {dim: image.coords[dim] for dim in features if dim in image.coords}
    for dim in ("y", "x"):
        step, unit = step_of(image, dim)
        at = _radii(size, radii) * (radius if radius > 0 else 1.0) * step
        coords[dim] = (dim, at, {"units": unit} if unit else {})
    result = xr.DataArray(values.reshape(shape), coords, (*features, "y", "x"), name=image.name)
    return result.transpose(*image.dims)
