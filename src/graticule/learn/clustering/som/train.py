"""Fitting a self-organising map: row by row, or all rows before a step."""

from __future__ import annotations

import numpy as np

from graticule.core import map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.som.grid import Grid
from graticule.learn.clustering.som.map import SelfOrganisingMap
from graticule.learn.clustering.som.parameters import SOMParameters


def fit_map(rows: Array, parameters: SOMParameters, seed: int = 0) -> SelfOrganisingMap:
    """Return a map fitted to rows.

    Online it is minisom's [1]_ for the same parameters and seed: the same start, the same order of
    rows, the same steps. In batches all units move to the mean of the rows, weighted by the
    neighbourhood of the unit each row is nearest to [2]_.

    Parameters
    ----------
    rows : ndarray
        (rows, features) of float64.
    parameters : SOMParameters
        Of the map.
    seed : int
        Of the start and of the order of rows.

    Returns
    -------
    SelfOrganisingMap
        With weights of shape ``(x, y, features)``.

    Raises
    ------
    ImageError
        If the principal components of a single feature are asked for.

    References
    ----------
    .. [1] G. Vettigli, MiniSom, https://github.com/JustGlowing/minisom.
    .. [2] T. Kohonen, Neural Networks 37, 52 (2013), :doi:`10.1016/j.neunet.2012.09.018`.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> found = fit_map(rows, SOMParameters(x=6, y=6))
    >>> found.weights.shape, bool(found.quantisation_error(rows) < 0.8)
    ((6, 6, 3), True)
    """
    rng = np.random.RandomState(seed)
    weights = _start(rows, parameters, rng)
    if parameters.algorithm == "online":
        _train_online(rows, weights, parameters, rng)
    else:
        weights = _train_batch(rows, weights, parameters, rng)
    return SelfOrganisingMap(parameters.grid, weights)


def _start(rows: Array, parameters: SOMParameters, rng: np.random.RandomState) -> Array:
    """Return weights as minisom makes them, drawing the same numbers in the same order."""
    x, y, features = parameters.x, parameters.y, rows.shape[1]
    weights = rng.rand(x, y, features) * 2 - 1
    weights /= np.linalg.norm(weights, axis=-1, keepdims=True)
    if parameters.weights_init == "sample":
        return rows[[rng.randint(len(rows)) for _ in range(x * y)]].reshape(x, y, features)
    if parameters.weights_init == "pca":
        if features < 2 or len(rows) < 2:
            raise ImageError(
                "the plane of two principal components needs two columns and two rows, not "
                f"{features} and {len(rows)}",
                hint="set weights_init to sample",
            )
        values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False))
        first, second = vectors[:, np.argsort(values)[::-1][:2]].T
        i, j = np.linspace(-1, 1, x)[:, None, None], np.linspace(-1, 1, y)[None, :, None]
        weights = rows.mean(axis=0) + i * first + j * second
    return weights


def _train_online(
    rows: Array, weights: Array, parameters: SOMParameters, rng: np.random.RandomState
) -> None:
    from graticule.learn.clustering.som._kernels import train_online

    steps = parameters.num_iteration or 10 * len(rows)
    order = np.arange(steps) % len(rows)
    if parameters.random_order:
        rng.shuffle(order)
    sigmas = np.array([parameters.sigma_at(step, steps) for step in range(steps)])
    rates = np.array([parameters.learning_rate_at(step, steps) for step in range(steps)])
    place = parameters.grid.positions[: parameters.y]
    height = float(place[1, 1]) if parameters.y > 1 else 1.0
    bubble = parameters.neighborhood_function == "bubble"
    train_online(rows, order, weights, rates, sigmas, place[:, 0].copy(), height, bubble)


def _train_batch(
    rows: Array, weights: Array, parameters: SOMParameters, rng: np.random.RandomState
) -> Array:
    """Return weights after passes over the rows, which are summed up by unit in float32.

    While the neighbourhood is wider than a unit, a pass sees other rows of a shuffled table than
    the one before: a wide neighbourhood averages over many units, for which few rows are enough.
    """
    grid, features = parameters.grid, rows.shape[1]
    passes = parameters.num_iteration or 20
    centre = rows.mean(axis=0)
    padded = np.zeros((len(rows), -(-features // 4) * 4), np.float32)
    padded[:, :features] = rows - centre
    units = weights.reshape(grid.size, features) - centre
    few = len(rows) if parameters.early_rows is None else parameters.early_rows * grid.size
    if few < len(rows):
        padded = padded[rng.permutation(len(rows))]
    seen = 0
    for step in range(passes):
        sigma = parameters.sigma_at(step, passes)
        part = padded
        if sigma > 1 and few < len(rows):
            part = padded[seen : seen + few]
            seen = seen + few if seen + 2 * few <= len(rows) else 0
        sums, counts = _sums(part, units)
        near = _neighbourhood(grid, parameters, sigma)
        total, weight = near @ sums, near @ counts
        reached = weight > 0
        rate = parameters.learning_rate_at(step, passes)
        drawn = total[reached] / weight[reached, None]
        units[reached] = (1 - rate) * units[reached] + rate * drawn
    moved: Array = (units + centre).reshape(weights.shape)
    return moved


def _sums(rows: Array, units: Array) -> tuple[Array, Array]:
    """Return the sum and the number of the rows nearest to each unit."""
    from graticule.learn.clustering.som._kernels import sum_by_unit

    features = units.shape[1]
    across = np.zeros((rows.shape[1], len(units)), np.float32)
    across[:features] = units.T
    halves = (-(units**2).sum(axis=1) / 2).astype(np.float32)
    parts = map_ranges(
        lambda start, stop: sum_by_unit(rows, across, halves, start, stop), len(rows), least=1024
    )
    table = np.asarray(np.sum(np.stack(parts), axis=0, dtype=np.float64))
    return table[:, :features], table[:, -1]


def _neighbourhood(grid: Grid, parameters: SOMParameters, sigma: float) -> Array:
    """Return how much each unit is drawn by the rows of each other, (units, units)."""
    if parameters.neighborhood_function == "bubble":
        i, j = np.divmod(np.arange(grid.size), grid.y)
        near = np.abs(i[:, None] - i) < sigma
        return np.asarray(near & (np.abs(j[:, None] - j) < sigma), np.float64)
    place = grid.positions
    squares = ((place[:, None] - place[None]) ** 2).sum(axis=2)
    return np.asarray(np.exp(-squares / (2 * sigma**2)))
