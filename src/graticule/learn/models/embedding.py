"""Embeddings as models: the numbers of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from graticule.core import Image
from graticule.core.typing import Array
from graticule.learn.models.image_rows import ImageRows
from graticule.learn.models.model import State


@dataclass(eq=False)
class EmbeddingModel:
    """What makes numbers of an image, fitted to a collection or not.

    Attributes
    ----------
    image_rows : ImageRows
        How an image becomes a row.
    example : Image
        An image of the collection, by which the file is verified.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> rng = np.random.default_rng(0)
    >>> images = [as_image(each) for each in rng.random((20, 8, 8))]
    >>> rows = ImageRows.of({"name": "pca", "n_components": 3}).seen(images[0])
    >>> rows = rows.fit(iter([np.stack([rows.sample(image) for image in images])]))
    >>> EmbeddingModel(rows, images[0]).predict(images[1]).shape
    (3,)
    """

    kind: ClassVar[str] = "embedding"

    image_rows: ImageRows
    example: Image | None = None

    def predict(self, image: Image, /) -> Array:
        """Return the numbers of an image, float32."""
        return self.image_rows.row(image)

    def table(self, image: Image) -> pd.DataFrame:
        """Return them as one row, with their names."""
        row = self.predict(image).astype(np.float64)
        return pd.DataFrame([row], columns=self.image_rows.columns)

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        return State({"image_rows": self.image_rows.state()}, dict(self.image_rows.arrays))

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        return cls(ImageRows.from_state(state.card["image_rows"], state.arrays))
