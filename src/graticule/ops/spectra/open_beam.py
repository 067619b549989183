"""Transmission: a cube over its open beam, with the dose."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Mask, Pointwise, Table, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.spectra._axis import DOC, require_same_bins, spectral_dim
from graticule.ops.spectra._errors import DIMENSIONLESS, Measured, measured, spread_over, variances
from graticule.ops.spectra._shutters import triggers_along

_SAME = 0.01
"""Part by which exposures may differ and still be the same."""


@op(version=1, scope=Pointwise(memory=20), dtype="float32", doc=DOC)
def open_beam(
    image: Image,
    open_beam: Image,
    error: Image | None = None,
    open_beam_error: Image | None = None,
    dark: Image | None = None,
    dose: Table | None = None,
    dead: Mask | None = None,
    *,
    exposure: Annotated[Literal["same", "triggers", "any"], Field(title="Exposure")] = "same",
) -> Measured:
    r"""Turn a cube into the transmission of the sample, bin by bin.

    .. math:: T = \frac{I - B}{O - B} \cdot \frac{1}{D}, \qquad
        \sigma_T^2 = \frac{\sigma_I^2 + (T D)^2 \sigma_O^2}{(O - B)^2 D^2}
        + T^2 \frac{\sigma_D^2}{D^2}

    with the open beam :math:`O` (no sample), the dark :math:`B` (no beam; taken as exact), and the
    dose :math:`D`: how many times more neutrons came than with the open beam. Where the open beam
    is not above the dark, on dead pixels, and where one of them is NaN, the result is NaN.

    An open beam that was smoothed (`spectra.moving_average`) has smaller errors, which are given
    as ``open_beam_error``; those of neighbours are then not independent.

    Parameters
    ----------
    %(cube)s
    open_beam : Image
        The same without a sample: the spectral dim, and those of the others that it has. It is
        matched by the names of dims, whatever their order.
    %(error)s
    open_beam_error : Image, optional
        The same of the open beam.
    dark : Image, optional
        Without a beam, in some of the dims of ``image``; 0 where it is not given.
    dose : Table, optional
        As `spectra.dose` gives it: one number with its error, or one a bin.
    dead : Mask, optional
        Pixels that do not count, as `spectra.dead_pixels` finds them.
    exposure : {"same", "triggers", "any"}
        What is known of the exposures. ``same`` refuses two that are told to differ (coordinate
        ``triggers``) where no dose is given; ``triggers`` divides by their ratio; ``any`` leaves
        the ratio of counts as it is.

    Returns
    -------
    image : Image
        The transmission; float32, without a unit.
    error : Image
        One standard deviation of it.

    Raises
    ------
    %(spectral_error)s
        Or if open beam and image differ in size, in their spectral coordinate or in exposure, or
        have no counts and no error.

    See Also
    --------
    radiography.flat_field : for images without a spectrum.

    %(examples)s
    >>> counts, empty = np.array([[50.0], [400.0]]), np.array([[100.0], [500.0]])
    >>> cube, beam = (gt.core.as_image(v, dims=["tof", "x"]) for v in (counts, empty))
    >>> found = gt.spectra.open_beam(cube, beam)
    >>> found.image.values[:, 0], found.error.values[:, 0].round(3)
    (array([0.5, 0.8], dtype=float32), array([0.087, 0.054], dtype=float32))
    """
    dim = spectral_dim(image)
    require_same_bins(image, open_beam, dim)
    factor, spread = _doses(image, open_beam, dim, dose, exposure)
    unlit = np.zeros(1) if dark is None else spread_over(dark, image, "dark")
    light = spread_over(open_beam, image, "open_beam")
    beam = open_beam.copy(data=variances(open_beam, open_beam_error, "open_beam_error"))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        light = light - unlit
        light = np.where(light > 0, light, np.nan) * factor
        ratio = (image.values.astype(np.float64) - unlit) / light
        variance = variances(image, error)
        variance += (ratio * factor) ** 2 * spread_over(beam, image, "open_beam")
        variance = variance / light**2 + (ratio * spread / factor) ** 2
    if dead is not None:
        lost = np.broadcast_to(spread_over(dead, image, "dead") > 0, ratio.shape)
        ratio[lost] = np.nan
    return measured(image, ratio, variance, DIMENSIONLESS)


def _doses(
    image: Image, other: Image, dim: str, dose: Table | None, exposure: str
) -> tuple[Array, Array]:
    """Return the dose and its error along the axes of the image."""
    if dose is not None:
        return _from_table(image, dim, dose)
    mine, theirs = triggers_along(image, dim), triggers_along(other, dim)
    if exposure == "any" or (exposure == "same" and (mine is None or theirs is None)):
        return np.ones(1), np.zeros(1)
    if mine is None or theirs is None:
        raise ImageError(
            f"the {'image' if mine is None else 'open beam'} does not say how often the shutter "
            f"opened: it has no coordinate triggers along {dim}",
            hint="give a dose as spectra.dose measures it in a region of open beam",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = mine / theirs
    if exposure == "same" and not (np.abs(ratio - 1) <= _SAME).all():
        at = int(np.argmax(np.abs(ratio - 1)))
        raise ImageError(
            f"open_beam was exposed for {theirs[at]:g} triggers and the image for {mine[at]:g}",
            hint="exposure: triggers divides by their ratio; or give a dose, as spectra.dose "
            "measures it in a region of open beam",
        )
    return (_along(image, dim, ratio if exposure == "triggers" else np.ones(1)), np.zeros(1))


def _from_table(image: Image, dim: str, dose: Table) -> tuple[Array, Array]:
    missing = [name for name in ("dose", "error") if name not in dose.columns]
    if missing or len(dose) == 0 or (len(dose) > 1 and dim not in dose.columns):
        raise ImageError(
            f"dose must have the columns dose and error, and {dim} where it has several rows; it "
            f"has {', '.join(map(str, dose.columns))}",
            hint="as spectra.dose gives it",
        )
    values, spread = (dose[name].to_numpy(np.float64) for name in ("dose", "error"))
    values = np.where(values > 0, values, np.nan)
    if len(dose) == 1:
        return values, spread
    at, known = image[dim].values.astype(np.float64), dose[dim].to_numpy(np.float64)
    nearest = np.abs(at[:, None] - known).argmin(axis=1)
    if not np.allclose(known[nearest], at, rtol=1e-6, atol=0):
        raise ImageError(
            f"dose has other bins along {dim} than the image",
            hint="measure it on cubes that are binned alike",
        )
    return _along(image, dim, values[nearest]), _along(image, dim, spread[nearest])


def _along(image: Image, dim: str, values: Array) -> Array:
    """Return values with the axes of the image, all but that of ``dim`` of one sample."""
    return values.reshape([-1 if str(each) == dim else 1 for each in image.dims])
