"""Probabilities of classes, by a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Probability, Region, op
from graticule.core.errors import ParameterError, suggest
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import Spacing
from graticule.learn.ops._model_scope import (
    DOC,
    ClassifierFile,
    OtherSpacing,
    apply_model,
    model_scope,
)


def _part(
    image: Image,
    *,
    model: ModelFile,
    of: str | None,
    spacing: Spacing,
    region: Region | None = None,
) -> Image:
    names = [each.name for each in model.model.classes]
    if of is not None and of not in names:
        raise ParameterError(f"there is no class {of!r}", where="of", hint=suggest(of, names))
    found = apply_model(image, model=model, spacing=spacing, method="predict_proba", region=region)
    return found if of is None else found.isel({"class": names.index(of)}, drop=True)


@op(
    version=1,
    scope=model_scope(_part),
    dtype="float32",
    name="learn.probability",
    tolerance=1e-5,
    doc=DOC,
)
def probability(
    image: Image,
    *,
    model: ClassifierFile,
    of: Annotated[str | None, Field(title="Class")] = None,
    spacing: OtherSpacing = "refuse",
) -> Probability:
    """Return the probability of each class, or of one, at each sample.

    Parameters
    ----------
    %(image)s
    %(model)s
    of : str, optional
        Name of one class; by default all.
    %(spacing)s

    Returns
    -------
    Probability
        float32, without ``c``; NaN where a value in reach is missing. Of all classes, the dim
        ``class`` comes first, with their names.

    Raises
    ------
    ParameterError
        If the model gives no classes, or has none of this name.
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
    >>> gt.learn.probability(image, model=model, of="object")[0, 6:10]
    array([0., 0., 1., 1.], dtype=float32)
    """
    return _part(image, model=model, of=of, spacing=spacing)
