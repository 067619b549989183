"""C7 and C8: the null of groups on tables that are known, and clusterings beside their peers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from graticule.bench.row import Row, processes, row, speedup, timed
from graticule.core.typing import Array
from graticule.learn.clustering import Chain, Sweep, null_test
from graticule.learn.clustering.som import SOMParameters, fit_map
from graticule.learn.clustering.surrogates import Kind

_TABLES, _ROWS, _FEATURES = 200, 300, 25
_LONG = 100_000


def _axes(rng: np.random.Generator) -> Array:
    """Return axes of which normals make a table of a random covariance, 1 to 30 in variance."""
    turn, _ = np.linalg.qr(rng.normal(size=(_FEATURES, _FEATURES)))
    return np.asarray(turn * np.exp(rng.uniform(0, np.log(30), _FEATURES) / 2)).T


def _gaussian(rng: np.random.Generator) -> Array:
    return np.asarray(rng.normal(size=(_ROWS, _FEATURES)) @ _axes(rng))


def _heavy_tailed(rng: np.random.Generator) -> Array:
    """Return a multivariate t of 3 degrees of freedom, of a random covariance."""
    return np.asarray(_gaussian(rng) / np.sqrt(rng.chisquare(3, _ROWS) / 3)[:, None])


def _skewed(rng: np.random.Generator) -> Array:
    """Return correlated log-normal columns."""
    rows = _gaussian(rng)
    return np.asarray(np.exp(0.7 * rows / rows.std(axis=0)))


def _two_groups(rng: np.random.Generator) -> Array:
    """Return two groups of one half each, 3 standard deviations apart in a random direction."""
    line = rng.normal(size=_FEATURES)
    group = rng.permutation(_ROWS) % 2
    rows = rng.normal(size=(_ROWS, _FEATURES))
    return np.asarray(rows + 3 * group[:, None] * line / np.linalg.norm(line))


_MADE: dict[str, Callable[[np.random.Generator], Array]] = {
    "gaussian": _gaussian,
    "heavy-tailed": _heavy_tailed,
    "skewed": _skewed,
    "two groups": _two_groups,
}


def is_grouped(made: str, number: int) -> bool:
    """Say whether a table of a kind is called grouped at 5 %, by k-means of 2 to 5 groups."""
    rows = _MADE[made](np.random.default_rng([number, 7]))
    sweep = Sweep(Chain.of({"step": "kmeans", "n_init": 3}), {"n_clusters": [2, 3, 4, 5]})
    kinds: tuple[Kind, ...] = ("gaussian", "copula")
    return null_test(rows, sweep, kind=kinds, n=99, seed=number, stop=5).grouped


def _share(pool: Any, made: str, tables: int) -> float:
    return float(np.mean(list(pool.map(is_grouped, [made] * tables, range(tables), chunksize=5))))


@row("C7")
def null_of_groups() -> list[Row]:
    """Count how many tables without and with groups are called grouped."""
    with processes() as pool:
        shares = {made: _share(pool, made, _TABLES) for made in _MADE}
    size = f"of {_TABLES} tables {_ROWS} x {_FEATURES}"
    found = shares.pop("two groups")
    rows = [
        Row(
            "C7",
            f"{made} {size} without groups, called grouped at 5 %",
            share,
            "",
            "<= 0.06" if made == "gaussian" else "",
            share <= 0.06 if made == "gaussian" else None,
        )
        for made, share in shares.items()
    ]
    what = f"two groups 3 sigma apart {size}, called grouped at 5 %"
    return [*rows, Row("C7", what, found, "", ">= 0.95", found >= 0.95)]


def _long_table(seed: int) -> Array:
    """Return 40 groups of 25 features, 100,000 rows."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(40, _FEATURES))
    return np.asarray(centres[rng.integers(0, 40, _LONG)] + rng.normal(size=(_LONG, _FEATURES)))


@row("C8")
def self_organising_map() -> Row:
    """Time a batch map beside minisom, to an error no larger."""
    from minisom import MiniSom

    rows = _long_table(0)
    fit_map(rows[:2000], SOMParameters(x=30, y=30))
    parameters = SOMParameters(x=30, y=30, num_iteration=5, sigma_end=0.7)
    fast, ours = timed(lambda: fit_map(rows, parameters))
    theirs = MiniSom(30, 30, _FEATURES, sigma=3.0, learning_rate=0.5, random_seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.pca_weights_init(rows)
    slow, _ = timed(lambda: theirs.train(rows, _LONG, random_order=True))
    errors = ours.quantisation_error(rows), float(theirs.quantization_error(rows))
    topographic = ours.topographic_error(rows), float(theirs.topographic_error(rows))
    what = (
        f"map of 30 x 30 on {_LONG:,} x {_FEATURES}; quantisation error {errors[0]:.3f}, minisom "
        f"{errors[1]:.3f}; topographic {topographic[0]:.3f}, {topographic[1]:.3f}"
    )
    holds = errors[0] <= errors[1]
    return speedup("C8", what, fast, slow, 20, also="error no larger", holds=holds)


@row("C8")
def density() -> list[Row]:
    """Time DBSCAN and HDBSCAN beside scikit-learn, to the same groups."""
    from sklearn.cluster import DBSCAN, HDBSCAN

    rows = _long_table(0)
    peers: dict[str, tuple[dict[str, Any], Any]] = {
        "dbscan": (
            {"eps": 5.0, "min_samples": 10},
            DBSCAN(eps=5.0, min_samples=10, n_jobs=-1),
        ),
        "hdbscan": (
            {"min_cluster_size": 50, "min_samples": 10},
            HDBSCAN(min_cluster_size=50, min_samples=10, n_jobs=-1, copy=False),
        ),
    }
    found = []
    for name, (parameters, peer) in peers.items():
        chain = Chain.of({"step": name, **parameters})
        chain.fit(rows[:500])
        fast, ours = timed(partial(chain.fit, rows))
        slow, theirs = timed(partial(peer.fit, rows))
        equal = _same_groups(ours.labels, theirs.labels_)
        what = f"{name} on {_LONG:,} x {_FEATURES}, {ours.n_groups} groups"
        found.append(speedup("C8", what, fast, slow, 1, also="same groups", holds=equal))
    return found


def _same_groups(labels: Array, others: Array) -> bool:
    """Whether labels are the same up to their numbers, noise being noise in both."""
    pairs = np.unique(np.stack([labels, others]), axis=1)
    one_to_one = len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))
    return one_to_one and bool(((labels < 0) == (others < 0)).all())
