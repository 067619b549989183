"""Fitted clusterings as models: the group of each row of a table, or of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from graticule.core import Image, is_image
from graticule.core.errors import FormatError, ImageError
from graticule.core.typing import Array
from graticule.learn.clustering import NOISE, Clustering
from graticule.learn.models.image_rows import ImageRows
from graticule.learn.models.model import State
from graticule.learn.models.objects import unit_factor

GROUP, DISTANCE = "group", "group_distance"
_EXAMPLES = 20
_OF_IMAGES = "image_rows."


@dataclass(eq=False)
class ClusteringModel:
    """A fitted clustering that tells the group of what it has not seen.

    Attributes
    ----------
    clustering : Clustering
        The fitted chain.
    units : mapping of str
        Unit of each column that has one. Tables in other units of the same kind are converted.
    image_rows : ImageRows or None
        How an image becomes a row, where the groups are of images.
    image_columns : tuple of str
        The columns of the clustering that come of it; the others are those of a table.
    example : DataFrame
        A few rows, by which the file is verified.

    Examples
    --------
    >>> from graticule.learn.clustering import Chain
    >>> table = pd.DataFrame({"area": [1.0, 2.0, 1.5, 90.0, 92.0, 91.0]})
    >>> chain = Chain.of([{"step": "kmeans", "n_clusters": 2}])
    >>> model = ClusteringModel.of(chain.fit(table, seed=0), table)
    >>> model.assigned(pd.DataFrame({"area": [1.2, 80.0]}))["group"].nunique()
    2
    """

    kind: ClassVar[str] = "clustering"

    clustering: Clustering
    units: Mapping[str, str] = field(default_factory=dict)
    image_rows: ImageRows | None = None
    image_columns: Sequence[str] = ()
    example: pd.DataFrame | None = None

    @classmethod
    def of(
        cls,
        clustering: Clustering,
        table: pd.DataFrame,
        image_rows: ImageRows | None = None,
        image_columns: Sequence[str] = (),
    ) -> Self:
        """Return the model of a clustering and the table it was fitted to."""
        columns = list(clustering.columns)
        units = {str(k): str(v) for k, v in table.attrs.get("units", {}).items() if k in columns}
        example = table[columns].iloc[:_EXAMPLES].astype(np.float64).reset_index(drop=True)
        example.attrs["units"] = dict(units)
        return cls(clustering, units, image_rows, tuple(image_columns), example)

    @property
    def columns(self) -> tuple[str, ...]:
        """What must be in a table, beside what is made of an image."""
        own = set(self.image_columns)
        return tuple(name for name in self.clustering.columns if name not in own)

    @property
    def centres(self) -> Array:
        """The mean of each group in the space that was clustered (groups, features)."""
        found = self.clustering
        return group_centres(found.space, found.labels, found.n_groups)

    def predict(self, data: pd.DataFrame | Image, /) -> Array:
        """Return the group of each row of a table, or of an image; -1 for none."""
        rows = self._row_of(data, None) if is_image(data) else self._rows(data)
        return self._told(rows)[0]

    def assigned(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the columns ``group`` and ``group_distance``; units stay.

        Raises
        ------
        ImageError
            If the table lacks a column, or has it in a unit of another kind, or the groups are
            those of images.
        """
        if self.image_columns and not set(self.image_columns) <= set(map(str, table.columns)):
            raise ImageError(
                "the groups are of images, and a table holds none",
                hint="as a step: op: learn.assign_image",
            )
        found = table.copy()
        found.attrs = dict(table.attrs)
        found[GROUP], found[DISTANCE] = self._told(self._rows(table))
        return found

    def of_image(self, image: Image, given: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return ``group`` and ``group_distance`` of an image, as one row."""
        labels, distances = self._told(self._row_of(image, given))
        return pd.DataFrame({GROUP: labels, DISTANCE: distances})

    def _told(self, rows: Array) -> tuple[Array, Array]:
        """Return group and distance of rows; of one that lacks a number, none and NaN."""
        labels = np.full(len(rows), NOISE, np.int32)
        distances = np.full(len(rows), np.nan)
        known = np.isfinite(rows).all(axis=1)
        if known.any():
            labels[known] = self.clustering.assign(rows[known])
            space = self.clustering.transform(rows[known])
            distances[known] = centre_distances(space, labels[known], self.centres)
        return labels, distances

    def _row_of(self, image: Image, given: pd.DataFrame | None) -> Array:
        """Return the row of an image, in the order of the clustering's columns."""
        if self.columns and given is None:
            raise ImageError(
                f"the columns {', '.join(self.columns[:5])} are needed beside the image",
                hint="give the table of what was measured",
            )
        if given is not None and len(given) != 1:
            raise ImageError(f"what was measured of an image must be one row, not {len(given)}")
        table = pd.DataFrame(index=[0]) if given is None else given.reset_index(drop=True)
        if self.image_rows is not None and self.image_columns:
            own = pd.DataFrame([self.image_rows.row(image)], columns=self.image_rows.columns)
            attrs = dict(table.attrs)
            table = pd.concat([table.drop(columns=own.columns, errors="ignore"), own], axis=1)
            table.attrs = attrs
        return self._rows(table)

    def _rows(self, table: pd.DataFrame) -> Array:
        """Return the columns of a table in the model's order and units."""
        wanted = self.clustering.columns
        lacking = [name for name in wanted if name not in table.columns]
        if lacking:
            more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
            raise ImageError(
                f"the table must have the column{'s' * (len(lacking) > 1)} "
                f"{', '.join(lacking[:3])}{more}; it has "
                f"{', '.join(map(str, table.columns[:8])) or 'none'}",
                hint="measure what the groups were made by",
            )
        texts = [n for n in wanted if not pd.api.types.is_numeric_dtype(table[n])]
        if texts:
            raise ImageError(
                f"the column {texts[0]} must hold numbers, not {table[texts[0]].dtype}"
            )
        rows = table[list(wanted)].to_numpy(np.float64, na_value=np.nan, copy=True)
        units = table.attrs.get("units", {})
        for number, name in enumerate(wanted):
            rows[:, number] *= unit_factor(name, units.get(name, ""), self.units.get(name, ""))
        return rows

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        card = {
            "clustering": self.clustering.card(),
            "units": dict(self.units),
            "image_rows": None if self.image_rows is None else self.image_rows.state(),
            "image_columns": list(self.image_columns),
        }
        own = {} if self.image_rows is None else self.image_rows.arrays
        learned = {f"{_OF_IMAGES}{name}": array for name, array in own.items()}
        return State(card, {**self.clustering.arrays(), **learned})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        card = state.card
        learned = {
            name.removeprefix(_OF_IMAGES): array
            for name, array in state.arrays.items()
            if name.startswith(_OF_IMAGES)
        }
        arrays = {k: v for k, v in state.arrays.items() if not k.startswith(_OF_IMAGES)}
        clustering = Clustering.from_arrays(arrays, card["clustering"])
        unknown = set(card["image_columns"]) - set(clustering.columns)
        if unknown:
            raise FormatError(f"has no column {sorted(unknown)[0]}")
        held = card["image_rows"]
        rows = None if held is None else ImageRows.from_state(held, learned)
        return cls(clustering, dict(card["units"]), rows, tuple(card["image_columns"]))


def group_centres(space: Array, labels: Array, groups: int) -> Array:
    """Return the mean of each group (groups, features); noise has no part in it.

    Examples
    --------
    >>> group_centres(np.array([[0.0], [2.0], [9.0]]), np.array([0, 0, -1]), 1).tolist()
    [[1.0]]
    """
    known = labels >= 0
    counts = np.bincount(labels[known], minlength=groups)[:, None]
    sums = np.zeros((groups, space.shape[1]))
    np.add.at(sums, labels[known], space[known])
    return sums / np.maximum(counts, 1)


def centre_distances(space: Array, labels: Array, centres: Array) -> Array:
    """Return how far each row is from the centre of its group; noise, from the nearest one.

    Examples
    --------
    >>> centre_distances(np.array([[1.0], [4.0]]), np.array([0, -1]), np.array([[0.0], [6.0]]))
    array([1., 2.])
    """
    found = np.full(len(space), np.nan)
    if not len(centres):
        return found
    known = labels >= 0
    found[known] = np.linalg.norm(space[known] - centres[labels[known]], axis=1)
    for number in np.flatnonzero(~known):
        found[number] = np.linalg.norm(space[number] - centres, axis=1).min()
    return found
