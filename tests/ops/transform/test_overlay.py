"""transform.overlay: a grey picture with objects in colour."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

IMAGE = as_image(
    np.arange(12, dtype=np.float32).reshape(3, 4), spacing={"y": "1 um", "x": "1 um"}, units="count"
)
LABELS = as_image(np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 2, 8, 0]]))


def test_background_is_grey_and_objects_have_the_colour_of_their_label() -> None:
    picture = gt.op("transform.overlay")(IMAGE, LABELS)
    assert picture.dims == ("y", "x", "c")
    grey = np.rint(IMAGE.values / 11 * 255)
    for channel in range(3):
        np.testing.assert_array_equal(
            picture.values[..., channel][LABELS.values == 0], grey[LABELS.values == 0]
        )
    colours = {int(n): picture.values[LABELS.values == n].tolist() for n in (1, 2, 8)}
    assert colours[1][0] == colours[1][1] == colours[8][0] != colours[2][0]
    assert picture.x.identical(IMAGE.x)
    assert "units" not in picture.attrs


def test_opacity_mixes() -> None:
    plain = gt.op("transform.overlay")(IMAGE, LABELS, opacity=0.0).values.astype(float)
    full = gt.op("transform.overlay")(IMAGE, LABELS, opacity=1.0).values.astype(float)
    half = gt.op("transform.overlay")(IMAGE, LABELS, opacity=0.5).values
    assert np.abs(half - (plain + full) / 2).max() <= 1


def test_the_ends_of_the_grey_scale_can_be_given() -> None:
    picture = gt.op("transform.overlay")(IMAGE, LABELS * 0, low=3, high=4).values
    assert (picture[IMAGE.values <= 3] == 0).all()
    assert (picture[IMAGE.values >= 4] == 255).all()


def test_nan_and_constant_images_are_black() -> None:
    holed = IMAGE.where(IMAGE > 2)
    assert (gt.op("transform.overlay")(holed, LABELS * 0).values[0, :3] == 0).all()
    assert not gt.op("transform.overlay")(IMAGE * 0 + 5, LABELS * 0).values.any()
    assert not gt.op("transform.overlay")(IMAGE * np.nan, LABELS * 0).values.any()


def test_a_picture_that_already_has_channels_is_refused() -> None:
    rgb = as_image(np.zeros((3, 4, 3)), dims=("y", "x", "c"))
    with pytest.raises(ImageError, match="neither a dim c"):
        gt.op("transform.overlay")(rgb, LABELS)
