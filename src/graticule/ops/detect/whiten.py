"""Making noise flat, so that what is not noise stands out."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Duration, Image, Length, NoiseModel, Whole, like, op
from graticule.core.errors import ImageError
from graticule.ops.detect._curves import DOC, Across, Along, plane_of
from graticule.ops.detect.noise_spectrum import tapered


@op(
    version=1,
    scope=Whole("every frequency depends on every sample", memory=12),
    dtype="float32",
    tolerance=1e-5,
    doc=DOC,
)
def whiten(
    image: Image,
    model: NoiseModel,
    *,
    shortest: Annotated[Duration | None, Field(title="Shortest period")] = None,
    longest: Annotated[Duration | None, Field(title="Longest period")] = None,
    finest: Annotated[Length | None, Field(title="Shortest wavelength", gt=0)] = None,
    along: Along = "time",
    across: Across = "distance",
) -> Image:
    r"""Divide an image by the amplitude of the noise at every frequency and wavenumber.

    The Fourier transform of the tapered image is divided by :math:`\sqrt{S(\omega, k)}`, and
    weighted by a Gaussian in frequency that falls to a quarter at the two periods given. After
    it noise is white in ``across`` and has the band's width in ``along``: the sum along *any*
    path has the same distribution, so that curves can be compared. Waves shorter than ``finest``
    are left out: the noise has next to no power there, so that to divide by it would raise every
    wrong sample and dead distance above all else.

    Parameters
    ----------
    image : Image
        As the one the model was made from.
    model : NoiseModel
        From `graticule.detect.noise_spectrum`; of null data only.
    shortest, longest : Duration, optional
        Periods of the band, both or neither.
    finest : Length, optional
        Wavelength at which :math:`e^{-1}` of the amplitude is left; the weight is
        :math:`\exp(-(k \lambda)^8)`.
    %(axes)s

    Returns
    -------
    Image
        float32 with a mean square of 1; 0 where the image is constant, NaN where it is NaN.

    Raises
    ------
    ImageError
        If the model was made from images of another size, or only one period is given.

    %(examples)s
    >>> noise = np.random.default_rng(0).normal(size=(64, 48)).cumsum(axis=1)
    >>> model = gt.detect.noise_spectrum(noise, along="y", across="x")
    >>> white = gt.detect.whiten(noise, model, along="y", across="x")
    >>> bool(abs(np.corrcoef(white[:, 20], white[:, 21])[0, 1]) < 0.3)
    True
    """
    plane = plane_of(image, along, across)
    spectrum = _spectrum_of(model, (image.sizes[along], image.sizes[across]))
    values = np.asarray(plane.values, dtype=float)
    shaded, _ = tapered(np.where(np.isfinite(values), values, 0.0), float(model["taper"]))
    floor = max(float(spectrum.max()) * 1e-9, np.finfo(float).tiny)
    weight = _band(image, along, shortest, longest)[:, None] / np.sqrt(np.maximum(spectrum, floor))
    if finest is not None:
        per_sample = np.abs(np.fft.fftfreq(image.sizes[across]))
        weight = weight * np.exp(-((per_sample * finest.samples(image, across)) ** 8))
    white = np.fft.ifft2(np.fft.fft2(shaded) * weight).real
    power = float(np.mean(white**2))
    white = white / np.sqrt(power) if power > 0 else white
    white[~np.isfinite(values)] = np.nan
    return like(plane, white.astype(np.float32)).transpose(*image.dims)


def _spectrum_of(model: NoiseModel, shape: tuple[int, int]) -> np.ndarray[Any, Any]:
    spectrum = np.asarray(model.get("spectrum", np.empty((0, 0))), dtype=float)
    if spectrum.shape != shape or "taper" not in model:
        raise ImageError(
            f"the noise spectrum must be of {shape[0]} x {shape[1]} samples, as the image; "
            f"it is of {' x '.join(map(str, spectrum.shape))}",
            hint="make it with detect.noise_spectrum from images of the same size",
        )
    return spectrum


def _band(
    image: Image, along: str, shortest: Duration | None, longest: Duration | None
) -> np.ndarray[Any, Any]:
    frequency = np.abs(np.fft.fftfreq(image.sizes[along]))
    if shortest is None and longest is None:
        return np.where(frequency > 0, 1.0, 0.0)
    if shortest is None or longest is None or not 0 < shortest < longest:
        raise ImageError(
            f"a band needs a shortest and a longer longest period, not {shortest} and {longest}"
        )
    high, low = 1 / shortest.samples(image, along), 1 / longest.samples(image, along)
    centre, reach = (high + low) / 2, (high - low) / 2
    return np.where(frequency > 0, 0.25 ** (((frequency - centre) / reach) ** 2), 0.0)
