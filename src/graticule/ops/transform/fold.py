"""Making an image of a list of pixels."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Whole, op, require_dims
from graticule.core.errors import ImageError
from graticule.ops._parameters import DOC


@op(version=1, scope=Whole("every pixel moves", memory=24), dtype="same", doc=DOC)
def fold(
    image: Image,
    *,
    rows: Annotated[int, Field(title="Rows", ge=1)],
    columns: Annotated[int, Field(title="Columns", ge=1)],
    order: Annotated[Literal["rows", "columns"], Field(title="Pixels follow each other along")],
    dim: Annotated[str, Field(title="Dim of pixels")] = "pixel",
) -> Image:
    """Fold the dim that counts pixels into rows and columns.

    Spectra are often kept as a matrix of bands and pixels, with the size of the image beside it.
    In which order its pixels were counted, the matrix does not tell: MATLAB and Fortran go down
    the first column, then the second (``columns``; pixel ``k`` is in row ``k % rows``), C and
    NumPy along the first row (``rows``; it is in column ``k % columns``). The wrong one gives an
    image that is striped, or turned on its diagonal where it is square.

    Parameters
    ----------
    image : Image
        One of its dims counts pixels; the others, as bands, are kept.
    rows, columns : int
        Size of the image, along ``y`` and ``x``.
    order : {"rows", "columns"}
        Along what pixels follow each other.
    dim : str
        Which dim counts pixels.

    Returns
    -------
    Image
        With ``y x`` in the place of ``dim``, whose coordinate is left out.

    Raises
    ------
    ImageError
        If there is no such dim, it has another number of pixels, or there is an ``y`` or ``x``
        already.

    %(examples)s
    >>> pixels = np.array([11, 21, 12, 22, 13, 23])
    >>> gt.transform.fold(pixels, dim="x", rows=2, columns=3, order="columns")
    array([[11, 12, 13],
           [21, 22, 23]])
    """
    import xarray as xr

    require_dims(image, [dim])
    taken = [name for name in ("y", "x") if name in image.dims and name != dim]
    if taken:
        raise ImageError(
            f"has the dims {', '.join(map(str, image.dims))}: pixels along {dim} cannot be folded "
            f"into y and x where there is an {taken[0]} already",
            hint='name the dims when reading, as dims=["band", "pixel"]',
        )
    count = int(image.sizes[dim])
    if count != rows * columns:
        raise ImageError(
            f"has {count} pixels along {dim}, and {rows} rows of {columns} columns are "
            f"{rows * columns}",
            hint=_sizes(count, rows, columns),
        )
    axis = image.dims.index(dim)
    before, after = image.shape[:axis], image.shape[axis + 1 :]
    if order == "rows":
        folded = image.values.reshape(*before, rows, columns, *after)
    else:
        folded = image.values.reshape(*before, columns, rows, *after).swapaxes(axis, axis + 1)
    dims = (*image.dims[:axis], "y", "x", *image.dims[axis + 1 :])
    kept = {name: at for name, at in image.coords.items() if dim not in at.dims}
    return xr.DataArray(np.ascontiguousarray(folded), kept, dims, attrs=image.attrs)


def _sizes(count: int, rows: int, columns: int) -> str:
    fitting = [
        f"{name}: {count // size}"
        for name, size in (("columns", rows), ("rows", columns))
        if not count % size
    ]
    return " or ".join(fitting) + " would fit" if fitting else "see what the file says beside it"
