"""One profile out of many aligned columns."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Whole, op, require_dims
from graticule.core.typing import Array
from graticule.ops.detect._curves import DOC, Across, Along


@op(
    version=1,
    scope=Whole("a column's phase needs all its samples", memory=8),
    dtype="float32",
    tolerance=1e-5,
    doc=DOC,
)
def stack(
    image: Image,
    *,
    statistic: Annotated[
        Literal["mean", "semblance", "phase_weighted"], Field(title="How columns are combined")
    ] = "mean",
    power: Annotated[float, Field(title="Sharpness of the phase weight", ge=0, le=10)] = 1.0,
    inside: Annotated[float, Field(title="Least part of the columns inside", ge=0, le=1)] = 0.0,
    along: Along = "time",
    across: Across = "distance",
) -> Image:
    r"""Combine aligned columns into one profile; NaN samples are not counted.

    With :math:`x_d(t)` the :math:`n` finite samples at a time and :math:`\phi_d(t)` their phase:

    - mean: :math:`\sum x_d / n`;
    - semblance: :math:`(\sum x_d)^2 / (n \sum x_d^2)`, from 0 to 1 [1]_;
    - phase-weighted: the mean times :math:`|\sum e^{i \phi_d} / n|^p` [2]_.

    Parameters
    ----------
    image : Image
        Aligned, as by `graticule.detect.moveout`.
    statistic : {"mean", "semblance", "phase_weighted"}
        How columns are combined.
    power : float
        :math:`p`, of the phase weight.
    inside : float
        Where less than this part of the columns is finite the profile is NaN: the mean of few
        columns is noisier than that of many.
    %(axes)s

    Returns
    -------
    Image
        float32, without the dim ``across``; NaN at times with too few finite samples.

    Raises
    ------
    ImageError
        If a dim is missing.

    References
    ----------
    .. [1] Neidell, N. S., Taner, M. T., "Semblance and other coherency measures for multichannel
       data", Geophysics 36(3), 482-497, 1971. :doi:`10.1190/1.1440186`
    .. [2] Schimmel, M., Paulssen, H., "Noise reduction and detection of weak, coherent signals
       through phase-weighted stacks", Geophys. J. Int. 130(2), 497-505, 1997.
       :doi:`10.1111/j.1365-246X.1997.tb05664.x`

    %(examples)s
    >>> aligned = np.array([[1.0, 1.0], [2.0, np.nan], [1.0, -1.0]])
    >>> gt.detect.stack(aligned, along="y", across="x")
    array([1., 2., 0.], dtype=float32)
    """
    import xarray as xr

    require_dims(image, [along, across])
    ordered = image.transpose(..., along, across)
    values = np.asarray(ordered.values, dtype=float)
    finite = np.isfinite(values)
    known = np.where(finite, values, 0.0)
    count = finite.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result = known.sum(axis=-1) / count
        if statistic == "semblance":
            result = known.sum(axis=-1) ** 2 / (count * (known**2).sum(axis=-1))
        elif statistic == "phase_weighted":
            result = result * np.abs(_phasors(known, finite).sum(axis=-1) / count) ** power
    result = np.where(count >= max(1, inside * values.shape[-1]), result, np.nan)
    profile = ordered.isel({across: 0}, drop=True)
    attrs = {k: v for k, v in image.attrs.items() if k != "units" or statistic == "mean"}
    return xr.DataArray(
        result.astype(np.float32), dims=profile.dims, coords=profile.coords, attrs=attrs
    )


def _phasors(known: Array, finite: Array) -> Array:
    from scipy.signal import hilbert

    signal = hilbert(known, axis=-2)
    size = np.abs(signal)
    return np.where(finite & (size > 0), signal / np.where(size > 0, size, 1), 0)
