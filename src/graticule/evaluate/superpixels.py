"""How well superpixels keep to the outlines of a truth, and to the values of an image.

D. Stutz, A. Hermans and B. Leibe, "Superpixels: an evaluation of the state of the art",
Comput. Vis. Image Underst. 166, 1 (2018), :doi:`10.1016/j.cviu.2017.03.007`, compares these
measures. Every number of a label map is a segment here, 0 as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.errors import ImageError, ParameterError
from graticule.core.image import is_image
from graticule.core.typing import Array
from graticule.evaluate._inputs import as_labels, as_scores, of_one_shape
from graticule.evaluate.contingency import contingency
from graticule.evaluate.empty import ratio

__all__ = [
    "achievable_accuracy",
    "boundaries",
    "boundary_recall",
    "explained_variation",
    "undersegmentation_error",
]


def boundary_recall(labels: Any, truth: Any, *, tolerance: int = 2) -> float:
    """Return the part of the true boundary that has a boundary of the segments near it.

    A sample is of the boundary if a neighbour across a face has another label, so that
    boundaries are two samples wide. Near is within ``tolerance`` samples along every axis.

    Parameters
    ----------
    labels : array_like or DataArray
        Segments, in any number of dims.
    truth : array_like or DataArray
        True segments, or bools: the true boundary itself.
    tolerance : int
        In samples; 0 asks for the very sample.

    Returns
    -------
    float
        From 0 to 1; without a true boundary see `graticule.evaluate.empty`.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative or no whole numbers.

    Examples
    --------
    >>> halves = np.repeat([[1, 1, 1, 2, 2, 2]], 6, axis=0)
    >>> boundary_recall(np.roll(halves, 1, axis=1), halves, tolerance=0)
    0.5
    >>> boundary_recall(np.roll(halves, 1, axis=1), halves, tolerance=1)
    1.0
    """
    from scipy import ndimage

    whole = isinstance(tolerance, (int, np.integer)) and not isinstance(tolerance, bool)
    if not whole or not 0 <= tolerance < 2**31:
        raise ParameterError(
            f"must be a whole number from 0 on, not {tolerance!r}", where="tolerance"
        )
    found, true = of_one_shape(labels, truth, "the labels")
    edge = boundaries(as_labels(found, "the labels"))
    wanted = true if true.dtype == np.bool_ else boundaries(as_labels(true, "the truth"))
    near = ndimage.maximum_filter(edge.view(np.uint8), 2 * int(tolerance) + 1, mode="constant")
    hit = near.astype(bool) & wanted
    return ratio(int(hit.sum()), int(wanted.sum()), both_empty=not edge.any())


def boundaries(labels: Array) -> Array:
    """Return the samples of which a neighbour across a face has another label.

    Parameters
    ----------
    labels : ndarray of int
        Of any dims.

    Returns
    -------
    ndarray of bool
        In the shape of ``labels``.

    Examples
    --------
    >>> boundaries(np.array([1, 1, 1, 2, 2])).astype(int)
    array([0, 0, 1, 1, 0])
    """
    edge = np.zeros(labels.shape, dtype=bool)
    for axis in range(labels.ndim):
        along, marked = (np.moveaxis(array, axis, 0) for array in (labels, edge))
        differs = along[1:] != along[:-1]
        marked[1:] |= differs
        marked[:-1] |= differs
    return edge


def undersegmentation_error(labels: Any, truth: Any) -> float:
    r"""Return how much of the segments leaks over the borders of the true ones.

    :math:`\frac1N \sum_G \sum_{S \cap G \ne \emptyset} \min(|S \cap G|, |S \setminus G|)`
    over true segments :math:`G` and segments :math:`S` [1]_.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Segments and true segments of one shape.

    Returns
    -------
    float
        0 where no segment crosses a true border; NaN for an image without a sample.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.

    References
    ----------
    .. [1] P. Neubert and P. Protzel, "Superpixel benchmark and comparison", Forum
       Bildverarbeitung (2012).

    Examples
    --------
    >>> undersegmentation_error([[1, 1, 1, 1]], [[1, 1, 1, 2]])
    0.5
    """
    table = contingency(labels, truth)
    rest = table.label_sizes[table.rows] - table.counts
    return ratio(int(np.minimum(table.counts, rest).sum()), table.total)


def achievable_accuracy(labels: Any, truth: Any) -> float:
    r"""Return the best part of samples right that a choice of one true label a segment can give.

    Achievable segmentation accuracy, :math:`\frac1N \sum_S \max_G |S \cap G|`.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Segments and true segments of one shape.

    Returns
    -------
    float
        1 where no segment crosses a true border; NaN for an image without a sample.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.

    Examples
    --------
    >>> achievable_accuracy([[1, 1, 1, 1]], [[1, 1, 1, 2]])
    0.75
    """
    table = contingency(labels, truth)
    best = np.zeros(table.labels.size, np.int64)
    np.maximum.at(best, table.rows, table.counts)
    return ratio(int(best.sum()), table.total)


def explained_variation(labels: Any, image: Any) -> float:
    r"""Return the part of the variation of an image that the means of the segments keep.

    :math:`\sum_S |S| (\mu_S - \mu)^2 / \sum_i (x_i - \mu)^2`, with both sums over the channels
    where there are any. It needs no truth.

    Parameters
    ----------
    labels : array_like or DataArray
        Segments.
    image : array_like or DataArray
        Of the shape of ``labels``, or with channels along one more dim (the last axis of a
        plain array).

    Returns
    -------
    float
        From 0 to 1; 1 for a constant image, of which nothing is left to explain.

    Raises
    ------
    ImageError
        If the shapes differ, a value is not finite, or labels are negative or no whole numbers.

    Examples
    --------
    >>> explained_variation([[1, 1, 2, 2]], [[0, 2, 4, 6]])
    0.8
    """
    segments, values = _with_channels(labels, image)
    if segments.size == 0:
        return float("nan")
    flat = segments.reshape(-1)
    if flat.max() >= 2 * flat.size + 1024:  # the numbers leave many out
        flat = np.unique(flat, return_inverse=True)[1]
    flat = flat.astype(np.int64, copy=False)
    size = np.maximum(np.bincount(flat), 1)
    total = kept = 0.0
    for channel in values.reshape(segments.size, -1).T:
        centred = channel.astype(float) - float(channel.mean(dtype=float))
        means = np.bincount(flat, weights=centred) / size
        total += float(centred @ centred)
        kept += float(size @ means**2)
    return min(1.0, kept / total) if total > 0 else 1.0


def _with_channels(labels: Any, image: Any) -> tuple[Array, Array]:
    if is_image(labels) and is_image(image):
        if not set(labels.dims) <= set(image.dims):
            raise ImageError(
                f"the image must have the dims of the labels ({', '.join(map(str, labels.dims))}); "
                f"it has {', '.join(map(str, image.dims))}"
            )
        image = image.transpose(*labels.dims, ...)
    segments = as_labels(np.asarray(labels), "the labels")
    values = as_scores(np.asarray(image), "the image")
    if values.shape[: segments.ndim] != segments.shape or values.ndim > segments.ndim + 1:
        raise ImageError(
            f"the labels are {segments.shape}, the image {values.shape}; it must be of the same "
            "size, with channels along the last axis if there are any"
        )
    return segments, values
