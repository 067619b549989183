"""End members: weights as SciPy finds them, corners where there are any, and groups merged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from graticule.core.errors import ImageError
from graticule.learn.clustering import Chain
from graticule.learn.clustering.agreement import adjusted_rand
from graticule.learn.clustering.end_members import (
    abundances,
    largest_simplex,
    purest,
    unit_rows,
    weights_of,
)
from graticule.learn.clustering.merging import merging


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 9999), st.integers(1, 6), st.integers(6, 30))
def test_weights_are_those_of_scipy(seed, members, features):
    rng = np.random.default_rng(seed)
    ends = rng.random((members, features))
    rows = rng.normal(size=(20, features))
    wanted = np.array([nnls(ends.T, row)[0] for row in rows])
    np.testing.assert_allclose(weights_of(rows, ends), wanted, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 9999), st.integers(2, 5))
def test_corners_of_a_mixture_are_found(seed, count):
    rng = np.random.default_rng(seed)
    ends = rng.random((count, 12)) + np.eye(count, 12)
    shares = np.concatenate([np.eye(count), rng.dirichlet(np.ones(count), 200)])
    rows = shares @ ends
    centred = rows - rows.mean(axis=0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2][: count - 1].T
    assert largest_simplex(scores, count, 0).tolist() == list(range(count))
    found = Chain.of({"step": "nfindr", "n_clusters": count}).fit(rows)
    assert found.n_groups == count
    assert (found.labels == found.assign(rows * 7)).all()  # brightness is a factor


def test_shares_of_unit_spectra_are_found_at_any_brightness():
    rng = np.random.default_rng(0)
    ends = unit_rows(rng.random((3, 40)))
    shares = rng.dirichlet(np.ones(3), 500)
    rows = shares @ ends * rng.uniform(0.1, 10, (500, 1))
    np.testing.assert_allclose(abundances(rows, ends), shares, atol=1e-6)
    assert (abundances(np.zeros((1, 40)), ends) == 1 / 3).all()


def test_refined_end_members_do_not_depend_on_the_start():
    rng = np.random.default_rng(1)
    ends = unit_rows(rng.random((3, 40)))
    shares = rng.dirichlet(np.full(3, 0.4), 4000)
    rows = shares @ ends
    found = [
        purest(rows, ends + rng.normal(0, 0.05, ends.shape), 0.9),
        purest(rows, 0.8 * ends + 0.1 * ends.sum(axis=0), 0.9),
    ]
    np.testing.assert_allclose(*found, atol=2e-3)
    assert np.einsum("ij,ij->i", found[0], ends).min() > 0.99


def test_bent_groups_are_merged_and_kept_apart():
    rng = np.random.default_rng(2)
    at = rng.uniform(0, np.pi, 1500)
    moon = np.stack([np.cos(at), np.sin(at)], axis=1)
    rows = np.concatenate([moon, [1.0, 0.4] - moon]) + rng.normal(0, 0.07, (3000, 2))
    truth = np.repeat([0, 1], 1500)

    def ari(step):
        labels = Chain.of({"n_clusters": 2, **step}).fit(rows).labels
        return adjusted_rand(np.bincount(2 * labels + truth, minlength=4).reshape(2, 2))

    assert ari({"step": "kmeans"}) < 0.6
    assert ari({"step": "merged_mixture"}) > 0.97


def test_merging_joins_the_most_overlapping_first():
    posterior = np.array([[0.9, 0.1, 0], [0.5, 0.5, 0], [0.1, 0.9, 0], [0, 0.05, 0.95]])
    found = merging(posterior)
    assert found.pairs == ((0, 1), (0, 2))
    assert (np.diff(found.overlaps) < 0).all()
    assert [found.owners(n).tolist() for n in (3, 2, 1)] == [[0, 1, 2], [0, 0, 1], [0, 0, 0]]


def test_angles_alone_count_for_spherical_kmeans():
    rng = np.random.default_rng(3)
    ends = np.array([[1.0, 0.2, 0.1], [0.1, 0.3, 1.0]])
    truth = rng.integers(0, 2, 400)
    rows = ends[truth] * rng.uniform(0.1, 20, (400, 1)) + rng.normal(0, 0.01, (400, 3))
    found = Chain.of({"step": "spherical_kmeans"}).fit(rows)
    assert (found.labels == truth).mean() in (0.0, 1.0)
    plain = Chain.of({"step": "kmeans"}).fit(rows).labels
    assert 0.1 < (plain == truth).mean() < 0.9
    with pytest.raises(ImageError, match="no direction"):
        Chain.of({"step": "spherical_kmeans"}).fit(np.zeros((5, 3)))


def test_negative_values_have_no_factors():
    with pytest.raises(ImageError, match="values of 0 or more"):
        Chain.of({"step": "nmf"}).fit(np.array([[1.0, -1.0], [0.0, 2.0], [3.0, 1.0]]))
