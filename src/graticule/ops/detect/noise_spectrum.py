"""The spectrum of the noise, from data that holds no signal."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, NoiseModel, Whole, op
from graticule.core.typing import Array
from graticule.ops.detect._curves import DOC, Across, Along, plane_of


@op(version=1, scope=Whole("every frequency depends on every sample", memory=12), doc=DOC)
def noise_spectrum(
    image: Image,
    *,
    using: Annotated[Literal["flip", "itself", "both"], Field(title="What is taken for noise")] = (
        "flip"
    ),
    smooth: Annotated[float, Field(title="Smoothing in bins", ge=0, le=100)] = 1.5,
    taper: Annotated[float, Field(title="Faded part of each edge", ge=0, le=0.5)] = 0.1,
    along: Along = "time",
    across: Across = "distance",
) -> NoiseModel:
    r"""Estimate the power spectrum of the noise in frequency and wavenumber.

    Waves that run away from the origin and waves that run towards it fill different quadrants
    of :math:`(\omega, k)`. Noise has no preferred direction, a signal on an outgoing arc has:
    the power of the *time-flipped* image, in which the arc runs inwards, tells what noise there
    is where the signal would be, and nothing of the signal gets into it. But one image shows
    each of the two directions once only: dividing one by the other lets a wave stand out that is
    strong in its own by chance. The mean of ``both`` is steadier, and loses little of a signal.

    The estimate is the periodogram of the tapered image (a cosine over ``taper`` of each edge),
    smoothed by a Gaussian of ``smooth`` bins.

    Parameters
    ----------
    image : Image
        With the dims ``along`` and ``across``; every column of unit variance, for one.
    using : {"flip", "itself", "both"}
        Take the time-flipped image; or the image as it is, where it is known to be quiet; or the
        mean of their powers.
    smooth : float
        In bins of the spectrum.
    taper : float
        Part of the length faded in at each edge.
    %(axes)s

    Returns
    -------
    NoiseModel
        ``spectrum``: power per sample, frequency along the first axis (``numpy.fft`` order),
        wavenumber along the second; ``taper``, ``using``, ``images``: how it was made.

    Raises
    ------
    ImageError
        If a dim is missing.

    Notes
    -----
    Where many quiet images are at hand, take the model of each with ``using="itself"`` and put
    the mean of their ``spectrum`` into one: it is steadier than that of a single image.

    %(examples)s
    >>> noise = np.random.default_rng(0).normal(size=(64, 48))
    >>> model = gt.detect.noise_spectrum(noise, along="y", across="x")
    >>> model["spectrum"].shape, bool(abs(model["spectrum"].mean() - 1) < 0.1)
    ((64, 48), True)
    """
    from scipy import ndimage

    plane = np.asarray(plane_of(image, along, across).values, dtype=float)
    values = np.nan_to_num(plane, nan=0.0, posinf=0.0, neginf=0.0)
    shaded, weight = tapered(values, taper)
    power = np.abs(np.fft.fft2(shaded)) ** 2 / (weight * values.size)
    if using != "itself":
        flipped = np.roll(power[::-1], 1, axis=0)
        power = flipped if using == "flip" else (power + flipped) / 2
    spectrum = ndimage.gaussian_filter(power, smooth, mode="wrap") if smooth else power
    return {
        "kind": "noise spectrum",
        "spectrum": np.asarray(spectrum),
        "taper": taper,
        "using": using,
        "images": 1,
    }


def tapered(values: Array, part: float) -> tuple[Array, float]:
    """Fade all edges of an image with a cosine over a part of its length.

    Returns
    -------
    shaded : ndarray
        The image times the window.
    weight : float
        Mean of the squared window: the power that is left of stationary noise.
    """
    from scipy.signal.windows import tukey

    windows = [tukey(size, 2 * part) if size > 2 else np.ones(size) for size in values.shape]
    window = windows[0]
    for other in windows[1:]:
        window = window[..., None] * other
    return values * window, float(np.mean(window**2))
