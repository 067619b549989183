"""Attenuation from transmission, with its error."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Pointwise, op
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import scale_to
from graticule.ops.spectra._axis import DOC
from graticule.ops.spectra._errors import DIMENSIONLESS, Measured, measured, spread_over, variances


@op(version=1, scope=Pointwise(memory=12), dtype="float32", doc=DOC)
def attenuation(
    image: Image,
    error: Image | None = None,
    thickness: Image | None = None,
    *,
    path: Annotated[Length | None, Field(title="Thickness of the sample")] = None,
) -> Measured:
    r"""Turn transmission into attenuation, or into the attenuation coefficient.

    .. math:: A = -\ln T, \qquad \sigma_A = \sigma_T / T

    and with a thickness :math:`d`, :math:`\mu = A / d` and :math:`\sigma_\mu = \sigma_A / d`, in
    1/cm; the thickness is taken as exact. The error is that of first order, right where
    :math:`\sigma_T \ll T`; join bins or pixels first where it is not. Where the transmission or
    the thickness is not positive the result is NaN: there is no logarithm, and none is made up.

    Parameters
    ----------
    image : Image
        The transmission, as `spectra.open_beam` gives it. Any dims.
    error : Image, optional
        One standard deviation of every value; without it the error of the result is NaN.
    thickness : Image, optional
        Of the sample at each place, with a unit, in some of the dims of ``image``.
    path : Length, optional
        One thickness for all places, as ``"5 mm"``.

    Returns
    -------
    image : Image
        float32, without a unit or in 1/cm.
    error : Image
        One standard deviation of it.

    Raises
    ------
    ParameterError
        If both thicknesses are given, or ``path`` has no unit.
    ImageError
        If ``thickness`` has no unit, or dims that the image has not.
    UnitsError
        If its unit is none of length.

    See Also
    --------
    radiography.beer_lambert : without an error.

    %(examples)s
    >>> found = gt.spectra.attenuation(np.exp([-2.0, -1.0]), np.array([0.01, 0.01]), path="5 mm")
    >>> found.image.round(3), found.error.round(3)
    (array([4., 2.], dtype=float32), array([0.148, 0.054], dtype=float32))
    """
    values = image.values.astype(np.float64)
    length = _centimetres(image, thickness, path)
    unknown = error is None
    variance = np.full(values.shape, np.nan) if unknown else variances(image, error)
    scaled, found = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    inside = np.broadcast_to(length > 0, values.shape) & (values > 0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        np.log(values, out=found, where=inside)
        np.divide(variance, values**2, out=scaled, where=inside)
        found, scaled = -found / length, scaled / length**2
    has_length = thickness is not None or path is not None
    return measured(image, found, scaled, "1/cm" if has_length else DIMENSIONLESS)


def _centimetres(image: Image, thickness: Image | None, path: Length | None) -> Array:
    """Return the thickness along the axes of the image; 1 where there is none."""
    if thickness is None:
        return np.array(1.0 if path is None else _with_unit(path) * 100)
    if path is not None:
        raise ParameterError(
            "is given beside an image of the thickness", where="path", hint="leave one out"
        )
    unit = str(thickness.attrs.get("units", ""))
    if not unit:
        raise ImageError(
            "thickness has no unit", hint='give it one, as thickness.assign_attrs(units="mm")'
        )
    try:
        scale = scale_to(unit, "cm")
    except UnitsError as fault:
        raise fault.at("thickness") from None
    return spread_over(thickness, image, "thickness") * scale


def _with_unit(path: Length) -> float:
    if path.base != "m":
        raise ParameterError(f"must have a unit, not {path}", where="path", hint='as "5 mm"')
    if path.value <= 0:
        raise ParameterError(f"must be positive, not {path}", where="path")
    return path.value
