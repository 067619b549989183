"""Boxes of places, as a user draws them, in samples of the whole image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from graticule.core import BlockInfo, Image, Quantity
from graticule.core.errors import ImageError, suggest
from graticule.core.typing import Array

Box: TypeAlias = dict[str, tuple[Quantity, Quantity]]


def inside(
    image: Image, box: Mapping[str, tuple[Quantity, Quantity]], places: Sequence[str],
    block: BlockInfo, what: str,
) -> Array:  # fmt: skip
    """Return which places of a block are in a box of the whole, along the dims of ``places``.

    Raises
    ------
    ImageError
        If the box is no part of the image.
    """
    found = np.ones([image.sizes[dim] for dim in places], bool)
    for dim, (start, stop) in box.items():
        if dim not in places:
            raise ImageError(
                f"{what} names the dim {dim!r}; a place has {', '.join(places)}",
                hint=suggest(dim, list(places)),
            )
        first, end = (round(each.samples(image, dim)) for each in (start, stop))
        if not 0 <= first < end <= block.shape[dim]:
            raise ImageError(
                f"{what}: {first} to {end} along {dim} is no part of 0 to {block.shape[dim]}"
            )
        at = np.arange(image.sizes[dim]) + block.offset[dim]
        sizes = [-1 if dim == each else 1 for each in places]
        found &= ((at >= first) & (at < end)).reshape(sizes)
    return found
