"""The value of a whole image, by a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Image, Record, Whole, op
from graticule.core.errors import ParameterError
from graticule.learn.model_file import ModelFile


def _of_images(given: ModelFile) -> ModelFile:
    if not hasattr(given.model, "record") or given.model.classes:
        raise ParameterError(
            f"must be a model of a value for whole images, not a {given.model.kind}",
            hint="graticule train writes one by a document with task: images and predict: values",
        )
    return given


@op(version=1, scope=Whole("an image is one thing", memory=12), name="learn.regress_image")
def regress_image(
    image: Image,
    *,
    model: Annotated[ModelFile, AfterValidator(_of_images), Field(title="Model")],
) -> Record:
    """Tell the value of a whole image.

    Parameters
    ----------
    image : Image
        As those the model was trained on: dims and channels, and the size too where it looks at
        values themselves.
    model : ModelFile
        A fitted `ImageRegressor`, or the path of its file.

    Returns
    -------
    Record
        One row: ``value``; NaN where a value that is looked at is missing.

    Raises
    ------
    ParameterError
        If the model is not one of values of images.
    ImageError
        If the image is of another kind or size than those the model was trained on.

    See Also
    --------
    learn.classify_image : the class of an image.
    learn.regress : a value for each sample.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from graticule.learn import ImageRegressor
    >>> images = np.arange(5.0)[:, None, None] * np.ones((5, 3, 3))
    >>> model = ImageRegressor(estimator="linear").fit(images, [0, 2, 4, 6, 8])
    >>> round(gt.learn.regress_image(images[1], model=model)["value"].item(), 3)
    2.0
    """
    found: Record = model.model.record(image)
    return found
