"""The spectra of a cube as rows, block by block, and a sample of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graticule.core import BlockInfo, Image
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.spectra._axis import spectral_dim

_SAMPLE, _VALUES = 20_000, 2**24
"""Most spectra of the sample, and most values of it."""


@dataclass(frozen=True)
class Sample:
    """Some spectra, and what all tell.

    Attributes
    ----------
    dim : str
        The spectral dim.
    most : int
        How many spectra are taken at most.
    places : ndarray
        The place of each in the whole.
    vectors : ndarray
        The spectra, one a row.
    largest : float
        The largest value of all.
    finite : ndarray
        How many values of each bin are finite.
    """

    dim: str
    most: int
    places: Array
    vectors: Array
    largest: float
    finite: Array

    @property
    def peaks(self) -> Array:
        """Return the largest amount in each spectrum."""
        return np.asarray(np.abs(self.vectors).max(axis=1))

    def merged(self, other: Sample) -> Sample:
        """Return the sample of both."""
        return replace(
            self,
            places=np.concatenate([self.places, other.places]),
            vectors=np.concatenate([self.vectors, other.vectors]),
            largest=max(self.largest, other.largest),
            finite=self.finite + other.finite,
        ).cut()

    def cut(self) -> Sample:
        """Return it with no more spectra than are taken: those of the lowest lots.

        The lots are multiples of the golden section, so they are scattered evenly over the places
        and no two are the same; which are the lowest does not depend on the tiles.
        """
        lots = self.places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        chosen = np.sort(np.argsort(lots)[: self.most])
        return replace(self, places=self.places[chosen], vectors=self.vectors[chosen])

    def require_spectra(self) -> None:
        """Raise `ImageError` unless there is a spectrum; name the bins without any value."""
        if len(self.places):
            return
        empty = np.flatnonzero(self.finite == 0)
        some = ", ".join(map(str, empty[:6])) + (", ..." if len(empty) > 6 else "")
        bins = f"; along {self.dim} bins without any value are {some}" if len(empty) > 0 else ""
        raise ImageError(
            f"has no spectrum that is finite in every bin{bins}",
            hint="cut off bins that miss values with transform.crop, or join some with "
            "spectra.rebin before the division by the open beam; or look at the mask",
        )


class Rows:
    """The spectra of a block that count, one a row; each is of the block that has its first bin."""

    def __init__(self, image: Image, mask: Image | None, scaling: str, block: BlockInfo) -> None:
        self.dim = spectral_dim(image)
        self.places = [str(dim) for dim in image.dims if str(dim) != self.dim]
        self.block = block
        own = block.interior.get(self.dim, (0, 1))[0] + block.offset[self.dim] == 0
        inner = {dim: slice(*block.interior[dim]) for dim in self.places if dim in block.interior}
        turned = image.isel(inner).transpose(*self.places, self.dim)
        values = turned.values.reshape(-1, image.sizes[self.dim]).astype(np.float32)
        finite = np.isfinite(values)
        self.finite = finite.sum(axis=0) * own
        known = finite.all(axis=1) & own
        if mask is not None:
            known &= _over(mask.isel({d: s for d, s in inner.items() if d in mask.dims}), turned)
        if scaling == "unit":
            with np.errstate(over="ignore", invalid="ignore"):
                lengths = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1))
            known &= (lengths > 0) & np.isfinite(lengths)
            values = (values / np.where(known, lengths, 1)[:, None]).astype(np.float32)
        self.known = known
        self.values = values[known]
        self.sizes = [turned.sizes[dim] for dim in self.places]
        self.offsets = [
            block.offset[dim] + block.interior.get(dim, (0, 0))[0] for dim in self.places
        ]

    @property
    def numbers(self) -> Array:
        """Place of each row in the whole, in raster order of its dims by name."""
        number = np.zeros(self.sizes, np.int64)
        for dim in sorted(self.places):
            axis = self.places.index(dim)
            at = np.arange(self.sizes[axis]) + self.offsets[axis]
            at = at.reshape([-1 if n == axis else 1 for n in range(len(self.sizes))])
            number = number * self.block.shape[dim] + at
        return np.asarray(number.reshape(-1)[self.known])


def _over(mask: Image, turned: Image) -> Array:
    """Return a mask for every place of a cube whose spectral dim is the last."""
    places = [str(dim) for dim in turned.dims[:-1]]
    more = [str(dim) for dim in mask.dims if dim not in places]
    if more:
        raise ImageError(
            f"mask has the dim {more[0]}, and a place has {', '.join(places)}",
            hint=f"take one index along {more[0]} first",
        )
    shared = [dim for dim in places if dim in mask.dims]
    sizes = [turned.sizes[dim] if dim in shared else 1 for dim in places]
    values = mask.transpose(*shared).values.reshape(sizes)
    return np.broadcast_to(values, turned.shape[:-1]).reshape(-1)


def map_sample(
    image: Image, mask: Image | None, *, block: BlockInfo, scaling: str, **_: Any
) -> Sample:
    rows = Rows(image, mask, scaling, block)
    most = min(_SAMPLE, max(1, _VALUES // block.shape[rows.dim]))
    largest = float(np.abs(rows.values).max(initial=0.0))
    return Sample(rows.dim, most, rows.numbers, rows.values, largest, rows.finite).cut()
