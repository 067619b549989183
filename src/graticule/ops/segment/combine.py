"""Two masks made one."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Mask, Pointwise, like, op, require_dims
from graticule.ops._parameters import DOC

_RULES = {
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "minus": np.greater,
}


@op(version=1, scope=Pointwise(), dtype="bool", doc=DOC)
def combine(
    mask: Mask,
    other: Mask,
    *,
    rule: Annotated[Literal["and", "or", "xor", "minus"], Field(title="Rule")] = "and",
) -> Mask:
    """Combine two masks sample by sample.

    Parameters
    ----------
    mask, other : Mask
        Of the same dims and sizes.
    rule : {"and", "or", "xor", "minus"}
        In both; in either; in just one; in the first and not in the other.

    %(same_mask)s

    Raises
    ------
    ImageError
        If dims or sizes differ.

    %(examples)s
    >>> one, two = np.array([True, True, False]), np.array([True, False, False])
    >>> gt.segment.combine(one, two, rule="minus")
    array([False,  True, False])
    """
    require_dims(other, map(str, mask.dims), what="the other mask")
    require_dims(mask, map(str, other.dims), what="the mask")
    aligned = other.transpose(*mask.dims)
    return like(mask, _RULES[rule](mask.values, aligned.values))
