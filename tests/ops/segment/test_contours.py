"""Random walker and level sets: scikit-image solves them, and simple truths hold."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data as pictures
from skimage import segmentation

import graticule as gt
from graticule.core.errors import ImageError


def noisy_disc(noise: float) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices((40, 44))
    disc = (y - 20) ** 2 + (x - 20) ** 2 <= 100
    return disc + np.random.default_rng(0).normal(0, noise, disc.shape), disc


def test_a_walker_finds_a_noisy_disc_and_keeps_the_names_of_markers() -> None:
    image, disc = noisy_disc(0.2)
    markers = np.zeros(disc.shape, int)
    markers[20, 20], markers[2, 2] = 7, 3
    found = gt.op("segment.random_walker")(image, markers)
    assert set(np.unique(found)) == {3, 7}
    assert ((found == 7) == disc).mean() > 0.98
    dense = np.select([markers == 3, markers == 7], [1, 2])
    expected = segmentation.random_walker(image / image.std(), dense, mode="cg_j", tol=1e-6)
    assert (np.array([0, 3, 7])[expected] == found).mean() > 0.99


def test_a_walker_stays_in_the_mask_and_knows_no_nan() -> None:
    image, _ = noisy_disc(0.2)
    image[:, 30] = np.nan
    markers = np.zeros(image.shape, int)
    markers[20, 20], markers[2, 2] = 1, 2
    found = gt.op("segment.random_walker")(image, markers)
    assert not found[:, 30:].any()
    assert (found[:, :30] > 0).all()
    assert not gt.op("segment.random_walker")(image, np.zeros_like(markers)).any()
    with pytest.raises(ImageError, match="finite"):
        gt.op("segment.random_walker")(np.where(image > 1, np.inf, image), markers)


def test_a_constant_image_is_shared_by_distance() -> None:
    markers = np.zeros((3, 21), int)
    markers[:, 0], markers[:, -1] = 1, 2
    found = gt.op("segment.random_walker")(np.ones((3, 21)), markers)
    assert (found[:, :10] == 1).all()
    assert (found[:, 11:] == 2).all()


@pytest.mark.parametrize("method", ["regions", "edges"])
def test_level_sets_equal_scikit_image(method: str) -> None:
    image = pictures.coins()[:90, :120].astype(float)
    start = np.zeros(image.shape, bool)
    start[20:70, 20:100] = True
    if method == "regions":
        expected = segmentation.morphological_chan_vese(image, 20, start, smoothing=2)
    else:
        image = segmentation.inverse_gaussian_gradient(image)
        expected = segmentation.morphological_geodesic_active_contour(
            image, 20, start, smoothing=2, balloon=-1
        )
    found = gt.op("segment.level_set")(
        image, start, method=method, steps=20, smoothing=2, balloon=-1
    )
    np.testing.assert_array_equal(found, expected.astype(bool))


def test_regions_find_a_noisy_disc() -> None:
    image, disc = noisy_disc(0.3)
    start = np.zeros(disc.shape, bool)
    start[15:25, 15:25] = True
    found = gt.op("segment.level_set")(image, start, steps=40, smoothing=2)
    assert (found == disc).mean() > 0.97
    with pytest.raises(ImageError, match="two or three dims"):
        gt.op("segment.level_set")(image[0], start[0])
