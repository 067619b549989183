"""Merging of neighbouring regions that are alike."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Whole, filtered_dims, like, op, with_features_last
from graticule.core.dims import FRAMES
from graticule.core.errors import ImageError, ParameterError
from graticule.core.image import SPATIAL
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("who merges first decides what is left to merge", memory=25),
    dtype="int32",
    doc=DOC,
)
def merge_regions(
    labels: Labels,
    image: Image,
    *,
    by: Annotated[Literal["mean", "boundary"], Field(title="What must be alike")] = "mean",
    threshold: Annotated[float | None, Field(title="Most difference", ge=0)] = None,
    number: Annotated[int | None, Field(title="Regions wanted", ge=1)] = None,
) -> Labels:
    r"""Merge neighbouring regions, the most alike first, as superpixels to objects.

    Regions that touch across a face are the edges of a graph [1]_. Again and again the two whose
    difference is least become one, and its differences from its neighbours are taken anew, until
    the least is above ``threshold``, or ``number`` regions are left. Of equal differences that of
    the smaller labels is first.

    Parameters
    ----------
    labels : Labels
        Regions, as of ``segment.etps``; 0 belongs to none. They touch along ``z y x``, or along all
        dims where there is none of these.
    image : Image
        Of the dims of ``labels``; what it has beside them are features (channels, a spectrum).
        Samples that are not finite have no say.
    by : {"mean", "boundary"}
        The distance between the mean values of two regions, :math:`\|\bar f_a - \bar f_b\|`; or the
        mean step :math:`\|f_p - f_q\|` over the samples :math:`p, q` on both sides of their border,
        which lets a region change slowly and keeps what a sharp edge parts.
    threshold : float, optional
        In the unit of ``image``.
    number : int, optional
        Over the whole image. More are left where regions do not touch.

    %(numbered)s

    Raises
    ------
    ParameterError
        If there is neither ``threshold`` nor ``number``.
    ImageError
        If ``image`` lacks a dim of ``labels``, or has another of space or time.

    References
    ----------
    .. [1] Trémeau, A., Colantoni, P., "Regions adjacency graph applied to color image
       segmentation", IEEE Trans. Image Process. 9(4), 735-744, 2000. :doi:`10.1109/83.841950`

    %(examples)s
    >>> image = np.array([1.0, 1.2, 5.0, 5.1, 8.0])
    >>> gt.segment.merge_regions(np.arange(1, 6), image, threshold=1)
    array([1, 1, 2, 2, 3], dtype=int32)
    >>> gt.segment.merge_regions(np.arange(1, 6), image, number=2)
    array([1, 1, 2, 2, 2], dtype=int32)
    """
    from graticule.ops.segment._kernels import number_by_appearance
    from graticule.ops.segment._rag import graph_of, merged

    if threshold is None and number is None:
        raise ParameterError("must be given, or number", where="threshold")
    features = [str(dim) for dim in image.dims if dim not in labels.dims]
    if not set(labels.dims) <= set(image.dims) or {*SPATIAL, *FRAMES} & set(features):
        raise ImageError(
            f"must have the dims {list(labels.dims)} and any features, not {list(image.dims)}"
        )
    values = with_features_last(image, features).transpose(*labels.dims, ...).values
    known, numbers = np.unique(labels.values, return_inverse=True)
    numbers = numbers.reshape(labels.shape) + int(known[0] != 0)
    count = len(known) - int(known[0] == 0)
    result = np.zeros(labels.shape, np.int32)
    if count:
        axes = tuple(int(labels.get_axis_num(dim)) for dim in filtered_dims(labels))
        graph = graph_of(numbers, values, axes, count)
        most = np.inf if threshold is None else threshold
        regions = merged(graph, by=by, most=most, number=number or 1)
        result = np.append(0, regions + 1).astype(np.int32)[numbers]
        number_by_appearance(result.reshape(-1), count)
    return like(labels, result)
