"""The class of a whole image, by a model."""

from __future__ import annotations

from graticule.core import Image, Record, Whole, op
from graticule.learn.ops._image_model import DOC, ImageClassifierFile


@op(
    version=1,
    scope=Whole("an image is one thing", memory=12),
    name="learn.classify_image",
    doc=DOC,
)
def classify_image(
    image: Image,
    *,
    model: ImageClassifierFile,
) -> Record:
    """Tell the class of a whole image.

    Parameters
    ----------
    %(image)s
    model : ModelFile
        A fitted `ImageClassifier`, or the path of its file.

    Returns
    -------
    Record
        One row: ``class``, the name of the most probable class, and ``class_probability`` (NaN of
        an estimator that gives none). An image with a missing value among those looked at has the
        class ``""`` and NaN.

    Raises
    ------
    ParameterError
        If the model is not one of the classes of images.
    %(image_error)s

    See Also
    --------
    learn.regress_image : a value for an image.
    learn.classify : the class of each sample.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from graticule.learn import ImageClassifier
    >>> images = np.zeros((6, 4, 4), np.float32)
    >>> images[3:] = 1
    >>> model = ImageClassifier(estimator="tree").fit(images, ["dark"] * 3 + ["light"] * 3)
    >>> gt.learn.classify_image(images[5], model=model)["class"].item()
    'light'
    """
    found: Record = model.model.record(image)
    return found
