"""Classes of samples, by a model."""

from __future__ import annotations

from graticule.core import Image, Labels, op
from graticule.learn.ops._model_scope import (
    DOC,
    ClassifierFile,
    OtherSpacing,
    apply_model,
    model_scope,
)


@op(version=1, scope=model_scope(apply_model), dtype="int32", name="learn.classify", doc=DOC)
def classify(
    image: Image,
    *,
    model: ClassifierFile,
    spacing: OtherSpacing = "refuse",
) -> Labels:
    """Return the most probable class of each sample.

    The image is looked at strip by strip, so it may be of any size.

    Parameters
    ----------
    %(image)s
    model : ModelFile
        A fitted `PixelClassifier`, `UNet` or other model of classes, or the path of its file.
    %(spacing)s

    Returns
    -------
    Labels
        int32, without ``c``: the value each class has in the labels the model was trained on (0
        and 1 for masks); 0 where a value that the model looks at is missing (NaN or infinite).

    Raises
    ------
    %(class_error)s
    %(image_error)s

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelClassifier
    >>> image = np.zeros((16, 16), np.float32)
    >>> image[:, 8:] = 1
    >>> strokes = np.zeros((16, 16), np.uint8)
    >>> strokes[4:6, 2:5], strokes[4:6, 11:14] = 1, 2
    >>> model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, strokes)
    >>> gt.learn.classify(image, model=model)[0]
    array([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], dtype=int32)
    """
    return apply_model(image, model=model, spacing=spacing)
