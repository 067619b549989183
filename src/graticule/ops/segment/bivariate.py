"""Clusters of two registered images together."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, RowsOf, Table, Whole, like, op
from graticule.core.dims import FEATURES
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.segment._features import Scaling, Seed
from graticule.ops.segment.gaussian_mixture import gaussian_mixture
from graticule.ops.segment.kmeans import kmeans


class Bivariate(NamedTuple):
    """What two images tell together: where phases are, what they are, and the plane of values."""

    labels: Labels
    clusters: Annotated[Table, RowsOf(outputs=("labels",))]
    histogram: Annotated[Table, RowsOf(outputs=("labels",))]


@op(
    version=4, scope=Whole("every phase depends on every sample", memory=44), dtype="int32", doc=DOC
)
def bivariate(
    image: Image,
    other: Image,
    mask: Mask | None = None,
    *,
    clusters: Annotated[int, Field(title="Phases", ge=1, le=100)] = 3,
    method: Annotated[
        Literal["gaussian_mixture", "kmeans"], Field(title="Method")
    ] = "gaussian_mixture",
    scaling: Scaling = "robust",
    bins: Annotated[int, Field(title="Bins of each image", ge=2, le=1024)] = 64,
    seed: Seed = 0,
) -> Bivariate:
    """Find phases in the plane of values of two registered images of the same thing.

    What two phases have in common in one image may part in the other: with neutrons hydrogen, with
    X-rays metal. Each sample is a point of the plane (value of ``image``, value of ``other``), and
    the points are clustered.

    Parameters
    ----------
    image, other : Image
        Of the same dims and sizes; the same place in both is the same sample. Neither has a dim of
        features (channels, a spectrum).
    mask : Mask, optional
        Where to look. Samples that are not finite in both are left out as well.
    clusters : int
        How many phases.
    method : {"gaussian_mixture", "kmeans"}
        See the ops of these names. k-means wants phases equally wide in both images.
    scaling : {"robust", "standard", "none"}
        As in ``segment.kmeans``.
    bins : int
        Of the histogram, along each image, from its smallest to its largest value.
    seed : int
        Of the start.

    Returns
    -------
    labels : Labels
        int32: from 1 by increasing mean over both, scaled; 0 where nothing counts.
    clusters : Table
        ``label``, ``pixels``, ``fraction``, ``mean_image``, ``mean_other``; ``std_image`` and
        ``std_other``, the standard deviations of its samples, and their ``correlation`` (NaN
        where one of the images is constant in the phase): what varies together within a phase
        is its density or thickness.
    histogram : Table
        The joint histogram, a row for each bin with samples: the middles ``value_image`` and
        ``value_other``, ``count``, and the ``label`` most of its samples have.

    Raises
    ------
    ImageError
        If the dims differ or one is of features, or no sample is finite in both.

    %(examples)s
    >>> neutrons = np.array([1.0, 1.1, 1.2, 5.0, 5.1, 5.2])
    >>> rays = np.array([2.0, 2.1, 8.0, 2.2, 8.1, 8.2])
    >>> gt.segment.bivariate(neutrons, rays, clusters=4, method="kmeans").labels
    array([1, 1, 3, 2, 4, 4], dtype=int32)
    """
    import xarray as xr

    features = [str(dim) for dim in image.dims if dim in FEATURES]
    if set(image.dims) != set(other.dims) or features:
        raise ImageError(
            f"image and other must have the same dims, and no features; they have "
            f"{list(image.dims)} and {list(other.dims)}",
            hint=f"take one index along {features[0]}" if features else "",
        )
    other = other.transpose(*image.dims)
    both = np.stack([image.values.astype(float), other.values.astype(float)], axis=-1)
    pair = xr.DataArray(
        both, dims=(*image.dims, "c"), coords={**image.coords, "c": ["image", "other"]}
    )
    run = gaussian_mixture if method == "gaussian_mixture" else kmeans
    clustered = run(pair, mask, clusters=clusters, scaling=scaling, features=("c",), seed=seed)
    table = _joint(both, clustered.labels.values, bins)
    named = (("image", image), ("other", other))
    units = {name: each.attrs["units"] for name, each in named if each.attrs.get("units")}
    table.attrs["units"] = {f"value_{name}": unit for name, unit in units.items()}
    phases = clustered.clusters.join(_spread(both, clustered.labels.values), on="label")
    phases.attrs["units"] = {
        f"{what}_{name}": unit for name, unit in units.items() for what in ("mean", "std")
    }
    return Bivariate(like(image, clustered.labels.values), phases, table)


def _spread(both: Array, labels: Array) -> Table:
    """Return how much the samples of each label vary in both images, and how much together."""
    import pandas as pd

    number = np.bincount(labels.ravel())
    number[0] = 0
    present = np.flatnonzero(number)

    def mean(values: Array) -> Array:
        return np.bincount(labels.ravel(), values, number.size)[present] / number[present]

    place = np.zeros(number.size, np.int32)
    place[present] = np.arange(present.size)
    at = place[labels.ravel()]
    apart = [np.nan_to_num(both[..., axis].ravel()) for axis in (0, 1)]
    for values in apart:
        values -= mean(values)[at]
    one, other = (np.sqrt(mean(values * values)) for values in apart)
    together = mean(apart[0] * apart[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.clip(together / (one * other), -1, 1)
    columns = {"std_image": one, "std_other": other, "correlation": correlation}
    return pd.DataFrame(columns, index=present)


def _joint(both: Array, labels: Array, bins: int) -> Table:
    """Return the joint histogram of the samples that have a label."""
    import pandas as pd

    known = labels > 0
    values, number = both[known], labels[known]
    edges = [np.histogram_bin_edges(column, bins) for column in values.T]
    at = [
        np.clip(np.searchsorted(e, v, "right") - 1, 0, bins - 1)
        for e, v in zip(edges, values.T, strict=True)
    ]
    counts = np.zeros((bins * bins, int(number.max()) + 1), np.int64)
    np.add.at(counts, (at[0] * bins + at[1], number), 1)
    total = counts.sum(axis=1)
    filled = np.flatnonzero(total)
    middle = [(e[1:] + e[:-1]) / 2 for e in edges]
    return pd.DataFrame(
        {
            "value_image": middle[0][filled // bins],
            "value_other": middle[1][filled % bins],
            "count": total[filled],
            "label": counts[filled].argmax(axis=1),
        }
    )
