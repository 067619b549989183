"""From images and labels to what is trained: sources, classes, normalisation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from graticule.core import Length, as_image
from graticule.core.errors import CheckError, ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.data.labels import Classes, classes_of, iter_slabs
from graticule.learn.unet._torch import device_of
from graticule.learn.unet.batches import Batches
from graticule.learn.unet.losses import branch_weights
from graticule.learn.unet.patches import PatchSource, Sampler
from graticule.learn.unet.pixels import Normalisation, NormalisedImage
from graticule.learn.unet.plan import TrainingPlan
from graticule.learn.unet.renamed import with_old_names
from graticule.learn.unet.settings import Settings

if TYPE_CHECKING:
    from graticule.learn.unet.train import Trainer


@dataclass(frozen=True)
class Validation:
    """Images that a training is judged by and learns nothing from.

    Parameters
    ----------
    images : DataArray or array_like, or a sequence of them
        As of `UNet.fit`.
    labels : DataArray or array_like, or a sequence of them
        As of `UNet.fit`: labels, or targets of a network that gives values.
    where : DataArray or array_like, or a sequence of them, optional
        As of `UNet.fit`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(0).random((64, 64))
    >>> held_out = Validation(image, image > 0.9)
    >>> held_out.where is None
    True
    """

    images: Any
    labels: Any
    where: Any = None


@dataclass(frozen=True)
class ImageSet:
    """Images with what belongs to each."""

    images: list[xr.DataArray]
    labels: list[xr.DataArray]
    where: list[Any]
    """For each image None (all), False (nothing) or a mask."""

    @classmethod
    def of(cls, images: Any, labels: Any, where: Any) -> ImageSet:
        """Return single images and sequences of them as lists, of the same length."""
        pictures, truths = _as_images(images), _as_images(labels)
        if len(pictures) != len(truths):
            raise ImageError(
                f"there are {len(pictures)} images and {len(truths)} label images",
                hint="give one label image for each image",
            )
        return cls(pictures, truths, _as_masks(where, len(pictures)))

    def used(self) -> list[int]:
        """Return the numbers of the images of which something may be used."""
        return [number for number, mask in enumerate(self.where) if mask is not False]


class TrainingData:
    """All that a training needs, checked."""

    def __init__(self, settings: Settings, given: ImageSet, validation: Any) -> None:
        self.settings = settings
        self.expects = InputSpec.of(given.images)
        self.dims = self.expects.dims
        if len(self.dims) not in {settings.dims, 3}:
            raise ImageError(
                f"a U-Net in {settings.dims}-D cannot work along {' '.join(self.dims)}",
                hint=f"UNet(dims={len(self.dims)})" if len(self.dims) == 2 else "",
            )
        apart = validation if isinstance(validation, Validation) else None
        judged = None if apart is None else ImageSet.of(apart.images, apart.labels, apart.where)
        self.classes: Classes = ()
        self.kind: Any = None
        if not settings.regression:
            every = [*given.labels, *(judged.labels if judged else [])]
            self.classes, self.kind = classes_of(every, settings.labels, settings.names)
        used = given.used()
        checked = [self.expects.validate(given.images[number]) for number in used]
        if not checked:
            raise ImageError("where leaves nothing of any image")
        width = Length(settings.local_width)
        self.normalisation = Normalisation.of(checked, settings.normalise, width)
        self.shift, self.scale = 0.0, 1.0
        if settings.regression:
            self.shift, self.scale = _mean_and_std([given.labels[number] for number in used])
        self._set_sources(given, judged, None if apart is not None else validation)

    @property
    def first(self) -> int:
        """First class that overlap losses and scores count."""
        return 1 if self.kind == "mask" else 0

    def _set_sources(self, given: ImageSet, judged: ImageSet | None, held: Any) -> None:
        count = len(given.images)
        masks = [False] * count if held is None else _as_masks(held, count)
        self.train = self._sources(given, masks)
        if judged is None:
            judged = ImageSet(given.images, given.labels, masks)
        else:
            _require_disjoint(given, judged)
        self.validation = self._sources(judged)

    def _sources(self, given: ImageSet, without: Sequence[Any] = ()) -> list[PatchSource]:
        found = []
        for number in given.used():
            image = self.expects.validate(given.images[number])
            sizes = {dim: int(image.sizes[dim]) for dim in self.dims}
            where = self._mask(given.where[number], sizes)
            if without and without[number] is not False:
                held = self._mask(without[number], sizes)
                rest = np.zeros(tuple(sizes.values()), bool) if held is None else ~held
                where = rest if where is None else where & rest
            labels = _require_same_sizes(given.labels[number], sizes, "the label image")
            source = PatchSource(
                NormalisedImage(image, self.dims, self.normalisation),
                labels.transpose(*self.dims),
                where,
                self.classes,
                self.kind,
                shift=self.shift,
                scale=self.scale,
            )
            found.append(source)
        return found

    def _mask(self, mask: Any, sizes: Mapping[str, int]) -> Array | None:
        if mask is None:
            return None
        found = _require_same_sizes(as_image(mask), sizes, "the mask")
        if found.dtype != np.bool_:
            raise ImageError(f"where must be a mask of bools, not {found.dtype}")
        values: Array = found.transpose(*self.dims).values
        return values

    def _weigh_branches(self) -> None:
        """Give each source the weights of the branching loss."""
        axis = self.settings.plane_axis(self.dims)
        for source in [*self.train, *self.validation]:
            sizes = source.pixels.sizes
            truth = source.truth([0] * len(sizes), sizes)
            if axis is None:
                source.weights = branch_weights(truth, self.settings.dims, self.first)
            else:
                planes = branch_weights(np.moveaxis(truth, axis, 0), 2, self.first)
                source.weights = np.moveaxis(planes, 0, axis)

    def trainer(self, plan: TrainingPlan, init: Any) -> Trainer:
        """Return what trains, at its start."""
        from graticule.learn.unet.net import start_from, weights_of
        from graticule.learn.unet.train import Trainer

        settings = self.settings

        if "branching" in plan.terms:
            self._weigh_branches()
        sampler = Sampler(
            self.train,
            settings.patch_extent(self.dims),
            settings.class_balanced_fraction,
            settings.seed,
        )
        outputs = max(1, len(self.classes))
        network = settings.network(self.expects.channels, outputs, seed=settings.seed)
        start_from(network, init)
        trainer = Trainer(
            network,
            Batches(sampler, settings.augmentation, settings.batch_size, settings.seed),
            self.validation,
            plan,
            device_of(settings.device),
            settings.dims,
            len(self.classes),
            self.scale,
        )
        trainer.fingerprint = self._fingerprint(plan, sampler, weights_of(network))
        return trainer

    def _fingerprint(
        self, plan: TrainingPlan, sampler: Sampler, weights: Mapping[str, Array]
    ) -> str:
        """Return a hash of all that decides the result; of images, their moments and labels."""
        about = {
            "settings": with_old_names(self.settings.to_json(learned_only=True)),
            "plan": with_old_names(asdict(plan)),
            "classes": [asdict(each) for each in self.classes],
            "normalisation": self.normalisation.to_json(),
            "target": [self.shift, self.scale],
            "sizes": [list(source.pixels.sizes) for source in self.train],
            "counts": {str(code): each.tolist() for code, each in sampler.counts.items()},
            "validation": [list(source.pixels.sizes) for source in self.validation],
        }
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for name, value in weights.items():
            digest.update(name.encode() + value.tobytes())
        return digest.hexdigest()


def _as_images(images: Any) -> list[xr.DataArray]:
    single = isinstance(images, xr.DataArray | np.ndarray)
    found = [as_image(each) for each in ([images] if single else images)]
    if not found:
        raise ImageError("there is no image to learn from")
    return found


def _as_masks(where: Any, count: int) -> list[Any]:
    """Return a mask for each image; None is all of it, False nothing.

    In a sequence None is nothing of that image; without a sequence all is taken of all of them.
    """
    if where is None:
        return [None] * count
    masks = [where] if isinstance(where, xr.DataArray | np.ndarray) else list(where)
    if len(masks) != count:
        raise ParameterError(f"needs a mask for each of {count} images, not {len(masks)}")
    return [False if mask is None else mask for mask in masks]


def _require_same_sizes(image: xr.DataArray, sizes: Mapping[str, int], what: str) -> xr.DataArray:
    own = {str(dim): int(size) for dim, size in image.sizes.items()}
    if own != dict(sizes):
        raise ImageError(f"{what} must have the image's sizes {dict(sizes)}, not {own}")
    return image


def _require_disjoint(given: ImageSet, judged: ImageSet) -> None:
    """Refuse validation on an image that is learned from, whatever it is called."""
    from graticule.learn.data.overlap import pixel_hash

    learned = {pixel_hash(given.images[number]) for number in given.used()}
    for number in judged.used():
        if pixel_hash(judged.images[number]) in learned:
            raise CheckError(
                f"validation image {number + 1} is also an image that is learned from",
                hint="give validation as masks, one for each image, to divide images",
            )


def _mean_and_std(targets: Sequence[xr.DataArray]) -> tuple[float, float]:
    """Return mean and standard deviation of continuous targets."""
    count = total = square = 0.0
    for target in targets:
        for _, slab in iter_slabs(target, [str(dim) for dim in target.dims]):
            values = slab.values[np.isfinite(slab.values)].astype(float)
            count += values.size
            total += float(values.sum())
            square += float((values * values).sum())
    mean = total / max(1.0, count)
    spread = float(np.sqrt(max(0.0, square / max(1.0, count) - mean * mean)))
    return mean, spread or 1.0
