"""Objects as the connected regions, each of a threshold of its own, that are most like ellipses."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Whole, op
from graticule.core.order import median, percentile
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

_LEVELS = 32
_HIGHEST = 99.8
_FAINT = 0.05
_TINY = 9.0
_SHARE = 0.1
"""An object of less than this share of the usual size is a speck."""


@op(
    version=2,
    scope=Whole("thresholds, scale and polarity are of the whole image", memory=220.0),
    dtype="int32",
    doc=DOC,
)
def extremal_regions(
    image: Image,
    *,
    objects: Annotated[Literal["auto", "bright", "dark"], Field(title="Objects are")] = "auto",
    smoothing: Annotated[float, Field(title="Smoothing in diameters", ge=0, le=1)] = 0.05,
    min_diameter: Annotated[float, Field(title="Smallest diameter", ge=0, le=2)] = 0.3,
    extent: Annotated[float, Field(title="Share of the value at the edge", ge=0, le=1)] = 0.5,
    min_contrast: Annotated[float, Field(title="Smallest contrast", ge=0)] = 3.0,
) -> Labels:
    r"""Find compact objects of any brightness, with the size of them measured in the image.

    The connected regions above all thresholds are a tree: what is one region at a low threshold
    is several at a higher. Of it the disjoint regions are taken that are together worth most
    [1]_, a region of area :math:`A` being worth :math:`A^{0.6} q^{24}` with :math:`q` the ratio
    of its area to that of the ellipse of the same second moments. So each object has a threshold
    of its own, and bright ones part from faint ones they touch. From there it grows to
    ``extent`` of its mean value, parted from its neighbours by a watershed; and it is parted at
    its necks where ellipses fit the parts better.

    Lengths are in diameters of the usual object, :math:`2 \sqrt{2} \sigma` for the
    :math:`\sigma` at which the scale-normalised Laplacian of the image,
    :math:`L = -\sigma^2 \nabla^2 G_\sigma * f`, is strongest [2]_: its variance times its
    skewness, :math:`\overline{L^3} / (\overline{L^2})^{1/2}`, is largest, for objects are compact
    and few, and the slopes of the ground neither. The ground is what Li's threshold leaves out.
    The image must have no slope: see `filters.background_polynomial`.

    Parameters
    ----------
    %(image)s
    objects : {"auto", "bright", "dark"}
        Whether they are brighter or darker than the ground; by default what the skewness of the
        values says, for objects are the minority.
    smoothing : float
        Width of the Gaussian that takes away grain, in diameters.
    min_diameter : float
        Smaller objects are none, in diameters; nor are those below 9 samples, or a tenth of the
        size that halves the area of all.
    extent : float
        An object ends where the value above the median is this share of its mean.
    min_contrast : float
        How far the mean of an object must be from the median of the ground, in robust standard
        deviations of the ground.

    %(numbered)s

    See Also
    --------
    segment.split : parts a mask at necks of a given depth.

    References
    ----------
    .. [1] Arteta, C. et al., "Learning to detect cells using non-overlapping extremal regions",
       MICCAI 2012, LNCS 7510, 348-356. :doi:`10.1007/978-3-642-33415-3_43`
    .. [2] Lindeberg, T., "Feature detection with automatic scale selection", International
       Journal of Computer Vision 30(2), 79-116, 1998. :doi:`10.1023/A:1008045108935`

    %(examples)s
    >>> y, x = np.mgrid[:40, :60]
    >>> one, two = np.hypot(y - 20, x - 20) < 8, np.hypot(y - 20, x - 37) < 10
    >>> labels = gt.segment.extremal_regions(15.0 * one + 30 * two)
    >>> int(labels.max()), int(labels[20, 20]), int(labels[20, 37])
    (2, 2, 1)
    """
    from graticule.ops._spatial import apply_spatially

    return apply_spatially(
        lambda values: _regions(
            values.astype(np.float64), objects, smoothing, min_diameter, extent, min_contrast
        ),
        image,
    )


def _regions(
    values: Array,
    objects: str,
    smoothing: float,
    min_diameter: float,
    extent: float,
    min_contrast: float,
) -> Array:
    from graticule.ops.segment._component_tree import best_parts, tree_of
    from graticule.ops.segment._ellipses import ball_volume
    from graticule.ops.segment._ground import minimum_cross_entropy
    from graticule.ops.segment._necks import parted
    from graticule.ops.segment._scale import usual_diameter

    nothing = np.zeros(values.shape, np.int32)
    known = np.isfinite(values)
    every = bool(known.all())
    seen = values if every else values[known]
    if not seen.size or seen.min() == seen.max():
        return nothing
    if not every:
        values = np.where(known, values, median(seen))
    rough = _upright(_smoothed(values, 0.7), objects)
    diameter = usual_diameter(rough, percentile(rough, _HIGHEST))
    height = _upright(_smoothed(values, max(smoothing * diameter, 0.5)), objects)
    if not every:
        height[~known] = min(float(height.min()), 0.0)
    rising = np.sort(height if every else height[known], axis=None)
    top = percentile(rising, _HIGHEST)
    if not top > max(float(rising[0]), 0):
        return nothing
    lowest = minimum_cross_entropy(np.clip(rising, 0, top))
    thresholds = np.geomspace(lowest + _FAINT * top, (1 + _FAINT) * top, _LEVELS) - _FAINT * top
    least = max(ball_volume(values.ndim) * (min_diameter * diameter / 2) ** values.ndim, _TINY)
    seeds = best_parts(tree_of(height, thresholds), least)
    labels = _grown(seeds, height, extent, lowest)
    if not labels.any():
        return nothing
    labels = parted(labels, least)
    ground = rising[: np.searchsorted(rising, lowest, side="right")]
    return _believed(labels, height, ground, least, min_contrast)


def _smoothed(values: Array, sigma: float) -> Array:
    from graticule.ops._smoothing_kernels import gaussian_weights, smooth

    flat = smooth(values.reshape(-1), np.array(values.shape), gaussian_weights(sigma))
    return np.asarray(flat).reshape(values.shape)


def _upright(values: Array, objects: str) -> Array:
    """Return values above their median, with objects positive."""
    apart: Array = values - median(values)
    if objects == "auto":
        cubes = apart * apart
        cubes *= apart
        objects = "dark" if cubes.sum() < 0 else "bright"
    return -apart if objects == "dark" else apart


def _grown(seeds: Array, height: Array, extent: float, lowest: float) -> Array:
    """Let regions grow to a share of their mean, and fill what they enclose."""
    from graticule.ops._watershed import flooded
    from graticule.ops.segment._growth_kernels import cut_below, make_solid

    count = int(seeds.max())
    basins = flooded(-height, seeds, height > lowest, 1)
    flat = (each.reshape(-1) for each in (basins, seeds, height))
    cut_below(*flat, extent, count)
    grown = np.zeros(seeds.shape, np.int32)
    width = seeds.shape[-1]
    lead = np.array(seeds.shape[:-1], np.int64)
    make_solid(basins.reshape(-1, width), lead, count, grown.reshape(-1, width))
    return grown


def _believed(
    labels: Array, height: Array, ground: Array, least: float, min_contrast: float
) -> Array:
    """Return labels without specks and what the ground's own grain may be, numbered anew."""
    from graticule.ops.segment._ground import level_and_spread
    from graticule.ops.segment._growth_kernels import sums_of
    from graticule.ops.segment._kernels import number_by_appearance

    count = int(labels.max())
    sizes, sums = sums_of(labels.reshape(-1), height.reshape(-1), count)
    sizes[0] = 0
    falling = np.sort(sizes)[::-1]
    usual = falling[int(np.searchsorted(np.cumsum(falling), falling.sum() / 2))]
    level, spread = level_and_spread(ground)
    means = sums / np.maximum(sizes, 1)
    kept = (sizes >= max(_SHARE * usual, least)) & (means - level >= min_contrast * spread)
    kept[0] = False
    labels = np.where(kept, np.arange(count + 1), 0).astype(np.int32)[labels]
    number_by_appearance(labels.reshape(-1), count)
    return labels
