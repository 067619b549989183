"""Correction of counts for events that fell on a pixel that was occupied."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, op
from graticule.ops.spectra._axis import DOC, spectral_dim, whole_spectra
from graticule.ops.spectra._blocks import as_layers, error_layers, for_places
from graticule.ops.spectra._errors import Measured, pair
from graticule.ops.spectra._shutters import intervals

Triggers = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...], Field(title="Openings of each shutter interval")
]
Starts = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...], Field(title="First bin of each shutter interval")
]


@op(version=1, scope=Neighbourhood(whole_spectra, memory=6), dtype="float32", doc=DOC)
def overlap_correction(
    image: Image,
    error: Image | None = None,
    *,
    triggers: Triggers = (),
    starts: Starts = (),
    method: Annotated[Literal["published", "exact"], Field(title="Formula")] = "published",
) -> Measured:
    r"""Give back the events that a counting detector lost because a pixel was occupied.

    A Timepix behind a microchannel plate notes the first event of a pixel after the shutter
    opens, and none until it is read out. With :math:`N_i` counted in bin :math:`i` over :math:`S`
    openings, the pixel was occupied before bin :math:`i` with the probability [1]_

    .. math:: P_i = \frac{1}{S} \sum_{j<i} N_j, \qquad N_i' = \frac{N_i}{1 - P_i}

    with the sum over the bins of the same shutter interval alone. That takes events within one
    bin as rare; ``exact`` counts them as well,
    :math:`N_i' = -S \ln\left(1 - \frac{N_i}{S (1 - P_i)}\right)`.

    Of the :math:`R_i = S (1 - P_i)` openings at which the pixel was free, :math:`N_i` had an event:
    a binomial number, which does not depend on the bins before. So

    .. math:: \sigma_i^2 = \left(\frac{S}{R_i}\right)^2 N_i \left(1 - \frac{N_i}{R_i}\right)

    with :math:`N_i = 1` where nothing was counted, and for ``exact`` that over
    :math:`(1 - N_i / R_i)^2`; errors of different bins are independent. An ``error`` that is given
    counts in the place of :math:`\sqrt{N_i (1 - N_i / R_i)}`. Where no opening is left the result
    is NaN. Of less than about one count a bin that 1 makes the error of sums of bins too large.

    Parameters
    ----------
    image : Image
        Counts, as they were read out, summed over all pulses; with one spectral dim, found by its
        name, and any others.
    error : Image, optional
        One standard deviation of every count; by default the binomial one above.
    triggers : sequence of float
        How often the shutter opened: a number for each interval (``*_ShutterCount.txt``), or one
        for all. By default the coordinate ``triggers`` of the image.
    starts : sequence of int
        The first bin of each shutter interval, as ``[0, 300, 800]``. By default a new one begins
        where the coordinate ``shutter`` changes; one interval without it.
    method : {"published", "exact"}
        The formula. They differ by half of what one opening counts in one bin.

    Returns
    -------
    image : Image
        float32: the events there were, in the units of ``image``.
    error : Image
        One standard deviation of them.

    Raises
    ------
    %(spectral_error)s
        Or there is no error, and the values are no counts.
    ParameterError
        If the number of openings is not known, or it does not fit the intervals.

    References
    ----------
    .. [1] Tremsin, A. S., Vallerga, J. V., McPhate, J. B., Siegmund, O. H. W., "Optimization of
       Timepix count rate capabilities for the applications with a periodic input signal", Journal
       of Instrumentation 9, C05026, 2014. :doi:`10.1088/1748-0221/9/05/C05026`

    %(examples)s
    >>> counts = gt.core.as_image(np.array([[50.0], [25.0], [10.0]]), dims=["tof", "x"])
    >>> gt.spectra.overlap_correction(counts, triggers=[100]).image.values[:, 0]
    array([50., 50., 40.], dtype=float32)
    """
    from graticule.ops.spectra._kernels import overlap

    dim = spectral_dim(image)
    first, openings = intervals(image, dim, triggers, starts)
    size = image.sizes[dim]
    opened, begins = np.repeat(openings, np.diff([*first, size])), np.isin(np.arange(size), first)
    counts, given = as_layers(image, dim), error_layers(image, error, dim)
    out, spread = (np.empty(counts.shape, np.float32) for _ in range(2))
    exact = method == "exact"
    for_places(
        lambda block: overlap(counts, given, opened, begins, exact, out, spread, block), counts
    )
    return pair(image, out, spread, image.attrs.get("units"))
