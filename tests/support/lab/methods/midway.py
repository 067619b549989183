"""Halfway between the means of two classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from graticule.core import Image
from graticule.core.scope import Region
from graticule.learn.data.labels import encode_labels
from graticule.learn.methods.kind import BuildContext, MethodKind, MethodSpec
from graticule.learn.methods.method import Prediction, TrainingSet


class MidwaySpec(MethodSpec):
    """Its keys: ``midway: brighter`` or ``darker`` says which class is 1."""

    kind: ClassVar[str] = "midway"
    midway: str = "brighter"


@dataclass(frozen=True)
class Midway:
    """The method; with a threshold, fitted."""

    name: str
    spec: MidwaySpec
    threshold: float = np.nan
    first: ClassVar[None] = None
    model_files: ClassVar[tuple[Path, ...]] = ()

    @property
    def on(self) -> tuple[str, ...]:
        return self.spec.on

    def reach(self, image: Image) -> dict[str, int]:
        return {str(dim): 0 for dim in image.dims}

    def fit(self, training_set: TrainingSet) -> Midway:
        values: dict[int, list[float]] = {0: [], 1: []}
        for image, labels, where in zip(
            training_set.images, training_set.labels, training_set.where, strict=True
        ):
            codes = encode_labels(labels.values, training_set.classes, training_set.kind)
            for code, own in values.items():
                own += image.values[where.values & (codes == code)].tolist()
        return replace(self, threshold=float(np.mean([np.mean(own) for own in values.values()])))

    def predict(self, image: Image, box: Region) -> Prediction:
        bright = image.values[tuple(box.slices().values())] > self.threshold
        return Prediction(None, (bright == (self.spec.midway == "brighter")).astype(np.int16))


def _build(name: str, spec: MidwaySpec, context: BuildContext) -> Midway:
    return Midway(name, spec)


midway = MethodKind("midway between means", MidwaySpec, _build, fits_model=False)
