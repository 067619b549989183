"""The light of an object by its distance from a place, and what is measured in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

_PER_SAMPLE = 2
_PER_OCTAVE = 8


class Profile(NamedTuple):
    """Light around a place by distance, in half samples.

    Attributes
    ----------
    distance : ndarray
        Middle of each ring, in samples.
    light : ndarray
        Of whole rings, with what is covered filled by the mean of the rest.
    stretch : ndarray
        ``(2, rings)``: the same times the cosine and the sine of twice the angle.
    """

    distance: Array
    light: Array
    stretch: Array


def profile_of(light: Array, used: Array, place: tuple[float, float], reach: float) -> Profile:
    """Return the light around a place, ring by ring, as far as ``reach``."""
    from graticule.ops.detect._profile_kernels import ring_sums

    rings = max(2, int(reach * _PER_SAMPLE))
    count, *sums = ring_sums(light, used, *place, _PER_SAMPLE, rings)
    edges = np.arange(rings + 1) / _PER_SAMPLE
    area = np.pi * np.diff(edges**2)
    share = np.array(sums) / np.maximum(count, 1) * area
    empty = count == 0
    if empty.any() and not empty.all():
        known = np.flatnonzero(~empty)
        for row in share:
            row[empty] = area[empty] * np.interp(
                np.flatnonzero(empty), known, row[known] / area[known]
            )
    return Profile((edges[1:] + edges[:-1]) / 2, share[0], share[1:])


def half_light_radius(profile: Profile) -> float:
    """Return the radius of the circle that holds a half of the light."""
    grown = np.cumsum(profile.light)
    total = float(grown.max())
    if total <= 0:
        return 0.0
    half = int(np.argmax(grown >= total / 2))
    before = grown[half - 1] if half else 0.0
    part = (total / 2 - before) / (grown[half] - before)
    return float((half + part) / _PER_SAMPLE)


def width_of(profile: Profile) -> float:
    r"""Return the width at which the determinant of the Hessian is largest at the middle.

    That of the image under a Gaussian follows from the light of rings alone: its trace from their
    light, what is between its eigenvalues from their light times the cosine and the sine of twice
    the angle.
    """
    reach = float(profile.distance[-1])
    widths = 2.0 ** np.arange(0.0, max(1.0, np.log2(max(reach, 2.0) / 1.5)), 1 / _PER_OCTAVE)
    square = profile.distance**2
    scale = widths[:, None] ** 2
    window = np.exp(-0.5 * square / scale) / (2 * np.pi * scale)
    trace = ((square / scale - 2) * window) @ profile.light
    apart = np.hypot(*((square / scale * window) @ each for each in profile.stretch))
    response = np.where(trace < 0, trace**2 - apart**2, 0)
    top = int(np.argmax(response))
    offset = 0.0
    if 0 < top < len(widths) - 1:
        before, here, after = response[top - 1 : top + 2]
        offset = 0.5 * (before - after) / (before - 2 * here + after)
    return float(2.0 ** ((top + offset) / _PER_OCTAVE))


def ellipse_of(
    light: Array, inside: Array, place: tuple[float, float], width: float
) -> tuple[float, float]:
    r"""Return minor over major axis of light, and the angle from the first axis to the major one.

    By second moments under a Gaussian window, so that faint samples far out have little say. Of a
    Gaussian of variance :math:`v` a window of :math:`w^2` leaves :math:`1 / (1 / v + 1 / w^2)`
    along each axis, which is turned back.
    """
    from graticule.ops.detect._profile_kernels import windowed_moments

    total, *sums = windowed_moments(light, inside, *place, width)
    if total <= 0:
        return 1.0, 0.0
    yy, xx, yx = (each / total for each in sums)
    yy, xx = yy + 1 / 12, xx + 1 / 12
    apart = float(np.hypot((yy - xx) / 2, yx))
    low, high = (
        1 / max(1 / max(each, 1e-6) - 1 / width**2, 1e-9)
        for each in ((yy + xx) / 2 - apart, (yy + xx) / 2 + apart)
    )
    return float(np.sqrt(min(low / high, 1))), float(0.5 * np.arctan2(2 * yx, yy - xx))
