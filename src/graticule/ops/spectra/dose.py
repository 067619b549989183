"""How much stronger the beam was than with the open beam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Reduction, Table, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops.spectra import _boxes
from graticule.ops.spectra._axis import DOC, require_same_bins, spectral_dim
from graticule.ops.spectra._boxes import Box
from graticule.ops.spectra._errors import of_sums, spread_over, variances_to_add


@dataclass(frozen=True)
class _Sums:
    """Sums over the region for each bin of the whole: counts of both, and their variances.

    ``counted`` says of each whether its variance is that of counts.
    """

    dim: str
    axes: Axes
    counted: tuple[bool, bool]
    sums: Array

    def merged(self, other: _Sums) -> _Sums:
        return replace(self, axes=self.axes.merged(other.axes), sums=self.sums + other.sums)


def _map(
    image: Image,
    open_beam: Image,
    error: Image | None,
    open_beam_error: Image | None,
    dark: Image | None,
    *,
    block: BlockInfo,
    region: Box,
    **_: Any,
) -> _Sums:
    dim = spectral_dim(image)
    require_same_bins(image, open_beam, dim)
    places = [str(each) for each in image.dims if str(each) != dim]
    if not region:
        raise ParameterError(
            "must be given: a part of the image with nothing but air in the beam",
            where="region",
            hint="as {y: [0, 50], x: [10, 200]}",
        )
    within = _boxes.inside(image, region, places, block, "region").reshape(-1)
    unlit = np.zeros(1) if dark is None else spread_over(dark, image, "dark")
    beam = open_beam.copy(data=variances_to_add(open_beam, open_beam_error, "open_beam_error"))
    with np.errstate(invalid="ignore", over="ignore"):
        parts = np.broadcast_arrays(
            image.values.astype(np.float64) - unlit,
            spread_over(open_beam, image, "open_beam") - unlit,
            variances_to_add(image, error),
            spread_over(beam, image, "open_beam"),
        )
        turned = np.moveaxis(np.stack(parts), image.get_axis_num(dim) + 1, 1)
        stacked = turned.reshape(*turned.shape[:2], -1)[..., within]
        known = np.isfinite(stacked).all(axis=0)
        inside = np.where(known, stacked, 0).sum(axis=-1)
    counted = error is None, open_beam_error is None
    below = np.isfinite(stacked[:2]) & np.isnan(stacked[2:])
    if below[list(counted)].any():
        raise ImageError(
            "has counts below 0 in the region, or the open beam has, whose error is not known",
            hint="give it as error and open_beam_error; a dark is taken off here, as dark",
        )
    sums = np.zeros((4, block.shape[dim]))
    sums[:, block.offset[dim] : block.offset[dim] + image.sizes[dim]] = inside
    return _Sums(dim, Axes.of(image, block), counted, sums)


def _finish(merged: _Sums, *, per: str, **_: Any) -> Table:
    import pandas as pd

    sums = merged.sums.sum(axis=1, keepdims=True) if per == "cube" else merged.sums
    spread = [
        of_sums(each) if counted else each
        for each, counted in zip(sums[2:], merged.counted, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beam = np.where(sums[1] > 0, sums[1], np.nan)
        ratio = sums[0] / beam
        error = np.sqrt(spread[0] + ratio**2 * spread[1]) / beam
    columns: dict[str, Array] = {"dose": ratio, "error": error}
    units: dict[str, str] = {}
    if per == "bin":
        axis = merged.axes.coordinate(merged.dim)
        at = np.arange(merged.sums.shape[1]) if axis is None else axis.values
        columns = {merged.dim: at, **columns}
        units = {} if axis is None else _units(merged.dim, axis.attrs)
    table = pd.DataFrame(columns)
    table.attrs["units"] = units
    return table


def _units(dim: str, attrs: Mapping[str, Any]) -> dict[str, str]:
    return {dim: str(attrs["units"])} if attrs.get("units") else {}


_SCOPE = Reduction(_map, _Sums.merged, _finish, memory=20)


@op(version=2, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def dose(
    image: Image,
    open_beam: Image,
    error: Image | None = None,
    open_beam_error: Image | None = None,
    dark: Image | None = None,
    *,
    region: Annotated[Box, Field(title="Region of open beam")] = {},  # noqa: B006
    per: Annotated[Literal["cube", "bin"], Field(title="One dose for each")] = "cube",
) -> Table:
    r"""Measure how many times more neutrons came than with the open beam.

    In a region where nothing but air is in the beam,

    .. math:: D = \frac{\sum (I - B)}{\sum (O - B)}, \qquad
        \sigma_D^2 = \frac{\sum \sigma_I^2 + D^2 \sum \sigma_O^2}{\left(\sum (O - B)\right)^2}

    over all bins, or for each bin by itself: where the spectrum of the source was another one, as
    with another temperature of the moderator. Samples that are not finite in both are left out, and
    no others: sums hold for few counts too. NaN where the open beam is not above the dark in the
    sum.

    Parameters
    ----------
    %(cube)s
    open_beam : Image
        The same without a sample.
    %(error)s
    open_beam_error : Image, optional
        The same of the open beam.
    dark : Image, optional
        Without a beam, in some of the dims of ``image``; 0 where it is not given.
    region : mapping
        From dim to first sample and where to stop, as ``{y: [0, 50], x: [10, 200]}`` or with
        units. A dim that is not named counts in full.
    per : {"cube", "bin"}
        One number for all, or one for each bin of the spectrum.

    Returns
    -------
    Table
        ``dose`` and ``error``, one standard deviation of it; with ``per="bin"`` a row for each
        bin, and its coordinate. For `spectra.open_beam`.

    Raises
    ------
    ParameterError
        If no region is given.
    %(spectral_error)s
        Or the region is no part of it, the open beam has other bins, or counts are below 0.

    %(examples)s
    >>> cube, beam = (np.full((2, 3, 4), count) for count in (150.0, 100.0))
    >>> cube, beam = (gt.core.as_image(v, dims=["tof", "y", "x"]) for v in (cube, beam))
    >>> gt.spectra.dose(cube, beam, region={"x": (0, 2)}).round(3)
       dose  error
    0   1.5  0.056
    """
    found: Table = _SCOPE.whole(
        image, open_beam, error, open_beam_error, dark, region=region, per=per
    )
    return found
