"""Where the middle of an object is, and how far it reaches."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array
from graticule.ops.measure._stamp import Stamp, box_mean, brightest, mode_of_sky, part_around

ETA = 0.2
"""At the Petrosian radius the light is so much of the mean light within."""
EXTENT = 1.5
"""Apertures of concentration, asymmetry and smoothness, in Petrosian radii."""
_NEAR = 0.25
_SKY_FROM, _SKY_TO = 2.0, 4.0
_LEAST_SKY = 32**2


class Flags:
    """What speaks against a measurement: 1 where it is doubtful, 2 where it is bad."""

    def __init__(self) -> None:
        self.value = 0

    def doubtful(self, holds: bool) -> None:
        """Note what makes it doubtful."""
        self.value = max(self.value, int(holds))

    def bad(self, holds: bool) -> None:
        """Note what makes it bad."""
        self.value = max(self.value, 2 * int(holds))


class Frame(NamedTuple):
    """The middle of an object and the ellipse of its second moments, in samples of its stamp.

    Attributes
    ----------
    y, x : float
        Where the asymmetry is least.
    elongation, theta : float
        Major over minor axis; angle from x towards y to the major axis.
    centroid : tuple of float
        Middle of its light along y and x.
    radius : float
        Circular Petrosian radius about the centroid.
    asymmetry : float
        What it is at the middle.
    """

    y: float
    x: float
    elongation: float
    theta: float
    centroid: tuple[float, float]
    radius: float
    asymmetry: float


class Reach(NamedTuple):
    """Radii of an object about its middle; those of ellipses are along the major axis."""

    rpetro_circ: float
    rpetro_ellip: float
    rmax_circ: float
    rmax_ellip: float
    rhalf_circ: float
    rhalf_ellip: float


def frame_of(stamp: Stamp, flags: Flags) -> Frame:
    """Return the frame of an object."""
    from graticule.ops.measure._asymmetry_kernels import asymmetry, least_asymmetric

    light = stamp.light
    centroid = _centroid(light, flags)
    flags.bad(stamp.values[int(centroid[0]), int(centroid[1])] == 0)
    radius = petrosian_radius(stamp, centroid, 1.0, 0.0, flags)
    sky = float(np.abs(stamp.sky[::-1, ::-1] - stamp.sky).mean()) if stamp.sky.size else 0.0
    seen = (EXTENT * radius, sky)
    used = (~stamp.mask).astype(np.float64)
    turned = tuple(np.ascontiguousarray(each[::-1, ::-1]) for each in (stamp.values, used))
    given = (stamp.values, used, turned)
    y, x, fine = least_asymmetric(*given, *centroid, *seen)
    flags.doubtful(not fine)
    if math.dist((y, x), centroid) > _NEAR * radius:
        flags.doubtful(True)
        peak = brightest(light)
        y, x, fine = least_asymmetric(*given, *map(float, peak), *seen)
        if math.dist((y, x), peak) > _NEAR * radius:
            flags.bad(True)
            y, x = centroid
    flags.bad(stamp.values[int(y), int(x)] == 0)
    value, _ = asymmetry(*given, y, x, *seen)
    elongation, theta = _ellipse(light, y, x, flags)
    return Frame(y, x, elongation, theta, centroid, radius, value)


def _centroid(light: Array, flags: Flags) -> tuple[float, float]:
    rows, columns = light.shape
    total = light.sum()
    y = float((light.sum(axis=1) * np.arange(rows)).sum() / total)
    x = float((light.sum(axis=0) * np.arange(columns)).sum() / total)
    if 0 <= y < rows and 0 <= x < columns:
        return y, x
    flags.bad(True)
    return rows / 2, columns / 2


def _ellipse(light: Array, y: float, x: float, flags: Flags) -> tuple[float, float]:
    """Return major over minor axis by second moments about a place, and the angle from x."""
    down, along = np.arange(light.shape[0]) - y, np.arange(light.shape[1]) - x
    total = light.sum()
    xx = float((light.sum(axis=0) * along**2).sum() / total)
    yy = float((light.sum(axis=1) * down**2).sum() / total)
    xy = float(down @ light @ along / total)
    flags.bad(xx <= 0 or yy <= 0)
    least = 1 / 12  # of a sample; a line of them is no thinner
    while abs(xx * yy - xy**2) < least**2:
        xx += math.copysign(least, xx)
        yy += math.copysign(least, yy)
    apart = math.hypot((xx - yy) / 2, xy)
    minor, major = sorted((abs((xx + yy) / 2 - apart), abs((xx + yy) / 2 + apart)))
    return math.sqrt(major / minor), 0.5 * math.atan2(2 * xy, xx - yy)


def petrosian_radius(
    stamp: Stamp, place: tuple[float, float], elongation: float, theta: float, flags: Flags
) -> float:
    """Return the semi-major axis at which the light is `ETA` of the mean light within."""
    from graticule.ops.measure._aperture_kernels import PETROSIAN, crossing

    far = math.hypot(*stamp.values.shape) * elongation
    radius, status = crossing(PETROSIAN, 1.0, far, *stamp.sums, *place, elongation, theta, ETA, 1.0)
    flags.bad(status != 0)
    return float(radius)


def radius_with(
    stamp: Stamp, frame: Frame, share: float, total: float, flags: Flags, *, ellipse: bool = False
) -> float:
    """Return the radius that holds a share of the light within a larger one; NaN where none."""
    from graticule.ops.measure._aperture_kernels import FRACTION, crossing, ellipse_sums

    shape = (frame.elongation, frame.theta) if ellipse else (1.0, 0.0)
    place = (*stamp.sums, frame.y, frame.x)
    light, _ = ellipse_sums(*place, total, *shape)
    flags.bad(light <= 0)
    if light == 0:
        return math.nan
    radius, status = crossing(FRACTION, 0.0, total, *place, *shape, share, abs(light))
    flags.bad(status > 0)
    return float(radius)


def reach_of(stamp: Stamp, frame: Frame, flags: Flags) -> Reach:
    """Return how far an object reaches."""
    place = (frame.y, frame.x)
    circle = petrosian_radius(stamp, place, 1.0, 0.0, flags)
    ellipse = petrosian_radius(stamp, place, frame.elongation, frame.theta, flags)
    y, x = np.nonzero(_detected(stamp, frame, ellipse, flags))
    down, along = y - frame.y, x - frame.x
    cos, sin = math.cos(frame.theta), math.sin(frame.theta)
    across = (down * cos - along * sin) * frame.elongation
    far = float(np.hypot(down, along).max())
    far_ellipse = float(np.hypot(along * cos + down * sin, across).max())
    half = radius_with(stamp, frame, 0.5, far, flags)
    half_ellipse = radius_with(stamp, frame, 0.5, far_ellipse, flags, ellipse=True)
    return Reach(circle, ellipse, far, far_ellipse, half, half_ellipse)


def _detected(stamp: Stamp, frame: Frame, radius: float, flags: Flags) -> Array:
    """Return what is a deviation above the sky and connected to the brightest sample [1]_.

    References
    ----------
    .. [1] Pawlik, M. M. et al., "Shape asymmetry", MNRAS 456, 3032-3052, 2016.
    """
    rows, columns = stamp.values.shape
    far = (np.arange(rows) - frame.y)[:, None] ** 2 + (np.arange(columns) - frame.x) ** 2
    ring = (far >= (_SKY_FROM * radius) ** 2) & (far < (_SKY_TO * radius) ** 2)
    sky = stamp.values[ring & ~stamp.mask]
    if sky.size < _LEAST_SKY:
        sky = stamp.sky.ravel()
    if sky.size == 0:
        flags.bad(True)
        return stamp.own
    smooth = box_mean(stamp.values, 3)
    peak = brightest(smooth)
    mode, deviation = mode_of_sky(sky)
    above = smooth >= mode + deviation
    flags.bad(not above[peak])
    above[peak] = True
    return part_around(above, peak)[0]
