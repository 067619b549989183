"""k-means of blocks: Lloyd's iterations of scikit-learn, of rows most of which are read once."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from graticule.core.errors import ImageError
from graticule.learn.clustering.blocked import Rows, kmeans_of_blocks


def grouped(seed, rows=3000, features=120, groups=5, noise=1.0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, features)) * 0.3
    table = centres[rng.integers(0, groups, rows)] + noise * rng.normal(size=(rows, features))
    return table.astype(np.float32), rng


@pytest.mark.parametrize("iterations", [1, 4, 300])
@pytest.mark.parametrize(("noise", "features"), [(0.02, 120), (1.0, 120), (5.0, 120), (1.0, 3)])
def test_equals_lloyd_of_scikit_learn(noise, features, iterations):
    table, rng = grouped(3, noise=noise, features=features)
    start = table[rng.choice(len(table), 6, replace=False)]
    found = kmeans_of_blocks(Rows.of(table), start, iterations=iterations)
    peer = KMeans(6, init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
    peer.fit(table.astype(np.float64))
    assert found.inertia == pytest.approx(peer.inertia_, rel=2e-4)
    assert (found.labels == peer.labels_).mean() > 0.995
    assert (np.bincount(found.labels, minlength=6) == found.sizes).all()


def test_ends_where_every_row_is_nearest_to_its_mean():
    table, rng = grouped(4, noise=0.6)
    found = kmeans_of_blocks(Rows.of(table), table[rng.choice(3000, 4, replace=False)])
    means = np.stack([table[found.labels == g].mean(axis=0, dtype=float) for g in range(4)])
    np.testing.assert_allclose(found.centroids, means, atol=1e-5)
    apart = ((table[:, None].astype(float) - means) ** 2).sum(axis=2)
    assert (apart.argmin(axis=1) == found.labels).mean() > 0.999
    assert found.inertia == pytest.approx(apart.min(axis=1).sum(), rel=1e-5)


def test_most_rows_are_read_once():
    table, _ = grouped(5, rows=20_000, noise=0.1)
    found = kmeans_of_blocks(Rows.of(table), table[:5], iterations=20)
    assert found.read < 3


def test_rows_that_are_far_from_the_origin():
    table, rng = grouped(6, noise=0.3)
    start = table[rng.choice(3000, 5, replace=False)]
    near = kmeans_of_blocks(Rows.of(table), start, iterations=10)
    far = kmeans_of_blocks(Rows.of(table + np.float32(1000)), start + 1000.0, iterations=10)
    assert (near.labels == far.labels).mean() > 0.99


def test_a_centroid_without_rows_takes_the_farthest():
    table, _ = grouped(7, groups=2, noise=0.01)
    start = np.stack([table[0], table[1], np.full(120, 1e4, np.float32)])
    found = kmeans_of_blocks(Rows.of(table), start)
    assert (found.sizes > 0).all()


def test_a_source_of_blocks_gives_what_the_array_gives():
    table, _ = grouped(8)
    reads = []

    def read(start, stop):
        reads.append(stop - start)
        return np.ascontiguousarray(table[start:stop])

    one = kmeans_of_blocks(Rows(*table.shape, read), table[:3])
    other = kmeans_of_blocks(Rows.of(table), table[:3])
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.centroids, other.centroids)
    assert max(reads) <= 8192


def test_what_cannot_be_grouped_is_said():
    table, _ = grouped(9)
    with pytest.raises(ImageError, match="4 groups need 4 rows, not 3"):
        kmeans_of_blocks(Rows.of(table[:3]), table[:4])
    table[7, 3] = np.nan
    with pytest.raises(ImageError, match="not finite"):
        kmeans_of_blocks(Rows.of(table), table[10:12])
