"""Stains told apart by their colours."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, Table, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.transform import _colours

Stains = Literal["H-E-DAB", "H-E", "H-DAB"]

_HAEMATOXYLIN, _EOSIN, _DAB = (0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)
_VECTORS: dict[str, tuple[tuple[float, ...], ...]] = {
    "H-E-DAB": (_HAEMATOXYLIN, _EOSIN, _DAB),
    "H-E": (_HAEMATOXYLIN, _EOSIN),
    "H-DAB": (_HAEMATOXYLIN, _DAB),
}
_WORST = 50.0
"""Factor noise may grow by: that of two colours two degrees apart."""


class Unmixed(NamedTuple):
    """How much of each stain there is; of two, the third is what neither explains."""

    first: Image
    second: Image
    third: Image


@op(
    version=1,
    scope=Neighbourhood(_colours.all_channels, memory=8.0),
    dtype="float32",
    doc=DOC | _colours.DOC,
)
def unmix(
    image: Image,
    vectors: Table | None = None,
    *,
    stains: Annotated[Stains, Field(title="Stains")] = "H-E-DAB",
    white: Annotated[float | None, Field(title="Value of full light", gt=0)] = None,
    clip: Annotated[bool, Field(title="No amounts below zero")] = True,
) -> Unmixed:
    r"""Tell stains apart by how they absorb: haematoxylin, eosin, diaminobenzidine.

    Stains absorb by Lambert and Beer, so that densities :math:`-\log_{10} I / I_0` of red, green
    and blue are sums of the colours of the stains times their amounts, and amounts follow from
    densities by the inverse of the matrix of colours [1]_.

    Parameters
    ----------
    %(colours)s
    vectors : Table, optional
        Two or three rows with the densities ``red``, ``green`` and ``blue`` of a stain, as
        `transform.stain_vectors` estimates them, in the place of the published ones.
    stains : {"H-E-DAB", "H-E", "H-DAB"}
        Published colours: haematoxylin, eosin and diaminobenzidine, or two of them.
    %(white)s
    clip : bool
        Make 0 of amounts below zero, which noise and other colours bring about.

    Returns
    -------
    first : Image
        float32: the amount of the first stain, in the density it makes.
    second : Image
        That of the second.
    third : Image
        That of the third; of two stains what neither explains, the density at right angles to
        both.

    Raises
    ------
    ImageError
        If there is no dim of three or four channels, or the vectors are not two or three that
        differ.

    See Also
    --------
    skimage.color.rgb2hed : the same but for a factor of 6.

    References
    ----------
    .. [1] Ruifrok, A. C., Johnston, D. A., "Quantification of histochemical staining by color
       deconvolution", Anal. Quant. Cytol. Histol. 23, 291-299, 2001.

    %(examples)s
    >>> light = 10 ** -(0.5 * np.array([0.65, 0.70, 0.29]))
    >>> image = gt.core.as_image(light.reshape(1, 1, 3), dims=["y", "x", "c"])
    >>> gt.transform.unmix(image).first.values.round(3)
    array([[0.5]], dtype=float32)
    """
    matrix = _matrix(np.array(_VECTORS[stains]) if vectors is None else _given(vectors))
    from graticule.ops.transform._colour_kernels import mix, mix_by_table

    rows, plain = _colours.rows_of(image)
    inverse, least = np.linalg.inv(matrix), 0.0 if clip else -np.inf
    full = _colours.white_of(image, white)
    table = None
    if rows.dtype.kind == "u":
        table = _colours.optical_density(np.arange(np.iinfo(rows.dtype).max + 1) / full)

    def work(begin: int, end: int, out: Array) -> None:
        if table is None:
            mix(rows, full, inverse, least, begin, end, out)
        else:
            mix_by_table(rows, table, inverse, least, begin, end, out)

    return Unmixed(*(like(plain, each) for each in _colours.in_parts(work, plain)))


def _given(vectors: Table) -> Array:
    missing = [column for column in ("red", "green", "blue") if column not in vectors.columns]
    if missing or len(vectors) not in (2, 3):
        raise ImageError(
            f"vectors must have two or three rows and the columns red, green and blue, not "
            f"{len(vectors)} and {', '.join(map(str, vectors.columns))}"
        )
    return np.asarray(vectors[["red", "green", "blue"]].to_numpy(dtype=float))


def _matrix(vectors: Array) -> Array:
    """Return three colours, one a row; of two, the third is at right angles to both."""
    if len(vectors) == 2:
        third = np.cross(*vectors)
        vectors = np.array([*vectors, third / (np.linalg.norm(third) or 1.0)])
    if not np.isfinite(vectors).all() or np.linalg.cond(vectors) > _WORST:
        raise ImageError(
            "the colours of the stains are too much alike to be told apart",
            hint="give other vectors, or an area that has both stains",
        )
    return np.asarray(vectors)
