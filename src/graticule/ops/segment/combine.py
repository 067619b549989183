"""Two masks made one."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Mask, Pointwise, like, op, require_dims

_RULES = {
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "minus": np.greater,
}


@op(version=1, scope=Pointwise(), dtype="bool")
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

    Returns
    -------
    Mask
        With the dims of ``mask``.

    Raises
    ------
    ImageError
        If dims or sizes differ.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> one, two = np.array([True, True, False]), np.array([True, False, False])
    >>> gt.segment.combine(one, two, rule="minus")
    array([False,  True, False])
    """
    require_dims(other, map(str, mask.dims), what="the other mask")
    require_dims(mask, map(str, other.dims), what="the mask")
    aligned = other.transpose(*mask.dims)
    return like(mask, _RULES[rule](mask.values, aligned.values))
