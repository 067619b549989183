"""Feature vectors: values and positions on one scale, with a weight for each, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import (
    Image,
    Table,
    feature_dims,
    feature_names,
    filtered_dims,
    like,
    with_features_last,
)
from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops.segment._superpixels import relative_steps, within

Count: TypeAlias = Annotated[int, Field(title="Clusters", ge=1, le=10_000)]
Weights: TypeAlias = Annotated[
    dict[str, Annotated[float, Field(ge=0, le=1e6)]], Field(title="Weight of each feature")
]
Position: TypeAlias = Annotated[float, Field(title="Weight of position", ge=0, le=1e6)]
Scaling: TypeAlias = Annotated[Literal["robust", "standard", "none"], Field(title="Scaling")]
Seed: TypeAlias = Annotated[int, Field(title="Seed", ge=0)]

_ENOUGH = 2**16
"""Samples that the scale of a feature is taken from, evenly over the image."""
_NORMAL = 1.3489795003921634
"""Standard deviations between the quartiles of a normal distribution."""


@dataclass(frozen=True)
class Features:
    """Scaled and weighted feature vectors of the samples that count.

    Attributes
    ----------
    vectors : ndarray
        One row a sample, float32, one column a feature of positive weight:
        ``weight * (value - center) / scale``.
    known : ndarray
        Which samples of ``template`` the rows are, in raster order.
    template : DataArray
        The image without feature dims.
    table : DataFrame
        Every feature: ``feature``, ``center``, ``scale``, ``spread`` (standard deviation),
        ``weight``, and ``share``: the part of the squared distance of two samples it makes, on
        average. Positions come last.
    """

    vectors: Array
    known: Array
    template: Image
    table: Table

    def order(self, means: Array) -> Array:
        """Return the order of mean vectors: by the sum of their values, and if equal one by one."""
        used = self.table.feature[self.table.weight > 0]
        values = means[:, ~used.isin(self.template.dims).to_numpy()]
        return np.lexsort([*means.T[::-1], values.sum(axis=1)])

    def ordered(self, clusters: Array, count: int) -> Array:
        """Return clusters numbered from 0 in this order of their means; empty ones are left out."""
        number = np.bincount(clusters, minlength=count)
        sums = np.stack([np.bincount(clusters, v, count) for v in self.vectors.T], axis=1)
        order = self.order(sums / np.maximum(number, 1)[:, None])
        order = order[number[order] > 0]
        place = np.zeros(count, np.int32)
        place[order] = np.arange(len(order))
        return place[clusters]

    def means(self, clusters: Array, count: int) -> Table:
        """Return a row for each cluster: its size, and the mean of each feature with a weight."""
        import pandas as pd

        number = np.bincount(clusters, minlength=count)
        columns: dict[str, Array] = {"label": np.arange(1, count + 1), "pixels": number}
        columns["fraction"] = number / len(clusters)
        used = self.table[self.table.weight > 0]
        back = (used.scale / used.weight).to_numpy(float), used.center.to_numpy(float)
        for name, vector, factor, offset in zip(used.feature, self.vectors.T, *back, strict=True):
            mean = np.bincount(clusters, vector, count) / np.maximum(number, 1)
            columns[f"mean_{name}"] = np.where(number > 0, mean * factor + offset, np.nan)
        table = pd.DataFrame(columns)
        units = zip(used.feature, used.unit, strict=True)
        table.attrs["units"] = {f"mean_{name}": unit for name, unit in units if unit}
        return table

    def record(self) -> Table:
        """Return what part of the distance each feature makes, and its scale and weight."""
        import pandas as pd

        table = self.table.set_index("feature")
        row = {
            f"{column}_{name}": float(value)
            for column in ("share", "scale", "weight")
            for name, value in table[column].items()
        }
        record = pd.DataFrame([row])
        units = zip(self.table.feature, self.table.unit, strict=True)
        record.attrs["units"] = {f"scale_{name}": unit for name, unit in units if unit}
        return record

    def labels(self, clusters: Array) -> Image:
        """Return an image of cluster numbers from 1 on; 0 where there is no vector."""
        values = np.zeros(self.template.shape, np.int32)
        values[self.known] = clusters + 1
        return like(self.template, values)


def features_of(
    image: Image,
    mask: Image | None,
    *,
    weights: Mapping[str, float],
    position: float,
    scaling: str,
    along: Sequence[str] | None,
) -> Features:
    """Make feature vectors of an image's values ``along`` its feature dims, and of positions."""
    import pandas as pd

    along = feature_dims(image, along)
    names = feature_names(image, along) if along else ["value"]
    template = image.isel(dict.fromkeys(along, 0), drop=True)
    values = with_features_last(image, along).values
    known = np.isfinite(values).all(axis=-1)
    if mask is not None:
        known &= within(mask, template, template.dims)
    if not known.any():
        raise ImageError("has no finite value to cluster", hint="is it all NaN, or masked?")
    dims = list(filtered_dims(template))
    table = pd.DataFrame({"feature": [*names, *dims]})
    unit = str(image.attrs.get("units", ""))
    table["unit"] = [unit] * values.shape[-1] + ["px"] * len(dims)
    table["weight"] = _weights(list(table.feature), dims, weights, position)
    columns = [*(values[..., channel] for channel in range(values.shape[-1]))]
    columns += _places(template, dims)
    samples = [column[known][:: max(1, int(known.sum()) // _ENOUGH)] for column in columns]
    scales = np.array([_scale_of(sample.astype(float), scaling) for sample in samples])
    if dims and scaling != "none":  # one scale for all of space, so that it is not stretched
        scales[-len(dims) :, 1] = scales[-len(dims) :, 1].max()
    table[["center", "scale", "spread"]] = scales
    parts = (table.weight * table.spread / table.scale) ** 2
    table["share"] = parts / parts.sum() if parts.sum() > 0 else parts
    used = [number for number, weight in enumerate(table.weight) if weight > 0]
    vectors = np.empty((int(known.sum()), len(used)), np.float32)
    for place, number in enumerate(used):
        center, scale = table.center[number], table.scale[number]
        moved = (columns[number][known].astype(np.float64) - center) / scale
        vectors[:, place] = table.weight[number] * moved
    return Features(vectors, known, template, table)


def _weights(
    names: list[str], dims: list[str], weights: Mapping[str, float], position: float
) -> list[float]:
    unknown = [name for name in weights if name not in names]
    if unknown:
        raise ParameterError(
            f"{unknown[0]!r} is no feature of this image; it has {', '.join(names)}",
            where="weights",
            hint=suggest(unknown[0], names),
        )
    plain = [1.0] * (len(names) - len(dims)) + [position] * len(dims)
    chosen = [weights.get(name, usual) for name, usual in zip(names, plain, strict=True)]
    if not any(chosen):
        raise ParameterError("one must be above 0", where="weights")
    return chosen


def _places(template: Image, dims: list[str]) -> list[Array]:
    """Return the position of every sample along each dim, in steps of the finest of them."""
    positions = []
    for dim, step in zip(dims, relative_steps(template, dims) if dims else [], strict=True):
        shape = [template.sizes[dim] if other == dim else 1 for other in template.dims]
        line = (np.arange(template.sizes[dim]) * step).reshape(shape)
        positions.append(np.broadcast_to(line, template.shape))
    return positions


def _scale_of(values: Array, scaling: str) -> tuple[float, float, float]:
    """Return what to take off, what to divide by, and the standard deviation."""
    spread = float(values.std())
    if scaling == "none":  # an offset changes nothing but what is lost in rounding
        return float(values.mean()), 1.0, spread
    if scaling == "standard":
        return float(values.mean()), spread or 1.0, spread
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(middle), float((high - low) / _NORMAL) or spread or 1.0, spread
