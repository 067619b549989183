"""One feature: its name, its scale, and how it is made."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import xarray as xr

from graticule.core import Length, spatial_dims, step_of
from graticule.core.errors import ImageError, ParameterError
from graticule.core.units import unit_scale
from graticule.learn.features.spec import FILTERS, FeatureSpec
from graticule.ops.filters._gradients import steps_of

CHANNEL = "c"
_EIGENVALUES = {2: ("largest", "smallest"), 3: ("largest", "middle", "smallest")}
ORDER = {
    "gaussian": 0,
    "dog": 0,
    "gradient": 1,
    "sobel": 1,
    "structure": 1,
    "laplacian": 2,
    "hessian": 2,
}
"""Highest derivative that a kind is made of."""
_MOST = 20_000
"""Features that are surely a mistake."""


@dataclass(frozen=True)
class Feature:
    """A number for each sample.

    Attributes
    ----------
    name : str
        What it is, with its scale in the image's units.
    kind : str
        As in `Features.kinds`, or ``"rank"``, ``"position"``, ``"product"``.
    scale : Length or None
        Width of its Gaussian or radius of its window; None where there is none.
    unit : str
        Unit of its values, where it has one.
    channel : int
        Number of the channel it is made of.
    part : tuple
        Which of the kind: number of the eigenvalue from the largest, shift by dim, statistic,
        dim, or the numbers of the features that are multiplied.

    Examples
    --------
    >>> import graticule as gt
    >>> bank = gt.learn.Features(sigmas=("1 um",), kinds=("gaussian", "gradient"))
    >>> image = gt.core.as_image([[0, 1]], spacing={"y": "0.5 um", "x": "0.5 um"}, units="count")
    >>> [(feature.name, feature.unit) for feature in bank.names(image)]
    [('gaussian 1 um', 'count'), ('gradient 1 um', 'count um-1')]
    """

    name: str
    kind: str
    scale: Length | None = None
    unit: str = ""
    channel: int = 0
    part: tuple[int | str, ...] = ()


def dims_of(image: xr.DataArray) -> tuple[str, ...]:
    """Return the dims that features look along; refuse what is neither plane nor volume.

    Raises
    ------
    ImageError
        If there are not two or three, or other dims than these and ``c``.
    """
    dims = spatial_dims(image) or tuple(str(dim) for dim in image.dims if dim != CHANNEL)
    others = [str(dim) for dim in image.dims if dim not in (*dims, CHANNEL)]
    if len(dims) not in (2, 3) or others:
        raise ImageError(
            f"features are made of planes and volumes, with or without channels ({CHANNEL}), "
            f"not of an image with the dims {', '.join(map(str, image.dims))}",
            hint=f"take one index along {', '.join(others)}, or name it {CHANNEL} when reading"
            if others
            else "give it two dims",
        )
    return dims


def feature_list(spec: FeatureSpec, image: xr.DataArray) -> list[Feature]:
    """Return the features of a bank for an image: those of each channel, positions, products."""
    prefixes, image = _channel_prefixes(image), one_channel(image)
    dims = dims_of(image)
    found: list[Feature] = []
    for number, prefix in enumerate(prefixes):
        found += _value_features(spec, image, number, prefix)
        for sigma in spec.sigmas:
            for kind in spec.kinds:
                if kind != "value":
                    found += _scale_features(image, sigma, kind, number, prefix)
        for radius in spec.radii if spec.rank else ():
            text = _format_length(radius, image)
            found += [
                Feature(
                    f"{prefix}{what} {text}", "rank", radius, _unit_of(image, 0), number, (what,)
                )
                for what in spec.rank
            ]
    if spec.position:
        found += [
            Feature(f"position {dim}", "position", unit=step_of(image, dim)[1], part=(dim,))
            for dim in dims
        ]
    count = math.comb(len(found) + spec.polynomial, spec.polynomial) - 1
    if count > _MOST:
        raise ParameterError(
            f"makes {count} features of {len(found)}; at most {_MOST} make sense",
            where="polynomial" if spec.polynomial > 1 else "window",
        )
    return found + list(_product_features(found, spec.polynomial))


def one_channel(image: xr.DataArray) -> xr.DataArray:
    """Return the first channel of an image, or the image where it has none."""
    return image.isel({CHANNEL: 0}, drop=True) if CHANNEL in image.dims else image


def _channel_prefixes(image: xr.DataArray) -> list[str]:
    if CHANNEL not in image.dims:
        return [""]
    if CHANNEL in image.coords:
        return [f"{value}: " for value in image.coords[CHANNEL].values.tolist()]
    return [f"{CHANNEL}{number}: " for number in range(image.sizes[CHANNEL])]


def _value_features(
    spec: FeatureSpec, image: xr.DataArray, channel: int, prefix: str
) -> Iterator[Feature]:
    dims, half = dims_of(image), spec.window // 2
    if half == 0 and "value" not in spec.kinds:
        return
    for shift in itertools.product(range(-half, half + 1), repeat=len(dims)):
        place = " ".join(f"{d}{k:+d}" for d, k in zip(dims, shift, strict=True) if k)
        name = f"{prefix}value at {place}" if place else f"{prefix}value"
        yield Feature(name, "value", None, _unit_of(image, 0), channel, shift)


def _scale_features(
    image: xr.DataArray, sigma: Length, kind: str, channel: int, prefix: str
) -> Iterator[Feature]:
    size = _format_length(sigma, image)
    unit = "" if kind == "structure" else _unit_of(image, ORDER[kind])
    if kind in FILTERS:
        yield Feature(f"{prefix}{kind} {size}", kind, sigma, unit, channel)
        return
    for number, which in enumerate(_EIGENVALUES[len(dims_of(image))]):
        yield Feature(f"{prefix}{kind} {which} {size}", kind, sigma, unit, channel, (number,))


def _product_features(base: list[Feature], degree: int) -> Iterator[Feature]:
    for count in range(2, degree + 1):
        for factors in itertools.combinations_with_replacement(range(len(base)), count):
            name = " * ".join(base[number].name for number in factors)
            yield Feature(name, "product", part=factors)


def _format_length(length: Length, image: xr.DataArray) -> str:
    """Return a length in the unit of the image's first dim, or in pixels."""
    if not length.base:
        return f"{length.value:g} px"
    unit = step_of(image, dims_of(image)[0])[1]
    if not unit or unit_scale(unit)[1] != length.base:
        return str(length)
    return f"{length.value / unit_scale(unit)[0]:.6g} {unit}"


def _unit_of(image: xr.DataArray, order: int) -> str:
    values = str(image.attrs.get("units", ""))
    if not order or not values:
        return values
    length = steps_of(image)[1]
    named = values if values.isalnum() else f"({values})"
    return f"{named} {length}-{order}" if length else ""
