"""The table of objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Reduction, Table, filtered_dims, op
from graticule.core.errors import ParameterError
from graticule.ops._axes import Axes, Named
from graticule.ops._parameters import DOC
from graticule.ops.measure import _contact, _convex, _intensity, _shape, _sums, _texture
from graticule.ops.measure._merge import Columns, Partial
from graticule.ops.measure._objects import Objects, objects_of
from graticule.ops.measure._table import Measured

Group = Literal[
    "shape",
    "moments",
    "border",
    "perimeter",
    "convex",
    "neighbours",
    "intensity",
    "quantiles",
    "weighted",
    "texture",
]
Parts: TypeAlias = tuple[Columns, ...]
Ends: TypeAlias = tuple[float, float]

_COLLECT: Mapping[str, Callable[[Objects], Parts]] = {
    "perimeter": _contact.collect_boundary,
    "convex": _convex.collect,
    "neighbours": _contact.collect_neighbours,
}
_COLLECT_VALUES: Mapping[str, Callable[[Objects, int], Parts]] = {
    "quantiles": _intensity.collect_values,
    "weighted": _intensity.collect_weighted,
}
_FINISH: Mapping[str, Callable[[Measured], Named]] = {
    "shape": _shape.ellipse,
    "moments": _shape.moments,
    "border": _shape.border,
    "perimeter": _contact.boundary,
    "convex": _convex.convex,
    "neighbours": _contact.neighbours,
}
_FINISH_VALUES: Mapping[str, Callable[[Measured, int, str], Named]] = {
    "intensity": _intensity.statistics,
    "quantiles": _intensity.quantiles,
    "weighted": _intensity.weighted,
}
_BESIDE = {"perimeter", "neighbours", "texture"}


def map_objects(
    labels: Image,
    intensity: Image | None,
    *,
    block: BlockInfo,
    prior: Ends | None,
    properties: tuple[Group, ...],
    levels: int,
) -> Partial:
    """Return what a block tells of its objects."""
    _require_values(intensity, properties)
    objects = objects_of(labels, intensity, block)
    tables = {"objects": _sums.collect(objects, intensity="intensity" in properties)}
    tables |= {group: run(objects) for group, run in _COLLECT.items() if group in properties}
    collect = dict(_COLLECT_VALUES)
    if prior is not None:
        collect["texture"] = partial(_texture.collect, ends=prior, levels=levels)
    for channel in range(len(objects.layout.channels)):
        for group, run in collect.items():
            if group in properties:
                tables[f"{group} {channel}"] = run(objects, channel)
    return Partial(objects.layout, Axes.of(labels, block), tables)


def _require_values(intensity: Image | None, properties: tuple[Group, ...]) -> None:
    wanted = [each for each in ("quantiles", "weighted", "texture") if each in properties]
    if intensity is None and wanted:
        raise ParameterError(
            f"{' and '.join(wanted)} need an intensity image, and there is none",
            where="properties",
            hint="give the image to measure as intensity",
        )


def table_of(merged: Partial, *, properties: tuple[Group, ...], levels: int, **_: Any) -> Table:
    """Return the table of all objects, from what all blocks told."""
    import pandas as pd

    measured = Measured(merged)
    columns = dict(measured.base())
    for group, run in _FINISH.items():
        if group in properties:
            columns |= run(measured)
    finish = dict(_FINISH_VALUES)
    finish["texture"] = partial(_texture.texture, levels=levels)
    for group, run_on in finish.items():
        if group in properties:
            for channel, name in enumerate(merged.layout.channels):
                columns |= run_on(measured, channel, f"_{name}" if name else "")
    table = pd.DataFrame({name: value for name, (value, _) in columns.items()}, copy=False)
    table.attrs["units"] = {name: of for name, (_, of) in columns.items() if of}
    return table


def halo_of(labels: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return how far a block must see beyond its own samples."""
    reach = int(bool(_BESIDE & set(params["properties"])))
    return {dim: reach for dim in filtered_dims(labels) if reach}


def map_range(labels: Image, intensity: Image | None, *, block: BlockInfo, **_: Any) -> Ends:
    """Return the range of a block's values."""
    return (np.inf, -np.inf) if intensity is None else _texture.range_of(intensity)


def union(one: Ends, other: Ends) -> Ends:
    """Return the range of both."""
    return min(one[0], other[0]), max(one[1], other[1])


def has_texture(params: Mapping[str, Any]) -> bool:
    """Whether the range of the whole must be known first."""
    return "texture" in params["properties"]


_RANGE = Reduction(map_range, union, needed=has_texture)
_SCOPE = Reduction(map_objects, Partial.merged, table_of, prior=_RANGE, halo=halo_of)


@op(version=4, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def regions(
    labels: Labels,
    intensity: Image | None = None,
    *,
    properties: Annotated[tuple[Group, ...], Field(title="Groups of properties")] = (
        "shape",
        "intensity",
    ),
    levels: Annotated[int, Field(title="Grey levels of the texture", ge=2, le=256)] = 32,
) -> Table:
    r"""Measure every object: size, place, shape and intensity, one row each.

    All is made of whole numbers that are counted in one pass over the labels, so the result
    does not depend on tiles. With the covariance :math:`C` of an object's positions and its
    eigenvalues :math:`\lambda_1 \ge \lambda_2`, the axes of the ellipse with the same second
    moments are :math:`4\sqrt{\lambda_i}` (:math:`\sqrt{20 \lambda_i}` for the ellipsoid), its
    eccentricity is :math:`\sqrt{1 - \lambda_2 / \lambda_1}`.

    Every table has ``label``, ``pixels``, the size (``length``, ``area`` or ``volume``),
    ``centroid_<dim>``, and ``<dim>_start`` and ``<dim>_stop``, the bounding box in samples, half
    open. The groups add:

    ``shape``
        ``equivalent_diameter`` of the disk or ball of the same size; ``major_axis``,
        (``middle_axis``), ``minor_axis``; in two dims ``eccentricity`` and ``orientation``, the
        angle in radians from the first dim to the major axis, from -pi/2 to pi/2.
    ``moments``
        ``covariance_<dim><dim>`` of the positions of the samples: the central second moments
        over the number of samples.
    ``border``
        ``on_border``: whether the object reaches the border of the image.
    ``perimeter``
        In two dims ``perimeter``, and ``circularity`` :math:`4 \pi A / P^2`; in three
        ``surface``, and ``sphericity`` :math:`\sqrt[3]{36 \pi V^2} / S`; and ``euler_number``,
        the number of parts less that of holes (and plus that of cavities), all neighbours
        taken as connected. Lengths are those of Cauchy and Crofton: lines in 4 directions (13
        in three dims) are cut with the object, each weighted by the angle it stands for, so
        that anisotropic samples are no bias [1]_.
    ``convex``
        ``convex_area`` (``convex_volume``) of the convex hull, the samples taken as boxes and
        not as points; ``solidity``, the size over it; ``feret_max``, the largest distance
        between two points of the object; in two dims ``feret_min``, the smallest distance of
        two parallel lines around it.
    ``neighbours``
        How many other objects share a face of a sample with it.
    ``intensity``
        ``intensity_mean``, ``intensity_std``, ``intensity_min`` and ``intensity_max``; nothing
        where there is no intensity image.
    ``quantiles``
        ``intensity_q05``, ``intensity_q25``, ``intensity_median``, ``intensity_q75`` and
        ``intensity_q95``, linear between values. All values within objects are held for it.
    ``weighted``
        ``weighted_centroid_<dim>``, samples weighted by their intensity.
    ``texture``
        ``texture_contrast``, ``texture_homogeneity`` (inverse difference moment),
        ``texture_correlation``, ``texture_sum_entropy`` and ``texture_difference_entropy``, in
        bits, of the grey levels of neighbours within the object, all directions together [2]_.
        The range of the whole image is cut into ``levels``, so objects of one image compare.

    Sizes and lengths are in the unit of the last dim where all dims have units of one kind,
    and in pixels (``px``) where not, or without a unit where an axis has a spacing but no unit;
    centroids are in the coordinates of their dim. Where axes are not at right angles (slanted
    pixels of a FITS image), sizes and shapes are those of space.

    Parameters
    ----------
    labels : Labels
        Measured along ``z y x``, for every index along other dims (as ``t``), which are columns
        then; along all dims, up to three, where it has none of ``z y x``.
    intensity : Image, optional
        Values to be measured, with the dims of ``labels`` and at most one more (as ``c``): each
        of its indices has columns of its own, ``intensity_mean_<channel>`` with what the
        coordinate says, as ``intensity_mean_red`` or ``intensity_mean_wavelength=550 nm``, or
        with its number, ``intensity_mean_c0``. NaN is left out; an object without a value has
        NaN.
    properties : tuple of str
        The groups of columns, as above.
    levels : int
        Grey levels the texture is counted in.

    Returns
    -------
    Table
        One row for each label (of each frame), in their order; units by column in
        ``attrs["units"]``.

    Raises
    ------
    ImageError
        If the dims are not such, or those of the image are others.
    ParameterError
        If a group needs an intensity image and there is none.
    UnitsError
        If the samples along a dim are not evenly spaced.

    See Also
    --------
    skimage.measure.regionprops_table : the same numbers.

    References
    ----------
    .. [1] Lehmann, G. and Legland, D., "Efficient N-dimensional surface estimation using Crofton
       formula and run-length encoding", Insight Journal, 2012.
    .. [2] Haralick, R. M., Shanmugam, K. and Dinstein, I., "Textural features for image
       classification", IEEE Trans. Syst. Man Cybern. 3(6), 610-621, 1973.
       :doi:`10.1109/TSMC.1973.4309314`

    %(examples)s
    >>> table = gt.measure.regions(np.array([[1, 1, 0], [0, 0, 2]]))
    >>> table[["label", "area", "centroid_y", "centroid_x", "x_start", "x_stop"]]
       label  area  centroid_y  centroid_x  x_start  x_stop
    0      1   2.0         0.0         0.5        0       2
    1      2   1.0         1.0         2.0        2       3
    """
    table: Table = _SCOPE.whole(labels, intensity, properties=properties, levels=levels)
    return table
