"""E6: a network of ONNX in windows and tiles, against itself on the whole and against torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.bench.row import Row, row

_SIZES = (768, 1000)
_WINDOWS = (128, 200, 256)
_TILES = ({"y": 300, "x": 1000}, {"y": 101, "x": 333})
_SEED = 6
_LEAST = 1e-4


@row("E6")
def onnx_in_tiles() -> list[Row]:
    """Apply a U-Net of two poolings, its halo as wide as it looks, in windows and in tiles."""
    from graticule.core import as_image
    from graticule.core.registry import get_op
    from graticule.pipeline.tiles import run_tiled
    from graticule.testing.networks import reach, unet_onnx, unet_torch, unet_weights

    weights = unet_weights(depth=2, seed=_SEED)
    values = np.random.default_rng(_SEED).normal(size=_SIZES).astype(np.float32)
    image, op = as_image(values), get_op("learn.onnx")
    about: dict[str, Any] = {
        "model": unet_onnx(weights), "axes": "bcyx", "halo": reach(2), "multiple": 4
    }  # fmt: skip
    whole = op(image, **about, tile=max(_SIZES)).values
    windows = sum(int((op(image, **about, tile=size).values != whole).sum()) for size in _WINDOWS)
    params = {**about, "tile": _WINDOWS[0]}
    tiles = sum(
        int((run_tiled(op, [image], params, tile=tile).values != whole).sum()) for tile in _TILES
    )
    apart = float(np.abs(unet_torch(weights, values) - whole).max())
    size = " x ".join(map(str, _SIZES))
    what = f"ONNX U-Net on {size}, values that differ from those of the image at once"
    sizes = ", ".join(map(str, _WINDOWS))
    return [
        Row("E6", f"{what}: in windows of {sizes}", windows, "values", "0", windows == 0,
            seeds=(_SEED,)),
        Row("E6", f"{what}: in tiles of a run, 300 x 1000 and 101 x 333", tiles, "values", "0",
            tiles == 0, seeds=(_SEED,)),
        Row("E6", f"ONNX U-Net on {size}: furthest from torch (values to "
            f"{np.abs(whole).max():.3g})", float(f"{apart:.3g}"), "", f"<= {_LEAST:g}",
            apart <= _LEAST, seeds=(_SEED,)),
    ]  # fmt: skip
