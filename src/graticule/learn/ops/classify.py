"""Classes of samples, by a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Image, Labels, Region, op
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import Spacing
from graticule.learn.ops._applied import able, nearby, of_classes, spatial


def _part(
    image: Image, *, model: ModelFile, spacing: Spacing, region: Region | None = None
) -> Image:
    return able(model, "predict", image, spacing).predict(image, region=spatial(region))


@op(version=1, scope=nearby(_part), dtype="int32", name="learn.classify")
def classify(
    image: Image,
    *,
    model: Annotated[ModelFile, AfterValidator(of_classes), Field(title="Model")],
    spacing: Annotated[Spacing, Field(title="Other spacing")] = "refuse",
) -> Labels:
    """Return the most probable class of each sample.

    The image is looked at strip by strip, so it may be of any size.

    Parameters
    ----------
    image : Image
        As those the model was trained on: dims, channels and spacing.
    model : ModelFile
        A fitted `PixelClassifier`, `UNet` or other model of classes, or the path of its file.
    spacing : {"refuse", "ignore", "rescale"}
        What to do with an image whose spacing is not that of the training images, where both are
        known and the model has lengths in pixels: an error, take it sample for sample, or
        resample it to the model's spacing and the answer back.

    Returns
    -------
    Labels
        int32, without ``c``: the value each class has in the labels the model was trained on (0
        and 1 for masks); 0 where a value that the model looks at is missing (NaN or infinite).

    Raises
    ------
    ParameterError
        If the model gives no classes.
    ImageError
        If the image is of another kind than those the model was trained on.

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
    return _part(image, model=model, spacing=spacing)
