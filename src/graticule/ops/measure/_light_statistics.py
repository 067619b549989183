"""How the light of an object lies: concentration, smoothness, Gini, M20, and its profile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.ops.measure._petrosian import EXTENT, Flags, Frame, Reach, radius_with
from graticule.ops.measure._stamp import Stamp, box_mean, brightest, part_around, running_sums

_SMOOTHING = 0.25
"""Width of the squares of smoothness, in Petrosian radii."""
_GINI_WIDTH = 0.2
_TRUNCATE = 4.0


def concentration(stamp: Stamp, frame: Frame, reach: Reach, flags: Flags) -> dict[str, float]:
    """Return the radii with 20, 50 and 80 percent of the light, and what follows of them."""
    total = EXTENT * reach.rpetro_circ
    radii = [radius_with(stamp, frame, share, total, flags) for share in (0.2, 0.5, 0.8)]
    r20, _, r80 = radii
    value = 5 * math.log10(r80 / r20) if r20 > 0 else math.nan
    return dict(zip(("r20", "r50", "r80"), radii, strict=True)) | {"concentration": value}


def smoothness(stamp: Stamp, frame: Frame, reach: Reach, flags: Flags) -> float:
    """Return the part of the light that is brighter than its surroundings, less that of the sky."""
    from graticule.ops.measure._aperture_kernels import ellipse_sums

    size = int(_SMOOTHING * reach.rpetro_circ)
    above = np.maximum(stamp.values - box_mean(stamp.values, size), 0)
    ends = [part * reach.rpetro_circ for part in (_SMOOTHING, EXTENT)]
    sums = [
        [ellipse_sums(each, each, frame.y, frame.x, end, 1.0, 0.0)[0] for end in ends]
        for each in (stamp.sums[0], running_sums(above))
    ]
    light, clumps = (float(outer - inner) for inner, outer in sums)
    flags.bad(light <= 0)
    if light <= 0:
        return math.nan
    sky = 0.0
    if stamp.sky.size:
        sky = float(np.maximum(stamp.sky - box_mean(stamp.sky.copy(), size), 0).mean())
    return (clumps - math.pi * (ends[1] ** 2 - ends[0] ** 2) * sky) / light


def petrosian_segment(stamp: Stamp, frame: Frame, reach: Reach, flags: Flags) -> Array:
    """Return the samples that are as bright as those at the Petrosian ellipse, once smoothed."""
    import cv2

    from graticule.ops.measure._aperture_kernels import ellipse_sums

    taps = _gaussian(_GINI_WIDTH * reach.rpetro_ellip)
    values = stamp.values.astype(np.float32)
    smooth = np.asarray(
        cv2.sepFilter2D(values, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_CONSTANT)
    )
    sums = running_sums(smooth)
    shape = (frame.elongation, frame.theta)
    inner, outer = (
        ellipse_sums(sums, sums, *frame.centroid, reach.rpetro_ellip + side, *shape)[0]
        for side in (-0.5, 0.5)
    )
    area = math.pi * 2 * reach.rpetro_ellip / frame.elongation
    above = smooth >= (outer - inner) / area
    flags.bad(not above.any() or bool(above.all()))
    if not above.any() or above.all():
        return np.asarray(above)
    segment, count = part_around(above, brightest(smooth))
    flags.doubtful(count > 1)
    return segment


def _gaussian(sigma: float) -> Array:
    at = np.arange(-int(_TRUNCATE * sigma + 0.5), int(_TRUNCATE * sigma + 0.5) + 1)
    taps = np.exp(-0.5 * (at / sigma) ** 2)
    return np.asarray(taps / taps.sum())


def gini(values: Array, flags: Flags) -> float:
    """Return how unequal the light of samples is: 0 where all are alike, 1 where one has all.

    Examples
    --------
    >>> gini(np.ones(9), Flags()), gini(np.array([0.0, 0.0, 5.0]), Flags())
    (0.0, 1.0)
    """
    ordered = np.sort(np.abs(values), axis=None)
    number = ordered.size
    total = float(ordered.sum())
    flags.bad(number <= 1 or total == 0)
    if number <= 1 or total == 0:
        return math.nan
    weights = 2 * np.arange(1, number + 1) - number - 1
    weighted = float((weights * ordered).sum())  # a product of BLAS would depend on its threads
    return weighted / ((number - 1) * total)


def m20(values: Array, segment: Array, flags: Flags) -> float:
    """Return the logarithm of the second moment of the brightest fifth of light over that of all.

    Parameters
    ----------
    values, segment : (y, x) ndarray
        Light, and which samples of it are the object's.
    """
    y, x = np.nonzero(segment)
    light = values[segment]
    total = float(light.sum())
    value = math.nan
    if total > 0:
        moment = light * (
            (y - float((light * y).sum()) / total) ** 2
            + (x - float((light * x).sum()) / total) ** 2
        )
        ordered = np.sort(light)
        brightest_fifth = np.searchsorted(np.cumsum(ordered) / total, 0.8)
        if brightest_fifth < ordered.size:
            part = float(moment[light >= ordered[brightest_fifth]].sum())
            if part > 0 and moment.sum() > 0:
                value = math.log10(part / float(moment.sum()))
    flags.bad(math.isnan(value))
    return value


def profile_residual(stamp: Stamp, frame: Frame, reach: Reach, profile: Array) -> float:
    """Return the part of the light that is off the mean of its ring, less that of the sky."""
    from graticule.ops.measure import _stamp_kernels

    shape = (frame.y, frame.x, reach.rpetro_ellip, frame.elongation, frame.theta)
    apart, light, count = _stamp_kernels.profile_residual(stamp.values, stamp.mask, profile, *shape)
    sky = float(np.abs(stamp.sky - stamp.sky.mean()).mean()) if stamp.sky.size else 0.0
    return float((apart - count * sky) / light) if light > 0 else math.nan


def profile_of(stamp: Stamp, frame: Frame, reach: Reach) -> Array:
    """Return the mean light of elliptical rings a sample wide, from the middle outwards."""
    from graticule.ops.measure._stamp_kernels import radial_profile

    shape = (frame.y, frame.x, reach.rpetro_ellip, frame.elongation, frame.theta)
    profile: Any = radial_profile(stamp.values, stamp.mask, *shape)
    return np.asarray(profile)


def signal_to_noise(stamp: Stamp, segment: Array, weights: Array) -> float:
    """Return the mean of light over noise, of the samples of an object that are not below 0."""
    used = segment & (stamp.values >= 0) & (weights > 0)
    return float((stamp.values[used] * weights[used]).mean()) if used.any() else math.nan
