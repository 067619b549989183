"""Colours of an object, and how they change outwards."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from graticule.core.typing import Array
from graticule.ops.measure._petrosian import Frame, Reach
from graticule.ops.measure._stamp import Stamp, running_sums


def colours(
    channels: Sequence[Array], names: Sequence[str], stamp: Stamp, frame: Frame, reach: Reach,
    profile: Array,
) -> dict[str, float]:  # fmt: skip
    """Return the colours of neighbouring channels, and their slopes with the radius.

    Parameters
    ----------
    channels : sequence of (y, x) ndarray
        Light over the sky of each channel, within the stamp.
    names : sequence of str
        Of the channels.
    profile : ndarray
        Mean light of elliptical rings a sample wide.
    """
    from graticule.ops.measure._aperture_kernels import ellipse_sums

    shape = (frame.elongation, frame.theta)
    ends = (reach.rhalf_ellip, reach.rpetro_ellip)
    sums = np.empty((len(channels), 2))
    for row, values in zip(sums, channels, strict=True):
        light = running_sums(np.where(stamp.mask, 0.0, values))
        row[:] = [ellipse_sums(light, light, frame.y, frame.x, end, *shape)[0] for end in ends]
    inner, whole = sums[:, 0], sums[:, 1]
    apart = _apart(profile, *ends)
    found = {}
    for one in range(len(names) - 1):
        pair = f"{names[one]}_{names[one + 1]}"
        found[f"colour_{pair}"] = _magnitude(whole[one], whole[one + 1])
        outer = whole - inner
        change = _magnitude(outer[one], outer[one + 1]) - _magnitude(inner[one], inner[one + 1])
        found[f"colour_gradient_{pair}"] = change / apart if apart > 0 else math.nan
    return found


def _magnitude(one: float, other: float) -> float:
    return -2.5 * math.log10(one / other) if one > 0 and other > 0 else math.nan


def _apart(profile: Array, half: float, end: float) -> float:
    """Return how far apart the light within and beyond the half-light radius is, in decades."""
    at = np.arange(profile.size) + 0.5
    light = np.maximum(profile, 0) * at
    means = [
        float((light * np.log10(at))[zone].sum() / light[zone].sum()) if light[zone].any() else 0.0
        for zone in (at <= half, (at > half) & (at <= end))
    ]
    return means[1] - means[0]
