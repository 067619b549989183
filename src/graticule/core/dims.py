"""What the dims of an image are for: space, features of a sample, frames.

Along ``z y x`` samples lie side by side. Along a feature dim (channels, a spectrum) they are what
is known of one place. Along a frame dim the same is seen again. What is none of these has to be
asked for where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.image import SPATIAL, Image

COLOURS = ("c", "channel", "rgb")
"""Feature dims that three samples of are red, green and blue."""
FEATURES = (
    *COLOURS,
    *("band", "wavelength", "wavenumber", "energy", "frequency", "velocity", "redshift"),
    *("stokes", "tof", "time_of_flight", "lifetime", "class"),
)
FRAMES = ("t", "time")
KNOWN = (*SPATIAL, *FEATURES, *FRAMES)


def feature_dims(image: Image, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the dims along which samples are the features of one place, in the image's order.

    Parameters
    ----------
    image : DataArray
        No more than its dims are looked at.
    wanted : sequence of str, optional
        These and no others, whatever they are called. By default `FEATURES`.

    Returns
    -------
    tuple of str
        Names of dims; empty where samples have no features.

    Raises
    ------
    ParameterError
        If a wanted dim is missing.
    ImageError
        If no dim is left that is no feature; or if none is wanted and a dim beside ``z y x`` is
        known neither as a feature nor as a frame.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> feature_dims(xr.DataArray(np.zeros((2, 9, 4, 4)), dims=("t", "energy", "y", "x")))
    ('energy',)
    """
    dims = [str(dim) for dim in image.dims]
    if wanted is not None:
        missing = [dim for dim in wanted if dim not in dims]
        if missing:
            raise ParameterError(
                f"there is no dim {missing[0]!r}; the image has {', '.join(dims)}",
                where="features",
                hint=suggest(missing[0], dims),
            )
        found = tuple(dim for dim in dims if dim in wanted)
        _require_places(found, dims)
        return found
    found = tuple(dim for dim in dims if dim in FEATURES)
    unknown = [dim for dim in dims if dim not in KNOWN]
    if unknown and any(dim in SPATIAL for dim in dims):
        raise ImageError(
            f"has the dim {unknown[0]!r}, of which it is not known whether it holds features of a "
            f"place, as a spectrum, or frames, as time",
            hint=f"features: [{', '.join([*found, *unknown])}] makes it features, "
            f"features: [{', '.join(found)}] frames",
        )
    _require_places(found, dims)
    return found


def _require_places(found: Sequence[str], dims: Sequence[str]) -> None:
    if found and len(found) == len(dims):
        raise ImageError(
            f"has features alone ({', '.join(dims)}), and no place that has them",
            hint="features: [] takes every sample for itself",
        )


def feature_names(image: Image, dims: Sequence[str]) -> list[str]:
    """Return a name for each index along some dims, the last running fastest.

    It is what the coordinate says: a word as it is, a number with the dim and its unit. Where
    there is no coordinate, or it says the same twice, samples are counted.

    Parameters
    ----------
    image : DataArray
        Its coordinates are looked at, not its values.
    dims : sequence of str
        Feature dims, as `feature_dims` gives them.

    Returns
    -------
    list of str
        As many as there are samples along ``dims``, all different.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> coords = {"c": ["red", "blue"], "energy": ("energy", [1.5, 20.0], {"units": "keV"})}
    >>> image = xr.DataArray(np.zeros((2, 2, 9)), coords, ("c", "energy", "x"))
    >>> feature_names(image, ["energy"]), feature_names(image, ["c"])
    (['energy=1.5 keV', 'energy=20 keV'], ['red', 'blue'])
    >>> feature_names(image.drop_vars("c"), ["c"])
    ['c0', 'c1']
    """
    names = [""]
    for dim in dims:
        names = [f"{name} {own}".strip() for name in names for own in _names_along(image, dim)]
    return names


def _names_along(image: Image, dim: str) -> list[str]:
    counted = [f"{dim}{number}" for number in range(image.sizes[dim])]
    coordinate = image.coords.variables.get(dim)
    if coordinate is None or coordinate.attrs.get("counted"):
        return counted
    unit = str(coordinate.attrs.get("units", ""))
    values = coordinate.values
    if values.dtype.kind not in "iuf":
        spelled = [[str(value) for value in values]]
        spelled[0] = [f"{dim}{name}" if name[:1].isdigit() else name for name in spelled[0]]
    elif values.dtype.kind in "iu" and not unit:
        spelled = [[f"{dim}{value}" for value in values]]
    else:
        spelled = [
            [f"{dim}={value:.{digits}g} {unit}".strip() for value in values.tolist()]
            for digits in (6, 9, 17)
        ]
    taken = {str(other) for other in image.dims}
    for names in spelled:
        if len({*names, *taken}) == len(names) + len(taken) and all(names):
            return names
    return counted


def with_features_last(image: Image, dims: Sequence[str]) -> Image:
    """Return the image with its feature dims as one last dim, ``c``; of one sample if none are.

    Parameters
    ----------
    image : DataArray
        Of any dims.
    dims : sequence of str
        Feature dims, as `feature_dims` gives them.

    Returns
    -------
    DataArray
        Dims ``(..., c)``: the others in their order, then a sample along ``c`` for each feature.
        The values keep dtype and unit.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> image = xr.DataArray(np.zeros((9, 4, 5)), dims=("energy", "y", "x"))
    >>> with_features_last(image, ["energy"]).sizes
    Frozen({'y': 4, 'x': 5, 'c': 9})
    """
    import xarray as xr

    places = [str(dim) for dim in image.dims if dim not in dims]
    turned = image.transpose(*places, *dims).values
    values = turned.reshape(*(image.sizes[dim] for dim in places), -1)
    kept = {name: at for name, at in image.coords.items() if not set(at.dims) & set(dims)}
    return xr.DataArray(values, kept, (*places, "c"), attrs=image.attrs)
