"""What a model expects: images that fit are taken, others are refused with a way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.models.model import as_region


def image(
    *dims: str, spacing: dict[str, float | str] | None = None, dtype: str = "float32"
) -> xr.DataArray:
    return as_image(np.zeros([4] * len(dims), dtype), dims=dims, spacing=spacing)


UM: dict[str, float | str] = {"y": "1 um", "x": "1 um"}


def test_what_it_was_made_of_fits() -> None:
    given = image("y", "x", spacing=UM)
    assert InputSpec.of([given]).validate(given).identical(given)


def test_axes_come_in_the_order_of_training_with_channels_last() -> None:
    expects = InputSpec.of([image("c", "y", "x")])
    assert expects == InputSpec(("y", "x"), 4)
    assert expects.validate(image("x", "c", "y")).dims == ("y", "x", "c")


def test_json_round_trip() -> None:
    expects = InputSpec(("z", "y", "x"), 3, {"z": (2.0, "um")}, "uint16")
    assert InputSpec.from_json(expects.to_json()) == expects


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (
            image("z", "y", "x", spacing=UM),
            "with the dims y x, and this has z y x",
        ),
        (image("x"), "and this has x"),
        (image("y", "x", "c"), "images without channels, and this has 4 channels"),
        (image("t", "y", "x"), "nothing with t"),
        (image("y", "x", dtype="bool"), "trained on float32, and this is bool"),
        (
            image("y", "x", spacing={"y": "1 um", "x": "0.5 um"}),
            "and here they are 0.5 um",
        ),
        (image("y", "x", spacing={"y": "1 s", "x": "1 um"}), "the axis is in s"),
    ],
)
def test_others_are_refused(given: xr.DataArray, what: str) -> None:
    with pytest.raises(ImageError, match=what):
        InputSpec.of([image("y", "x", spacing=UM)]).validate(given)


@pytest.mark.parametrize("step", ["1010 nm", "0.99 um", "1e-6 m", 1, None])
def test_a_spacing_that_is_the_same_or_unknown_fits(step: Any) -> None:
    spacing = None if step is None else {"y": step, "x": step}
    InputSpec.of([image("y", "x", spacing=UM)]).validate(image("y", "x", spacing=spacing))


def test_a_coarser_level_of_the_same_image_fits() -> None:
    coarse = image("y", "x", spacing={"y": "2 um", "x": "2 um"})
    expects = InputSpec.of([image("y", "x", spacing=UM)])
    expects.validate(coarse.assign_attrs(graticule_level=1))
    with pytest.raises(ImageError, match="spacing: rescale"):
        expects.validate(coarse)


def test_a_model_in_units_takes_any_spacing() -> None:
    expects = InputSpec.of([image("y", "x", spacing=UM)], spacing=False)
    expects.validate(image("y", "x", spacing={"y": "9 um", "x": "1 nm"}))


def test_training_images_must_go_together() -> None:
    with pytest.raises(ImageError, match="training image 2"):
        InputSpec.of([image("y", "x"), image("z", "y", "x")])


@pytest.mark.parametrize(
    ("values", "said"),
    [(np.zeros((0, 5)), "empty"), (np.ones((4, 5), complex), "real numbers, not complex")],
)
def test_what_no_model_works_on_is_refused(values, said):
    with pytest.raises(ImageError, match=said):
        InputSpec(("y", "x")).validate(as_image(values))


def test_a_colour_picture_as_a_bare_array_is_told_how_to_name_its_axes() -> None:
    expects = InputSpec.of([image("y", "x")])
    with pytest.raises(ImageError, match=r'dims=\("y", "x", "c"\)'):
        expects.validate(as_image(np.zeros((8, 9, 3), np.float32)))
    with pytest.raises(ImageError, match="name the axes with dims"):
        expects.validate(as_image(np.zeros((8, 9, 7), np.float32)))


def test_a_region_that_is_no_mapping_is_told_its_form() -> None:
    wrong: Any = (slice(0, 3), slice(0, 5))
    with pytest.raises(ImageError, match=r'mapping of dims.*as \{"y": \(0, 64\)\}'):
        as_region(wrong, {"y": 8, "x": 8})
