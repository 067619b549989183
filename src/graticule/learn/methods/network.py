"""What a network needs of a training set beyond its samples: a reach, blanks, and validation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from graticule.learn.methods.method import TrainingSet


def network_reach(model: Any, dims: Sequence[str]) -> dict[str, int]:
    """Return the radius of the field that decides a sample: two convolutions at every level."""
    levels = range(model.depth)
    rising = range(model.depth - 1)
    radius = sum(2 << n for n in levels) + sum((2 << n) + (1 << n) for n in rising)
    reach = dict(zip(dims, model.extent(dims, radius), strict=True))
    return {dim: samples if samples > 1 else 0 for dim, samples in reach.items()}


def blanked(training_set: TrainingSet) -> tuple[list[xr.DataArray], list[xr.DataArray]]:
    """Return images and labels in which held-out samples are missing.

    A patch around a training sample holds its surroundings, and a normalisation all of an image:
    what is judged on must be in neither.
    """
    images, labels = [], []
    for image, label, held in zip(
        training_set.images, training_set.labels, training_set.held, strict=True
    ):
        if held is None:
            images.append(image)
            labels.append(label)
            continue
        images.append(_without(image, held))
        labels.append(label.where(~held) if label.dtype.kind == "f" else label)
    return images, labels


def _without(image: xr.DataArray, held: xr.DataArray) -> xr.DataArray:
    if image.dtype == np.bool_:  # which knows no missing value
        blank = image & ~held
    else:
        blank = (image if image.dtype.kind == "f" else image.astype(np.float32)).where(~held)
    return blank.transpose(*image.dims).assign_attrs(image.attrs)


def validation_of(training_set: TrainingSet, share: float) -> list[xr.DataArray | None]:
    """Return samples of a training set that training is watched by, and does not learn from.

    Whole images with labels where there are four or more; else blocks, an eighth of the image a
    side, until they hold that share of the labels.
    """
    count = len(training_set.images)
    rng = np.random.default_rng(0)
    chosen: list[xr.DataArray | None] = [None] * count
    if count >= 4:
        wanted = max(1, round(share * count))
        for number in rng.permutation(count):
            own = _labelled(training_set, int(number))
            if own.any() and wanted:
                chosen[int(number)], wanted = own, wanted - 1
        return chosen
    for number in range(count):
        allowed = _labelled(training_set, number)
        values = np.zeros(allowed.shape, bool)
        edges = [np.linspace(0, size, min(8, size) + 1).astype(int) for size in allowed.shape]
        blocks = list(itertools.product(*(itertools.pairwise(edge) for edge in edges)))
        goal = share * float(allowed.sum())
        for at in rng.permutation(len(blocks)):
            if (values & allowed.values).sum() >= goal:
                break
            values[tuple(slice(*bounds) for bounds in blocks[at])] = True
        chosen[number] = allowed & values
    return chosen


def _labelled(training_set: TrainingSet, number: int) -> xr.DataArray:
    """Return the labelled samples of an image that may be learned from."""
    where = training_set.where[number]
    labels = training_set.labels[number].transpose(*where.dims)
    if labels.dtype.kind == "f":
        known = np.isfinite(labels.values)
    else:
        known = (labels.values != 0) | (training_set.kind == "mask")
    return where.copy(data=where.values & known)
