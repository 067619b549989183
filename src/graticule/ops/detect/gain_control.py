"""Bringing the amplitude of waves to the same height everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Duration, Image, Length, Whole, like, op
from graticule.ops.detect._curves import DOC, Across, Along, plane_of

_FLOOR = 0.01
"""Part of the mean square of the image, below which there is nothing to bring up."""


@op(
    version=1,
    scope=Whole("the floor is that of the whole image", memory=6),
    dtype="float32",
    tolerance=1e-5,
    doc=DOC,
)
def gain_control(
    image: Image,
    *,
    time: Annotated[Duration, Field(title="Width of the window in time", gt=0)] = Duration(7.0),
    distance: Annotated[Length, Field(title="Width of the window in distance", gt=0)] = (
        Length(12.0)
    ),
    missing: Annotated[Literal["keep", "zero"], Field(title="What NaN becomes")] = "keep",
    along: Along = "time",
    across: Across = "distance",
) -> Image:
    r"""Divide an image by its amplitude nearby: the automatic gain control of seismology [1]_.

    .. math:: y = \frac{x}{\sqrt{G * x^2 + 0.01\, \overline{x^2}}}

    with :math:`G` a Gaussian. Bursts, stretches of strong waves and amplitudes that fall with
    distance are brought to one height, so that noise comes near to being the same everywhere; what
    is coherent across the window keeps its shape. Bring every distance to mean 0 first.

    Parameters
    ----------
    image : Image
        With the dims ``along`` and ``across``, of mean 0.
    time, distance : Duration, Length
        Standard deviations of the window. One much shorter than the signal sought flattens it.
    missing : {"keep", "zero"}
        NaN samples are not counted in the window; they stay NaN, or become 0, the mean.
    %(axes)s

    Returns
    -------
    Image
        float32, without unit; 0 where the image is 0.

    Raises
    ------
    ImageError
        If a dim is missing.

    References
    ----------
    .. [1] Yilmaz, Ö., *Seismic Data Analysis*, 2nd edition, Society of Exploration Geophysicists,
       2001, section 1.4. :doi:`10.1190/1.9781560801580`

    %(examples)s
    >>> waves = np.cos(np.arange(200))[:, None] * np.ones(40)
    >>> waves[100:] *= 4
    >>> even = gt.detect.gain_control(waves, along="y", across="x")
    >>> bool(0.95 < even[150:].std() / even[:50].std() < 1.05)
    True
    """
    from scipy.ndimage import gaussian_filter

    plane = plane_of(image, along, across)
    values = np.asarray(plane.values, dtype=np.float32)
    finite = np.isfinite(values)
    known = np.where(finite, values, np.float32(0))
    largest = float(np.abs(known).max(initial=0))
    known = known / np.float32(largest if largest > 0 else 1)
    window = (time.samples(image, along), distance.samples(image, across))
    square = gaussian_filter(known * known, window, mode="reflect")
    if not finite.all():
        counted = gaussian_filter(finite.astype(np.float32), window, mode="reflect")
        square = square / np.maximum(counted, 1e-6)
    floor = _FLOOR * float(np.mean(known[finite] ** 2)) if finite.any() else 0.0
    even = known / np.sqrt(square + max(floor, float(np.finfo(np.float32).tiny)))
    if missing == "keep":
        even = np.where(finite, even, np.float32(np.nan))
    return like(plane, even.astype(np.float32)).transpose(*image.dims)
