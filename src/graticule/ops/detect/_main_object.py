"""The steps to the object in the middle: sky, objects, the one that is meant, its measures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array
from graticule.ops.filters._separable import gaussian_taps, separable
from graticule.ops.segment._runs import parts_of

_SAMPLES = 20_000
"""The sky is known well enough from so many samples."""
_CLIP = 3.0
_BELOW = 0.1587
"""The share of a normal distribution that lies below one standard deviation under its mean."""
_NEAR = 0.1
"""A person looks at the middle tenth of a cut-out first."""
_PER_SAMPLE = 2
_PER_OCTAVE = 8
_SLIM = 5.0
"""A line is so many times longer than wide."""
_STRAIGHT = 1.7
"""A line lies within so many times its mean width, so that an arc is none."""
_ACROSS, _NARROW, _BESIDE, _FULL = 0.5, 3.0, 6, 0.6
"""A trail is half of the image long; it is sought as a line so many samples wide, and that much
more of it is bright than of the lines so many widths beside it."""
_FURROW = 5
_DEEP = 8.0
"""A furrow is narrower than so many samples, and so deep in noise."""


class Sky(NamedTuple):
    """The level of the sky and the standard deviation of its noise."""

    level: float
    noise: float


class Objects(NamedTuple):
    """What is brighter than the sky.

    Attributes
    ----------
    labels : ndarray
        Objects, those that touch parted.
    light : ndarray
        Light of each over the sky; index 0 is none.
    place, size : ndarray
        Mean place of the light of each along y, x; its samples.
    """

    labels: Array
    light: Array
    place: Array
    size: Array


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


def sky_of(values: Array) -> Sky:
    """Return the sky: the median and the deviation below it, of what is left without objects.

    Examples
    --------
    >>> image = np.random.default_rng(0).normal(10, 2, (99, 99))
    >>> image[40:60, 40:60] += 100
    >>> [round(each, 1) for each in sky_of(image)]
    [10.0, 2.0]
    """
    finite = values[np.isfinite(values)]
    some = np.sort(finite[:: max(1, finite.size // _SAMPLES)])
    high = some.size
    level = noise = 0.0
    while high > 0:
        level = float(some[high // 2])
        noise = level - float(some[int(_BELOW * high)])
        within = int(np.searchsorted(some, level + _CLIP * noise, "right"))
        if within >= high or within < 2:
            break
        high = within
    return Sky(level, noise)


def smoothed(values: Array, width: float) -> Array:
    """Return values under a Gaussian."""
    taps = gaussian_taps(width, 4.0)
    return separable(np.ascontiguousarray(values, np.float32), {0: taps, 1: taps})


def objects_of(smooth: Array, threshold: float, sky: Sky, contrast: float, least: int) -> Objects:
    """Return the objects above a threshold, those that touch parted at the saddles between them."""
    from graticule.ops.detect._deblend_kernels import deblend

    level = sky.level + threshold * sky.noise
    found = parts_of(smooth > level, (0, 1), 2)
    kept = found.sizes() >= least
    kept[0] = False
    parts = found.painted(np.where(kept, np.arange(found.count + 1), 0).astype(np.int32))
    inside = np.flatnonzero(parts)
    order = inside[np.argsort(-smooth.reshape(-1)[inside], kind="stable")]
    over = smooth - np.float32(level)
    totals = np.bincount(parts.reshape(-1)[inside], over.reshape(-1)[inside], found.count + 1)
    labels = np.empty(smooth.shape, np.int32)
    count = deblend(over, parts, totals, order, contrast, sky.noise, labels)
    which = labels.reshape(-1)[inside]
    light = np.asarray(smooth.reshape(-1)[inside], float) - sky.level
    sums = np.bincount(which, light, count + 1)
    place = np.zeros((count + 1, 2))
    for axis, index in enumerate(np.unravel_index(inside, smooth.shape)):
        place[1:, axis] = np.bincount(which, light * index, count + 1)[1:] / sums[1:]
    return Objects(labels, sums, place, np.bincount(which, minlength=count + 1))


def nearest_middle(objects: Objects) -> int:
    """Return the object a person would name: by its light, and how near the middle it is."""
    if len(objects.light) < 2:
        return 0
    shape = objects.labels.shape
    far = np.hypot(*(objects.place[1:] - (np.array(shape) - 1) / 2).T)
    worth = np.log(np.maximum(objects.light[1:], 1e-30)) - 0.5 * (far / (_NEAR * min(shape))) ** 2
    return int(np.argmax(worth)) + 1


def profile_of(light: Array, used: Array, place: tuple[float, float], reach: float) -> Profile:
    """Return the light around a place, ring by ring, as far as ``reach``."""
    from graticule.ops.detect._deblend_kernels import ring_sums

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
    y, x = np.nonzero(inside)
    down, along = y - place[0], x - place[1]
    weight = np.maximum(light[y, x], 0) * np.exp(-0.5 * (down**2 + along**2) / width**2)
    total = float(weight.sum())
    if total <= 0:
        return 1.0, 0.0
    yy, xx, yx = (
        float((weight * a * b).sum()) / total + (1 / 12 if a is b else 0.0)
        for a, b in ((down, down), (along, along), (down, along))
    )
    apart = float(np.hypot((yy - xx) / 2, yx))
    low, high = (
        1 / max(1 / max(each, 1e-6) - 1 / width**2, 1e-9)
        for each in ((yy + xx) / 2 - apart, (yy + xx) / 2 + apart)
    )
    return float(np.sqrt(min(low / high, 1))), float(0.5 * np.arctan2(2 * yx, yy - xx))


def has_line(mask: Array, share: float) -> bool:
    """Tell whether a part of a mask is slim, straight, and long beside the image."""
    found = parts_of(mask, (0, 1), 2)
    sizes = found.sizes()
    long = max(share * min(mask.shape), _SLIM)
    if not (sizes >= long).any():
        return False
    labels = found.painted(np.where(sizes >= long, np.arange(found.count + 1), 0).astype(np.int32))
    for number in np.flatnonzero(sizes >= long):
        y, x = np.nonzero(labels == number)
        across, along = np.sqrt(12 * np.linalg.eigvalsh(np.cov(np.stack([y, x]))))
        width = sizes[number] / max(along, 1)
        if along >= max(long, _SLIM * width) and across <= _STRAIGHT * max(width, 1):
            return True
    return False


def is_crossed(mask: Array, place: tuple[float, float], radius: float) -> bool:
    """Tell whether a mask holds a straight line through the image, past a disk that is left out."""
    from graticule.ops.detect._deblend_kernels import fullest_line

    least = _ACROSS * min(mask.shape)
    return bool(fullest_line(mask, *place, radius, _NARROW, _BESIDE, least) >= _FULL)


def furrows(light: Array, noise: float) -> Array:
    """Return where there is less than half of the light of what is a few samples away around."""
    from scipy import ndimage

    closed = ndimage.grey_closing(light, (_FURROW, _FURROW))
    return np.asarray((closed - light > _DEEP * noise) & (light < closed / 2))


def still(values: Array) -> Array:
    """Return where there is no noise: a sample is as all that are around it."""
    from graticule.ops.detect._deblend_kernels import is_still

    out = np.empty(values.shape, np.bool_)
    is_still(values, out)
    return out
