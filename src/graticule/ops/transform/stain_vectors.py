"""The colours of two stains, estimated from an image of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Mask, Reduction, Table, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.transform import _colours

_GRAINS = 4096
"""Steps in a unit of density that sums are taken in, so that no order of them matters."""
_BINS = 1 << 16


class _Sums(NamedTuple):
    """How many samples are stained, and the sums and products of their densities."""

    number: int
    sums: Array
    products: Array

    def merged(self, other: _Sums) -> _Sums:
        number = self.number + other.number
        return _Sums(number, self.sums + other.sums, self.products + other.products)


class _Plane(NamedTuple):
    """The plane of most of the densities: two directions, one a column."""

    axes: Array


def _densities(
    image: Image, mask: Image | None, block: BlockInfo, white: float | None, least: float
) -> Array:
    """Return the densities of stained samples, one a row, in steps; of the first channel's block.

    Every block sees all channels: blocks that are cut along them are one and the same.
    """
    along = _colours.channel_dims(image)[:1]
    if any(block.offset[dim] + block.interior.get(dim, (0, 0))[0] for dim in along):
        return np.zeros((0, 3), np.int64)
    rows, plain = _colours.rows_of(image)
    full = _colours.white_of(image, white)
    if rows.dtype.kind == "u":
        density = _colours.optical_density(np.arange(np.iinfo(rows.dtype).max + 1) / full)[rows]
    else:
        density = _colours.optical_density(rows / full)
    with np.errstate(invalid="ignore"):
        stained = (density >= least).all(axis=1)
    if mask is not None:
        if set(mask.dims) != set(plain.dims):
            raise ImageError(
                f"the mask must have the dims {', '.join(map(str, plain.dims))}, "
                f"not {', '.join(map(str, mask.dims))}"
            )
        stained &= mask.transpose(*plain.dims).values.ravel()
    return np.asarray(np.rint(density[stained] * _GRAINS), np.int64)


def _map_sums(
    image: Image,
    mask: Image | None,
    *,
    block: BlockInfo,
    white: float | None,
    min_density: float,
    **_: Any,
) -> _Sums:
    rows = _densities(image, mask, block, white, min_density)
    return _Sums(len(rows), rows.sum(axis=0), rows.T @ rows)


def _plane(sums: _Sums, **_: Any) -> _Plane | None:
    if sums.number < 3:
        return None
    centred = sums.products - np.multiply.outer(sums.sums, sums.sums / sums.number)
    vectors = np.linalg.eigh(centred)[1]
    main = vectors[:, [2, 1]]
    # Stains absorb: the first direction leads from no density to more, the second has a sign.
    axes: Array = main * np.where(main.sum(axis=0) < 0, -1, 1)
    return _Plane(axes)


def _map(
    image: Image,
    mask: Image | None,
    *,
    block: BlockInfo,
    prior: _Plane | None,
    white: float | None,
    min_density: float,
    **_: Any,
) -> tuple[Array, _Plane | None]:
    counts = np.zeros(_BINS, np.int64)
    rows = _densities(image, mask, block, white, min_density)
    if prior is not None and len(rows):
        one, two = (rows @ prior.axes).T
        place = (np.arctan2(two, one) + np.pi) / (2 * np.pi) * _BINS
        counts += np.bincount(np.clip(place.astype(np.int64), 0, _BINS - 1), minlength=_BINS)
    return counts, prior


def _merge(one: tuple[Array, Any], two: tuple[Array, Any]) -> tuple[Array, Any]:
    return one[0] + two[0], one[1]


def _finish(merged: tuple[Array, _Plane | None], *, percentile: float, **_: Any) -> Table:
    import pandas as pd

    counts, plane = merged
    if plane is None or not counts.sum():
        raise ImageError(
            "has no stained samples to estimate colours from",
            hint="lower min_density, or give the value of full light as white",
        )
    reached = np.cumsum(counts)
    vectors = []
    for share in (percentile / 100, 1 - percentile / 100):
        place = int(np.searchsorted(reached, share * reached[-1]))
        angle = (min(place, _BINS - 1) + 0.5) / _BINS * 2 * np.pi - np.pi
        vector = np.clip(plane.axes @ [np.cos(angle), np.sin(angle)], 0, None)
        vectors.append(vector / max(np.linalg.norm(vector), 1e-12))
    vectors.sort(key=lambda vector: -vector[0])  # haematoxylin takes more of the red
    table = pd.DataFrame(vectors, columns=["red", "green", "blue"])
    table.insert(0, "stain", ["hematoxylin", "eosin"])
    return table


_PRIOR: Mapping[str, Any] = {"map": _map_sums, "merge": _Sums.merged, "finish": _plane}
_SCOPE = Reduction(
    _map, _merge, _finish, prior=Reduction(**_PRIOR), halo=_colours.all_channels, memory=24.0
)


@op(version=1, scope=_SCOPE, tolerance=1e-12, doc=DOC | _colours.DOC)
def stain_vectors(
    image: Image,
    mask: Mask | None = None,
    *,
    white: Annotated[float | None, Field(title="Value of full light", gt=0)] = None,
    min_density: Annotated[float, Field(title="Least density", ge=0)] = 0.15,
    percentile: Annotated[float, Field(title="Percentile of angles", ge=0, lt=50)] = 1.0,
) -> Table:
    """Estimate the colours of haematoxylin and eosin from a slide that has both.

    Densities of a mix of two stains lie in a plane. It is found as that of the two first
    principal components of the stained samples; in it the stains are the directions at the ends
    of the angles that occur, less a few percent on either side [1]_. So the colours are those of
    this laboratory and scanner.

    It presumes that both stains are there, each in places by itself. Of a slide with one stain the
    two ends are its darkest and palest shades, and what `transform.unmix` makes of them means
    little: look at the vectors, or take the published ones.

    Parameters
    ----------
    %(colours)s
    mask : Mask, optional
        Where to look; everywhere by default.
    %(white)s
    min_density : float
        Samples less dense than this in a channel are not stained.
    percentile : float
        How much of the angles is left out on either side, in percent.

    Returns
    -------
    Table
        ``stain`` (haematoxylin first, which takes more of the red), and ``red``, ``green`` and
        ``blue``, the densities of a unit vector, as `transform.unmix` takes them.

    Raises
    ------
    ImageError
        If there is no dim of three or four channels, or fewer than three samples are stained.

    References
    ----------
    .. [1] Macenko, M. et al., "A method for normalizing histology slides for quantitative
       analysis", ISBI 2009, 1107-1110. :doi:`10.1109/ISBI.2009.5193250`

    %(examples)s
    >>> amounts = np.random.default_rng(0).gamma(2, 0.3, (40, 50, 2))
    >>> amounts[:20, :, 0] = amounts[20:, :, 1] = 0
    >>> density = amounts @ [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]] + 0.2
    >>> image = gt.core.as_image(10**-density, dims=["y", "x", "c"])
    >>> gt.transform.stain_vectors(image)["stain"].tolist()
    ['hematoxylin', 'eosin']
    """
    found: Table = _SCOPE.whole(
        image, mask, white=white, min_density=min_density, percentile=percentile
    )
    return found
