"""Labels of outlines that tell no size of their image, brought to the size of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.errors import ImageError

if TYPE_CHECKING:
    import xarray as xr

UNSIZED = "unsized"
"""Attribute of labels whose size is what their objects reach to."""


def as_large_as(labels: xr.DataArray, image: xr.DataArray) -> xr.DataArray:
    """Return labels of outlines as large as the image they were drawn in; others as they are.

    What ImageJ and QuPath save tells of objects alone. Where labels came from such a file they
    are continued with ground, or cut at the border of the image, and lie where the image does.

    Parameters
    ----------
    labels : DataArray
        As they were read.
    image : DataArray
        With the dims of the labels.

    Raises
    ------
    ImageError
        If an object lies outside of the image, and so of another one.

    Examples
    --------
    >>> import xarray as xr
    >>> drawn = xr.DataArray(np.ones((1, 2), int), dims=["y", "x"], attrs={"unsized": True})
    >>> as_large_as(drawn, xr.DataArray(np.zeros((2, 3)), dims=["y", "x"])).values.tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    if not labels.attrs.get(UNSIZED) or not set(labels.dims) <= set(image.dims):
        return labels
    sizes = [image.sizes[dim] for dim in labels.dims]
    out = np.zeros(sizes, labels.dtype)
    common = tuple(slice(0, min(a, b)) for a, b in zip(sizes, labels.shape, strict=True))
    out[common] = labels.values[common]
    lost = [label for label in np.setdiff1d(labels.values, out).tolist() if label]
    if lost:
        shown = ", ".join(map(str, lost[:5]))
        raise ImageError(
            f"has objects ({shown}) outside of an image of {' x '.join(map(str, sizes))}",
            hint="are these the outlines of another image?",
        )
    kept = {str(d): image.coords[d] for d in labels.dims if d in image.coords}
    attrs = {name: value for name, value in labels.attrs.items() if name != UNSIZED}
    return type(labels)(out, dims=labels.dims, coords=kept, attrs=attrs)
