"""What suits the ops of ``learn``: small models, fitted when they are first asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import Length
from graticule.testing.cases.case import PLANE, Case, Dims
from graticule.testing.cases.spectra import cube, of_places

_SOLID: tuple[Dims, ...] = (("y", "x"), ("z", "y", "x"))


@cache
def _model(dims: Dims, task: str) -> Any:
    """Return a model of images like those of the contract: noise of mean 10 and width 4."""
    from graticule.learn import Features, PixelClassifier, PixelRegressor

    rng = np.random.default_rng(0)
    values = rng.normal(10, 4, [32, 32] if len(dims) == 2 else [12] * 3).astype(np.float32)
    image = xr.DataArray(values, dims=dims)
    features = Features(sigmas=(Length(0.7),), kinds=("gaussian", "gradient", "hessian"))
    if task == "regression":
        return PixelRegressor(features, {"name": "tree", "max_depth": 6}).fit(image, image**2)
    labels = image.copy(data=np.digitize(values, [8, 12]) + 1)
    return PixelClassifier(features, {"name": "tree", "max_depth": 6}).fit(image, labels)


def _classifier(image: xr.DataArray, task: str = "classification") -> dict[str, Any]:
    dims = tuple(str(dim) for dim in image.dims)
    return {"model": _model(dims if dims in _SOLID else PLANE[0], task)}


def _regressor(image: xr.DataArray) -> dict[str, Any]:
    return _classifier(image, "regression")


def _table(_: xr.DataArray | None) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"label": range(1, 31), "area": rng.lognormal(3, 1, 30)})
    table["eccentricity"] = rng.random(30)
    table.attrs["units"] = {"area": "um2"}
    return table


@cache
def _objects(_: None) -> dict[str, Any]:
    from graticule.learn import ObjectClassifier

    table = _table(None)
    kind = np.where(table["area"] > 20, "large", "small")
    return {"model": ObjectClassifier(estimator="tree").fit(table, kind)}


def _features(_: xr.DataArray | None) -> pd.DataFrame:
    return _table(None)[["area", "eccentricity"]]


@cache
def _groups(_: None) -> dict[str, Any]:
    from graticule.learn.clustering import Chain
    from graticule.learn.models.clustering import ClusteringModel

    table = _features(None)
    table.attrs["units"] = {"area": "um2"}
    chain = Chain.of([{"step": "standardise"}, {"step": "kmeans", "n_clusters": 3}])
    return {"model": ClusteringModel.of(chain.fit(table, seed=0), table)}


@cache
def _image_groups(sizes: tuple[int, ...]) -> Any:
    from graticule.learn.clustering import Chain
    from graticule.learn.models.clustering import ClusteringModel
    from graticule.learn.models.image_rows import ImageRows

    rng = np.random.default_rng(0)
    images = [xr.DataArray(rng.normal(10, n, sizes), dims=("y", "x")) for n in range(1, 7)]
    made = ImageRows.of("values").seen(images[0])
    table = pd.DataFrame([made.row(image) for image in images], columns=made.columns)
    found = Chain.of([{"step": "kmeans", "n_clusters": 2}]).fit(table, seed=0)
    return ClusteringModel.of(found, table, made, made.columns)


@cache
def _of_whole_images(task: str) -> Any:
    """Return a model of what values are in an image: noise of mean 10, of one width or another."""
    from graticule.learn import Features, ImageClassifier, ImageRegressor

    rng = np.random.default_rng(0)
    images = [xr.DataArray(rng.normal(10, n, (24, 24)), dims=("y", "x")) for n in range(1, 9)]
    features = Features(sigmas=(Length(0.7),), kinds=("gaussian", "gradient"))
    estimator = {"name": "tree", "max_depth": 3}
    if task == "regression":
        return ImageRegressor(features, estimator).fit(images, list(range(1, 9)))
    return ImageClassifier(features, estimator).fit(images, ["smooth"] * 4 + ["rough"] * 4)


def _image_classifier(_: Any) -> dict[str, Any]:
    return {"model": _of_whole_images("classification")}


def _image_regressor(_: Any) -> dict[str, Any]:
    return {"model": _of_whole_images("regression")}


@cache
def _network(_: None) -> bytes:
    from graticule.testing.networks import unet_onnx, unet_weights

    return unet_onnx(unet_weights(width=2, depth=1))


def _of_planes(_: Any) -> dict[str, Any]:
    from graticule.testing.networks import reach

    about = {"axes": "bcyx", "halo": reach(1), "multiple": 2, "tile": 24}
    return {"model": _network(None), **about}


def _of_size(image: xr.DataArray) -> dict[str, Any]:
    sizes = (image.sizes.get("y", 4), image.sizes.get("x", 4))
    return {"model": _image_groups(sizes)}


CASES: dict[str, Case] = {
    "learn.assign": Case(params_for=_groups, data={"table": _features}),
    "learn.assign_image": Case(dims=PLANE, params_for=_of_size),
    "learn.classify": Case(dims=_SOLID, params_for=_classifier),
    "learn.classify_image": Case(dims=PLANE, params_for=_image_classifier),
    "learn.classify_objects": Case(params_for=_objects, data={"table": _table}),
    "learn.embed": Case(dims=PLANE, params={"settings": {"degree": 4}}),
    "learn.onnx": Case(dims=(("y", "x"), ("t", "y", "x")), params_for=_of_planes),
    "learn.probability": Case(dims=_SOLID, params_for=_classifier),
    "learn.regress": Case(dims=_SOLID, params_for=_regressor),
    "learn.regress_image": Case(dims=PLANE, params_for=_image_regressor),
    "learn.spectral_clusters": cube(params={"surrogates": 19}, data={"mask": of_places}),
    "learn.uncertainty": Case(dims=_SOLID, params_for=_classifier),
}
