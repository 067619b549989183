"""How long the roots of a mask are."""

from __future__ import annotations

from typing import Any

import numpy as np


def root_length(mask: Any) -> float:
    r"""Return the length of the skeleton of a mask in two dims, in samples.

    Neighbours along a dim are 1 apart, diagonal ones :math:`\sqrt 2` (where no shorter way joins
    them). On a grid this is up to 8 % more than the true length of an oblique line, and more of
    a ragged one, and less by what a skeleton loses at its ends (several samples at the end of a
    wide oblique bar), for truth and answer alike.

    Parameters
    ----------
    mask : DataArray or array_like
        Bool, dims ``y x``.

    Examples
    --------
    >>> mask = np.zeros((9, 12), bool)
    >>> mask[4, 1:11] = True
    >>> root_length(mask)
    9.0
    """
    from graticule.core import as_image
    from graticule.ops.segment.skeleton import skeleton

    line = np.asarray(skeleton(as_image(np.asarray(mask, bool))).values, bool)
    down, right = line[1:] & line[:-1], line[:, 1:] & line[:, :-1]
    total = float(down.sum() + right.sum())
    falling = line[1:, 1:] & line[:-1, :-1] & ~line[1:, :-1] & ~line[:-1, 1:]
    rising = line[1:, :-1] & line[:-1, 1:] & ~line[1:, 1:] & ~line[:-1, :-1]
    return total + float(np.sqrt(2) * (falling.sum() + rising.sum()))
