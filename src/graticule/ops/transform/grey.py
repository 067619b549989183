"""From colours to grey values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import ALL, Image, Neighbourhood, op, with_values
from graticule.core.dims import COLOURS, FEATURES
from graticule.core.errors import ImageError, ParameterError
from graticule.ops._parameters import DOC

_LUMINANCE = (0.2125, 0.7154, 0.0721)


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return dict.fromkeys(_channels(image), ALL)


def _channels(image: Image) -> list[str]:
    return [str(dim) for dim in image.dims if dim in FEATURES]


@op(version=2, scope=Neighbourhood(_halo), dtype="float32", tolerance=1e-6, doc=DOC)
def grey(
    image: Image,
    *,
    weights: Annotated[tuple[float, ...] | None, Field(title="Weight of each channel")] = None,
) -> Image:
    r"""Combine the channels of an image to one grey value.

    .. math:: g = \sum_c w_c f_c

    Parameters
    ----------
    image : Image
        With channels (``c``, or another dim of features, as ``wavelength``), or without: such an
        image is grey already, and only its dtype changes. So a study may hold both.
    weights : sequence of float, optional
        One for each channel. By default the luminance of red, green and blue, 0.2125, 0.7154 and
        0.0721 (Rec. 709), where there are three channels or a fourth for opacity; else the mean,
        as along a spectrum. Opacity is left out: the fourth channel, or one that the coordinate
        calls so.

    Returns
    -------
    Image
        float32, without the dim of channels, in the units of ``image``.

    Raises
    ------
    ParameterError
        If there are more or fewer weights than channels.
    ImageError
        If there are several dims of features.

    See Also
    --------
    skimage.color.rgb2gray : the same weights, after scaling to 0..1.

    %(examples)s
    >>> image = gt.core.as_image(np.array([[[10, 20, 30]]]), dims=["y", "x", "c"])
    >>> gt.transform.grey(image).item()
    18.59...
    """
    along = _channels(image)
    if len(along) > 1:
        raise ImageError(
            f"has several dims of features, {' and '.join(along)}",
            hint=f"take one index along {along[0]} with transform.select first",
        )
    if not along:
        if weights is not None and len(weights) != 1:
            raise ParameterError(f"{len(weights)} weights for an image without channels")
        scale = np.float32(1 if weights is None else weights[0])
        return with_values(image, image.values.astype(np.float32) * scale)
    channels = image.sizes[along[0]]
    weights = luminance_weights(image, along[0]) if weights is None else weights
    if len(weights) != channels:
        raise ParameterError(f"{len(weights)} weights for {channels} channels")
    axis = image.get_axis_num(along[0])
    total = sum(
        np.float32(weight) * np.take(image.values, channel, axis=axis).astype(np.float32)
        for channel, weight in enumerate(weights)
        if weight
    )
    template = image.isel({along[0]: 0}, drop=True)
    return with_values(template, np.broadcast_to(np.float32(total), template.shape).copy())


def luminance_weights(image: Image, dim: str) -> tuple[float, ...]:
    """Return the weight of each channel where none are given; no value is looked at."""
    channels = image.sizes[dim]
    names = (image[dim].values if dim in image.coords else np.arange(channels)).tolist()
    if dim in COLOURS and channels in (3, 4) and "opacity" not in names[:3]:
        return (*_LUMINANCE, 0.0)[:channels]
    counted = [float(name != "opacity") for name in names]
    return tuple(weight / sum(counted) for weight in counted)
