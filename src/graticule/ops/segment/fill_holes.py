"""Filling the holes of objects."""

from __future__ import annotations

from collections.abc import Sequence

from graticule.core import Mask, Whole, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("whether background is a hole depends on all that encloses it", memory=8.0),
    dtype="bool",
    doc=DOC,
)
def fill_holes(mask: Mask) -> Mask:
    """Add to a mask the background that it encloses.

    A hole is background from which no path of steps along single dims leads out of the image.
    Along dims other than ``z y x`` each index is filled by itself.

    Parameters
    ----------
    %(mask)s

    Returns
    -------
    Mask
        Of the same dims; nowhere False where ``mask`` is True.

    See Also
    --------
    scipy.ndimage.binary_fill_holes : equal.

    References
    ----------
    Soille, P., *Morphological Image Analysis*, Springer, 2003, section 6.3.7.

    %(examples)s
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    >>> bool(gt.segment.fill_holes(ring).all())
    True
    """
    from graticule.ops.segment._runs import by_runs

    return by_runs(mask, _filled)


def _filled(values: Array, axes: Sequence[int]) -> Array:
    """Return the mask and its holes, for axes that include the last."""
    from graticule.ops.segment._runs import parts_of

    outside = parts_of(values, axes, connectivity=1, value=False)
    return ~outside.painted(outside.at_border(axes))
