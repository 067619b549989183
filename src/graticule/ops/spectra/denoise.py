"""Spectra without what is noise alone, by their common components."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Table, Whole, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.spectra._axis import DOC, spectral_dim
from graticule.ops.spectra._errors import holds_counts, measured, variances
from graticule.ops.spectra._low_rank import LowRank, low_rank


class Denoised(NamedTuple):
    """Spectra of few components, their errors, and how the number was chosen."""

    image: Image
    error: Image
    components: Table


@op(
    version=1,
    scope=Whole("components are those of all spectra together", memory=18),
    dtype="float32",
    doc=DOC,
)
def denoise(
    image: Image,
    error: Image | None = None,
    *,
    method: Annotated[Literal["pca", "nmf"], Field(title="Components")] = "pca",
    rank: Annotated[int | None, Field(title="Number of components", ge=1)] = None,
    iterations: Annotated[int, Field(title="Iterations (nmf)", ge=1, le=100_000)] = 500,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Denoised:
    r"""Keep of all spectra what a few common components make, as many as stand above the noise.

    Spectra are the rows of a matrix :math:`X`, which is divided by a scale of each pixel and each
    bin so that its noise has a deviation of about 1 everywhere [1]_. Of :math:`n` spectra with
    :math:`p` bins noise alone has squared singular values up to about
    :math:`(\sqrt n + \sqrt p)^2`; ``rank`` is by default the number of those above the 99th
    percentile of the largest (the law of Tracy and Widom [2]_), at least 1. So no number of
    components needs to be guessed, and noise is taken for a component in one cube of a hundred.

    ``pca`` projects on the first ``rank`` principal components (no mean is taken off, it is the
    first of them). ``nmf`` finds as many that are nowhere negative, with amounts that are not
    either, from the values cut at 0; those are spectra one can look at, and a little further from
    the data.

    With the leverages :math:`u_i` of a pixel and :math:`v_j` of a bin in the components and the
    scale :math:`s_{ij}` of the noise, the error is that of first order,

    .. math:: \sigma_{ij}^2 = s_{ij}^2 (u_i + v_j - u_i v_j)

    It is right for components well above the noise; what was below it is lost, and not in the
    error. Errors of neighbours have much in common, so that of a sum does not follow from them.

    Parameters
    ----------
    %(cube)s
    %(error)s
    method : {"pca", "nmf"}
        Principal components, or non-negative factors.
    rank : int, optional
        How many components; by default it is chosen by the noise.
    iterations : int
        At most so many for ``nmf``.
    seed : int
        Of ``nmf``.

    Returns
    -------
    image : Image
        float32, in the units of ``image``. Spectra with a NaN are left out and NaN; bins that are
        NaN everywhere as well.
    error : Image
        One standard deviation of it.
    components : Table
        ``component``, counted from 1; ``size``, its squared singular value in units of the noise;
        ``noise``, what noise alone reaches in its place; ``kept``.

    Raises
    ------
    %(spectral_error)s
        Or no spectrum is without NaN, or no error is known.

    References
    ----------
    .. [1] Keenan, M. R., Kotula, P. G., "Accounting for Poisson noise in the multivariate analysis
       of ToF-SIMS spectrum images", Surface and Interface Analysis 36, 203-212, 2004.
       :doi:`10.1002/sia.1657`
    .. [2] Johnstone, I. M., "On the distribution of the largest eigenvalue in principal components
       analysis", Annals of Statistics 29, 295-327, 2001. :doi:`10.1214/aos/1009210544`

    %(examples)s
    >>> spectrum = 400 + 100 * np.sin(np.arange(50))
    >>> counts = np.random.default_rng(0).poisson(np.outer(spectrum, np.linspace(1, 2, 80)))
    >>> found = gt.spectra.denoise(gt.core.as_image(counts, dims=["tof", "x"]))
    >>> found.components["kept"].sum()
    np.int64(1)
    """
    dim = spectral_dim(image)
    axis = image.get_axis_num(dim)
    turned = np.moveaxis(image.values.astype(np.float64), axis, -1)
    flat = turned.reshape(-1, turned.shape[-1])
    spread = np.moveaxis(variances(image, error), axis, -1).reshape(flat.shape)
    known = np.isfinite(flat) & np.isfinite(spread)
    bins = known.any(axis=0)
    rows = known[:, bins].all(axis=1) & bins.any()
    if not rows.any():
        raise ImageError(
            "has no pixel that is finite, with its error, in every bin",
            hint="cut off bins that miss values with transform.crop, or join some with "
            "spectra.rebin",
        )
    where = np.ix_(rows, bins)
    noise = _expected(flat[where]) if error is None and holds_counts(image) else spread[where]
    found = low_rank(
        flat[where],
        np.maximum(noise, 1e-30 * max(float(noise.max()), 1e-270)),
        rank,
        positive=method == "nmf",
        iterations=iterations,
        seed=seed,
    )
    values: Array = np.full(flat.shape, np.nan)
    variance: Array = np.full(flat.shape, np.nan)
    values[where], variance[where] = found.values, found.variance
    values = np.moveaxis(values.reshape(turned.shape), -1, axis)
    variance = np.moveaxis(variance.reshape(turned.shape), -1, axis)
    pair = measured(image, values, variance, image.attrs.get("units"))
    return Denoised(pair.image, pair.error, _table(found))


def _expected(counts: Array) -> Array:
    """Return the variance of counts by the rank-one model, which single zeros do not disturb."""
    total = counts.sum()
    if not total > 0:
        return np.ones_like(counts)
    outer = np.multiply.outer(counts.sum(axis=1), counts.sum(axis=0))
    return np.asarray(np.maximum(outer / total, 1e-12))


def _table(found: LowRank) -> Table:
    import pandas as pd

    number = np.arange(1, len(found.sizes) + 1)
    columns = {"component": number, "size": found.sizes, "noise": found.edge}
    return pd.DataFrame({**columns, "kept": number <= found.rank})
