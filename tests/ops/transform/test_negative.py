"""transform.negative: twice is nothing, and the order is turned."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core import as_image

IMAGES = hnp.arrays(
    np.uint8, hnp.array_shapes(max_dims=3, max_side=6), elements=st.integers(0, 255)
)


@given(IMAGES)
def test_twice_is_nothing(image):
    run = gt.op("transform.negative")
    np.testing.assert_array_equal(run(run(image)), image)


@given(IMAGES)
def test_the_darkest_becomes_the_brightest(image):
    found = gt.op("transform.negative")(image)
    assert image.ravel()[found.argmax()] == image.min()


def test_the_unit_stays():
    image = as_image(np.ones((2, 2)), units="count")
    assert gt.transform.negative(image).attrs["units"] == "count"
