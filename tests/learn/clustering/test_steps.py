"""Every step of a chain: the same seed, the same bytes; written down and made again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from graticule.core.errors import FormatError, ImageError, MemoryBudgetError, PipelineError
from graticule.core.typing import Array
from graticule.learn.clustering import STEPS, Chain, Clustering, methods

_PARAMETERS = {
    "kmeans": {"n_clusters": 3},
    "minibatch_kmeans": {"n_clusters": 3},
    "gaussian_mixture": {"n_components": 3},
    "merged_mixture": {"n_clusters": 3},
    "spherical_kmeans": {"n_clusters": 3},
    "nmf": {"n_clusters": 2},
    "nfindr": {"n_clusters": 3},
    "dbscan": {"eps": 1.5},
    "hdbscan": {"min_cluster_size": 15},
    "agglomerative": {"n_clusters": 3},
    "som": {"x": 4, "y": 3},
    "som_coordinates": {"x": 4, "y": 3, "topology": "hexagonal"},
    "pca": {"n_components": 2},
}
_SPACES = [name for name in STEPS.names() if name not in methods()]


@pytest.fixture(scope="module")
def rows() -> Array:
    rng = np.random.default_rng(3)
    return rng.normal(size=(240, 4)) + 6 * rng.integers(0, 3, 240)[:, None]


def _suited(name: str, rows: Array) -> Array:
    """Return rows that a step takes: factors have no negative ones."""
    return np.abs(rows) if name == "nmf" else rows


def _chain(name: str) -> Chain:
    step = {"step": name, **_PARAMETERS.get(name, {})}
    return Chain.of([step] if name in methods() else [step, {"step": "kmeans", "n_clusters": 3}])


@pytest.mark.parametrize("name", STEPS.names())
def test_same_seed_gives_same_arrays(name: str, rows: Array) -> None:
    rows = _suited(name, rows)
    one, other = _chain(name).fit(rows, seed=5), _chain(name).fit(rows, seed=5)
    assert one.card() == other.card()
    for key, array in one.arrays().items():
        assert array.tobytes() == other.arrays()[key].tobytes()


@pytest.mark.parametrize("name", STEPS.names())
def test_rows_that_were_clustered_keep_their_groups(name: str, rows: Array) -> None:
    rows = _suited(name, rows)
    found = _chain(name).fit(rows)
    assert (found.assign(rows) == found.labels).all()
    assert (found.assign(rows[50:60]) == found.labels[50:60]).all()


@pytest.mark.parametrize("name", STEPS.names())
def test_what_is_written_down_assigns_alike(name: str, rows: Array) -> None:
    rows = _suited(name, rows)
    found = _chain(name).fit(rows)
    card = json.loads(json.dumps(found.card()))
    again = Clustering.from_arrays(found.arrays(), card)
    new = rows + np.random.default_rng(1).normal(size=rows.shape)
    assert (again.assign(new) == found.assign(new)).all()
    assert again.describe() == json.loads(json.dumps(found.describe()))
    assert all(array.dtype.kind in "fiub" for array in found.arrays().values())


@pytest.mark.parametrize("name", methods())
def test_groups_are_numbered_by_size(name: str, rows: Array) -> None:
    rows = _suited(name, rows)
    found = _chain(name).fit(rows)
    assert found.labels.dtype == np.int32
    assert found.labels.min() >= -1
    assert (np.diff(found.sizes) <= 0).all()
    assert found.sizes.min() > 0


@pytest.mark.parametrize("name", ["kmeans", "gaussian_mixture", "agglomerative", "hdbscan"])
def test_groups_that_are_there_are_found(name: str, rows: Array) -> None:
    truth = np.random.default_rng(3)
    truth.normal(size=(240, 4))
    labels = truth.integers(0, 3, 240)
    found = _chain(name).fit(rows)
    pairs = set(zip(found.labels[found.labels >= 0], labels[found.labels >= 0], strict=True))
    assert len(pairs) == 3 == found.n_groups


@pytest.mark.parametrize("name", _SPACES)
def test_input_stays(name: str, rows: Array) -> None:
    kept = rows.copy()
    found = _chain(name).fit(rows)
    found.assign(rows)
    assert (rows == kept).all()


def test_a_table_is_read_by_names() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(50, 3)), columns=["a", "b", "c"]).assign(name="x")
    found = Chain.of({"step": "kmeans"}).fit(table, columns=["c", "a"])
    assert (found.assign(table[["a", "name", "c"]]) == found.labels).all()
    with pytest.raises(ImageError, match="lacks the column 'c'"):
        found.assign(table[["a"]])
    with pytest.raises(ImageError, match="name hold no numbers"):
        Chain.of({"step": "kmeans"}).fit(table)


def test_missing_numbers_are_named_or_filled() -> None:
    table = pd.DataFrame({"good": [1.0, 2, 9, 10], "bad": [np.nan] * 4, "some": [1, np.nan, 3, 4]})
    with pytest.raises(ImageError, match="in 4 of 4 rows, in bad, some"):
        Chain.of({"step": "kmeans"}).fit(table)
    chain = Chain.of([{"step": "impute"}, {"step": "kmeans"}])
    with pytest.raises(ImageError, match="1 columns hold no number at all"):
        chain.fit(table)
    found = chain.fit(table, columns=["good", "some"])
    assert found.steps[0].facts["filled"] == 1
    assert (found.assign(table) == found.labels).all()


def test_a_constant_column_says_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    padded = np.column_stack([rows, np.full(60, 0.1)])
    for scale in ("standardise", "robust_scale"):
        chain = Chain.of([{"step": scale}, {"step": "kmeans"}])
        found = chain.fit(padded)
        assert (found.labels == chain.fit(rows).labels).all()
        assert (found.space[:, 2] == 0).all()
        assert found.steps[0].facts["constant_columns"] == 1


@pytest.mark.parametrize("name", ["kmeans", "minibatch_kmeans", "gaussian_mixture"])
@pytest.mark.parametrize("rows", [np.zeros((1, 2)), np.arange(4.0).reshape(2, 2)])
def test_fewer_rows_than_groups_are_refused(name: str, rows: Array) -> None:
    with pytest.raises(ImageError, match="3 groups need 3 rows, not"):
        _chain(name).fit(rows)


@pytest.mark.parametrize(
    "name", ["kmeans", "minibatch_kmeans", "gaussian_mixture", "agglomerative"]
)
def test_equal_rows_are_no_groups(name: str) -> None:
    with pytest.raises(ImageError, match="3 rows that differ, and 1 do"):
        _chain(name).fit(np.ones((20, 3)))


@pytest.mark.parametrize("name", ["dbscan", "hdbscan", "som"])
def test_equal_rows_are_one_group_or_noise(name: str) -> None:
    found = _chain(name).fit(np.ones((40, 3)))
    assert found.n_groups <= 1
    assert len(set(found.labels.tolist())) == 1


@pytest.mark.parametrize("name", ["agglomerative", "hdbscan", "pca", "gaussian_mixture"])
def test_one_row_is_refused(name: str) -> None:
    with pytest.raises(ImageError):
        _chain(name).fit(np.zeros((1, 3)))


def test_too_long_a_table_is_not_merged() -> None:
    with pytest.raises(MemoryBudgetError, match=r"30,001 rows take 3\.6 GB|4 GB"):
        Chain.of({"step": "agglomerative"}).fit(np.zeros((30_001, 1)))


def test_every_fault_of_a_chain_is_told_with_its_step() -> None:
    with pytest.raises(PipelineError) as told:
        Chain.of([{"step": "pca", "n_components": 0}, {"step": "kmeans", "n_cluster": 3}])
    assert [fault.path for fault in told.value.faults] == ["[0].n_components", "[1].n_cluster"]
    with pytest.raises(PipelineError, match="not both"):
        Chain.of({"step": "agglomerative", "n_clusters": 2, "distance_threshold": 1.0})


def test_what_does_not_fit_together_is_no_clustering(rows: Array) -> None:
    found = _chain("kmeans").fit(rows)
    with pytest.raises(FormatError, match="no clustering"):
        Clustering.from_arrays({"labels": found.labels}, found.card())
    with pytest.raises(FormatError, match="other numbers of rows"):
        Clustering.from_arrays({**found.arrays(), "labels": found.labels[:5]}, found.card())


def test_the_chains_of_the_notebook() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(220, 240)) + 3 * rng.integers(0, 2, 220)[:, None]
    som = {"step": "som_coordinates", "x": 8, "y": 8, "algorithm": "online"}
    for steps in (
        [{"step": "pca", "n_components": 25}, {"step": "dbscan", "eps": 9.0}],
        [
            {"step": "pca", "n_components": 200},
            {"step": "agglomerative", "distance_threshold": 200.0},
        ],
        [
            {"step": "pca", "n_components": 25},
            som,
            {"step": "agglomerative", "linkage": "average", "n_clusters": 2},
        ],
    ):
        found = Chain.of(steps).fit(rows)
        assert found.n_groups >= 1
        assert (found.assign(rows) == found.labels).all()
