"""L8: vessels of the retina, inside the field of view, on images that were not learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from scipy import ndimage

from graticule.bench._learned import OBJECT, learned, of_class, refused, scored
from graticule.bench.row import Row, absent, data_folder, row
from graticule.core.typing import Array
from graticule.io import read
from graticule.learn.crossval.crossval import compare
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.methods.method import Method
from graticule.learn.splits.splits import by_image

_FOLDS = 5
_BARS = {"boosted": ">= 0.76", "unet": ">= 0.79"}
_AREA_BAR = ">= 0.95"
_WIDTH = 20.0
"""Of the surroundings that brightness is taken from, in samples."""
_MIDDLE = (16, 84)
"""Percentiles that lie one standard deviation from the mean where values are normal."""
_FARTHEST = 6.0
_TREES = {
    "name": "boosting", "max_iter": 150, "learning_rate": 0.1, "max_leaf_nodes": 31,
    "early_stopping": False, "min_samples_leaf": 200, "max_features": 0.2,
    "class_weight": {"vessel": OBJECT},
}  # fmt: skip
"""Of the few images that are learned from, neighbouring samples say the same: large leaves, and a
fifth of the features at each split, fit them less closely."""


@row("L8", deep=True)
def vessels() -> list[Row]:
    """Judge a boosted bank and a small network by F1 and by the area under ROC."""
    folder = data_folder("retina_vessels")
    if folder is None:
        return [absent("L8", f"vessels, {name}, F1", bar) for name, bar in _BARS.items()]
    data = vessel_data(folder, robust=True)
    comparison = compare(data, _methods(), by_image(data.images, _FOLDS))
    rows = refused("L8", comparison, _BARS)
    for name, result in comparison.results.items():
        what = f"vessels in the field of view, {len(data.images)} images, {_FOLDS} folds, {name}"
        f1 = of_class(result.scores, "dice", 1, 2)
        rows.append(scored("L8", f"F1 of {what}", f1, _BARS[name]))
        area = result.scores.measures["auc"]
        bar = "" if name == "unet" else _AREA_BAR
        rows.append(scored("L8", f"area under ROC of {what}", area, bar))
    return rows


def _methods() -> list[Method]:
    bank = {"sigmas": [0.7, 1, 1.5, 2, 3, 5]}
    network = {"base": 16, "depth": 4, "precision": "bfloat16", "ema_decay": 0.98, "tta": True}
    return [
        learned("boosted", "pixels", features=bank, estimator=_TREES, balance=False,
                max_samples=100_000),
        learned("unet", "unet", unet=network, fit={"steps": 600}),
    ]  # fmt: skip


def vessel_data(folder: Path, *, robust: bool = False) -> LabelledImages:
    """Return the retinas, and their vessels: 0 outside the field of view, 1 none, 2 vessel.

    Images are evened each by itself, without its labels; ``robust`` as of `evened`.
    """
    images, labels, names = [], [], []
    for path in sorted((folder / "images").glob("*.tif")):
        number = path.name.split("_")[0]
        view = _mask(folder / "mask" / f"{number}_training_mask.gif")
        drawn = _mask(folder / "1st_manual" / f"{number}_manual1.gif")
        images.append(evened(read(path).compute(), view, robust=robust))
        labels.append(xr.DataArray(np.where(view, 1 + drawn, 0).astype(np.uint8), dims=("y", "x")))
        names.append(number)
    named = {1: "background", 2: "vessel"}
    return LabelledImages.of(images, labels, names=names, kind="classes", named=named)


def evened(image: xr.DataArray, view: Array, *, robust: bool = False) -> xr.DataArray:
    """Return each channel less its local mean, over its standard deviation, 0 out of view.

    Robust, it is over half the range of the middle 68 % instead, and cut off at six times that:
    a bright disc or wide vessels then change the scale of all others less.
    """
    share = np.maximum(ndimage.gaussian_filter(view.astype(np.float32), _WIDTH), 1e-3)

    def flat(values: Array) -> Array:
        inside = np.where(view, values, 0).astype(np.float32)
        apart = np.where(view, inside - ndimage.gaussian_filter(inside, _WIDTH) / share, 0)
        if not robust:
            return np.asarray(apart / apart[view].std(), np.float32)
        low, high = np.percentile(apart[view], _MIDDLE)
        return np.asarray(np.clip(2 * apart / (high - low), -_FARTHEST, _FARTHEST), np.float32)

    if "c" not in image.dims:
        return xr.DataArray(flat(image.values), dims=("y", "x"))
    values = image.transpose("c", "y", "x").values
    return xr.DataArray(np.stack([flat(each) for each in values], -1), dims=("y", "x", "c"))


def _mask(path: Path) -> Array:
    image = read(path).compute()
    others = [dim for dim in image.dims if dim not in ("y", "x")]
    return np.asarray(image.max(others).transpose("y", "x").values > 0)
