"""Objects by extremal regions: what they must not depend on, and what they must tell apart."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.evaluate.instances import match
from graticule.ops.segment._ellipses import fit_of
from graticule.ops.segment._necks import parted
from graticule.simulate.nuclei import nuclei


def find(values: np.ndarray, **params: object) -> np.ndarray:
    labels: np.ndarray = gt.segment.extremal_regions(values, **params)
    return labels


@pytest.mark.parametrize("contrast", ["fluorescent", "stained", "bright-field"])
@pytest.mark.parametrize(("radius", "size"), [(5.0, 200), (7.0, 256), (20.0, 700)])
def test_the_same_setting_serves_all_kinds_and_sizes(
    contrast: str, radius: float, size: int
) -> None:
    image, truth = nuclei((size, size), contrast=contrast, radius=radius, count=50, seed=3)
    level = gt.filters.background_polynomial(image, degree=2)
    assert match(find(level.values), truth.values).average_precision > 0.85


def test_polarity_gain_and_offset_do_not_matter() -> None:
    values = nuclei(seed=1)[0].values.astype(float)
    labels = find(values)
    assert labels.max() > 50
    np.testing.assert_array_equal(find(-values), labels)
    np.testing.assert_array_equal(find(4 * values + 32), labels)
    np.testing.assert_array_equal(find(values, objects="bright"), labels)
    np.testing.assert_array_equal(find(-values, objects="dark"), labels)


def test_labels_are_one_piece_each_and_numbered_without_gaps() -> None:
    from scipy import ndimage

    labels = find(nuclei(seed=2)[0].values)
    for number in range(1, int(labels.max()) + 1):
        assert ndimage.label(labels == number, np.ones((3, 3)))[1] == 1


def test_grain_alone_holds_next_to_nothing() -> None:
    values = np.random.default_rng(0).normal(100, 10, (256, 256))
    found = find(values)
    assert (found > 0).mean() < 0.02
    assert find(values, min_contrast=8).max() == 0


@pytest.mark.parametrize("values", [np.zeros((9, 9)), np.full((9, 9), np.nan), np.zeros((1, 1))])
def test_where_there_is_nothing_nothing_is_found(values: np.ndarray) -> None:
    assert find(values).max() == 0


def test_an_ellipse_fits_itself_and_two_discs_do_not() -> None:
    y, x = np.mgrid[:80, :120]
    ellipse = ((y - 40) / 15) ** 2 + ((x - 60) / 40) ** 2 <= 1
    pair = (np.hypot(y - 40, x - 40) <= 20) | (np.hypot(y - 40, x - 79) <= 20)
    for shape, fit in ((ellipse, 1.0), (pair, 0.912)):
        assert fit_of(shape.astype(np.int32), 1)[1][0] == pytest.approx(fit, abs=0.01)
    assert parted(pair.astype(np.int32), 20).max() == 2
    assert parted(ellipse.astype(np.int32), 20).max() == 1


def test_a_ball_fits_in_three_dims() -> None:
    z, y, x = np.mgrid[:25, :25, :25]
    ball = (z - 12) ** 2 + (y - 12) ** 2 + (x - 12) ** 2 <= 100
    assert fit_of(ball.astype(np.int32), 1)[1][0] == pytest.approx(1, abs=0.01)
