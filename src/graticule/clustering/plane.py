"""Where each row of a collection lies in two dims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from graticule.core.typing import Array

_NEAR = (
    "A map by {}: what is near in it is near in the space that was clustered. Distances between "
    "groups, and their sizes, mean nothing here; the groups were not made on it."
)
_MAPS = {"tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Plane:
    """A place in two dims for each row, and what the axes are."""

    title: str
    places: Array
    axes: tuple[str, str]
    caption: str = ""


def plane_of(space: Array, by: Literal["components", "tsne", "umap"], seed: int) -> Plane:
    """Return where rows lie: by the first two components of their space, t-SNE or UMAP.

    Parameters
    ----------
    space : ndarray
        Rows in the space that was clustered.
    by : {"components", "tsne", "umap"}
        The last two need an extra.
    seed : int
        Of these two.
    """
    if by == "components":
        return first_components(space)
    from graticule.learn.embedding import tsne, umap

    places = (tsne if by == "tsne" else umap)(space, seed=seed)
    return Plane("The map", places, ("", ""), _NEAR.format(_MAPS[by]))


def first_components(space: Array) -> Plane:
    """Return the first two principal components of the space that was clustered."""
    centred = space - space.mean(axis=0)
    total = float((centred**2).sum())
    if space.shape[1] == 1:
        spread = np.random.default_rng(0).uniform(-1, 1, len(space))  # so that points are seen
        places = np.stack([centred[:, 0], spread], axis=1)
        return Plane("The map", places, ("the only feature", "drawn at random, to part points"))
    covariance = centred.T @ centred
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, ::-1][:, :2]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, [0, 1]] < 0, -1, 1)
    shares = np.maximum(values[::-1][:2], 0) / (total or 1)
    names = tuple(f"component {n + 1} ({shares[n]:.0%} of the variance)" for n in (0, 1))
    caption = (
        f"The two directions of largest variance of the space that was clustered hold "
        f"{shares.sum():.0%} of it: groups that lie over one another here may be apart in others."
        if space.shape[1] > 2
        else ""
    )
    return Plane("The map", centred @ axes, (names[0], names[1]), caption)
