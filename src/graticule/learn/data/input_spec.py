"""What images a model was made for, and the refusal of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from pydantic import TypeAdapter

from graticule.core import ALL, Image, filtered_dims, like, step_of
from graticule.core.errors import ImageError, UnitsError
from graticule.core.image import SPATIAL, is_lazy, level_of
from graticule.core.units import unit_scale

CHANNEL = "c"
SAME = 0.02
"""Spacings that differ by less than this fraction are the same."""


@dataclass(frozen=True)
class InputSpec:
    """What images a model was made for.

    Parameters
    ----------
    dims : tuple of str
        Dims it works along, in the order of the training images.
    channels : int
        Samples along ``c``; 0 for images without it.
    spacing : mapping
        Distance between samples by dim, as ``(0.5, "um")``, where it is known and matters: a
        model all of whose lengths have units adapts to any spacing and leaves this empty.
    dtype : str
        Dtype of the training images. Numbers of any width are taken for numbers of another, but
        bools are not.
    grey : bool
        Whether the training images were brought to one grey, so that images with channels are
        brought to it too, as `transform.grey` does.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> trained = as_image(np.zeros((8, 8), np.uint8), spacing={"y": "1 um", "x": "1 um"})
    >>> expects = InputSpec.of([trained])
    >>> expects.validate(as_image(np.zeros((4, 4)))).shape
    (4, 4)
    """

    dims: tuple[str, ...]
    channels: int = 0
    spacing: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    dtype: str = "float32"
    grey: bool = False

    @classmethod
    def of(cls, images: Sequence[Image], *, spacing: bool = True) -> Self:
        """Return what images like these are, or say why they do not go together.

        Parameters
        ----------
        images : sequence of DataArray
            The training images; no more than their dims and coordinates are looked at.
        spacing : bool
            Whether their spacing matters. It does unless all lengths of the model have units.

        Raises
        ------
        ImageError
            If they differ in dims, channels or spacing, or have dims that no model works with.
        """
        first = images[0]
        expects = cls(
            _worked(first),
            int(first.sizes.get(CHANNEL, 0)),
            _known_spacing(first) if spacing else {},
            str(first.dtype),
        )
        for number, image in enumerate(images[1:], 2):
            try:
                expects.validate(image)
            except ImageError as error:
                raise error.at(f"training image {number}") from None
        return expects

    def validate(self, image: Image) -> Image:
        """Return the image with its dims in the model's order (``c`` last), if it fits.

        Raises
        ------
        ImageError
            If its dims, channels or spacing are not those of the training images.
        """
        if self.grey:
            image = as_grey(image)
        self._require_dims(image)
        _require_numbers(image)
        if (image.dtype.kind == "b") != (self.dtype == "bool"):
            raise ImageError(
                f"the model was trained on {self.dtype}, and this is {image.dtype}",
                hint="give it the image as it was in training",
            )
        for dim in self.spacing:
            self._require_spacing(image, dim)
        return image.transpose(*self.dims, *([CHANNEL] if self.channels else []))

    def halo(self, image: Image, reach: Callable[[Image], Mapping[str, int]]) -> dict[str, int]:
        """Return how far a model reaches in an image as it came, channels it makes grey included.

        Parameters
        ----------
        image : DataArray
            No value of it is looked at.
        reach : callable
            Gives the reach by dim in the image that the model sees.
        """
        if not self.grey or CHANNEL not in image.dims:
            return dict(reach(image))
        return {**reach(image.isel({CHANNEL: 0}, drop=True)), CHANNEL: ALL}

    def _require_dims(self, image: Image) -> None:
        worked = _worked(image)
        if set(worked) != set(self.dims):
            raise ImageError(
                f"the model was trained on images with the dims {' '.join(self.dims)}, and this "
                f"has {' '.join(map(str, image.dims))}",
                hint=colour_hint(image)
                or "name the axes with dims: when reading, or train on images like this",
            )
        there = int(image.sizes.get(CHANNEL, 0))
        if there == self.channels:
            return
        hint = "give images like those it was trained on, or train on images like this"
        if not self.channels:
            step = "transform.grey" if there in (3, 4) else "transform.select, dim: c, index: 0"
            hint = f"put a step before it, as {{op: {step}}}, or train on images like this"
        raise ImageError(
            f"the model was trained on {_spoken(self.channels)}, and this has {_spoken(there)}",
            hint=hint,
        )

    def _require_spacing(self, image: Image, dim: str) -> None:
        ratio = self.ratio(image, dim)
        if ratio is None or abs(ratio - 1) <= SAME:
            return
        step, unit = step_of(image, dim)
        own, own_unit = self.spacing[dim]
        raise ImageError(
            f"the model was trained on samples {own:g} {own_unit} apart along {dim}, and here "
            f"they are {step:g} {unit} apart",
            hint="train with lengths in units, or choose spacing: rescale or spacing: ignore",
        )

    def ratio(self, image: Image, dim: str) -> float | None:
        """Return the model's spacing over the image's along a dim; None where one is unknown."""
        if dim not in self.spacing:
            return None
        own, own_unit = self.spacing[dim]
        step, unit = _known_spacing(image).get(dim, (0.0, ""))
        if not unit:
            return None
        factor, base = unit_scale(unit)
        own_factor, own_base = unit_scale(own_unit)
        if base != own_base:
            raise ImageError(
                f"the model was trained on samples {own:g} {own_unit} apart along {dim}, and "
                f"here the axis is in {unit}"
            )
        return own * own_factor / (step * factor)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plain = asdict(self)
        if not self.grey:
            del plain["grey"]  # files of models that know nothing of it stay as they are
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return TypeAdapter(cls).validate_python(plain)


def as_grey(image: Image) -> Image:
    """Return an image as `transform.grey` makes it, still lazy where it is.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> as_grey(as_image(np.array([[[10, 20, 30]]]), dims=["y", "x", "c"])).item()
    18.59...
    """
    from graticule.ops.transform.grey import grey, luminance_weights

    if not is_lazy(image):
        made: Image = grey(image)
        return made
    bare = image.isel({CHANNEL: 0}, drop=True) if CHANNEL in image.dims else image
    total = bare.data.astype(np.float32)
    if CHANNEL in image.dims:
        weights = luminance_weights(image, CHANNEL)
        total = sum(
            np.float32(weight) * image.isel({CHANNEL: n}).data.astype(np.float32)
            for n, weight in enumerate(weights)
            if weight
        )
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(bare, total, **units)


def _worked(image: Image) -> tuple[str, ...]:
    """Return the dims a model works along; all others but ``c`` are refused."""
    worked = tuple(dim for dim in filtered_dims(image) if dim != CHANNEL)
    others = [str(dim) for dim in image.dims if dim not in (*worked, CHANNEL)]
    if others or not worked:
        raise ImageError(
            f"a model works along z y x with channels along c; it can do nothing with "
            f"{' '.join(others) or CHANNEL}",
            hint=f"choose one position along it first, or name it {CHANNEL} when reading",
        )
    return worked


def _require_numbers(image: Image) -> None:
    """Refuse images without a sample, and values that no model learns from."""
    if image.size == 0:
        sizes = ", ".join(f"{dim} {size}" for dim, size in image.sizes.items())
        raise ImageError(f"the image is empty: {sizes}")
    if image.dtype.kind not in "buif":
        raise ImageError(f"a model works on real numbers, not {image.dtype}")


def _known_spacing(image: Image) -> dict[str, tuple[float, str]]:
    """Return the spacing at full resolution along the dims that have one with a unit."""
    known = {}
    for dim in filtered_dims(image):
        try:
            step, unit = step_of(image, dim)
        except UnitsError as error:
            raise ImageError(error.what, where=error.where, hint=error.hint) from None
        if unit and dim != CHANNEL:
            known[dim] = (step / 2 ** level_of(image) if dim in SPATIAL else step, unit)
    return known


def colour_hint(image: Image) -> str:
    """Return how the axes of an array are named that looks like a colour picture; else nothing."""
    if image.dims != ("z", "y", "x") or image.sizes["x"] not in (3, 4):
        return ""
    return 'if it is a colour picture, name its axes: xarray.DataArray(image, dims=("y", "x", "c"))'


def _spoken(channels: int) -> str:
    return f"{channels or 'images without'} channel{'' if channels == 1 else 's'}"
