"""Reconstruction of a mask."""

from __future__ import annotations

from graticule.core import Mask, Whole, filtered_dims, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(
    version=1,
    scope=Whole("what is reached from a marker may lie anywhere", memory=6.0),
    dtype="bool",
    doc=DOC,
)
def reconstruction(
    mask: Mask,
    marker: Mask,
    *,
    connectivity: Connectivity = 1,
) -> Mask:
    """Keep the objects of a mask that hold a sample of a marker, whole.

    With an erosion of the mask as the marker, it is the opening by reconstruction: what is
    narrow goes, and all else keeps its very shape. With a strict mask as the marker of a loose
    one, it is hysteresis.

    Parameters
    ----------
    %(mask)s
    marker : Mask
        Of the same dims; what lies outside the mask has no say.
    %(connectivity)s

    %(same_mask)s

    %(raises_connectivity)s

    See Also
    --------
    filters.reconstruction : the same of grey images.
    skimage.morphology.reconstruction : equal, with the marker first.

    References
    ----------
    Vincent, L., "Morphological grayscale reconstruction in image analysis: applications and
    efficient algorithms", IEEE Trans. Image Processing 2(2), 176-201, 1993.
    :doi:`10.1109/83.217222`

    %(examples)s
    >>> mask = np.array([True, True, False, True])
    >>> gt.segment.reconstruction(mask, np.array([True, False, False, False]))
    array([ True,  True, False, False])
    """
    from graticule.ops._spatial import apply_spatially
    from graticule.ops.segment._runs import parts_of

    require_connectivity(connectivity, filtered_dims(mask))

    def work(within: Array, seed: Array) -> Array:
        parts = parts_of(within, range(within.ndim), connectivity)
        return parts.painted(parts.met_by(seed))

    return like(mask, apply_spatially(work, mask, marker).values)
