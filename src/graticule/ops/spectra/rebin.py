"""Fewer, wider bins."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, Quantity, Table, op
from graticule.core.errors import ParameterError
from graticule.ops.spectra._axis import DOC, spectral_dim, whole_spectra
from graticule.ops.spectra._blocks import as_layers, error_layers, for_places
from graticule.ops.spectra._errors import Measured, pair
from graticule.ops.spectra._groups import groups_of_counts, groups_of_width, joined


@op(version=2, scope=Neighbourhood(whole_spectra, memory=6), dtype="float32", doc=DOC)
def rebin(
    image: Image,
    error: Image | None = None,
    spectrum: Table | None = None,
    *,
    bins: Annotated[int | None, Field(title="Bins to join", ge=1)] = None,
    width: Annotated[Quantity | None, Field(title="Width of a bin", gt=0)] = None,
    counts: Annotated[float | None, Field(title="Least counts of a bin", gt=0)] = None,
    statistic: Annotated[Literal["sum", "mean"], Field(title="Value of a bin")] = "sum",
) -> Measured:
    r"""Join neighbouring bins of every spectrum to fewer and wider ones.

    .. math:: f = \sum_{i=a}^{b} f_i, \qquad \sigma^2 = \sum_{i=a}^{b} \sigma_i^2

    or both over the number of bins, and over its square, for the mean. Bins are joined whole,
    never split: counts stay counts, and the errors of different bins independent. One of three
    says which:

    ``bins``
        so many each; the last has what is left.
    ``width``
        intervals of one width from the edge of the first bin on, each with the bins whose centre
        is in it. Where bins are wider than that they stay as they are.
    ``counts``
        until the mean spectrum of every region in ``spectrum`` has so many.

    The coordinate becomes the middle of the wider bin, and the coordinates ``<dim>_left`` and
    ``<dim>_right`` say where it begins and ends. Bins with a NaN give NaN.

    Parameters
    ----------
    %(cube)s
    %(error)s
    spectrum : Table, optional
        Counts of regions as `spectra.regions` gives them, for ``counts``: bins are those of the
        whole cube, so they must not follow from a pixel or a tile.
    bins : int, optional
        How many to join.
    width : Quantity, optional
        As ``"0.01 angstrom"`` or ``"50 us"``; a number without a unit is one in the unit of the
        coordinate.
    counts : float, optional
        Least counts of a joined bin in a pixel, by the mean of each region.
    statistic : {"sum", "mean"}
        The sum is right for counts, the mean for transmission and the like.

    Returns
    -------
    image : Image
        float32, in the units of ``image``, along fewer bins.
    error : Image
        One standard deviation of it.

    Raises
    ------
    ParameterError
        If not just one of ``bins``, ``width`` and ``counts`` is given, or there is no spectrum
        for ``counts``.
    %(spectral_error)s
        Or there is no error, and the values are no counts.
    %(axis_error)s

    %(examples)s
    >>> wavelength = ("wavelength", [1.0, 2.0, 3.0, 4.0], {"units": "angstrom"})
    >>> cube = gt.core.as_image(np.array([[3.0], [1.0], [0.0], [5.0]]), dims=["wavelength", "x"])
    >>> found = gt.spectra.rebin(cube.assign_coords(wavelength=wavelength), bins=2)
    >>> found.image.values[:, 0], found.image.wavelength.values
    (array([4., 5.], dtype=float32), array([1.5, 3.5]))
    """
    from graticule.ops.spectra._kernels import join

    dim = spectral_dim(image)
    chosen = [each for each in (bins, width, counts) if each is not None]
    if len(chosen) != 1:
        raise ParameterError(
            f"one of bins, width and counts must say which bins are joined, not {len(chosen)}",
            where="bins",
            hint="as bins: 4, or width: 0.01 angstrom",
        )
    if bins is not None:
        starts = np.arange(0, image.sizes[dim], bins)
    elif width is not None:
        starts = groups_of_width(image, dim, width)
    else:
        assert counts is not None
        starts = groups_of_counts(image, dim, spectrum, counts)
    values, given = as_layers(image, dim), error_layers(image, error, dim)
    shape = [len(starts) if str(each) == dim else image.sizes[each] for each in image.dims]
    out, spread = (
        np.empty((values.shape[0], len(starts), values.shape[2]), np.float32) for _ in range(2)
    )
    ends, mean = np.append(starts, image.sizes[dim]), statistic == "mean"
    for_places(lambda block: join(values, given, ends, mean, out, spread, block), values)
    template = joined(image, dim, starts, out.reshape(shape))
    return pair(template, out, spread, image.attrs.get("units"))
