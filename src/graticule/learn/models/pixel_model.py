"""What classifiers and regressors of samples share: features, fitting, and answers in strips."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import Region, as_image, like
from graticule.core.errors import ImageError
from graticule.core.image import is_lazy
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, InputSpec, as_grey
from graticule.learn.models.base import EstimatorModel
from graticule.learn.models.estimators import Task, fit_estimator, make_estimator
from graticule.learn.models.model import RegionLike, as_region
from graticule.learn.models.predictors import make_predictor
from graticule.learn.sampling.bottom_k import SampleSelection
from graticule.learn.sampling.samples import (
    LabelledImage,
    as_image_list,
    match_labels,
    missing_samples,
)

if TYPE_CHECKING:
    from graticule.learn.features import Features
_STRIP, _MOST = 20_000_000, 64_000_000
"""Bytes of features in a strip, and of those in a thick one."""
_CROP = {2: 64, 3: 24}
"""Side of the part of the training images that a model file is verified by."""

Answer: TypeAlias = Callable[[Array], Array]


class FeatureView:
    """An image with its features, computed once: what is on screen while labels are drawn.

    Takes four bytes for each sample and feature. Given to `PixelClassifier.fit` and ``predict``
    in place of the image, so that a new stroke costs no new features.

    Parameters
    ----------
    features : Features
        Those of the model.
    image : DataArray or array_like
        The part of an image that is looked at.

    Examples
    --------
    >>> from graticule.learn import Features, PixelClassifier
    >>> model = PixelClassifier(Features(sigmas=(1,)))
    >>> model.view(np.eye(4)).nbytes > 0
    True
    """

    def __init__(self, features: Features, image: Any) -> None:
        given = as_image(image)
        self.image = given.compute() if is_lazy(given) else given
        self.features = features
        columns = features.compute(self.image)
        self.columns: Array = columns.reshape(columns.shape[0], -1)

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        return int(self.columns.nbytes + self.image.nbytes)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{dim} {size}" for dim, size in self.image.sizes.items())
        return f"FeatureView({sizes}; {len(self.columns)} features, {self.nbytes / 1e6:.0f} MB)"


class TrainingInputs(NamedTuple):
    """What a model of samples learns from, and the estimator that is to learn."""

    estimator: Any
    sources: list[Any]
    """Images, or views of them."""
    pairs: list[LabelledImage]
    expects: InputSpec


def image_of(given: Any) -> Any:
    """Return the image of a view, and an image as it is."""
    return given.image if isinstance(given, FeatureView) else given


class PixelModel(EstimatorModel):
    """Samples of images, answered one by one from the features around them."""

    features: Features | None

    @property
    def recipe(self) -> Features:
        """The features, the default ones where none were given."""
        from graticule.learn.features import Features

        return self.features if self.features is not None else Features()

    @property
    def used(self) -> list[int] | None:
        """Numbers of the features it looks at; None for all."""
        used = self.predictor.used
        return None if used is None else [int(number) for number in used]

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        """Return how many samples it looks around, by dim; all channels."""
        return self.expects.halo(image, lambda seen: self.recipe.halo(seen, self.used))

    def align(self, image: xr.DataArray) -> dict[str, int]:
        """Return the lattice it works on: none."""
        return {}

    def view(self, image: Any) -> FeatureView:
        """Return an image with its features computed once, for `fit` and ``predict``."""
        expects = getattr(self, "_expects", None)
        colours = expects is not None and expects.grey
        return FeatureView(self.recipe, as_grey(as_image(image)) if colours else image)

    def _parameters(self) -> dict[str, Any]:
        return {**super()._parameters(), "features": self.recipe.to_json()}

    def _inputs(self, images: Any, targets: Any, where: Any, task: Task) -> TrainingInputs:
        """Return what is learned from, matched, and the estimator that is to learn."""
        sources = as_image_list(images)
        estimator = make_estimator(self.estimator, task, self.seed)
        pairs = match_labels([image_of(each) for each in sources], targets, where)
        expects = InputSpec.of([pair.image for pair in pairs], spacing=self._spacing_matters())
        return TrainingInputs(estimator, sources, pairs, expects)

    def _fit(
        self,
        inputs: TrainingInputs,
        chosen: SampleSelection,
        targets_of: Callable[[SampleSelection], tuple[Array, Array | None]],
        classes: int,
    ) -> SampleSelection:
        """Fit the estimator on chosen samples; return those that have all their features.

        ``targets_of`` gives their targets and weights; ``classes`` is 0 for a regressor.
        """
        rows, known = self._rows(inputs.pairs, inputs.sources, chosen)
        chosen = chosen.only(known)
        fit_estimator(inputs.estimator, rows, *targets_of(chosen))
        self._expects, self.estimator_ = inputs.expects, inputs.estimator
        self._predictor = make_predictor(inputs.estimator, classes)
        self.example = self._crop(inputs.pairs, chosen)
        return chosen

    def _rows(
        self, pairs: Sequence[LabelledImage], given: Sequence[Any], chosen: SampleSelection
    ) -> tuple[Array, Array]:
        """Return the features of the chosen samples that have them, and which these are."""
        found = []
        for pair, source, index in zip(pairs, given, chosen.index, strict=True):
            if not index.size:
                continue
            if isinstance(source, FeatureView):
                self._require_same_features(source)
                found.append(np.ascontiguousarray(source.columns[:, index].T))
            else:
                tail = [CHANNEL] if CHANNEL in pair.image.dims else []
                image = pair.image.transpose(*pair.dims, *tail)
                found.append(self.recipe.rows(image, index))
        rows = np.concatenate(found)
        known = np.isfinite(rows).all(axis=1)
        if not known.any():
            raise ImageError(
                "no labelled sample has all its features: each has a missing value in reach",
                hint="fill in missing values first, or use smaller sigmas",
            )
        return rows[known], known

    def _crop(self, pairs: Sequence[LabelledImage], chosen: SampleSelection) -> xr.DataArray:
        """Return a small part of the training images, around the first sample."""
        number = next(n for n, index in enumerate(chosen.index) if index.size)
        pair = pairs[number]
        place = np.unravel_index(int(chosen.index[number][0]), pair.labels.shape)
        side = _CROP.get(len(pair.dims), 1024)
        starts = (max(0, int(at) - side // 2) for at in place)
        return pair.image.isel(
            {dim: slice(a, a + side) for dim, a in zip(pair.dims, starts, strict=True)}
        ).compute(scheduler="synchronous")

    def _require_same_features(self, view: FeatureView) -> None:
        if view.features != self.recipe:
            raise ImageError("the view has other features than the model", hint="use model.view")

    def _predict_samples(
        self,
        given: Any,
        region: RegionLike,
        answer: Answer,
        empty: Any,
        dtype: Any,
        head: tuple[int, ...] = (),
    ) -> tuple[Array, xr.DataArray]:
        """Return answers for every sample, strip by strip, and the image without channels.

        ``answer`` gives for columns of the features in use an array of ``head`` by samples. Samples
        that are missing in the image have ``empty``.
        """
        source = as_image(image_of(given))
        image = self.expects.validate(source)
        dims = self.expects.dims
        box = as_region(region, {dim: image.sizes[dim] for dim in dims})
        out = np.empty((*head, *box.sizes.values()), dtype)
        begin = [start for start, _ in box.bounds.values()]
        for at, columns in self._strips(given, image, box):
            shape = (*head, *columns.shape[1:])
            here = [slice(s.start - a, s.stop - a) for s, a in zip(at, begin, strict=True)]
            part = out[(slice(None),) * len(head) + tuple(here)]
            part[...] = answer(columns.reshape(len(columns), -1)).reshape(shape)
            unknown = missing_samples(image.isel(dict(zip(dims, at, strict=True))), dims)
            if unknown is not None:
                part[..., unknown] = empty
        bare = image.isel({CHANNEL: 0}, drop=True) if self.expects.channels else image
        return out, box.cut(bare)

    def _strips(self, given: Any, image: xr.DataArray, box: Region) -> Iterator[tuple[Any, Array]]:
        if isinstance(given, FeatureView):
            self._require_same_features(given)
            at = tuple(box.slices().values())
            shape = (image.sizes[dim] for dim in self.expects.dims)
            yield at, given.columns.reshape(-1, *shape)[(slice(None), *at)]
            return
        used, first = self.used, self.expects.dims[0]
        count = len(self.recipe.names(image)) if used is None else len(used)
        line = 4 * max(1, count) * math.prod(list(box.sizes.values())[1:])
        # What lies around a strip is smoothed again for it, so it is no thinner than its reach.
        reach = self.halo(image).get(first, 0)
        lines = max(_STRIP // line, min(_MOST // line, 2 * reach), 1)
        yield from self.recipe.strips(image, only=used, size=lines, reuse=True, region=box)

    def _predict_image(
        self,
        given: Any,
        region: RegionLike,
        answer: Answer,
        dtype: Any = np.float32,
        *,
        empty: Any = np.nan,
        names: Sequence[str] = (),
        **attrs: Any,
    ) -> xr.DataArray:
        """Return an image of one answer for each sample, its dims in the order they came in.

        With ``names`` of classes there is one for each class too, the dim ``class`` first.
        """
        head = (len(names),) if names else ()
        values, bare = self._predict_samples(given, region, answer, empty, dtype, head)
        order = [dim for dim in as_image(image_of(given)).dims if dim in bare.dims]
        if not names:
            return like(bare, values, **attrs).transpose(*order)
        kept = {key: value for key, value in bare.attrs.items() if key != "units"}
        coords = {**bare.coords, "class": ("class", list(names))}
        found = xr.DataArray(values, dims=("class", *bare.dims), coords=coords, attrs=kept)
        return found.transpose("class", *order)

    def _spacing_matters(self) -> bool:
        """Whether images must have one spacing: they must unless all lengths have units."""
        recipe = self.recipe
        lengths = (*recipe.sigmas, *(recipe.radii if recipe.rank else ()))
        return recipe.window > 1 or not lengths or not all(length.base for length in lengths)
