"""transform.grey: a weighted sum of channels; what is grey stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color, data

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError


def test_equals_scikit_image():
    image = data.retina()[::8, ::8]
    found = gt.transform.grey(as_image(image, dims=["y", "x", "c"]))
    np.testing.assert_allclose(found.values, color.rgb2gray(image) * 255, atol=1e-3)


def test_a_grey_image_keeps_its_values():
    image = data.coins()
    found = gt.transform.grey(image)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image)


def test_weights_must_be_as_many_as_channels():
    image = as_image(np.ones((3, 4, 2)), dims=["y", "x", "c"])
    with pytest.raises(ParameterError, match="3 weights for 2 channels"):
        gt.transform.grey(image, weights=(1, 1, 1))
    with pytest.raises(ParameterError, match="without channels"):
        gt.transform.grey(np.ones((3, 4)), weights=(1, 1))
