"""Which labelled samples a model is trained on: one image at a time, none of them held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core import as_image, filtered_dims
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, colour_hint
from graticule.learn.data.labels import iter_slabs
from graticule.learn.sampling.bottom_k import BottomKSampler, SampleSelection
from graticule.learn.sampling.class_quotas import Balance

_LINES = 64
"""Lines of an image that are read at once, where they hold labels."""


@dataclass(frozen=True)
class LabelledImage:
    """An image with its labels, along the same dims in the same order; lazy or not.

    Attributes
    ----------
    image, labels : DataArray
        The labels have the image's dims but ``c``, in its order.
    where : callable or None
        Gives the mask of where labels may be used, or None for nowhere; None for everywhere.
    """

    image: xr.DataArray
    labels: xr.DataArray
    where: Callable[[], xr.DataArray | None] | None = None

    @property
    def dims(self) -> tuple[str, ...]:
        """Dims of the labels."""
        return tuple(str(dim) for dim in self.labels.dims)


def as_image_list(given: Any) -> list[Any]:
    """Return a list of what may be one image or a sequence of them."""
    if isinstance(given, str | Path):
        raise ImageError("an image is wanted here, not the name of a file",
                         where=str(given), hint="open it with graticule.read")  # fmt: skip
    return [given] if _is_single_image(given) else list(given)


def _is_single_image(given: Any) -> bool:
    return isinstance(given, (xr.DataArray, np.ndarray)) or hasattr(given, "columns")


def match_labels(images: Any, labels: Any, where: Any = None) -> list[LabelledImage]:
    """Return images with their labels, checked against each other.

    Parameters
    ----------
    images, labels : DataArray or array_like, or sequences of them
        One label image for each image, of its sizes without ``c``.
    where : optional
        Masks of the samples that may be used; None for all samples of all images. In a sequence
        of masks, one for each image, None is nothing of that image, as in a `Fold`. An image of
        which nothing may be used is not read.

    Raises
    ------
    ImageError
        If their numbers, dims or sizes differ.
    """
    image_list, label_list = as_image_list(images), as_image_list(labels)
    masks = (
        [None] * len(image_list) if where is None else [where] if _is_single_image(where) else where
    )
    if not isinstance(masks, Sequence):
        raise ImageError(
            f"where must be a mask or a sequence of masks, not {type(where).__name__}",
            hint="of a fold, give its train",
        )
    if not image_list or len(image_list) != len(label_list) or len(image_list) != len(masks):
        counts = f"{len(image_list)} images, {len(label_list)} label images and {len(masks)} masks"
        raise ImageError(f"each image needs one label image and one mask or None, not {counts}")
    pairs = []
    for number, (image, label) in enumerate(zip(image_list, label_list, strict=True)):
        try:
            whole = as_image(image)
            allowed = None if where is None else partial(_mask, whole, masks, number)
            pairs.append(LabelledImage(whole, _aligned_with(whole, label, "label image"), allowed))
        except ImageError as error:
            raise error.at(f"image {number + 1}" if len(image_list) > 1 else "labels") from None
    return pairs


def _mask(image: xr.DataArray, masks: Sequence[Any], number: int) -> xr.DataArray | None:
    """Return the mask of an image, of a sequence that may make it only now; None for nothing."""
    if masks[number] is None:
        return None
    mask = _aligned_with(image, masks[number], "mask")
    if mask.dtype != np.bool_:
        raise ImageError(f"where must be a mask of bools, not {mask.dtype}")
    return mask


def _aligned_with(image: xr.DataArray, labels: Any, noun: str) -> xr.DataArray:
    """Return what lies over an image, its dims in the image's order."""
    dims = [dim for dim in filtered_dims(image) if dim != CHANNEL]
    if not isinstance(labels, xr.DataArray):
        array = np.asarray(labels)
        labels = as_image(array, dims=dims if array.ndim == len(dims) else None)
    sizes = {dim: image.sizes[dim] for dim in dims}
    if {str(dim): size for dim, size in labels.sizes.items()} != sizes:
        wanted = ", ".join(f"{dim} {size}" for dim, size in sizes.items())
        came = ", ".join(f"{dim} {size}" for dim, size in labels.sizes.items())
        raise ImageError(
            f"the {noun} must have the image's sizes ({wanted}), not {came}",
            hint=colour_hint(image),
        )
    aligned: xr.DataArray = labels.transpose(*dims)
    return aligned


def choose_samples(
    pairs: Sequence[LabelledImage],
    code: Callable[[Array], Array],
    classes: int,
    *,
    most: int | None,
    seed: int,
    balance: Balance = True,
    weighed: bool = True,
) -> SampleSelection:
    """Choose samples to train on, at most so many of all classes together.

    Parameters
    ----------
    pairs : sequence of LabelledImage
        Looked at one slab at a time.
    code : callable
        From label values to codes; -1 for what is not labelled.
    classes : int
        How many there are.
    most : int or None
        None takes all.
    seed : int
        Another seed chooses others.
    balance : bool or "auto"
        Whether classes have even shares (as far as they have samples), or shares as they occur,
        but for the rare. ``auto`` balances sparse labels: where less than half of what may be
        used is labelled, of the images that have labels.
    weighed : bool
        Whether weights can undo that a rare class has more than its share (see `class_quotas`).

    Returns
    -------
    SampleSelection
        It does not depend on how the images are cut into chunks.
    """
    if most is not None and (not isinstance(most, int | np.integer) or most < classes):
        raise ParameterError(
            f"must be None or a whole number, at least one for each of {classes} classes, not "
            f"{most!r}",
            where="max_samples",
        )
    sampler = BottomKSampler(classes, most)
    labelled = usable = 0
    for number, pair in enumerate(pairs):
        count: Counter[str] = Counter()
        for first, codes in _encoded_slabs(pair, code, count):
            sampler.add(codes, number, first, seed)
        labelled += count["labelled"]
        usable += count["usable"] if count["labelled"] else 0
    even = 2 * labelled < usable if balance == "auto" else balance
    return sampler.chosen(len(pairs), even, weighed)


def _encoded_slabs(pair: LabelledImage, code: Callable[[Array], Array], count: Counter[str]) -> Any:
    """Yield the codes of lines that hold labels, flat, with the index of their first sample.

    Counts how many samples are ``labelled``, and how many are ``usable``.
    """
    first = pair.dims[0]
    row = pair.labels.size // max(1, pair.labels.sizes[first])
    mask = pair.where() if pair.where is not None else None
    if pair.where is not None and mask is None:
        return
    if mask is not None and _is_everywhere(mask):
        mask = None
    is_sparse = pair.labels.dtype.kind in "bui" and code(np.zeros(1, pair.labels.dtype))[0] < 0
    for start, slab in iter_slabs(pair.labels, pair.dims):
        at = {first: slice(start, start + slab.sizes[first])}
        allowed = None if mask is None else mask.isel(at).values
        count["usable"] += slab.size if allowed is None else int(np.count_nonzero(allowed))
        if is_sparse and not slab.values.any():
            continue
        codes = code(slab.values)
        if allowed is not None:
            codes = np.where(allowed, codes, np.int16(-1))
        count["labelled"] += int(np.count_nonzero(codes >= 0))
        for low in range(0, len(codes), _LINES):
            lines = codes[low : low + _LINES]
            box = _bounding_box(lines >= 0)
            if box is not None:
                begin = start + low
                bounds = (slice(begin + box[0].start, begin + box[0].stop), *box[1:])
                image = pair.image.isel(dict(zip(pair.dims, bounds, strict=True)))
                unknown = missing_samples(image, pair.dims)
                if unknown is not None:
                    lines = lines.copy()
                    lines[box][unknown] = -1
                yield begin * row, np.ascontiguousarray(lines).ravel()


def _is_everywhere(mask: xr.DataArray) -> bool:
    """Whether a mask is one true value repeated, which is known without looking at all."""
    values = mask.data
    repeated = isinstance(values, np.ndarray) and values.size and not any(values.strides)
    return bool(repeated and np.ravel(values[..., :1])[0])


def _bounding_box(mask: Array) -> tuple[slice, ...] | None:
    """Return the smallest box that holds all of a mask; None for an empty one."""
    if not mask.any():
        return None
    from scipy import ndimage

    box: tuple[slice, ...] = ndimage.find_objects(mask.astype(np.int8))[0]
    return box


def missing_samples(image: xr.DataArray, dims: Sequence[str]) -> Array | None:
    """Return where an image has no number in one of its channels; None if it has all.

    Along ``dims``, in their order. Infinite values count as missing.
    """
    if image.dtype.kind != "f":
        return None
    known = np.isfinite(image.values)
    if known.all():
        return None
    unknown = xr.DataArray(~known, dims=image.dims)
    if CHANNEL in image.dims and CHANNEL not in dims:
        unknown = unknown.any(CHANNEL)
    missing: Array = unknown.transpose(*dims).values
    return missing
