"""Arithmetic with channels and images, by a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, feature_names, like, op
from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.expression import Formula, Value, read_expression
from graticule.ops._parameters import DOC
from graticule.ops.transform._colours import all_channels, channel_dims

_NAMES = ("image", "second", "third", "fourth")


@op(
    version=1,
    scope=Neighbourhood(all_channels, memory=24.0),
    dtype="float32",
    doc=DOC,
)
def channels(
    image: Image,
    second: Image | None = None,
    third: Image | None = None,
    fourth: Image | None = None,
    *,
    formula: Annotated[Formula, Field(title="Formula")],
    names: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], ...],
        Field(title="Name of each image"),
    ] = (),
) -> Image:
    """Compute one image from channels and images, sample by sample.

    A formula is made of names, numbers, quantities in quotes (``"5 count"``), ``+ - * / // % **``,
    comparisons, ``and or not``, ``a if test else b`` and the functions of `measure.derive` that
    are not of whole columns. What is no number, as a division by zero, is NaN; what is true is 1
    and what is not 0. Units go with the numbers, and what does not fit is an error.

    Parameters
    ----------
    image : Image
        Its channels (along ``c`` or another dim of features) are known by what the coordinate
        says (``red``; between backticks where it is no plain word), else as ``c0``, ``c1`` ...
    second, third, fourth : Image, optional
        Of the same dims, with or without the channels.
    formula : str
        As ``(nir - red) / (nir + red)``, or ``gfp / second``. A channel of another image has its
        name in front, as ``second.c0``; an image without channels is known by its own.
    names : sequence of str
        One for each image, in the place of ``image``, ``second``, ``third`` and ``fourth``.

    Returns
    -------
    Image
        float32, without the dim of channels; in the unit that the formula comes to.

    Raises
    ------
    ParameterError
        If the formula asks for a name that there is not, or there are more or fewer names than
        images.
    ImageError
        If an image has several dims of features, or others than the first.
    UnitsError
        If units of different kinds are added or compared.

    %(examples)s
    >>> values = np.array([[[10.0, 30.0], [0.0, 0.0]]])
    >>> image = gt.core.as_image(values, dims=["y", "x", "c"]).assign_coords(c=["red", "nir"])
    >>> gt.transform.channels(image, formula="(nir - red) / (nir + red)").values
    array([[0.5, nan]], dtype=float32)
    """
    given = [each for each in (image, second, third, fourth) if each is not None]
    if names and (len(names) != len(given) or len(set(names)) < len(names)):
        raise ParameterError(
            f"must be {len(given)} different names, one for each image, not {list(names)}",
            where="names",
        )
    plain, known = _known(given, names or _NAMES)

    def lookup(name: str) -> Value:
        if name not in known:
            hint = suggest(name, list(known))
            raise ParameterError(f"there is no {name!r}", where="formula", hint=hint)
        each, along, index = known[name]
        part = each if index is None else each.isel({along: index}, drop=True)
        return Value(part.transpose(*plain.dims).values, str(each.attrs.get("units", "")))

    found = read_expression(formula).value(lookup)
    data = np.broadcast_to(np.asarray(found.data), plain.shape)
    if data.dtype.kind not in "biuf":
        raise ParameterError(f"{formula!r} comes to no number", where="formula")
    units = {"units": found.unit} if found.unit else {}
    with np.errstate(over="ignore"):
        return like(plain, np.array(data, dtype=np.float32), **units)


def _known(
    images: Sequence[Image], names: Sequence[str]
) -> tuple[Image, dict[str, tuple[Image, str, int | None]]]:
    """Return a plain image, and what each name stands for: an image, and an index of a dim."""
    first = channel_dims(images[0])
    if len(first) > 1:
        raise ImageError(
            f"has several dims of features, {' and '.join(first)}",
            hint=f"take one index along {first[0]} with transform.select first",
        )
    plain = images[0].isel(dict.fromkeys(first, 0), drop=True)
    known: dict[str, tuple[Image, str, int | None]] = {}
    for number, (each, name) in enumerate(zip(images, names, strict=False)):
        along = [str(dim) for dim in each.dims if dim not in plain.dims]
        if along not in ([], first) or each.ndim != plain.ndim + len(along):
            raise ImageError(
                f"{name} must have the dims {', '.join(map(str, plain.dims))}, with or without "
                f"the channels of the first, not {', '.join(map(str, each.dims))}"
            )
        if not along:
            known[name] = each, "", None
            continue
        for index, channel in enumerate(feature_names(each, along)):
            known[f"{name}.{channel}"] = each, along[0], index
            if not number:
                known.setdefault(channel, (each, along[0], index))
    return plain, known
