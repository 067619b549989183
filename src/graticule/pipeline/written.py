"""How results become files: the ending that can hold them, and writing them tile by tile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core.image import Image
from graticule.core.scope import Mapper, Region
from graticule.pipeline.nodes import Node, strip_template_marks

_OME_DIMS = {"t", "c", "z", "y", "x"}


def suffix_for(image: Image, *, tiled: bool) -> str:
    """Return the ending of the format that keeps an image's dims and units.

    OME-Zarr for what was computed in tiles, OME-TIFF for other images with the dims of
    microscopy, FITS for any other dims.

    Examples
    --------
    >>> import xarray as xr
    >>> suffix_for(xr.DataArray(np.zeros((2, 2)), dims=("time", "distance")), tiled=False)
    '.fits'
    """
    if not set(map(str, image.dims)) <= _OME_DIMS or image.ndim < 2:
        return ".fits"
    return ".ome.zarr" if tiled else ".ome.tif"


class _Reader:
    """A node as dask wants an array: sliced by numbers."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.shape = node.template.shape
        self.dtype = node.template.dtype
        self.ndim = node.template.ndim

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        ranges = [range(size)[part] for size, part in zip(self.shape, index, strict=True)]
        if math.prod(len(positions) for positions in ranges) == 0:
            return np.empty([len(positions) for positions in ranges], self.dtype)
        dims = [str(dim) for dim in self.node.template.dims]
        bounds = [(positions.start, positions.stop) for positions in ranges]
        region = Region(dict(zip(dims, bounds, strict=True)))
        return np.asarray(self.node.read(region).transpose(*dims).values)


def node_to_dask(node: Node, tile: Mapping[str, int], mapper: Mapper = map) -> Image:
    """Return a node as a lazy image whose blocks are computed when they are written."""
    import dask.array as da
    import xarray as xr

    template = node.template
    chunks = tuple(min(tile.get(str(d), s), s) for d, s in template.sizes.items())
    array = da.from_array(_Reader(node), chunks=chunks, name=False, asarray=False, meta=_meta(node))
    lazy = xr.DataArray(
        array, dims=template.dims, coords=template.coords, attrs=template.attrs, name=template.name
    )
    return strip_template_marks(lazy)


def _meta(node: Node) -> np.ndarray[Any, Any]:
    return np.empty((0,) * node.template.ndim, node.template.dtype)
