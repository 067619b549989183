"""A model on an image of another spacing: refused, taken as it is, or rescaled and back.

Rescaling is by a ratio of whole numbers: ``a`` samples of the image are ``b`` of the model. The
model's samples then lie the same in every block that starts at a multiple of ``a``, which the
lattice of the scope sees to, so that what is computed in tiles is what is computed at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np

from graticule.core import ALL, Image, step_of
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import SAME
from graticule.learn.models.model import RegionLike, as_region

if TYPE_CHECKING:
    from graticule.learn.data.labels import Classes
    from graticule.learn.models.model import ImageModel
Spacing: TypeAlias = Literal["refuse", "ignore", "rescale"]
"""What is done with an image whose spacing is not that of the training images."""

_FINEST = 48
_FARTHEST = 32


def at_spacing(model: ImageModel, image: Image, spacing: Spacing) -> ImageModel | RescaledModel:
    """Return a model that takes an image of this spacing.

    Parameters
    ----------
    model : ImageModel
        The model.
    image : DataArray
        No more than its dims and coordinates are looked at.
    spacing : {"refuse", "ignore", "rescale"}
        Where the image's spacing is known and differs from that of the training images by more
        than 2 %: an error; the image is taken sample for sample; or the image is resampled to
        the model's spacing (averaged where the model's is coarser, interpolated where it is
        finer) and the answer back (classes by the nearest sample, all else interpolated).

    Raises
    ------
    ImageError
        If the spacing differs and this is refused, or differs too much to be rescaled.
    """
    ratios = {dim: model.expects.ratio(image, dim) for dim in model.expects.spacing}
    others = {d: r for d, r in ratios.items() if r is not None and abs(r - 1) > SAME}
    if not others or spacing == "refuse":
        return model
    if spacing == "ignore":
        return RescaledModel(model, dict.fromkeys(others, Fraction(1)))
    return RescaledModel(model, {dim: _simple(dim, ratio) for dim, ratio in others.items()})


def _simple(dim: str, ratio: float) -> Fraction:
    """Return a ratio of small whole numbers, within 2 % of the true one."""
    if not 1 / _FARTHEST <= ratio <= _FARTHEST:
        raise ImageError(
            f"the model was trained on samples {ratio:.3g} times as far apart along {dim}, too "
            f"far from this image to be rescaled",
            hint="resample the image first, or train on images like this",
        )
    for most in range(1, _FINEST + 1):
        simple = Fraction(ratio).limit_denominator(most)
        if simple and abs(float(simple) / ratio - 1) <= SAME / 4:
            return simple
    return Fraction(ratio).limit_denominator(_FINEST)


@dataclass(frozen=True)
class RescaledModel:
    """A model behind a change of spacing.

    Attributes
    ----------
    model : ImageModel
        The model itself.
    ratios : mapping
        The model's spacing over the image's by dim, for the dims where they differ.
    """

    model: ImageModel
    ratios: Mapping[str, Fraction]
    kind: ClassVar[str] = "respaced"

    @property
    def classes(self) -> Classes:
        """Values and names of the classes."""
        return self.model.classes

    def halo(self, image: Image) -> dict[str, int]:
        """Return how many samples of the image the model looks around, by dim."""
        reach = dict(self.model.halo(self._as_template(image)))
        for dim, ratio in self.ratios.items():
            if ratio != 1 and reach.get(dim, 0) != ALL:
                reach[dim] = math.ceil((reach.get(dim, 0) + 1) * ratio) + math.ceil(
                    max(Fraction(1), ratio)
                )
        return reach

    def align(self, image: Image) -> dict[str, int]:
        """Return the step of the lattice in samples of the image, by dim."""
        steps = dict(self.model.align(self._as_template(image)))
        for dim, ratio in self.ratios.items():
            own = steps.get(dim, 1)
            steps[dim] = ratio.numerator * own // math.gcd(own, ratio.denominator)
        return {dim: step for dim, step in steps.items() if step > 1}

    def predict(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return the value of the class of each sample, or the predicted value."""
        return self._answer("predict", image, region)

    def predict_proba(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return the probability of each class."""
        return self._answer("predict_proba", image, region)

    def uncertainty(self, image: Image, /, *, region: RegionLike = None) -> Image:
        """Return how undecided the model is at each sample."""
        return self._answer("uncertainty", image, region)

    def _answer(self, method: str, image: Image, region: RegionLike) -> Image:
        """Return what a method of the model says of the whole image, cut to a region.

        The samples of the two spacings do not start together. Classes have no in-between.
        """
        nearest = method == "predict" and bool(self.model.classes)
        found = getattr(self.model, method)(self._to_model(image))
        answer = self._from_model(found, image, nearest=nearest)
        sizes = {dim: answer.sizes[dim] for dim in self.model.expects.dims}
        return as_region(region, sizes).cut(answer)

    def _as_template(self, image: Image) -> Image:
        """Return an image without values that has the model's spacing."""
        sizes = [self._size(image, str(dim)) for dim in image.dims]
        zeros = np.broadcast_to(np.zeros((), image.dtype), sizes)
        return self._with_model_spacing(image, zeros)

    def _size(self, image: Image, dim: str) -> int:
        ratio = self.ratios.get(dim, Fraction(1))
        return math.ceil((image.sizes[dim] - 1) / ratio) + 1

    def _with_model_spacing(self, image: Image, values: Array) -> Image:
        """Return values as an image with the model's spacing along the dims that are rescaled.

        A block of a larger image lies where it does there, counted in whole samples.
        """
        import xarray as xr

        coords = {n: c for n, c in image.coords.items() if not set(c.dims) & set(self.ratios)}
        placed = xr.DataArray(values, dims=image.dims, coords=coords, attrs=image.attrs)
        level = 2 ** int(image.attrs.get("graticule_level", 0))
        for dim, ratio in self.ratios.items():
            step, unit = self.model.expects.spacing[dim]
            a, b = ratio.numerator, ratio.denominator
            places = _first_index(image, dim) * b + np.arange(placed.sizes[dim]) * a
            positions = places / a * (step * level)
            placed = placed.assign_coords(
                {dim: (dim, positions, {"units": unit, "step": step * level})}
            )
        return placed

    def _to_model(self, image: Image) -> Image:
        """Return an image resampled to the model's spacing."""
        values = image.values
        for dim, ratio in self.ratios.items():
            if ratio != 1:
                axis = image.get_axis_num(dim)
                index = np.arange(self._size(image, dim))
                values = _resampled(values, axis, index, ratio, max(Fraction(1), ratio))
        if image.dtype.kind == "b":
            values = values >= 0.5 if values.dtype.kind == "f" else values
        return self._with_model_spacing(image, values)

    def _from_model(self, answer: Image, image: Image, *, nearest: bool = False) -> Image:
        """Return an answer resampled to the image's samples."""
        import xarray as xr

        values = answer.values
        for dim, ratio in self.ratios.items():
            if ratio == 1:
                continue
            axis = answer.get_axis_num(dim)
            index = np.arange(image.sizes[dim])
            if nearest:
                # in whole numbers, so that a place half way goes the same way in every block
                a, b = ratio.numerator, ratio.denominator
                values = values.take((2 * index * b + a) // (2 * a), axis)
            else:
                values = _resampled(values, axis, index, 1 / ratio, Fraction(1))
        own = {n: c for n, c in answer.coords.items() if not set(c.dims) & set(self.ratios)}
        lost = {
            n: c
            for n, c in image.coords.items()
            if set(c.dims) & set(self.ratios) and set(c.dims) <= set(answer.dims)
        }
        said = {"respaced": ", ".join(self._in_words(dim) for dim in self.ratios)}
        return xr.DataArray(
            values, dims=answer.dims, coords={**own, **lost}, attrs={**answer.attrs, **said}
        )

    def _in_words(self, dim: str) -> str:
        """Return what is done along a dim, in words."""
        step, unit = self.model.expects.spacing[dim]
        a, b = self.ratios[dim].numerator, self.ratios[dim].denominator
        how = "taken as" if a == b else f"{a} samples as {b} of"
        return f"{dim}: {how} {step:g} {unit}"


def _first_index(image: Image, dim: str) -> int:
    """Return which sample, counted from where the coordinate along a dim is 0, is the first.

    Coordinates often begin at 0 or at half a sample, far from where the number would change.
    """
    return math.floor(float(image.coords[dim].values[0]) / step_of(image, dim)[0] + 0.25)


def _resampled(values: Array, axis: int, index: Array, ratio: Fraction, width: Fraction) -> Array:
    """Return values at ``index * ratio`` along an axis, by a triangle of a half width.

    Weights come from whole numbers alone, so they are the same in every block on the lattice.
    Outside the values nothing is known, and the weights within are scaled to make up for it.
    """
    a, b = ratio.numerator, ratio.denominator
    low, last = index * a // b, values.shape[axis] - 1
    shape = [1] * values.ndim
    shape[axis] = len(index)
    total = np.zeros(len(index))
    out = np.zeros((), np.float32)
    for offset in range(-math.ceil(width), math.ceil(width) + 2):
        place = low + offset
        weight = np.maximum(0, 1 - np.abs(place * b - index * a) / b / float(width))
        weight[(place < 0) | (place > last)] = 0
        total += weight
        column = weight.astype(np.float32).reshape(shape)
        taken = values.take(np.clip(place, 0, last), axis).astype(np.float32, copy=False)
        with np.errstate(invalid="ignore"):  # infinity times 0, which is not taken
            out = out + np.where(column > 0, taken * column, np.float32(0))
    return np.asarray(out / total.astype(np.float32).reshape(shape))
