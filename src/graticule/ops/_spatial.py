"""Work done along the spatial dims of an image, once for every index along the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graticule.core import Image, filtered_dims, like
from graticule.core.errors import ImageError
from graticule.core.typing import Array


def apply_spatially(work: Callable[..., Array], image: Image, *others: Image | None) -> Image:
    """Return ``work(image, *others)`` of the values along the spatial dims.

    Parameters
    ----------
    work : callable
        From contiguous arrays whose axes are the spatial dims, in the order of ``image``, to one
        array of that shape. It is given None for what is None.
    image : DataArray
        Decides over dims, coordinates and header of the result.
    *others : DataArray or None
        With dims of ``image``; along those that they lack they are the same for every index.

    Raises
    ------
    ImageError
        If one has a dim that ``image`` lacks, or lacks a spatial one.

    Examples
    --------
    >>> import xarray as xr
    >>> image = xr.DataArray([[1, 2], [3, 4]], dims=("t", "x"))
    >>> apply_spatially(lambda values: values.cumsum(), image).values
    array([[1, 3],
           [3, 7]])
    """
    along = filtered_dims(image)
    leading = [str(dim) for dim in image.dims if dim not in along]
    order = (*leading, *along)
    arrays = [_ordered(item, order, along) for item in (image, *others)]
    sizes = tuple(image.sizes[dim] for dim in leading)
    parts = []
    for index in np.ndindex(sizes):
        given = [None if a is None else np.ascontiguousarray(_part(a, index)) for a in arrays]
        parts.append(work(*given))
    values = np.stack(parts) if sizes else parts[0]
    ordered = like(image.transpose(*order), values.reshape(*sizes, *parts[0].shape))
    return like(image, np.ascontiguousarray(ordered.transpose(*image.dims).values))


def _ordered(item: Image | None, order: tuple[str, ...], along: tuple[str, ...]) -> Array | None:
    """Return values with an axis for each dim, of one sample where the dim is missing."""
    if item is None:
        return None
    if not set(along) <= set(item.dims) <= set(order):
        raise ImageError(
            f"the dims of all inputs must be those of the image, {', '.join(order)}, "
            f"not {', '.join(map(str, item.dims))}"
        )
    present = [dim for dim in order if dim in item.dims]
    values = item.transpose(*present).values
    missing = tuple(number for number, dim in enumerate(order) if dim not in item.dims)
    return np.expand_dims(values, missing)


def _part(array: Array, index: tuple[int, ...]) -> Array:
    place = tuple(0 if array.shape[axis] == 1 else at for axis, at in enumerate(index))
    return np.asarray(array[place])
