"""An image as a row of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from graticule.core import Image, Record, Whole, op
from graticule.core.errors import ParameterError, PipelineError, suggest
from graticule.learn.embedding.embedding import KINDS, LEARNED
from graticule.learn.model_file import ModelFile
from graticule.learn.models.image_rows import ImageRows
from graticule.ops._parameters import DOC


def _known(name: str) -> str:
    if name in LEARNED:
        hint = "graticule cluster fits it, and writes a model to be given here"
        raise ParameterError(f"{name} is fitted to a collection", hint=hint)
    if name not in KINDS:
        known = ", ".join(KINDS.names())
        hint = suggest(name, KINDS.names()) or f"there are {known}"
        raise ParameterError(f"there is no embedding {name!r} ({hint})")
    return name


_Name = Annotated[str, AfterValidator(_known), Field(title="Embedding")]


def _of_images(given: ModelFile) -> ModelFile:
    if getattr(given.model, "image_rows", None) is None:
        raise ParameterError(
            f"must be an embedding, not a {given.model.kind}",
            hint="graticule cluster writes images.embedding.model where one is learned",
        )
    return given


_Model = Annotated[ModelFile, AfterValidator(_of_images), Field(title="Fitted embedding")]
_Settings = Annotated[dict[str, int | float | bool | str], Field(title="Its parameters")]


@op(version=1, scope=Whole("an image is one thing", memory=12), name="learn.embed", doc=DOC)
def embed(
    image: Image,
    *,
    embedding: _Name = "moments",
    settings: _Settings = {},  # noqa: B006
    model: _Model | None = None,
) -> Record:
    """Describe an image by numbers, for tables that are grouped or searched.

    ``moments``
        Magnitudes of Zernike moments over their sum, of the disk that fits into the image; no turn
        or mirror changes them. ``degree``: the largest order (8).
    ``radial_profile``
        Means of rings around the middle. ``rings``: how many (16); ``spread``: whether the
        standard deviation along each is told too (false).
    ``hog``
        Histograms of oriented gradients. ``orientations`` (9), ``cell``: samples along the side of
        a cell (16), ``block``: cells that are normalised as one (2).
    ``scattering``
        Means of moduli of wavelets, and of wavelets of these, over place and orientation; turns and
        shifts change them little. ``scales``: octaves (4), ``angles`` (8).

    All take ``channels``: ``mean`` (of them), or ``keep`` for columns of each. Values of unsigned
    integers are taken as parts of their largest.

    Parameters
    ----------
    image : Image
        Two dims, and maybe channels; as `transform.canonical` gives it, so that numbers do not
        depend on the place and size of the object.
    embedding : str
        One of these, or of a plugin.
    settings : dict
        Parameters of the embedding, by name.
    model : ModelFile, optional
        An embedding that was fitted to a collection (``pca``, ``contrastive``), or a clustering
        made by one, as ``graticule cluster`` writes it, or the path of its file. It goes instead
        of the other two.

    Returns
    -------
    Record
        One row, a column for each number; NaN where a sample of the image is no number.

    Raises
    ------
    ImageError
        If the image has other dims, or is too small.
    ParameterError
        If there is no such embedding or setting, or one is out of range.

    See Also
    --------
    learn.assign_image : the group of an image, by a fitted clustering.

    %(examples)s
    >>> y, x = np.mgrid[:32, :32] - 15.5
    >>> bar = (abs(x) < 3).astype(float)
    >>> one, turned = (gt.learn.embed(each, settings={"degree": 4}) for each in (bar, bar.T))
    >>> one.columns[-1], bool(np.allclose(one, turned, atol=1e-5))
    ('zernike_4_4', True)
    """
    import numpy as np
    import pandas as pd

    made = model.model.image_rows if model else _made(embedding, settings).seen(image)
    values = image.values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return pd.DataFrame([[np.nan] * len(made.columns)], columns=made.columns)
    return pd.DataFrame([made.row(image).astype(np.float64)], columns=made.columns)


def _made(embedding: str, settings: Mapping[str, Any]) -> ImageRows:
    try:
        return ImageRows.of({"name": embedding, **settings})
    except PipelineError as error:
        fault = error.faults[0]
        raise ParameterError(
            f"{fault.path}: {fault.what}", where="settings", hint=fault.hint
        ) from None
