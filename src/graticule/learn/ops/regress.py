"""Continuous values of samples, by a model."""

from __future__ import annotations

from graticule.core import Image, op
from graticule.learn.ops._model_scope import (
    DOC,
    OtherSpacing,
    RegressorFile,
    apply_model,
    model_scope,
)


@op(
    version=1,
    scope=model_scope(apply_model),
    dtype="float32",
    name="learn.regress",
    tolerance=1e-5,
    doc=DOC,
)
def regress(
    image: Image,
    *,
    model: RegressorFile,
    spacing: OtherSpacing = "refuse",
) -> Image:
    """Return the value a model predicts for each sample.

    Parameters
    ----------
    %(image)s
    model : ModelFile
        A fitted `PixelRegressor` or other model of continuous values, or the path of its file.
    %(spacing)s

    Returns
    -------
    Image
        float32, without ``c``, in the unit of the targets; NaN where a value in reach is missing.

    Raises
    ------
    ParameterError
        If the model gives classes.
    %(image_error)s

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
    return apply_model(image, model=model, spacing=spacing)
