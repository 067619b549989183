"""What suits the ops on colours: images of three channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from graticule.testing.cases.case import Case, Dims

_COLOURS: tuple[Dims, ...] = (("y", "x", "c"), ("c", "y", "x"), ("t", "y", "x", "c"))


def _slide(image: xr.DataArray | None) -> xr.DataArray:
    """Return an image of three channels, of light that came through two stains."""
    assert image is not None
    sizes = {dim: size for dim, size in image.sizes.items() if dim != "c"}
    rng = np.random.default_rng(int(np.nan_to_num(image.values).sum()) % 1000)
    amounts = rng.gamma(2, 0.3, (*sizes.values(), 2))
    density = amounts @ [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]] + 0.2
    made = xr.DataArray((255 * 10**-density).astype(image.dtype), dims=(*sizes, "c"))
    found = made.transpose(*image.dims).assign_coords(
        {dim: image[dim] for dim in sizes if dim in image.coords}
    )
    return found.assign_attrs(image.attrs)


def _white(_: Any) -> dict[str, Any]:
    return {"white": 255.0}


def _stained(mask: xr.DataArray | None) -> xr.DataArray:
    assert mask is not None
    return mask.isel(c=0, drop=True)


CASES: dict[str, Case] = {
    "transform.channels": Case(
        dims=(("y", "x", "c"), ("energy", "y", "x"), ("y", "x")),
        params_for=lambda image: {"formula": _formula(image)},
    ),
    "transform.hsv": Case(dims=_COLOURS, data={"image": _slide}),
    "transform.stain_vectors": Case(
        dims=_COLOURS, params_for=_white, data={"image": _slide, "mask": _stained}, size=8
    ),
    "transform.unmix": Case(dims=_COLOURS, params_for=_white, data={"image": _slide}),
}


def _formula(image: Any) -> str:
    """Return a formula that suits the dims of an image."""
    along = [str(dim) for dim in image.dims if dim in ("c", "energy")]
    if not along:
        return "image / second - third / fourth"
    dim = along[0]
    return f"({dim}0 - second.{dim}0) / (image.{dim}0 + third.{dim}0) > 0.1"
