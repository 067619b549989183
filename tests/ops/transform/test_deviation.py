"""transform.deviation: the distance from the median, whichever way the contrast is."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt

SMALL = hnp.array_shapes(min_dims=1, max_dims=3, max_side=7)
WHOLE = hnp.arrays(np.int16, SMALL, elements=st.integers(-3000, 3000))
FLOAT = hnp.arrays(np.float64, SMALL, elements=st.floats(-1e3, 1e3))


def lower_median(values):
    ordered = np.sort(values, axis=None)
    return ordered[(ordered.size - 1) // 2]


@settings(deadline=None)
@given(WHOLE)
def test_whole_numbers_are_exact(image):
    wanted = np.abs(image.astype(float) - lower_median(image))
    np.testing.assert_array_equal(gt.transform.deviation(image), wanted)


@settings(deadline=None)
@given(FLOAT)
@example(np.array([5e-324, 0.0]))
@example(np.array([0.25, 0.5, 0.75, 1.0, 1e6]))
@example(np.array([0.25, 0.5, 0.75, -1e30, 1e30]))
def test_floats_are_right_to_those_of_32_bits(image):
    wanted = np.abs(image - lower_median(image))
    found = gt.transform.deviation(image)
    np.testing.assert_allclose(found, wanted, atol=1e3 * 2**-23, rtol=1e-6)


@settings(deadline=None)
@given(WHOLE.filter(lambda image: image.size % 2))
def test_the_negative_gives_the_same(image):
    run = gt.op("transform.deviation")
    np.testing.assert_array_equal(run(-image), run(image))
