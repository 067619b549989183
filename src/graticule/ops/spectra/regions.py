"""Spectra of regions: mean and standard error for every bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Reduction, Table, op
from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops.spectra import _boxes
from graticule.ops.spectra._axis import DOC, spectral_dim
from graticule.ops.spectra._boxes import Box
from graticule.ops.spectra._errors import holds_counts, of_sums, variances_to_add
from graticule.ops.spectra._moments import Moments, moments_by_group

Names = Annotated[dict[int, str], Field(title="Names of labels")]
Boxes = Annotated[dict[str, Box], Field(title="Boxes by name")]
Differences = Annotated[tuple[tuple[str, str], ...], Field(title="Pairs of regions to subtract")]
_ALL = "all"
_COLUMNS = ("mean", "error_counts", "error_pixels")


@dataclass(frozen=True)
class _Partial:
    """What some blocks say: moments by label, moments by box, and where bins lie."""

    dim: str
    axes: Axes
    sides: Mapping[str, Mapping[int, Array]]
    units: str
    counted: bool
    regions: Mapping[int | str, Moments]

    def merged(self, other: _Partial) -> _Partial:
        regions = dict(self.regions)
        for name, moments in other.regions.items():
            regions[name] = regions[name].merged(moments) if name in regions else moments
        sides = {side: {**pieces, **other.sides[side]} for side, pieces in self.sides.items()}
        return replace(self, axes=self.axes.merged(other.axes), sides=sides, regions=regions)


def _map(
    image: Image,
    labels: Image | None,
    mask: Image | None,
    error: Image | None,
    *,
    block: BlockInfo,
    boxes: Mapping[str, Box],
    **_: Any,
) -> _Partial:
    dim = spectral_dim(image)
    places = [str(each) for each in image.dims if str(each) != dim]
    turned = image.transpose(*places, dim)
    values = turned.values.reshape(-1, image.sizes[dim]).astype(np.float64)
    variance = np.full(values.shape, np.nan)
    if error is not None or holds_counts(image):
        variance = variances_to_add(turned, error).reshape(values.shape)
    counted = _over_places(mask, "mask", image, places) if mask is not None else True
    start, size = block.offset[dim], block.shape[dim]
    regions: dict[int | str, Moments] = {}
    if labels is not None:
        groups = _over_places(labels, "labels", image, places) * counted
        regions = moments_by_group(values, variance, groups.reshape(-1), start, size)
    everything: Mapping[str, Box] = {_ALL: {}} if labels is None else {}
    for name, box in (boxes or everything).items():
        within = _boxes.inside(image, box, places, block, f"boxes.{name}")
        groups = (within & counted).reshape(-1).astype(np.int64)
        found = moments_by_group(values, variance, groups, start, size)
        regions[name] = found.get(1, Moments(*np.zeros((4, size))))
    sides = {
        side: {start: image.coords[f"{dim}_{side}"].values}
        for side in ("left", "right")
        if f"{dim}_{side}" in image.coords
    }
    units = str(image.attrs.get("units", ""))
    return _Partial(dim, Axes.of(image, block), sides, units, error is None, regions)


def _over_places(other: Image, what: str, image: Image, places: Sequence[str]) -> Array:
    """Return the values of labels or a mask for every place."""
    more = [str(dim) for dim in other.dims if dim not in places]
    if more:
        raise ImageError(
            f"{what} has the dim {more[0]}, and a place has {', '.join(places)}",
            hint=f"a region is the same in every bin: take one index along {more[0]} first",
        )
    shared = [dim for dim in places if dim in other.dims]
    sizes = [image.sizes[dim] if dim in shared else 1 for dim in places]
    values = other.transpose(*shared).values.reshape(sizes)
    return np.broadcast_to(values, [image.sizes[dim] for dim in places])


def _finish(
    merged: _Partial,
    *,
    names: Mapping[int, str],
    differences: Sequence[tuple[str, str]],
    **_: Any,
) -> Table:
    import pandas as pd

    spectra = _named(merged.regions, names)
    known = {name: _columns(moments, merged.counted) for name, moments in spectra.items()}
    for one, other in differences:
        known[f"{one} - {other}"] = _difference(known, one, other)
    axis, units = _axis_columns(merged)
    parts = [pd.DataFrame({"region": name, **axis, **columns}) for name, columns in known.items()]
    empty = pd.DataFrame(columns=["region", *axis, *_COLUMNS, "pixels"], dtype=np.float64)
    table = pd.concat(parts, ignore_index=True) if parts else empty
    table.attrs["units"] = units | (dict.fromkeys(_COLUMNS, merged.units) if merged.units else {})
    return table


def _named(regions: Mapping[int | str, Moments], names: Mapping[int, str]) -> dict[str, Moments]:
    """Return the regions by name: labels in their order, those of one name together; then boxes."""
    numbers = sorted(key for key in regions if isinstance(key, int))
    found: dict[str, Moments] = {}
    for number in numbers:
        name = names.get(number, str(number))
        moments = regions[number]
        found[name] = found[name].merged(moments) if name in found else moments
    for name in (key for key in regions if isinstance(key, str)):
        if name in found:
            raise ParameterError(f"{name!r} is a box and a label", where="boxes", hint="rename it")
        found[name] = regions[name]
    return found


def _columns(moments: Moments, counted: bool) -> dict[str, Array]:
    mean = np.where(moments.number > 0, moments.mean, np.nan)
    if counted:
        moments = replace(moments, variance=of_sums(moments.variance))
    return {
        "mean": mean,
        "error_counts": moments.error_counts,
        "error_pixels": moments.error_pixels,
        "pixels": moments.number.astype(np.int64),
    }


def _difference(known: Mapping[str, Mapping[str, Array]], one: str, other: str) -> dict[str, Array]:
    for name in (one, other):
        if name not in known:
            raise ParameterError(
                f"there is no region {name!r}", where="differences", hint=suggest(name, list(known))
            )
    first, second = known[one], known[other]
    errors = {each: np.hypot(first[each], second[each]) for each in _COLUMNS[1:]}
    pixels = first["pixels"] + second["pixels"]
    return {"mean": first["mean"] - second["mean"], **errors, "pixels": pixels}


def _axis_columns(merged: _Partial) -> tuple[dict[str, Array], dict[str, str]]:
    """Return where the bins lie, and the units of these columns."""
    dim, axis = merged.dim, merged.axes.coordinate(merged.dim)
    if axis is None:
        return {dim: np.arange(merged.axes.shape[dim])}, {}
    columns = {dim: axis.values}
    for side, pieces in merged.sides.items():
        columns[f"{dim}_{side}"] = np.concatenate([pieces[first] for first in sorted(pieces)])
    unit = str(axis.attrs.get("units", ""))
    return columns, dict.fromkeys(columns, unit) if unit else {}


_SCOPE = Reduction(_map, _Partial.merged, _finish, memory=20)


@op(version=2, scope=_SCOPE, tolerance=1e-6, doc=DOC)
def regions(
    image: Image,
    labels: Labels | None = None,
    mask: Mask | None = None,
    error: Image | None = None,
    *,
    names: Names = {},  # noqa: B006
    boxes: Boxes = {},  # noqa: B006
    differences: Differences = (),
) -> Table:
    r"""Return the mean spectrum of each region with its standard errors, a row for every bin.

    .. math:: \bar f = \frac{1}{n} \sum f, \qquad
        \sigma_{counts} = \frac{1}{n} \sqrt{\sum \sigma_f^2}, \qquad
        \sigma_{pixels} = \sqrt{\frac{\sum (f - \bar f)^2}{n (n - 1)}}

    over the :math:`n` pixels of the region that are finite in the bin. ``error_counts`` is what the
    counting statistics make, and holds for this very piece; ``error_pixels`` is what the pixels
    differ by, so it has the differences of material and thickness in it as well, and is what to
    use where the region stands for others. Where the first is about the second the region is
    uniform. A region of one pixel has no ``error_pixels``.

    Parameters
    ----------
    %(cube)s
    labels : Labels, optional
        A region for each label, in dims of a place (as ``y x``).
    mask : Mask, optional
        Which places count. Without labels and boxes it is itself the region, called ``all``.
    error : Image, optional
        One standard deviation of every value. Without it the values are counts, and the variance of
        a sum of them is their number (1 where there is none); if their unit says that they are
        none, ``error_counts`` is NaN.
    names : mapping
        From label to the name of its region, as ``{1: steel, 2: steel, 3: nickel}``: those of one
        name are one region. By default the label itself.
    boxes : mapping
        From name to a box of places, as ``{air: {y: [0, 50], x: [10, 200]}}``, in samples or with
        units. A dim that is not named counts in full. Regions may overlap.
    differences : sequence of pairs
        As ``[[steel, air]]``: the region ``steel - air`` has the difference of the means, with both
        errors added in squares, as is right for regions that share no pixel.

    Returns
    -------
    Table
        ``region``; the coordinate of the spectrum, named as its dim (and where bins begin and end,
        if that is known); ``mean``, ``error_counts``, ``error_pixels``; ``pixels``, how many there
        are (of both together in a difference).

    Raises
    ------
    %(spectral_error)s
        Or labels have dims that a place has not, or a box is no part of the image.
    ParameterError
        If a difference names no region.

    %(examples)s
    >>> values = np.array([[[4, 6, 90]], [[10, 10, 80]]])
    >>> cube = gt.core.as_image(values, dims=["wavelength", "y", "x"])
    >>> labels = gt.core.as_image(np.array([[1, 1, 2]]))
    >>> found = gt.spectra.regions(cube, labels, names={1: "steel"})
    >>> found[["region", "wavelength", "mean", "error_counts", "pixels"]].round(2)
      region  wavelength  mean  error_counts  pixels
    0  steel           0   5.0          1.58       2
    1  steel           1  10.0          2.24       2
    2      2           0  90.0          9.49       1
    3      2           1  80.0          8.94       1
    """
    given = {"names": names, "boxes": boxes, "differences": differences}
    table: Table = _SCOPE.whole(image, labels, mask, error, **given)
    return table
