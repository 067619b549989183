"""segment.ring: by the distance and the nearest object of SciPy, and into none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import expand_labels

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import UnitsError


def objects(seed: int, shape: tuple[int, ...] = (40, 50)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return label(ndimage.gaussian_filter(rng.normal(size=shape), 2) > 0.17)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("width", "gap"), [(3, 0), (2, 2), (0, 1), (4, 1.5)])
def test_equals_distances_of_scipy(seed, width, gap):
    labels = objects(seed)
    found = gt.segment.ring(labels, width=width, gap=gap)
    away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    wanted = (away > gap) & (away <= gap + width)
    np.testing.assert_array_equal(found > 0, wanted)
    assert not found[labels > 0].any()
    # of samples that are equally near to two objects either may be given
    owner = labels[tuple(nearest)]
    same = found[wanted] == owner[wanted]
    each = [ndimage.distance_transform_edt(labels != n) for n in range(1, labels.max() + 1)]
    own = np.take_along_axis(np.array(each), found[None] - 1, 0)[0]
    np.testing.assert_allclose(own[wanted][~same], away[wanted][~same])


def test_without_a_gap_it_is_what_objects_grow_by():
    labels = objects(7)
    grown = np.where(labels > 0, labels, gt.segment.ring(labels, width=3))
    different = grown != expand_labels(labels, 3)
    assert different.mean() < 0.01
    np.testing.assert_array_equal(grown > 0, expand_labels(labels, 3) > 0)


def test_lengths_respect_the_spacing_of_each_axis():
    labels = np.zeros((9, 17), int)
    labels[4, 8] = 5
    image = as_image(labels, spacing={"y": "1 um", "x": "500 nm"})
    found = gt.segment.ring(image, width="2 um", gap="0.5 um")
    y, x = np.mgrid[-4:5, -8:9]
    away = np.hypot(y, x / 2)
    np.testing.assert_array_equal(found.values == 5, (away > 0.5) & (away <= 2.5))
    with pytest.raises(UnitsError):
        gt.segment.ring(labels, width="2 um")
