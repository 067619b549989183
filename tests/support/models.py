"""Small models for tests: by plain arrays, by an estimator, by weights, on a lattice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import ALL, like
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.data.labels import MASK_CLASSES, Class
from graticule.learn.models.model import RegionLike, State, as_region


def _cut(answer: xr.DataArray, region: RegionLike) -> xr.DataArray:
    sizes = {str(dim): size for dim, size in answer.sizes.items() if dim != "class"}
    return as_region(region, sizes).cut(answer)


@dataclass
class Cut:
    """Bright or not: the mean over a window of samples against a level."""

    level: float = 0.5
    radius: int = 1
    expects: InputSpec = field(default_factory=lambda: InputSpec(("y", "x")))
    classes: tuple[Class, ...] = MASK_CLASSES
    kind: ClassVar[str] = "test-cut"

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        reach = dict.fromkeys(self.expects.dims, self.radius)
        return {**reach, "c": ALL} if "c" in image.dims else reach

    def align(self, image: xr.DataArray) -> dict[str, int]:
        return {}

    def _mean(self, image: xr.DataArray) -> np.ndarray[Any, Any]:
        from scipy import ndimage

        seen = self.expects.validate(image)
        values = seen.values.astype(np.float64)
        if self.expects.channels:
            values = values.mean(axis=-1)
        # by parts that are exact in any order, so that tiles give the very same
        size = 2 * self.radius + 1
        return np.round(ndimage.uniform_filter(values, size, mode="nearest"), 9)

    def _like(self, image: xr.DataArray, values: np.ndarray[Any, Any]) -> xr.DataArray:
        first = self.expects.validate(image)
        return like(first.isel(c=0, drop=True) if self.expects.channels else first, values)

    def predict(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        found = self._like(image, (self._mean(image) > self.level).astype(np.int32))
        return _cut(found, region)

    def predict_proba(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        far = np.clip(self.level - self._mean(image), -50, 50)
        p = (1 / (1 + np.exp(far))).astype(np.float32)
        there = self._like(image, p)
        both = xr.concat([1 - there, there], "class").assign_coords({"class": ["no", "yes"]})
        return _cut(both, region)

    def uncertainty(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        p = self.predict_proba(image, region=region)
        return 1 - abs(p[1] - p[0])

    def state(self) -> State:
        return State({"radius": self.radius}, {"level": np.array(self.level)}, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Cut:
        assert state.expects is not None
        return cls(float(state.arrays["level"]), int(state.card["radius"]), state.expects)


@dataclass
class Cells(Cut):
    """A value for each cell of a lattice: its mean, at every sample of it."""

    step: int = 4
    classes: tuple[Class, ...] = ()
    kind: ClassVar[str] = "test-cells"

    def align(self, image: xr.DataArray) -> dict[str, int]:
        return dict.fromkeys(self.expects.dims, self.step)

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        return dict.fromkeys(self.expects.dims, self.step)

    def predict(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        seen = self.expects.validate(image)
        values = seen.values.astype(np.float64)
        out = np.zeros(values.shape, np.float32)
        for y in range(0, values.shape[0], self.step):
            for x in range(0, values.shape[1], self.step):
                cell = (slice(y, y + self.step), slice(x, x + self.step))
                out[cell] = values[cell].flat[0]
        return _cut(like(seen, out), region)

    def state(self) -> State:
        return State({"step": self.step}, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Cells:
        assert state.expects is not None
        return cls(expects=state.expects, step=int(state.card["step"]))


@dataclass
class Learned:
    """Each sample by a scikit-learn estimator."""

    estimator: Any
    expects: InputSpec = field(default_factory=lambda: InputSpec(("y", "x")))
    classes: tuple[Class, ...] = MASK_CLASSES
    kind: ClassVar[str] = "test-learned"

    def predict(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        values = image.values.reshape(-1, 1)
        found = self.estimator.predict(values).reshape(image.shape).astype(np.int32)
        return _cut(like(image, found), region)

    def state(self) -> State:
        return State({}, estimator=self.estimator, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Learned:
        assert state.expects is not None
        return cls(state.estimator, state.expects)


@dataclass
class Weighted:
    """A network of one weight."""

    weight: float = 2.0
    expects: InputSpec = field(default_factory=lambda: InputSpec(("z", "y", "x"), 2))
    classes: tuple[Class, ...] = ()
    kind: ClassVar[str] = "test-weighted"

    def predict(self, image: xr.DataArray, /, *, region: RegionLike = None) -> xr.DataArray:
        return _cut((image * np.float32(self.weight)).sum("c"), region)

    def state(self) -> State:
        weights = {"w": np.array([self.weight], np.float32)}
        return State({}, weights=weights, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Weighted:
        assert state.weights is not None
        assert state.expects is not None
        return cls(float(state.weights["w"][0]), state.expects)


@dataclass
class Rows:
    """Objects larger than an area."""

    level: float
    kind: ClassVar[str] = "test-rows"

    def predict(self, table: pd.DataFrame, /) -> Any:
        return np.where(table["area"] > self.level, "large", "small").astype(object)

    def state(self) -> State:
        return State({"level": self.level})

    @classmethod
    def from_state(cls, state: State) -> Rows:
        return cls(float(state.card["level"]))


ALL_KINDS = (Cut, Cells, Learned, Weighted, Rows)
