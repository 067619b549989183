"""How undecided a model is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Image, Region, op
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import Spacing
from graticule.learn.ops._applied import able, nearby, of_classes, spatial


def _part(
    image: Image, *, model: ModelFile, spacing: Spacing, region: Region | None = None
) -> Image:
    return able(model, "uncertainty", image, spacing).uncertainty(image, region=spatial(region))


@op(version=1, scope=nearby(_part), dtype="float32", name="learn.uncertainty", tolerance=1e-5)
def uncertainty(
    image: Image,
    *,
    model: Annotated[ModelFile, AfterValidator(of_classes), Field(title="Model")],
    spacing: Annotated[Spacing, Field(title="Other spacing")] = "refuse",
) -> Image:
    r"""Return how undecided a model is at each sample: where another stroke helps most.

    :math:`1 - (p_1 - p_2)` of the two largest probabilities of classes: 0 where one is certain,
    1 where two are equally probable.

    Parameters
    ----------
    image : Image
        As those the model was trained on: dims, channels and spacing.
    model : ModelFile
        A fitted model that gives probabilities, or the path of its file.
    spacing : {"refuse", "ignore", "rescale"}
        What to do with an image whose spacing is not that of the training images, where both are
        known and the model has lengths in pixels: an error, take it sample for sample, or
        resample it to the model's spacing and the answer back.

    Returns
    -------
    Image
        float32 in 0 to 1, without ``c``; NaN where a value in reach is missing.

    Raises
    ------
    ParameterError
        If the model gives no classes.
    RequestError
        If its estimator gives no probabilities.
    ImageError
        If the image is of another kind than those the model was trained on.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelClassifier
    >>> image = np.zeros((16, 16), np.float32)
    >>> image[:, 8:] = 1
    >>> model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, image > 0)
    >>> float(gt.learn.uncertainty(image, model=model).max())
    0.0
    """
    return _part(image, model=model, spacing=spacing)
