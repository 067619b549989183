"""Random walker."""

from __future__ import annotations

import math
import warnings
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Whole, filtered_dims, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

_PLANE = 2**18
"""Samples of a plane up to which the system is solved by elimination."""


@op(
    version=2,
    scope=Whole("a walk may lead anywhere", memory=300.0),
    dtype="int32",
    doc=DOC,
)
def random_walker(
    image: Image,
    markers: Labels,
    mask: Mask | None = None,
    *,
    beta: Annotated[float, Field(title="Weight of edges", gt=0, le=1e6)] = 130.0,
    tolerance: Annotated[float, Field(title="Tolerance of the solver", gt=0, le=0.1)] = 1e-5,
) -> Labels:
    r"""Give each sample the label of the marker that a random walker reaches first.

    A walker steps to neighbours with weights :math:`\exp(-\beta\, ((f_i - f_j) / h)^2)`, with
    the values scaled to a standard deviation of :math:`1 / \sqrt{10}` and :math:`h` the spacing
    in units of the smallest, so that edges are hard to cross [1]_. Unlike a watershed it closes
    gaps in a weak edge. The probabilities are the solution of a linear system: of a plane of up to
    262,144 samples by elimination, else by conjugate gradients.

    NaN is outside the mask. Samples that no walk leads from to a marker are 0; so is all where
    there is no marker.

    Parameters
    ----------
    %(image)s
    markers : Labels
        0 where there is no marker.
    mask : Mask, optional
        Where walks may lead.
    beta : float
        Higher values make edges harder to cross.
    tolerance : float
        Of conjugate gradients, relative.

    Returns
    -------
    Labels
        int32, with the numbers of ``markers``.

    Raises
    ------
    ImageError
        If there are more than three dims to work along, or infinite values.

    See Also
    --------
    skimage.segmentation.random_walker : which solves the system.

    References
    ----------
    .. [1] Grady, L., "Random walks for image segmentation", IEEE Trans. Pattern Anal. Mach.
       Intell. 28(11), 1768-1783, 2006. :doi:`10.1109/TPAMI.2006.233`

    %(examples)s
    >>> image = np.array([[0, 0, 0, 9, 9, 9], [0, 0, 0, 9, 9, 9]])
    >>> marks = np.array([[1, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 0]])
    >>> gt.segment.random_walker(image, marks)[1]
    array([1, 1, 1, 2, 2, 2], dtype=int32)
    """
    from graticule.ops._distance import steps_of
    from graticule.ops._spatial import apply_spatially

    dims = filtered_dims(image)
    if len(dims) > 3:
        raise ImageError(f"a random walker has up to three dims, not {', '.join(dims)}")
    steps = np.array(steps_of(image)[0])
    spacing = steps / steps.min()

    def work(values: Array, marks: Array, within: Array | None) -> Array:
        known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(values.shape, np.bool_)
        if within is not None:
            known &= within
        if not np.isfinite(values[known]).all():
            raise ImageError("a random walker needs finite values", hint="clip the image first")
        return _walked(values, marks, known, spacing, beta, tolerance)

    return apply_spatially(work, image, markers, mask)


def _is_small_plane(shape: tuple[int, ...]) -> bool:
    """Whether elimination is faster than iteration, which is slow where contrasts are strong."""
    return sum(size > 1 for size in shape) <= 2 and math.prod(shape) <= _PLANE


def _walked(
    values: Array, marks: Array, known: Array, spacing: Array, beta: float, tolerance: float
) -> Array:
    """Return labels of one array of up to three axes."""
    from skimage.segmentation import random_walker as solve

    from graticule.ops.segment._runs import parts_of

    parts = parts_of(known, range(values.ndim), 1)
    marks = np.where(known, marks, 0)
    names = np.unique(marks[marks > 0])
    if names.size and names[-1] > np.iinfo(np.int32).max:
        raise ImageError(f"a marker must be at most {np.iinfo(np.int32).max}, not {names[-1]}")
    labels = np.zeros(values.shape, np.int32)
    reached = parts.painted(parts.met_by(marks > 0))
    if names.size < 2:
        labels[reached] = names[0] if names.size else 0
        return labels
    dense = np.searchsorted(names, marks) + 1
    dense[marks == 0] = 0
    dense[~reached] = -1
    heights = np.where(reached, values, 0).astype(np.float64)
    spread = float(heights[reached].std())
    if spread > 0:
        heights = np.where(reached, (heights - heights[reached].mean()) / spread, 0.0)
        beta *= float(heights.std())  # the solver divides by the deviation of all
    else:
        heights, beta = np.arange(heights.size, dtype=np.float64).reshape(heights.shape), 0.0
    lacking = (1,) * (3 - values.ndim)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of solvers that are not installed
        solved = solve(
            heights.reshape(lacking + values.shape),
            dense.reshape(lacking + values.shape),
            beta=beta,
            tol=tolerance,
            mode="bf" if _is_small_plane(values.shape) else "cg_j",
            spacing=np.concatenate([np.ones(len(lacking)), spacing]),
        )
    index = np.asarray(solved).reshape(values.shape)
    labels[index > 0] = names[index[index > 0] - 1]
    return labels
