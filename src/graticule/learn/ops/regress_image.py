"""The value of a whole image, by a model."""

from __future__ import annotations

from graticule.core import Image, Record, Whole, op
from graticule.learn.ops._image_model import DOC, ImageRegressorFile


@op(
    version=1,
    scope=Whole("an image is one thing", memory=12),
    name="learn.regress_image",
    doc=DOC,
)
def regress_image(
    image: Image,
    *,
    model: ImageRegressorFile,
) -> Record:
    """Tell the value of a whole image.

    Parameters
    ----------
    %(image)s
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
    %(image_error)s

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
