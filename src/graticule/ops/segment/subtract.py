"""Labels less labels."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Labels, Pointwise, like, op, require_dims
from graticule.ops._parameters import DOC


@op(version=1, scope=Pointwise(), dtype="same", doc=DOC)
def subtract(
    labels: Labels,
    others: Labels,
    *,
    own: Annotated[bool, Field(title="Only what has the same number")] = False,
) -> Labels:
    """Take from each object what is labelled in another image; the rest keeps its number.

    A cell less its nucleus is its cytoplasm, with the number of the cell.

    Parameters
    ----------
    labels, others : Labels
        Of the same dims and sizes.
    own : bool
        Take from an object only what has its own number in ``others``, and not what belongs to
        another.

    Returns
    -------
    Labels
        In the dtype of ``labels``; an object of which nothing is left is missing.

    Raises
    ------
    ImageError
        If dims or sizes differ.

    See Also
    --------
    segment.parents : gives nuclei the numbers of the cells they lie in.

    %(examples)s
    >>> cells, nuclei = np.array([1, 1, 1, 0, 2, 2]), np.array([0, 1, 0, 0, 0, 2])
    >>> gt.segment.subtract(cells, nuclei)
    array([1, 0, 1, 0, 2, 0])
    """
    require_dims(others, map(str, labels.dims), what="the other labels")
    require_dims(labels, map(str, others.dims), what="the labels")
    values = labels.values
    there = others.transpose(*labels.dims).values
    taken = there == values if own else there != 0
    return like(labels, np.where(taken, values.dtype.type(0), values))
