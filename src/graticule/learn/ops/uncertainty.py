"""How undecided a model is."""

from __future__ import annotations

from functools import partial

from graticule.core import Image, op
from graticule.learn.ops._model_scope import (
    DOC,
    ClassifierFile,
    OtherSpacing,
    apply_model,
    model_scope,
)

_uncertainty = partial(apply_model, method="uncertainty")


@op(
    version=1,
    scope=model_scope(_uncertainty),
    dtype="float32",
    name="learn.uncertainty",
    tolerance=1e-5,
    doc=DOC,
)
def uncertainty(
    image: Image,
    *,
    model: ClassifierFile,
    spacing: OtherSpacing = "refuse",
) -> Image:
    r"""Return how undecided a model is at each sample: where another stroke helps most.

    :math:`1 - (p_1 - p_2)` of the two largest probabilities of classes: 0 where one is certain,
    1 where two are equally probable.

    Parameters
    ----------
    %(image)s
    %(model)s
    %(spacing)s

    Returns
    -------
    Image
        float32 in 0 to 1, without ``c``; NaN where a value in reach is missing.

    Raises
    ------
    %(class_error)s
    %(probability_error)s
    %(image_error)s

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
    return _uncertainty(image, model=model, spacing=spacing)
