"""Lengths, durations and areas: canonical, resolved axis by axis, refused where they do not fit."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core import Area, Duration, Length, Quantity, as_image
from graticule.core.errors import UnitsError

UNITS = {"nm": 1e-9, "um": 1e-6, "mm": 1e-3, "m": 1.0, "km": 1e3, "Mm": 1e6}
NUMBERS = st.integers(1, 10**6).map(lambda n: n / 1000)


@given(NUMBERS, st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)))
def test_equal_lengths_in_any_units_are_the_same_parameter(
    value: float, one: str, other: str
) -> None:
    converted = value * UNITS[one] / UNITS[other]
    first, second = Length(f"{value!r} {one}"), Length(f"{converted:.12g} {other}")
    assert first == second
    assert hash(first) == hash(second)
    assert first.canonical() == second.canonical()


@given(NUMBERS, st.sampled_from(["px", "um", "arcsec"]), st.sampled_from([Length, Quantity]))
def test_the_canonical_form_reads_back_to_the_same(value: float, unit: str, kind: type) -> None:
    quantity = kind(f"{value!r} {unit}")
    assert kind(quantity.canonical()) == quantity
    assert pickle.loads(pickle.dumps(quantity)) == quantity  # noqa: S301


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_length_is_resolved_against_each_axis(length: float, y: float, x: float) -> None:
    image = as_image(np.zeros((3, 4)), spacing={"y": f"{y!r} um", "x": f"{x!r} um"})
    given_length = Length(f"{length!r} um")
    assert given_length.samples(image, "y") == pytest.approx(length / y, rel=1e-9)
    assert given_length.samples(image, "x") == pytest.approx(length / x, rel=1e-9)


def test_a_length_is_a_whole_number_of_samples_where_it_should_be() -> None:
    image = as_image(np.zeros((3, 4)), spacing={"y": "500 nm", "x": "0.1 um"})
    assert Length("1 um").samples(image, "y") == 2.0
    assert Length("0.3 um").samples(image, "x") == 3.0


def test_numbers_and_pixels_are_samples() -> None:
    image = as_image(np.zeros((3, 4)))
    assert Length(2).samples(image, "x") == Length("2 px").samples(image, "x") == 2.0
    assert Length(2) == Length("2 pixels") == 2


@pytest.mark.parametrize("text", ["", "far", "1 parsec per year", "um", "1,5 um", "nan", "inf um"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UnitsError, match=r"must be|not a"):
        Length(text)


@pytest.mark.parametrize("value", [np.float32(2), np.uint8(2), Fraction(2), 2.0])
def test_numbers_of_any_type_are_samples(value: object) -> None:
    assert Length(value).canonical() == 2.0


@pytest.mark.parametrize("value", [True, None, [1], float("nan"), float("inf"), 10**400])
def test_values_that_are_no_numbers_are_refused(value: object) -> None:
    with pytest.raises(UnitsError):
        Length(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Length, "3 s"), (Duration, "3 um"), (Length, "3 um2"), (Area, "3 um"), (Length, "3 kg")],
)
def test_units_of_another_kind_are_refused(kind: type, text: str) -> None:
    with pytest.raises(UnitsError):
        kind(text)


def test_a_unit_needs_an_axis_with_a_unit() -> None:
    with pytest.raises(UnitsError, match="the dim x has no unit"):
        Length("1 um").samples(as_image(np.zeros(4)), "x")


def test_an_angle_does_not_fit_an_axis_of_length() -> None:
    image = as_image(np.zeros(4), spacing={"x": "1 um"})
    with pytest.raises(UnitsError, match="does not fit the dim x"):
        Length("1 arcsec").samples(image, "x")


def test_uneven_samples_have_no_length_in_pixels() -> None:
    image = as_image(np.zeros(4)).assign_coords(x=("x", [0.0, 1.0, 3.0, 9.0], {"units": "um"}))
    with pytest.raises(UnitsError, match="not evenly spaced"):
        Length("1 um").samples(image, "x")


@given(NUMBERS, NUMBERS, NUMBERS)
def test_an_area_is_the_number_of_pixels_it_covers(area: float, y: float, x: float) -> None:
    image = as_image(np.zeros((3, 4)), spacing={"y": f"{y!r} um", "x": f"{x!r} um"})
    pixels = Area(f"{area!r} um2").pixels(image, ("y", "x"))
    assert pixels == pytest.approx(area / (y * x), rel=1e-9)


def test_an_area_needs_two_dims_and_a_volume_three() -> None:
    spacing = {"z": "2 um", "y": "1 um", "x": "1 um"}
    image = as_image(np.zeros((2, 3, 4)), spacing=spacing)
    assert Area("4 um3").pixels(image, ("z", "y", "x")) == 2.0
    assert Area("1e6 nm2") == Area("1 um2")
    for text, dims in (("4 um2", ("z", "y", "x")), ("4 um3", ("y", "x"))):
        with pytest.raises(UnitsError, match="does not fit the dims"):
            Area(text).pixels(image, dims)
