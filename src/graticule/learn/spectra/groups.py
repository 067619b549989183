"""Groups of the spectra of a cube, learned where pixels are like their surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.learn.clustering.blocked import Rows, best_kmeans_of_blocks
from graticule.learn.clustering.chain import Chain, FittedStep
from graticule.learn.clustering.end_members import abundances, purest, unit_rows
from graticule.learn.clustering.steps import gaussian_mixture, merged_mixture
from graticule.learn.spectra.borders import beside_nothing, homogeneous, sides
from graticule.learn.spectra.cube import SpectralCube
from graticule.learn.spectra.kinds import Method
from graticule.learn.spectra.number import Number, number_of_groups
from graticule.ops.segment._potts import UNIT, Potts

_OF_VALUES = ("kmeans", "minibatch_kmeans")
"""Methods that take spectra as they are, thickness and brightness included."""
_OF_MEMBERS = ("nmf", "nfindr")
"""Methods that find spectra of which the others are sums."""
_COORDINATES = 6
"""Coordinates of a direction; two more than groups where these are many."""
_LEARNED, _FEWEST = 20_000, 50
"""Pixels that groups are learned from at most, and so few that borders are not left out."""
_LEAST = 1e-4
"""Least probability of a group for a pixel; none is impossible."""
_ROUNDS = 10


@dataclass(frozen=True)
class Settings:
    """How groups are made; the parameters of `learn.spectral_clusters`."""

    groups: int | None = None
    most: int = 8
    method: Method = "merged_mixture"
    pure: float = 0.9
    beta: float = 0.0
    smallest: float = 0.02
    alpha: float = 0.05
    surrogates: int = 99
    seed: int = 0


@dataclass(frozen=True)
class SpectralGroups:
    """Groups of the rows of a cube.

    Attributes
    ----------
    labels : ndarray of int32
        From 1 by increasing mean of the group's spectra; 0 for rows that hold nothing.
    shares : ndarray
        (rows, groups + 1) of float32: what each row is made of, nothing first; together 1.
    mixed : ndarray of bool
        Rows of which no share reaches ``pure``.
    homogeneous : ndarray of bool
        Rows that are no border.
    raw : ndarray of int32
        Groups by plain k-means of the values of the cube, as many as there are others.
    number : Number
        What speaks for their number.
    """

    labels: Array
    shares: Array
    mixed: Array
    homogeneous: Array
    raw: Array
    number: Number


@dataclass(frozen=True)
class _Pixels:
    """The rows of a cube, and what is known of them before there are groups."""

    cube: SpectralCube
    directions: Array
    full: Array
    calm: Array
    learned: Array


def spectral_groups(cube: SpectralCube, settings: Settings) -> SpectralGroups:
    """Return the groups of a cube."""
    pixels = _looked_at(cube, settings)
    number = _number(pixels, settings)
    count = number.groups
    if settings.method in _OF_VALUES:
        count += int(settings.groups is None and not pixels.full.all())
        posterior = _of_values(cube, count, settings.method, settings.seed)
    elif not pixels.full.any():
        posterior = np.ones((len(pixels.full), 1))
    else:
        posterior = _of_directions(pixels, count, settings)
    labels, shares = _shares(pixels, posterior, settings)
    plain = settings.method == "kmeans"
    raw = (posterior if plain else _of_values(cube, count, "kmeans", settings.seed)).argmax(axis=1)
    order = _order(cube, labels, shares.shape[1])
    of_raw = _order(cube, raw, int(raw.max()) + 1)
    return SpectralGroups(
        np.argsort(order)[labels].astype(np.int32),
        shares[:, order].astype(np.float32),
        shares.max(axis=1) < settings.pure - 1e-6,
        pixels.calm,
        np.argsort(of_raw)[raw].astype(np.int32),
        number,
    )


def _looked_at(cube: SpectralCube, settings: Settings) -> _Pixels:
    """Return which rows hold something, which are no border, and which are learned from."""
    full = ~cube.empty
    count = max(_COORDINATES, (settings.groups or 0) + 2)
    scores = cube.scores(cube.telling, count)
    calm = homogeneous(cube, scores) & ~(full & beside_nothing(cube))
    learned = np.flatnonzero(full & calm)
    if len(learned) < _FEWEST:
        learned = np.flatnonzero(full)
    if len(learned) > _LEARNED:
        rng = np.random.default_rng(settings.seed)
        learned = np.sort(rng.choice(learned, _LEARNED, replace=False))
    return _Pixels(cube, unit_rows(scores), full, calm, learned)


def _number(pixels: _Pixels, settings: Settings) -> Number:
    """Return the number of groups; a wanted one is held against one material all the same."""
    cube, learned = pixels.cube, pixels.learned
    clear = learned[~cube.dark[learned]]
    return number_of_groups(
        cube.telling[clear],
        cube.noise[clear],
        pixels.directions[learned],
        wanted=settings.groups,
        most=settings.most,
        smallest=settings.smallest,
        alpha=settings.alpha,
        n=settings.surrogates,
        seed=settings.seed,
    )


def _of_values(cube: SpectralCube, count: int, method: str, seed: int) -> Array:
    """Return how likely groups of the values are for each row, as one Gaussian width makes it."""
    rows = cube.raw
    if method == "kmeans":
        centroids = best_kmeans_of_blocks(Rows.of(rows), count, seed=seed).centroids
    else:
        step = {"step": method, "n_clusters": count}
        centroids = Chain.of(step).fit(rows, seed=seed).method.content["centroids"]
    return np.concatenate([np.zeros((len(rows), 1)), _by_distance(rows, centroids)], axis=1)


def _by_distance(rows: Array, centroids: Array) -> Array:
    """Return the posterior of Gaussians around centroids, of the same width in all directions."""
    shift = centroids.mean(axis=0)
    centred, found = centroids - shift, np.empty((len(rows), len(centroids)))
    total = 0.0
    for start in range(0, len(rows), 8192):
        part = slice(start, start + 8192)
        block = rows[part] - shift
        found[part] = (centred**2).sum(axis=1) - 2 * block @ centred.T
        total += float((block**2).sum() + found[part].min(axis=1).sum())
    width = max(total, 0.0) / rows.size
    found -= found.min(axis=1, keepdims=True)
    found = np.exp(-found / (2 * width)) if width > 0 else (found == 0).astype(np.float64)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _of_directions(pixels: _Pixels, count: int, settings: Settings) -> Array:
    """Return how likely groups of the directions are for each row, nothing first."""
    members = settings.method in _OF_MEMBERS
    rows = pixels.cube.telling if members else pixels.directions
    if settings.method == "nmf":
        rows = np.maximum(rows, 0)  # below 0 there is noise alone
    key = "n_components" if settings.method == "gaussian_mixture" else "n_clusters"
    learned = np.asarray(rows[pixels.learned], np.float64)
    count = min(count, len(np.unique(learned, axis=0)))
    if count < 2:
        told = np.ones((int(pixels.full.sum()), 1))
    else:
        step: dict[str, Any] = {"step": settings.method, key: count}
        if settings.method == "merged_mixture":
            step["min_share"] = settings.smallest
        fitted = Chain.of(step).fit(learned, seed=settings.seed).method
        told = _posterior(fitted, np.asarray(rows[pixels.full], np.float64))
    found = np.zeros((len(rows), told.shape[1] + 1))
    found[~pixels.full, 0] = 1
    found[pixels.full, 1:] = told
    return found


def _posterior(fitted: FittedStep, rows: Array) -> Array:
    content: Mapping[str, Any] = fitted.content
    if fitted.step.name == "merged_mixture":
        return merged_mixture.posterior(rows, content, fitted.parameters)
    if fitted.step.name == "gaussian_mixture":
        return gaussian_mixture.posterior(rows, content, fitted.parameters)
    if fitted.step.name == "spherical_kmeans":
        return _by_distance(rows, content["centroids"])
    return abundances(rows, content["members"])


def _shares(pixels: _Pixels, posterior: Array, settings: Settings) -> tuple[Array, Array]:
    """Return the label of each row, and what it is mixed of."""
    cube = pixels.cube
    labels = _smoothed(cube, posterior, settings.beta)
    if settings.method in _OF_VALUES or cube.quantity != "reflectance":
        told = sides(cube, labels, pixels.calm)
        shares, rows = np.zeros(posterior.shape), np.arange(len(labels))
        shares[rows, told.others] = 1 - told.shares
        shares[rows, told.labels] += told.shares
        return (labels if settings.method in _OF_VALUES else told.labels), shares
    if settings.method not in _OF_MEMBERS and posterior.shape[1] > 1:
        posterior = _unmixed(pixels, labels, posterior.shape[1] - 1, settings.pure)
        labels = _smoothed(cube, posterior, settings.beta)
    return labels, posterior


def _unmixed(pixels: _Pixels, labels: Array, count: int, pure: float) -> Array:
    """Return the shares of the purest spectra in each row, the groups being where they start."""
    rows, learned = pixels.cube.telling, pixels.learned
    known = [group for group in range(1, count + 1) if (labels[learned] == group).any()]
    start = [unit_rows(rows[learned[labels[learned] == group]]).mean(axis=0) for group in known]
    sample = np.flatnonzero(pixels.full)
    members = purest(rows[sample[:: -(-len(sample) // _LEARNED)]], np.array(start), pure)
    found = np.zeros((len(rows), count + 1))
    found[~pixels.full, 0] = 1
    told = abundances(rows[pixels.full], members)
    for group, share in zip(known, told.T, strict=True):
        found[pixels.full, group] = share
    return found


def _smoothed(cube: SpectralCube, posterior: Array, beta: float) -> Array:
    """Return the likeliest label of each row, with a cost for every border (Potts model)."""
    if beta == 0 or posterior.shape[1] < 2 or not cube.axes:
        return np.asarray(posterior.argmax(axis=1))
    cost = -np.log(np.maximum(posterior, _LEAST))
    cost -= cost.min(axis=1, keepdims=True)
    solve = Potts(cube.known, dict.fromkeys(cube.axes, beta), "graph_cut", _ROUNDS)
    return np.asarray(solve(np.rint(UNIT * cost.T).astype(np.int32)), np.int64)


def _order(cube: SpectralCube, labels: Array, count: int) -> Array:
    """Return labels by increasing mean of their spectra, 0 first."""
    sizes = np.bincount(labels, minlength=count)
    sums = np.bincount(labels, cube.raw.mean(axis=1, dtype=np.float64), minlength=count)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    means[0] = -np.inf
    return np.argsort(means, kind="stable")
