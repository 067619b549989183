"""What is kept of a collection where it is described by fewer numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.clustering.collection import Collection
from graticule.core.typing import Array
from graticule.io import read
from graticule.learn.embedding import PCA
from graticule.learn.embedding.quality import Quality, quality
from graticule.learn.models.image_rows import VALUES, ImageRows

_ROWS, _IMAGES = 1500, 400
_SIDE = 64
_NEIGHBOURS = 10
_SCALINGS = ("impute", "standardise", "robust_scale")
SHOWN = 8


@dataclass(frozen=True)
class Kept:
    """How much of one table is in another.

    Attributes
    ----------
    what : str
        What became of what, in words.
    before, after : int
        How many numbers describe a row.
    quality : Quality
        Variance and neighbours that are kept.
    """

    what: str
    before: int
    after: int
    quality: Quality

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        own = {"what": self.what, "before": self.before, "after": self.after}
        return {**own, **self.quality._asdict()}


def kept(analysis: Analysis) -> list[Kept]:
    """Return what the embedding, each reducing chain and the map of a clustering keep."""
    seed = analysis.document.seed
    found = [_of_images(analysis, seed)]
    found += [_of_chain(analysis, result, seed) for result in analysis.methods.values()]
    if analysis.document.map != "components":
        what = f"space that was clustered to the map ({analysis.document.map})"
        found.append(_between(what, analysis.main.clustering.space, analysis.plane.places, seed))
    return [each for each in found if each is not None]


def _between(what: str, before: Array, after: Array, seed: int) -> Kept | None:
    neighbours = min(_NEIGHBOURS, (len(before) - 1) // 2)
    if neighbours < 1:
        return None
    if len(before) > _ROWS:
        drawn = np.sort(np.random.default_rng(seed).choice(len(before), _ROWS, replace=False))
        before, after = before[drawn], after[drawn]
    told = quality(before, after, neighbours=neighbours, seed=seed)
    return Kept(what, before.shape[1], after.shape[1], told)


def _of_images(analysis: Analysis, seed: int) -> Kept | None:
    """Return what the numbers of images keep of their samples, averaged down where many."""
    features = analysis.features
    made = features.image_rows
    if made is None or made.name == VALUES or not features.image_columns:
        return None
    places = np.unique(np.linspace(0, len(features.table) - 1, _IMAGES).astype(int))
    samples = images_at(features.collection, made, places)
    if samples is None:
        return None
    rows = features.table[list(features.image_columns)].to_numpy(np.float64)[places]
    flat = np.stack([_smaller(sample).ravel() for sample in samples]).astype(np.float64)
    return _between(f"samples of the images to {made.label}", flat, rows, seed)


def images_at(collection: Collection, made: ImageRows, places: Array) -> Array | None:
    """Return the samples of the images of some rows; None if one is there no more."""
    found = []
    for place in places:
        file = collection.prepared[place] or collection.original[place]
        if file is None:
            return None
        found.append(made.sample(read(file)))
    return np.stack(found)


def _smaller(sample: Array) -> Array:
    """Return an image of at most 64 x 64 samples: means of parts."""
    import cv2

    size = (min(_SIDE, sample.shape[1]), min(_SIDE, sample.shape[0]))
    return np.asarray(cv2.resize(sample, size, interpolation=cv2.INTER_AREA))


def _of_chain(analysis: Analysis, result: MethodResult, seed: int) -> Kept | None:
    """Return what is kept by the steps of a chain that do more than scale."""
    steps = result.clustering.steps[:-1]
    at = next((n for n, each in enumerate(steps) if each.step.name not in _SCALINGS), None)
    if at is None:
        return None
    rows = analysis.features.table[list(result.clustering.columns)].to_numpy(np.float64)
    for each in steps[:at]:
        rows = np.ascontiguousarray(each.apply(rows), np.float64)
    labels = ", ".join(each.step.label for each in steps[at:])
    what = f"{result.name}: features to {labels}"
    return _between(what, rows, result.clustering.space, seed)


def components_of(analysis: Analysis) -> tuple[PCA, Array] | None:
    """Return principal components of images, and a few images; None where there are none.

    They are the embedding, or the first step of a chain on the samples of images.
    """
    features = analysis.features
    made = features.image_rows
    if made is None:
        return None
    count = len(features.table)
    places = np.unique(np.linspace(0, count - 1, min(SHOWN, count)).astype(int))
    if isinstance(made.fitted, PCA):
        samples = images_at(features.collection, made, places)
        return None if samples is None else (made.fitted, samples)
    chains = [analysis.main, *analysis.methods.values()]
    steps = [each.clustering.steps[0] for each in chains if each.clustering.steps]
    first = next((each for each in steps if each.step.name == "pca"), None)
    if made.name != VALUES or first is None:
        return None
    samples = images_at(features.collection, made, places)
    return None if samples is None else (_whole(analysis, made, first, samples), samples)


def _whole(analysis: Analysis, made: ImageRows, step: Any, samples: Array) -> PCA:
    """Return the components of a chain for all samples, with those that are the same everywhere."""
    columns = list(analysis.main.clustering.columns)
    order = {name: number for number, name in enumerate(made.columns)}
    kept_at = [columns.index(name) for name in columns if name in order]
    places = [order[columns[n]] for n in kept_at]
    mean = samples[0].ravel().astype(np.float64)
    mean[places] = step.content["mean"][kept_at]
    axes = np.zeros((len(step.content["components"]), mean.size))
    axes[:, places] = step.content["components"][:, kept_at]
    shape = (made.shape[0], made.shape[1], max(1, made.channels))
    share = np.asarray(step.facts["explained_variance_ratio"])
    rows = len(analysis.features.table)
    return PCA(shape, mean, axes, step.content["variance"], share, rows)
