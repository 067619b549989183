"""From images and labels to what is trained: sources, classes, normalisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.learn.expects import Expects
from graticule.learn.labels import Classes, classes_of, parts_of
from graticule.learn.unet.losses import terms_of
from graticule.learn.unet.patches import Sampler, Source
from graticule.learn.unet.pixels import Normalisation, Pixels

if TYPE_CHECKING:
    from graticule.learn.unet.model import UNet

Array: TypeAlias = np.ndarray[Any, Any]
Init: TypeAlias = "UNet | Mapping[str, Array] | None"


@dataclass(frozen=True)
class Validation:
    """Images that are only judged on.

    Parameters
    ----------
    images, labels : DataArray or sequence of DataArray
        As of ``fit``.
    where : sequence of (DataArray or None), optional
        As of ``fit``.
    """

    images: Any
    labels: Any
    where: Any = None


class Fitting:
    """All that training needs, checked."""

    def __init__(self, model: UNet, images: Any, labels: Any, where: Any, validation: Any) -> None:
        self.model = model
        given = _many(images)
        self.expects = Expects.of(given)
        dims = self.expects.dims
        if len(dims) not in (model.dims, 3 if model.dims == 2 else model.dims):
            raise ImageError(f"a U-Net in {model.dims}-D cannot work along {' '.join(dims)}")
        truth = _many(labels)
        masks = _masks(where, len(given))
        held = _masks(validation, len(given)) if _is_masks(validation) else None
        apart = validation if isinstance(validation, Validation) else None
        every = [*truth, *(_many(apart.labels) if apart else [])]
        self.classes: Classes = ()
        self.kind: Any = None
        if not model.regression:
            self.classes, self.kind = classes_of(every, model.labels, model.names)
        used = [n for n in range(len(given)) if masks is None or masks[n] is not None]
        self.normalisation = Normalisation.of(
            [self.expects.checked(given[n]) for n in used], model.normalise, model.local_width
        )
        self.shift, self.scale = 0.0, 1.0
        if model.regression:
            self.shift, self.scale = _spread_of([truth[n] for n in used])
        self.train = self._sources(given, truth, masks, held)
        self.validation: list[Source] = []
        if held is not None:
            self.validation = self._sources(given, truth, held, None)
        if apart is not None:
            more = _many(apart.images)
            self.validation = self._sources(
                more, _many(apart.labels), _masks(apart.where, len(more)), None
            )

    def _sources(
        self,
        images: Sequence[xr.DataArray],
        labels: Sequence[xr.DataArray],
        masks: Sequence[Any] | None,
        without: Sequence[Any] | None,
    ) -> list[Source]:
        if len(images) != len(labels):
            raise ImageError(f"there are {len(images)} images and {len(labels)} label images")
        found = []
        dims = self.expects.dims
        for number, (image, truth) in enumerate(zip(images, labels, strict=True)):
            if masks is not None and masks[number] is None:
                continue
            image = self.expects.checked(image)
            sizes = {dim: image.sizes[dim] for dim in dims}
            where = _mask(masks[number], sizes, dims) if masks is not None else None
            if without is not None and without[number] is not None:
                held = _mask(without[number], sizes, dims)
                where = ~held if where is None else where & ~held
            found.append(
                Source(
                    Pixels(image, dims, self.normalisation),
                    _alike(truth, sizes, "labels").transpose(*dims),
                    where,
                    self.classes,
                    self.kind,
                    None,
                    self.shift,
                    self.scale,
                )
            )
        return found

    def trainer(
        self, *, init: Init, freeze: str | None, steps: int, every: int, patience: int | None
    ) -> tuple[Classes, Any, Any]:
        """Return classes, network and trainer."""
        from graticule.learn.unet._torch import device_of

        device = device_of(self.model.device)
        from graticule.learn.unet.batches import Batches
        from graticule.learn.unet.net import build
        from graticule.learn.unet.train import Plan, Trainer

        model = self.model
        outputs = max(1, len(self.classes))
        network = build(
            model.dims,
            max(1, self.expects.channels),
            outputs,
            model.base,
            model.depth,
            model.variant,
            model.seed,
        )
        multiple = 1 << (model.depth - 1)
        patch = model.patch or (128 if model.dims == 2 else 48)
        extent = model.extent(self.expects.dims, -(-patch // multiple) * multiple)
        sampler = Sampler(self.train, extent, model.rare, model.seed)
        batch = model.batch or (8 if model.dims == 2 else 2)
        plan = Plan(
            steps,
            every,
            patience,
            model.rate,
            model.decay,
            model.average,
            freeze == "encoder",
            terms_of(model.loss),
            1 if self.kind == "mask" else 0,
            device.type == "cuda",
        )
        batches = Batches(sampler, model.augment, batch, model.seed)
        trainer = Trainer(
            network,
            batches,
            self.validation,
            plan,
            device,
            model.dims,
            len(self.classes),
            self.scale,
        )
        return self.classes, network, trainer


def _many(images: Any) -> list[xr.DataArray]:
    if isinstance(images, xr.DataArray | np.ndarray):
        images = [images]
    found = [as_image(each) for each in images]
    if not found:
        raise ImageError("there is no image")
    return found


def _is_masks(validation: Any) -> bool:
    return validation is not None and not isinstance(validation, Validation)


def _masks(where: Any, count: int) -> list[Any] | None:
    if where is None:
        return None
    masks = [where] if isinstance(where, xr.DataArray | np.ndarray) else list(where)
    if len(masks) != count:
        raise ParameterError(f"must be a mask for each of {count} images, not {len(masks)}")
    return masks


def _mask(mask: Any, sizes: Mapping[str, int], dims: Sequence[str]) -> Array:
    found = _alike(as_image(mask), sizes, "where")
    if found.dtype != np.bool_:
        raise ImageError(f"where must be a bool mask, not {found.dtype}")
    values: Array = found.transpose(*dims).values
    return values


def _alike(image: xr.DataArray, sizes: Mapping[str, int], what: str) -> xr.DataArray:
    if dict(image.sizes) != dict(sizes):
        raise ImageError(
            f"{what} must have the image's sizes {dict(sizes)}, not {dict(image.sizes)}"
        )
    return image


def _spread_of(targets: Sequence[xr.DataArray]) -> tuple[float, float]:
    count = total = square = 0.0
    for target in targets:
        for _, slab in parts_of(target, [str(dim) for dim in target.dims]):
            values = slab.values[np.isfinite(slab.values)].astype(float)
            count += values.size
            total += values.sum()
            square += (values * values).sum()
    mean = total / max(1.0, count)
    spread = float(np.sqrt(max(0.0, square / max(1.0, count) - mean * mean)))
    return float(mean), spread or 1.0
