"""A classifier in two stages: the second sees what the first says of the surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from graticule.core.scope import Region
    from graticule.learn.lesson import Answer, Lesson
    from graticule.learn.pixels import PixelClassifier


@dataclass(frozen=True)
class InContext:
    """Auto-context [1]_ over images.

    One first-stage classifier learns from every other training image, one from the rest, and each
    says of the images it has not seen how probable the last class is. That is one more channel
    of which the second stage has all features. Of an image that neither has seen it is the mean.

    .. [1] Tu, Z., Bai, X., "Auto-context and its application to high-level vision tasks and 3D
       brain image segmentation", IEEE PAMI 32(10), 2010. :doi:`10.1109/TPAMI.2009.186`
    """

    name: str
    options: Mapping[str, Any]
    on: tuple[str, ...] = ("real",)

    @property
    def first(self) -> None:
        """Nothing comes first."""
        return None

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return twice the reach of the features."""
        from graticule.core import filtered_dims

        halo = self._classifier("classes").recipe.halo(image)
        return {dim: 2 * int(halo[dim]) for dim in filtered_dims(image)}

    def _classifier(self, kind: Any) -> PixelClassifier:
        from graticule.learn.features import Features
        from graticule.learn.pixels import PixelClassifier

        rest = {key: value for key, value in self.options.items() if key != "features"}
        return PixelClassifier(Features(**self.options["features"]), labels=kind, **rest)

    def fit(self, lesson: Lesson) -> _Fitted:
        """Return both stages after a lesson of two or more images."""
        images, labels, where = list(lesson.images), list(lesson.labels), list(lesson.where)
        used = [n for n in range(len(images)) if where[n] is not None]
        halves = used[::2], used[1::2]
        first = [
            self._classifier(lesson.kind).fit(
                [images[n] for n in half], [labels[n] for n in half], [where[n] for n in half]
            )
            for half in halves
        ]
        seen = [
            with_channel(images[n], [first[1] if n in halves[0] else first[0]]) for n in used
        ]  # fmt: skip
        second = self._classifier(lesson.kind)
        second.fit(seen, [labels[n] for n in used], [where[n] for n in used])
        return _Fitted(first, second, self)


def with_channel(image: xr.DataArray, models: Sequence[PixelClassifier]) -> xr.DataArray:
    """Return an image with the mean probability of the last class as its last channel."""
    said = np.mean([model.predict_proba(image).values[-1] for model in models], axis=0)
    plane = xr.DataArray(said.astype(np.float32), dims=("y", "x"))
    own = image if "c" in image.dims else image.expand_dims("c")
    return xr.concat([own, plane.expand_dims("c")], "c").transpose("y", "x", "c")


@dataclass(frozen=True)
class _Fitted:
    first: Sequence[PixelClassifier]
    second: PixelClassifier
    method: InContext

    def answer(self, image: xr.DataArray, box: Region) -> Answer:
        """Answer for a box of an image."""
        from graticule.core import filtered_dims
        from graticule.learn.lesson import Answer

        sizes = {dim: image.sizes[dim] for dim in filtered_dims(image)}
        seen = box.grown(self.method.reach(image), sizes)
        part = with_channel(image.isel(seen.slices()), self.first)
        found = self.second.predict_proba(part).isel(box.within(seen).slices()).values
        return Answer(found, found.argmax(axis=0))
