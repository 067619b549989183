"""Continuous values of samples, by a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Image, Region, op
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import Spacing
from graticule.learn.ops._applied import able, nearby, of_values, spatial


def _part(
    image: Image, *, model: ModelFile, spacing: Spacing, region: Region | None = None
) -> Image:
    return able(model, "predict", image, spacing).predict(image, region=spatial(region))


@op(version=1, scope=nearby(_part), dtype="float32", name="learn.regress", tolerance=1e-5)
def regress(
    image: Image,
    *,
    model: Annotated[ModelFile, AfterValidator(of_values), Field(title="Model")],
    spacing: Annotated[Spacing, Field(title="Other spacing")] = "refuse",
) -> Image:
    """Return the value a model predicts for each sample.

    Parameters
    ----------
    image : Image
        As those the model was trained on: dims, channels and spacing.
    model : ModelFile
        A fitted `PixelRegressor` or other model of continuous values, or the path of its file.
    spacing : {"refuse", "ignore", "rescale"}
        What to do with an image whose spacing is not that of the training images, where both are
        known and the model has lengths in pixels: an error, take it sample for sample, or
        resample it to the model's spacing and the answer back.

    Returns
    -------
    Image
        float32, without ``c``, in the unit of the targets; NaN where a value in reach is missing.

    Raises
    ------
    ParameterError
        If the model gives classes.
    ImageError
        If the image is of another kind than those the model was trained on.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelRegressor
    >>> image = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    >>> itself = Features(kinds=("value",), sigmas=())
    >>> model = PixelRegressor(itself, "linear").fit(image, 2 * image + 1)
    >>> bool(np.abs(gt.learn.regress(image, model=model) - (2 * image + 1)).max() < 1e-4)
    True
    """
    return _part(image, model=model, spacing=spacing)
