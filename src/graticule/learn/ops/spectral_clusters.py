"""Groups of spectra, what pixels are mixed of, and whether the groups are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Record, RowsOf, Table, Whole, like, op
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.spectra.kinds import Method, Quantity
from graticule.ops.spectra._axis import DOC

if TYPE_CHECKING:
    from graticule.learn.spectra.cube import SpectralCube
    from graticule.learn.spectra.groups import SpectralGroups

NOTHING = "nothing"


class SpectralClusters(NamedTuple):
    """Where groups are, what they are, what speaks for them, and plain k-means beside them."""

    labels: Labels
    mixed: Mask
    abundance: Image
    raw: Labels
    clusters: Annotated[Table, RowsOf(outputs=("labels",))]
    spectra: Annotated[Table, RowsOf(outputs=("labels",))]
    raw_spectra: Annotated[Table, RowsOf(outputs=("raw",))]
    summary: Record


@op(
    version=2,
    scope=Whole("every group depends on every spectrum", memory=8),
    dtype="int32",
    name="learn.spectral_clusters",
    doc=DOC,
)
def spectral_clusters(
    image: Image,
    mask: Mask | None = None,
    *,
    quantity: Annotated[Quantity, Field(title="What the values are")] = "reflectance",
    groups: Annotated[int | None, Field(title="Groups", ge=1, le=100)] = None,
    most_groups: Annotated[int, Field(title="Most groups", ge=1, le=50)] = 8,
    method: Annotated[Method, Field(title="Method")] = "merged_mixture",
    pure: Annotated[float, Field(title="Share of a pure pixel", gt=0.5, le=1)] = 0.9,
    beta: Annotated[float, Field(title="Cost of a border", ge=0, le=1000)] = 0.0,
    smallest: Annotated[float, Field(title="Least share of a group", ge=0, le=0.5)] = 0.02,
    names: Annotated[dict[int, str], Field(title="Names of labels")] = {},  # noqa: B006
    alpha: Annotated[float, Field(title="Level of the null", gt=0, lt=1)] = 0.05,
    surrogates: Annotated[int, Field(title="Surrogates of the null", ge=0, le=10_000)] = 99,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> SpectralClusters:
    r"""Divide the pixels of a cube into groups of one material each, whatever their thickness.

    Plain k-means groups thickness and borders as gladly as materials. Here

    1. what a spectrum is of is told by its *direction*: attenuation grows with thickness and
       reflectance with brightness, in all bins alike. Pixels whose mean is not above 0 by three
       standard errors have none; they are 0, ``nothing``;
    2. groups are learned from pixels that are *no border* (no steeper than 1.2 times the median
       of their surroundings), so that mixtures at borders do not become groups. By default a
       mixture of many Gaussians, those that overlap most merged to one [1]_, so that the path which
       thickness bends a spectrum along is one group;
    3. pixels are *unmixed*. Reflectances add: the purest spectra of each group (those that are
       ``pure`` of it, over and over) make up each pixel by least squares of directions without
       negative shares, and the label is that of the largest. Behind an edge transmissions
       :math:`f e^{-a} + (1 - f) e^{-b}` add: the pure pixels on both sides within four pixels, of
       the thickness that is there, tell :math:`f`;
    4. where ``groups`` is not given, their *number* is one unless the spectra are more than one
       material of their thicknesses explains (see ``p_one_material``, which needs 4 bins and 16
       pixels, and is not asked of fewer); then the largest that two halves of the pixels agree on
       (adjusted Rand index of 0.9) and of which no more than 2 % would be taken for another.

    Parameters
    ----------
    %(cube)s
    mask : Mask, optional
        Which pixels to look at. Those that are not finite in every bin are left out as well.
    quantity : {"reflectance", "transmission", "attenuation"}
        What the values are: what adds up in a pixel and grows with brightness (reflectance,
        radiance, counts of emitted light); a transmission; or its negative logarithm.
    groups : int, optional
        How many; by default as many as there are.
    most_groups : int
        Groups that are tried where ``groups`` is not given.
    method : str
        ``merged_mixture``, ``gaussian_mixture`` (one Gaussian each) and ``spherical_kmeans`` of
        directions; ``nmf`` and ``nfindr``: factors and end members of which the rest are sums;
        ``kmeans`` and ``minibatch_kmeans``: of the values as they are, thickness, borders and all.
    pure : float
        Share of one group from which on a pixel is not mixed.
    beta : float
        Cost of a border between pixels across a face (Potts model, as in `segment.markov`): at 0
        each pixel is for itself.
    smallest : float
        Share of the learned pixels below which Gaussians are of strays, and no group of their own.
    names : mapping
        Names by label; labels of one name become one group, of the smallest of these labels.
    alpha, surrogates, seed : float, int, int
        Level of the null, how often it is drawn (0: not at all), and of all that is drawn.

    Returns
    -------
    labels : Labels
        int32 without the spectral dim: from 1 by increasing mean of the values; 0 where there is
        nothing.
    mixed : Mask
        Pixels that are mixtures. Their labels are the largest part.
    abundance : Image
        float32, with a dim ``class``: the share of each group, nothing first.
    raw : Labels
        What plain k-means of the values gives, for as many groups.
    clusters : Table
        For each group ``label``, ``group`` (its name), ``pixels``, ``fraction``, how many are
        ``mixed``, ``mean``, and the group of the nearest direction with the angle to it.
    spectra : Table
        For each group and bin the ``mean`` of its pure pixels and the ends ``low`` and ``high`` of
        its 95 %% interval, in which blocks of 8 pixels a side are taken as independent.
    raw_spectra : Table
        The same of plain k-means.
    summary : Record
        ``groups``; ``p_one_material``; ``stability`` and ``overlap`` of that many groups;
        ``mixed_fraction``, ``nothing_fraction``; ``agreement_with_raw``, the adjusted Rand index of
        both ways.

    Raises
    ------
    %(spectral_error)s
    ParameterError
        If a name is given to a label that there is not, or there are too few surrogates to reject
        anything at ``alpha``.

    See Also
    --------
    spectra.kmeans : plain k-means of cubes larger than memory.

    Notes
    -----
    The null, written out in ``p_one_material``: :math:`x_i = t_i \mu + t_i^2 \nu` with noise that
    is independent between bins, whose signs are drawn anew. It speaks of spectra; that they differ
    does not yet make groups, hence the second condition.

    References
    ----------
    .. [1] Hennig, C., "Methods for merging Gaussian mixture components", Adv. Data Anal. Classif.
       4, 3-34, 2010. :doi:`10.1007/s11634-010-0058-3`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> import xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> curves = np.array([np.linspace(1, 2, 50), np.where(np.arange(50) < 25, 3.0, 1.0)])
    >>> thickness = np.linspace(0.5, 1.5, 30)[:, None] * np.ones(40)
    >>> values = thickness[..., None] * np.repeat(curves[[0, 1]], 20, axis=0)
    >>> cube = xr.DataArray(values + rng.normal(0, 0.05, values.shape), dims=("y", "x", "tof"))
    >>> found = gt.learn.spectral_clusters(cube, quantity="attenuation")
    >>> found.labels[:, [0, 19, 20, 39]].values.mean(axis=0).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    from graticule.learn.spectra.cube import SpectralCube
    from graticule.learn.spectra.groups import Settings, spectral_groups
    from graticule.learn.spectra.tables import groups_table, spectra_table

    _require_enough(surrogates, alpha)
    cube = SpectralCube.of(image, mask, quantity)
    settings = Settings(
        *(groups, most_groups, method, pure, beta, smallest, alpha, surrogates, seed)
    )
    found = spectral_groups(cube, settings)
    count = found.shares.shape[1] - 1
    owner, called = _names(names, count)
    labels = owner[found.labels]
    shares = np.zeros_like(found.shares)
    np.add.at(shares.T, owner, found.shares.T)
    mixed = shares.max(axis=1) < pure - 1e-6
    counted = ~mixed & found.homogeneous
    raw_names = {number: str(number) for number in range(1, int(found.raw.max()) + 1)}
    return SpectralClusters(
        _placed(cube, labels.astype(np.int32), 0),
        _placed(cube, mixed, False),
        _abundance(cube, shares, called),
        _placed(cube, found.raw, 0),
        groups_table(cube, labels, mixed, called),
        spectra_table(cube, image, labels, counted, called),
        spectra_table(cube, image, found.raw, np.ones(len(labels), bool), raw_names),
        _summary(found, labels, mixed, len(called) - int(0 in called)),
    )


def _require_enough(surrogates: int, alpha: float) -> None:
    least = int(np.ceil(1 / alpha - 1e-9)) - 1
    if 0 < surrogates < least:
        raise ParameterError(
            f"{surrogates} surrogates give no p-value of {alpha:g} or less",
            where="surrogates",
            hint=f"take {least} or more, or 0 for no null",
        )


def _names(names: Mapping[int, str], count: int) -> tuple[Array, dict[int, str]]:
    """Return the label that each label becomes, and the names of those that are left."""
    for label in names:
        if not 0 <= label <= count:
            raise ParameterError(
                f"there is no label {label}; there are 0 ({NOTHING}) and 1 to {count}",
                where="names",
                hint="look at the table clusters without names first",
            )
    owner, called, by_name = np.arange(count + 1), dict[int, str](), dict[str, int]()
    for label in range(count + 1):
        name = names.get(label, str(label) if label else NOTHING)
        owner[label] = by_name.setdefault(name, label)
        called.setdefault(int(owner[label]), name)
    return owner, called


def _placed(cube: SpectralCube, of_rows: Array, fill: Any) -> Image:
    return like(cube.template, cube.spread(of_rows, fill))


def _abundance(cube: SpectralCube, shares: Array, called: Mapping[int, str]) -> Image:
    import xarray as xr

    template = cube.template
    planes = [cube.spread(np.ascontiguousarray(shares[:, label]), np.nan) for label in called]
    kept = {key: value for key, value in template.attrs.items() if key != "units"}
    coords = {**template.coords, "class": list(called.values())}
    return xr.DataArray(np.stack(planes), coords, ("class", *template.dims), attrs=kept)


def _summary(found: SpectralGroups, labels: Array, mixed: Array, groups: int) -> Record:
    import pandas as pd

    from graticule.learn.clustering.agreement import adjusted_rand

    number, width = found.number, int(found.raw.max()) + 1
    counts = np.bincount(labels * width + found.raw, minlength=(int(labels.max()) + 1) * width)
    row = {
        "groups": groups,
        "p_one_material": number.null.p.p if number.null is not None else np.nan,
        "stability": number.stability.get(number.groups, np.nan),
        "overlap": number.overlap.get(number.groups, np.nan),
        "mixed_fraction": float(mixed.mean()),
        "nothing_fraction": float((labels == 0).mean()),
        "agreement_with_raw": adjusted_rand(counts.reshape(-1, width)),
    }
    return pd.DataFrame([row])
