"""Phases without a false skin: edges are left out of the threshold and filled from both sides."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Length, Mask, Whole, filtered_dims, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._morphology import opening_of
from graticule.ops._spatial import apply_spatially
from graticule.ops.threshold._counting import broadcast_mask
from graticule.ops.threshold._histogram import DOC, histogram_of
from graticule.ops.threshold.multi_otsu import thresholds_of
from graticule.ops.threshold.phases import Rising, phases_of


@op(
    version=1,
    scope=Whole("a place on an edge goes to the phase that reaches it first", memory=48.0),
    dtype="int32",
    doc=DOC,
)
def edge_guard(
    image: Image,
    mask: Mask | None = None,
    *,
    classes: Annotated[int, Field(title="Number of phases", ge=2, le=10)] = 3,
    values: Annotated[Rising | None, Field(title="Thresholds, if known")] = None,
    sigma: Annotated[Length, Field(title="Width of the edge filter", ge=0)] = Length(1.0),
    edges: Annotated[float, Field(title="Part of the image on edges", ge=0, lt=1)] = 0.2,
    by: Annotated[Literal["gradient", "laplacian"], Field(title="Edge measure")] = "gradient",
    opening: Annotated[Length, Field(title="Opening of the seeds", ge=0)] = Length(1.0),
) -> Labels:
    r"""Separate phases without the false skin of a third between two others.

    A voxel on the border of a dark and a bright phase is partly filled by both, and its value may
    be that of a third phase: thresholds alone put a skin of it around every bright object. So
    edges are left out:

    1. the gradient magnitude :math:`|\nabla (G_\sigma * f)|` (or the size of the Laplacian) is
       taken, and the ``edges`` part of the image where it is largest is guarded;
    2. thresholds are those of several classes by Otsu (`multi_otsu`) of what is not guarded, or
       the ``values`` given;
    3. each phase outside the guard is opened with a small ball, so that what is left of a skin is
       no seed;
    4. the rest is filled by growing the seeds, lowest gradient first: a watershed, which meets on
       the crest of each edge.

    What is too thin to have an inside that is not edge is lost: look at the result beside that of
    `multi_otsu`.

    Parameters
    ----------
    image : Image
        Any dims; worked on along ``z y x``, or along all where it has none of these, with the same
        thresholds for all of it.
    %(where)s
    classes : int
        How many phases there are; without meaning where ``values`` are given.
    values : sequence of float, optional
        Rising thresholds.
    sigma : Length
        Width of the Gaussian the edges are taken of, in pixels or as a length.
    edges : float
        The part of the image that is guarded: about the number of edge voxels; more is safer
        until seeds of small objects are lost.
    by : {"gradient", "laplacian"}
        The gradient marks the middle of an edge, the Laplacian its two sides.
    opening : Length
        Radius of the ball the seeds are opened with; 0 for none.

    Returns
    -------
    Labels
        int32: 1 for the darkest phase, to the number of phases for the brightest; 0 for NaN,
        outside ``mask``, and in parts of the image that have no seed.

    Raises
    ------
    %(values_error)s
    ParameterError
        If ``values`` do not rise.
    %(length_error)s

    See Also
    --------
    graticule.threshold.multi_otsu : the thresholds without the guard.

    References
    ----------
    Beucher, S., Meyer, F., "The morphological approach to segmentation: the watershed
    transformation", in *Mathematical morphology in image processing*, Dekker, 1993, 433-481.

    %(examples)s
    >>> line = np.array([0, 0, 0, 0, 0, 5, 9, 9, 9, 9, 9, 5, 5, 5, 5, 5, 5])
    >>> gt.threshold.multi_otsu(line)
    array([1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2], dtype=int32)
    >>> gt.threshold.edge_guard(line, sigma=0.5)
    array([1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2], dtype=int32)
    """
    known = np.isfinite(image.values)
    if mask is not None:
        known = known & broadcast_mask(mask, image).values
    if not known.any():
        raise ImageError("has no finite value, so there are no phases", hint="is it all NaN?")
    slope, bend = _steepness(image, known, sigma)
    guard = _guard(slope if by == "gradient" else bend, known, edges)
    inside = like(image, known & ~guard)
    cuts = thresholds_of(histogram_of(image, inside), classes=classes) if values is None else values
    seeds = _opened_seeds(phases_of(image, inside, cuts), opening, len(cuts) + 1)
    return _filled(*(like(image, values) for values in (slope, seeds, known)))


def _steepness(image: Image, known: Array, sigma: Length) -> tuple[Array, Array]:
    """Return gradient magnitude and size of the Laplacian, per sample and as parts of the range.

    Missing samples are given the mean of the others.
    """
    from scipy import ndimage

    values = image.values[known].astype(np.float64)
    with np.errstate(over="ignore"):
        width = float(values.max() - values.min())
    values = (values - values.min()) / (width if 0 < width < np.inf else 1.0)
    filled = np.full(image.shape, values.mean(), np.float32)
    filled[known] = values
    axes = [image.get_axis_num(dim) for dim in filtered_dims(image)]
    widths = [0.0] * image.ndim
    for dim, axis in zip(filtered_dims(image), axes, strict=True):
        widths[axis] = sigma.samples(image, dim)
    smooth = ndimage.gaussian_filter(filled, widths) if any(widths) else filled
    slope, bend = np.zeros((2, *image.shape), np.float32)
    for axis in axes:
        slope += ndimage.correlate1d(smooth, [0.5, 0.0, -0.5], axis=axis, mode="nearest") ** 2
        bend += ndimage.correlate1d(smooth, [1.0, -2.0, 1.0], axis=axis, mode="nearest")
    return np.sqrt(slope), np.abs(bend)


def _guard(steep: Array, known: Array, part: float) -> Array:
    """Return the steepest part of the known samples; what is flat is never in it."""
    values = steep[known]
    place = int((values.size - 1) * (1 - part))
    return np.asarray(steep > np.partition(values, place)[place])


def _opened_seeds(seeds: Image, radius: Length, classes: int) -> Array:
    if not any(radius.samples(seeds, dim) >= 1 for dim in filtered_dims(seeds)):
        return np.asarray(seeds.values)
    kept = np.zeros(seeds.shape, np.int32)
    for phase in range(1, classes + 1):
        of_phase = seeds.values == phase
        kept[opening_of(seeds, of_phase, radius, "ball") & of_phase] = phase
    return kept


def _filled(slope: Image, seeds: Image, known: Image) -> Image:
    """Grow the seeds over all that is known, for each index along other dims."""
    from graticule.ops._watershed import flooded

    return apply_spatially(partial(flooded, connectivity=1), slope, seeds, known)
