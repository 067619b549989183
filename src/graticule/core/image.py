"""What an image is: a labelled array with named dims, spacing, units and a header.

Spatial dims are ``z y x``; others are ``t c`` or the domain's own (``time``, ``distance``,
``wavelength``). A coordinate carries positions along its dim, with its unit in
``coords[dim].attrs["units"]``; a dim without a coordinate is counted in pixels. Masks are bool,
labels are integer with 0 for background, probabilities are float32 with a class dim.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from graticule.core.errors import ImageError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import split_quantity

if TYPE_CHECKING:
    from pandas import DataFrame
    from typing_extensions import TypeIs
    from xarray import DataArray
else:  # ops are declared by the kind alone: pandas and xarray are slow to import
    DataArray = DataFrame = Any


class Kind(StrEnum):
    """What a piece of data means, beyond its dtype.

    Examples
    --------
    >>> Kind.LABELS.is_array, Kind.TABLE.is_array, Kind.MASK.with_article
    (True, False, 'a mask')
    """

    IMAGE = "image"
    MASK = "mask"
    LABELS = "labels"
    PROBABILITY = "probability"
    TABLE = "table"
    RECORD = "record"
    MODEL = "model"

    @property
    def with_article(self) -> str:
        """The kind with its article, as errors say it."""
        if self is Kind.LABELS:
            return "labels"
        return f"an {self}" if self is Kind.IMAGE else f"a {self}"

    @property
    def is_array(self) -> bool:
        """Whether data of this kind is a DataArray."""
        return self in (Kind.IMAGE, Kind.MASK, Kind.LABELS, Kind.PROBABILITY)


Image: TypeAlias = Annotated[DataArray, Kind.IMAGE]
"""A DataArray of numbers with named dims; complex ones are data too."""
Mask: TypeAlias = Annotated[DataArray, Kind.MASK]
"""A DataArray of bools."""
Labels: TypeAlias = Annotated[DataArray, Kind.LABELS]
"""A DataArray of integers: 0 is background, and each object has a number of its own."""
Probability: TypeAlias = Annotated[DataArray, Kind.PROBABILITY]
"""A DataArray of floats from 0 to 1, with a dim of classes where there are several."""
Table: TypeAlias = Annotated[DataFrame, Kind.TABLE]
"""A DataFrame with a row for each object; units of columns are in ``attrs``."""
Record: TypeAlias = Annotated[DataFrame, Kind.RECORD]
"""A DataFrame of one row, of the image as a whole."""
NoiseModel: TypeAlias = Annotated[Mapping[str, Any], Kind.MODEL]
"""A mapping of what was fitted to noise: numbers and arrays by name."""

SPATIAL = ("z", "y", "x")
DEFAULT_DIMS = {1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}
COLOURS = (3, 4)
"""Samples along the last axis of a colour image in memory, as most libraries hold it."""
LEVEL = "graticule_level"
DIRECTION = "direction"
"""Attribute of a coordinate: the unit vector of its axis, where axes are not at right angles."""
HEADER_AXIS = "header_axis"
"""Attribute of a coordinate: the axis in the header, its first pixel's position, and the step."""
NUMERIC = "buifc"
"""Kinds of dtype that an image may have."""


def as_image(
    data: Any,
    *,
    dims: Sequence[str] | None = None,
    spacing: Mapping[str, float | str] | None = None,
    units: str | None = None,
) -> Image:
    """Make an image of an array.

    Parameters
    ----------
    data : array_like or DataArray
        Numbers or bools. A masked array becomes float with NaN where it is masked.
    dims : sequence of str, optional
        A name per axis; by default ``x``, ``y x`` or ``z y x``. Must be given where the last of
        three axes has 3 or 4 samples, as colours have, and the others 16 or more.
    spacing : mapping, optional
        Distance between samples by dim: a number (pixels), or a quantity such as ``"0.5 um"``.
    units : str, optional
        Unit of the values.

    Returns
    -------
    DataArray
        In native byte order; it shares memory with ``data`` where that is possible.

    Raises
    ------
    ImageError
        If the values are not numbers, dims and axes do not agree, or an array may as well be a
        colour image as a volume.

    Examples
    --------
    >>> image = as_image(np.zeros((4, 6)), spacing={"x": "0.5 um", "y": "0.5 um"})
    >>> image.dims, float(image.x[1]), image.x.attrs["units"]
    (('y', 'x'), 0.5, 'um')
    """
    if is_image(data):
        image = data
        if dims is not None:
            image = data.rename(dict(zip(data.dims, _dims_for(data.shape, dims), strict=True)))
        if is_lazy(image):
            require_numeric(image.dtype)
        elif (native := native_array(image.values)) is not image.values:
            image = with_values(image, native)
    else:
        import xarray as xr

        array = native_array(data)
        image = xr.DataArray(variable_of(array, _dims_for(array.shape, dims)))
    if spacing:
        image = with_spacing(image, spacing)
    if units is not None:
        image = image.assign_attrs(units=units)
    return image


def is_image(value: object) -> TypeIs[Image]:
    """Whether a value is an image, of whatever kind.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        True for a DataArray, in memory or lazy.

    Examples
    --------
    >>> is_image(as_image([1, 2])), is_image(np.array([1, 2]))
    (True, False)
    """
    import xarray as xr

    return isinstance(value, xr.DataArray)


def is_lazy(image: Image) -> bool:
    """Whether the values of an image are still to be read or computed, block by block."""
    return not isinstance(image.data, np.ndarray)


def native_array(data: Any) -> Array:
    """Return numbers or bools in native byte order, masked places as NaN."""
    if isinstance(data, np.ma.MaskedArray):
        kind = np.result_type(data.dtype, np.float32)
        return np.asarray(np.ma.filled(data.astype(kind), np.nan))
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ImageError(f"is no array: {error}") from None
    require_numeric(array.dtype)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def require_numeric(dtype: np.dtype[Any]) -> None:
    """Raise `ImageError` unless the dtype holds bools, integers, floats or complex numbers."""
    if dtype.kind not in NUMERIC:
        raise ImageError(
            f"an image holds numbers or bools, not {dtype}", hint="convert with .astype first"
        )


def may_be_colours(shape: Sequence[int]) -> bool:
    """Whether the last of three unnamed axes may as well be that of colours as ``x``."""
    return len(shape) == 3 and shape[-1] in COLOURS and min(shape[:-1]) >= 16


def _dims_for(shape: Sequence[int], dims: Sequence[str] | None) -> tuple[str, ...]:
    ndim = len(shape)
    if dims is None:
        if may_be_colours(shape):
            raise ImageError(
                f"an array of {' x '.join(map(str, shape))} may be a colour image or a volume",
                hint='say which: as_image(array, dims=["y", "x", "c"]), or ["z", "y", "x"]',
            )
        if ndim not in DEFAULT_DIMS:
            raise ImageError(
                f"an array with {ndim} axes needs a name for each", hint="pass dims=[...]"
            )
        return DEFAULT_DIMS[ndim]
    if len(dims) != ndim or len(set(dims)) != ndim:
        raise ImageError(f"{ndim} axes need {ndim} different dims, not {list(dims)}")
    return tuple(dims)


def with_spacing(image: Image, spacing: Mapping[str, float | str]) -> Image:
    """Return the image with coordinates of the given spacing, the first sample at 0."""
    if not isinstance(spacing, Mapping):
        raise UnitsError(
            f"spacing must be a mapping of dims, not {spacing!r}", hint='as {"y": "0.2 um"}'
        )
    coords = {}
    for dim, step in spacing.items():
        if dim not in image.dims:
            raise ImageError(f"spacing names the dim {dim!r}; the image has {list(image.dims)}")
        value, unit = split_quantity(step)
        if not np.isfinite(value) or value <= 0:
            raise UnitsError(f"spacing along {dim} must be positive, not {step!r}")
        attrs: dict[str, Any] = {"units": unit} if unit else {}
        if image.sizes[dim] == 1:
            attrs["step"] = value  # one position does not tell it
        coords[dim] = (dim, np.arange(image.sizes[dim]) * value, attrs)
    return image.assign_coords(coords)


def step_of(image: Image, dim: Hashable) -> tuple[float, str]:
    """Return the distance between samples along a dim, and its unit.

    A dim without a coordinate has step 1 and unit ``""`` (pixels).

    Parameters
    ----------
    image : DataArray
        Its coordinate along ``dim`` is looked at.
    dim : hashable
        Name of the dim.

    Returns
    -------
    tuple of float and str
        Distance between neighbouring samples, never negative, and its unit.

    Raises
    ------
    UnitsError
        If the samples are not evenly spaced.

    Examples
    --------
    >>> image = as_image(np.zeros((2, 3)), spacing={"y": "0.5 um"})
    >>> step_of(image, "y"), step_of(image, "x")
    ((0.5, 'um'), (1.0, ''))
    """
    coordinate = image.coords.variables.get(dim)
    if coordinate is None or coordinate.dtype.kind not in "iuf":
        return 1.0, ""
    positions = coordinate.values
    unit = str(coordinate.attrs.get("units", ""))
    if "step" in coordinate.attrs:
        return float(coordinate.attrs["step"]), unit
    if positions.size < 2:
        return 1.0, ""
    step = float(positions[-1] - positions[0]) / (positions.size - 1)
    if step == 0 or not (np.abs(np.diff(positions) - step) <= 1e-3 * abs(step)).all():
        raise UnitsError(
            f"samples along {dim} are not evenly spaced, so a length has no size in pixels there",
            hint=f"resample along {dim}, or give the length in pixels",
        )
    return abs(step), unit


def directions_of(coordinates: Mapping[Any, DataArray], dims: Sequence[Hashable]) -> Array:
    r"""Return the directions of axes in space, as the rows of a lower triangular matrix.

    Axes are at right angles unless their coordinates say otherwise, by a unit vector each in
    ``attrs["direction"]`` (pixels of a skewed world coordinate system, say). The first axis is
    the first direction of space; a sample has the size of the product of its steps times that of
    the diagonal.

    Parameters
    ----------
    coordinates : mapping
        By dim, as ``image.coords``.
    dims : sequence of str
        The axes, in order.

    Returns
    -------
    numpy.ndarray
        float64 of shape ``(n, n)`` for ``n`` dims: a unit vector in each row.

    Examples
    --------
    >>> image = as_image(np.zeros((2, 2)), spacing={"y": 1.0, "x": 1.0})
    >>> image.y.attrs["direction"], image.x.attrs["direction"] = [0.0, 1.0], [0.6, 0.8]
    >>> directions_of(image.coords, image.dims)
    array([[1. , 0. ],
           [0.8, 0.6]])
    """
    found = [coordinates[dim] for dim in dims if dim in coordinates]
    found = [axis for axis in found if DIRECTION in axis.attrs]
    if len(found) < len(dims):
        return np.eye(len(dims))
    vectors = []
    for axis in found:
        backwards = axis.size > 1 and axis.values[-1] < axis.values[0]
        vectors.append(np.multiply(axis.attrs[DIRECTION], -1.0 if backwards else 1.0))
    # the same angles, turned so that the matrix is triangular
    rows = np.transpose(np.linalg.qr(np.array(vectors).T)[1])
    return np.tril(rows * np.where(np.diag(rows) < 0, -1.0, 1.0))


def spatial_dims(image: Image) -> tuple[str, ...]:
    """Return those of the image's dims that are ``z``, ``y`` or ``x``, in its order.

    Parameters
    ----------
    image : DataArray
        Its dims are looked at.

    Returns
    -------
    tuple of str
        Empty where it has none of them.

    Examples
    --------
    >>> spatial_dims(as_image(np.zeros((5, 2, 2)), dims=("t", "y", "x")))
    ('y', 'x')
    """
    return tuple(str(dim) for dim in image.dims if dim in SPATIAL)


def filtered_dims(image: Image) -> tuple[str, ...]:
    """Return the dims a filter works along: the spatial ones, or all where there is none.

    Parameters
    ----------
    image : DataArray
        Its dims are looked at.

    Returns
    -------
    tuple of str
        In the order of the image.

    Examples
    --------
    >>> filtered_dims(as_image(np.zeros((5, 2, 2)), dims=("t", "y", "x")))
    ('y', 'x')
    >>> filtered_dims(as_image(np.zeros((5, 2)), dims=("time", "distance")))
    ('time', 'distance')
    """
    return spatial_dims(image) or tuple(str(dim) for dim in image.dims)


def level_of(image: Image) -> int:
    """Return the pyramid level an image was taken from; 0 is full resolution."""
    return int(image.attrs.get(LEVEL, 0))


def variable_of(values: Any, dims: Sequence[Any], attrs: Mapping[str, Any] | None = None) -> Any:
    """Return values with the names of their axes, as a DataArray takes them.

    An array of NumPy is taken as it is: of any other xarray would see whether it is one of dask's,
    for which it imports dask, and that takes longer than many an answer.
    """
    import xarray as xr

    is_plain = type(values) is np.ndarray and values.ndim == len(dims) > 0
    return xr.Variable(dims, values, attrs, fastpath=is_plain)


def like(image: Image, data: Array, **attrs: Any) -> Image:
    """Return an image with other values and the dims, coordinates and header of ``image``.

    The unit of the values goes with the values: it is dropped unless given in ``attrs``.

    Parameters
    ----------
    image : DataArray
        What dims, coordinates and header are taken from.
    data : numpy.ndarray
        The values, in the shape of ``image`` and of any dtype.
    **attrs : Any
        Entries of the header that are other than those of ``image``, as ``units="um"``.

    Returns
    -------
    DataArray
        It shares memory with ``data``.

    Examples
    --------
    >>> counts = as_image([3, 5], units="count", spacing={"x": "0.5 um"})
    >>> bright = like(counts, counts.values > 4)
    >>> bright.values, bright.attrs, bright.x.attrs["units"]
    (array([False,  True]), {}, 'um')
    """
    import xarray as xr

    kept = {key: value for key, value in image.attrs.items() if key != "units"}
    held = variable_of(data, image.dims, {**kept, **attrs})
    return xr.DataArray(held, coords=image.coords, name=image.name)


def with_values(image: Image, data: Array) -> Image:
    """Return an image with other values that are in the same unit.

    Parameters
    ----------
    image : DataArray
        What all but the values is taken from, their unit as well.
    data : numpy.ndarray
        The values, in the shape of ``image``.

    Returns
    -------
    DataArray
        It shares memory with ``data``.

    Examples
    --------
    >>> counts = as_image([3, 5], units="count")
    >>> with_values(counts, counts.values / 2).attrs
    {'units': 'count'}
    """
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(image, data, **units)


def require_dims(image: Image, dims: Iterable[str], *, what: str = "the image") -> None:
    """Raise `ImageError` unless the image has all of the dims, each named once.

    Parameters
    ----------
    image : DataArray
        What is looked at.
    dims : iterable of str
        What it must have.
    what : str
        What the image is called in the error.

    Raises
    ------
    ImageError
        If one of the dims is missing, or named twice.

    Examples
    --------
    >>> film = as_image(np.zeros((2, 3)))
    >>> require_dims(film, ["y", "x"])
    >>> require_dims(film, ["t"], what="the film")
    Traceback (most recent call last):
    graticule.core.errors.ImageError: the film must have the dim t; it has y, x (name the axes ...)
    """
    names = list(dims)
    missing = [dim for dim in names if dim not in image.dims]
    if missing:
        raise ImageError(
            f"{what} must have the dim{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"it has {', '.join(map(str, image.dims))}",
            hint="name the axes with dims=[...] when reading",
        )
    if len(set(names)) < len(names):
        raise ImageError(f"needs {len(names)} different dims, not {' and '.join(names)}")
