"""Images with their labels, as they are learned from and judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr

from graticule.core import as_image, filtered_dims
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes, LabelKind, classes_of, encode_labels


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    Attributes
    ----------
    names : tuple of str
        One for each image.
    images, labels : tuple of DataArray
        They may be lazy; one is loaded at a time. Labels have the spatial dims of their image.
    kind : {"classes", "mask"}
        What labels mean.
    classes : tuple of Class
        Empty for continuous targets.
    groups : tuple
        One for each image; images of one group are never on both sides of a split.
    """

    names: tuple[str, ...]
    images: tuple[xr.DataArray, ...]
    labels: tuple[xr.DataArray, ...]
    kind: Literal["classes", "mask"]
    classes: Classes
    groups: tuple[Any, ...]
    things: ClassVar[str] = "samples"

    @classmethod
    def of(
        cls,
        images: Any,
        labels: Any,
        *,
        names: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        kind: LabelKind = "auto",
        named: dict[int, str] | None = None,
        regression: bool = False,
    ) -> LabelledImages:
        """Put images and labels together.

        Parameters
        ----------
        images, labels : DataArray, array_like or list of these
            As many of one as of the other; labels of the sizes of their image.
        names : sequence of str, optional
            By default ``image 1`` and so on.
        groups : sequence, optional
            By default each image is its own.
        kind : {"auto", "classes", "mask"}
            What labels mean.
        named : dict, optional
            Names of classes by their value.
        regression : bool
            Whether labels are continuous targets (NaN: none).

        Raises
        ------
        ImageError
            If numbers or sizes do not agree, or labels are none.

        Examples
        --------
        >>> data = LabelledImages.of(np.zeros((2, 3)), np.array([[True, False, False]] * 2))
        >>> data.names, data.kind, [each.name for each in data.classes]
        (('image 1',), 'mask', ['background', 'object'])
        """
        image_list, label_list = (
            [as_image(each) for each in (given if isinstance(given, list | tuple) else [given])]
            for given in (images, labels)
        )
        if len(image_list) != len(label_list) or not image_list:
            raise ImageError(f"there are {len(image_list)} images and {len(label_list)} labels")
        called = tuple(names or (f"image {n + 1}" for n in range(len(image_list))))
        fitted = [
            _aligned(image, label, name)
            for image, label, name in zip(image_list, label_list, called, strict=True)
        ]
        classes, meaning = ((), "mask") if regression else classes_of(fitted, kind, named)
        own = range(len(image_list)) if groups is None else groups
        return cls(called, tuple(image_list), tuple(fitted), meaning, classes, tuple(own))

    def joined(self, other: Self) -> Self:
        """Return these images and others, each of which is a group of its own.

        The classes are those of these images.
        """
        return replace(
            self,
            names=self.names + other.names,
            images=self.images + other.images,
            labels=self.labels + other.labels,
            groups=(*self.groups, *((name, "joined") for name in other.names)),
        )

    @property
    def scored_classes(self) -> tuple[int, ...]:
        """Numbers of the classes that count: the object of a mask, else all."""
        if not self.classes:
            return ()
        return (1,) if self.kind == "mask" else tuple(range(len(self.classes)))

    @property
    def meaning(self) -> str:
        """What labels were taken for, in words.

        Examples
        --------
        >>> LabelledImages.of(np.zeros((2, 3)), np.array([[0, 2, 1]] * 2)).meaning
        'labels are the classes 1, 2; 0 is unlabelled'
        """
        if not self.classes:
            return "labels are values to predict"
        names = [each.name for each in self.classes]
        if self.kind == "mask":
            return f"labels are masks of {names[1]} and {names[0]}"
        shown = ", ".join(names[:6]) + (f" ... {names[-1]}" if len(names) > 6 else "")
        many = f"{len(names)} classes" if len(names) > 6 else "classes"
        hint = " (if they number objects, say labels: mask)" if len(names) > 6 else ""
        return f"labels are the {many} {shown}; 0 is unlabelled{hint}"

    @property
    def samples(self) -> int:
        """Samples of all images."""
        return sum(int(label.size) for label in self.labels)

    def truth(self, index: int) -> Array:
        """Return the numbers of the classes of an image, -1 unlabelled; or its targets."""
        values = self.labels[index].values
        return values if not self.classes else encode_labels(values, self.classes, self.kind)

    def codes(self, index: int) -> xr.DataArray:
        """Return the numbers of the classes of an image as an image."""
        return xr.DataArray(self.truth(index), dims=self.labels[index].dims)

    def known(self, index: int) -> Array:
        """Return which samples of an image have a label, and a value in every channel."""
        image, truth = self.images[index], self.truth(index)
        known = np.isfinite(truth) if truth.dtype.kind == "f" else truth >= 0
        if image.dtype.kind == "f":
            others = [dim for dim in image.dims if dim not in filtered_dims(image)]
            there = xr.apply_ufunc(np.isfinite, image).all(others)
            known &= there.transpose(*filtered_dims(image)).values
        return np.asarray(known)

    def brightness(self, index: int) -> Array:
        """Return the values of an image, in the mean of its channels."""
        image = self.images[index]
        dims = filtered_dims(image)
        others = [dim for dim in image.dims if dim not in dims]
        mean = image.astype(np.float32).mean(others) if others else image
        return np.asarray(mean.transpose(*dims).values)


def _aligned(image: xr.DataArray, label: xr.DataArray, name: str) -> xr.DataArray:
    """Return labels along the spatial dims of their image."""
    dims = filtered_dims(image)
    if set(label.dims) != set(dims) and label.ndim == len(dims):
        label = xr.DataArray(label.data, dims=dims)
    if set(label.dims) != set(dims):
        raise ImageError(
            f"labels have the dims {', '.join(map(str, label.dims))}, the image "
            f"{', '.join(map(str, image.dims))}",
            where=name,
            hint="labels have one number a sample, along the spatial dims of the image",
        )
    label = label.transpose(*dims)
    sizes = [" x ".join(str(each.sizes[d]) for d in dims) for each in (label, image)]
    if sizes[0] != sizes[1]:
        raise ImageError(
            f"labels are {sizes[0]}, the image {sizes[1]}",
            where=name,
            hint="labels have one number for each sample: save them at the image's own size",
        )
    return label
