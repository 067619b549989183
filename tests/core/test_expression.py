"""core.expression: the numbers of NumPy, the units of astropy, and nothing of Python besides."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import ParameterError, UnitsError
from graticule.core.expression import Expression, Value, read_expression

A = np.array([1.0, 2.0, 0.0, 4.0])
B = np.array([3.0, 0.0, 0.0, 0.5])
KNOWN = {
    "a": Value(A),
    "b": Value(B),
    "cell.area": Value(A, "um2"),
    "cell.width": Value(B, "nm"),
    "pixels": Value(A, "px2"),
    "kind": Value(np.array(["x", "y", "x", "z"], object)),
    "mean of c=2": Value(B, "count"),
    "well": Value(np.array(["1", "2", None, "24 h"], object)),
    "area_\u00b5m2": Value(A),
    "cell.\u00b5": Value(B),
    "_quoted_0_": Value(A),
    "rare": Value(np.array([1, None, 2.5, True], object)),
}


def value(text: str, *, statistics: bool = False) -> Value:
    return read_expression(text, statistics=statistics).value(KNOWN.__getitem__)


def numbers(depth: int = 3) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["a", "b", "2", "0.5", "3"])
    if depth == 0:
        return leaf
    below = numbers(depth - 1)
    pairs = st.tuples(below, st.sampled_from(["+", "-", "*"]), below)
    return leaf | pairs.map(lambda each: f"({each[0]} {each[1]} {each[2]})")


@given(numbers())
def test_arithmetic_is_that_of_numpy(text: str) -> None:
    wanted = eval(text, {"__builtins__": {}}, {"a": A, "b": B})
    np.testing.assert_array_equal(value(text).data, wanted)


@pytest.mark.parametrize("name", ["exp", "sqrt", "abs", "floor", "ceil", "sin", "cos", "tan"])
def test_functions_are_those_of_numpy(name: str) -> None:
    np.testing.assert_array_equal(value(f"{name}(a)").data, getattr(np, name)(A))


def test_what_is_no_number_is_nan() -> None:
    for text in ("a / b", "a // b", "a % b"):
        assert np.isnan(value(text).data).tolist() == [False, True, True, False]
    assert np.isnan(value("log(a)").data).tolist() == [False, False, True, False]
    assert np.isnan(value("sqrt(-1)").data)
    assert np.isnan(value("9**9**9").data)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cell.area / cell.width", A * u.um**2 / (np.where(B == 0, np.nan, B) * u.nm)),
        ("sqrt(cell.area) + cell.width", np.sqrt(A) * u.um + B * u.nm),
        ("cell.width + sqrt(cell.area)", B * u.nm + np.sqrt(A) * u.um),
        ("cell.area ** 2 * 3", 3 * (A * u.um**2) ** 2),
        ("cell.area - '1e6 nm2'", A * u.um**2 - 1 * u.um**2),
        ("min(cell.area, '2 um2')", np.minimum(A, 2) * u.um**2),
    ],
)
def test_units_are_those_of_astropy(text: str, wanted: u.Quantity) -> None:
    found = value(text)
    np.testing.assert_allclose(
        (found.data * u.Unit(found.unit)).to_value(wanted.unit), wanted.value
    )


def test_what_cancels_has_no_unit() -> None:
    found = value("cell.area / cell.width ** 2")
    assert found.unit == ""
    np.testing.assert_allclose(found.data[[0, 3]], [1e6 / 9, 4e6 / 0.25])
    assert value("sqrt(pixels)").unit == "px"
    assert value("pixels / sqrt(pixels) * cell.width").unit in ("px nm", "nm px")


def test_a_bare_number_counts_pixels_and_nothing_else() -> None:
    assert value("pixels > 1").data.tolist() == [False, True, False, True]
    with pytest.raises(UnitsError, match=r'"20 um2"'):
        value("cell.area > 20")
    assert value("cell.area > 0").data.tolist() == [True, True, False, True]
    with pytest.raises(UnitsError, match="together"):
        value("cell.area + cell.width")
    with pytest.raises(UnitsError, match="divide by a unit first"):
        value("log(cell.area)")
    assert value("log2(cell.area / '1 um2')").data[1] == 1


def test_texts_and_choices() -> None:
    assert value("kind == 'x' and not b > 1").data.tolist() == [False, False, True, False]
    assert value("kind != 'x' or a > 3").data.tolist() == [False, True, False, True]
    assert value("'big' if a >= 2 else 'small'").data.tolist() == ["small", "big", "small", "big"]
    assert value("1 < a <= 4").data.tolist() == [False, True, False, True]
    assert value("where(kind == 'x', cell.width, 0)").unit == "nm"


def test_a_text_is_compared_as_it_is_written() -> None:
    assert value("well == '1'").data.tolist() == [True, False, False, False]
    assert value("'24 h' == well").data.tolist() == [False, False, False, True]
    assert value("well != '1' and well != '24 h'").data.tolist() == [False, True, True, False]
    assert value("where(well == '2', well, '0')").data.tolist() == ["0", "2", "0", "0"]
    assert value("'1' == '1.0'").data.tolist() is True


@pytest.mark.parametrize("text", ["well == 1", "where(a > 1, well, 2)"])
def test_a_text_beside_a_number_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="puts a text and a number together"):
        value(text)


@pytest.mark.parametrize("text", ["well * 2", "-well", "max(well, 2)", "isnan(kind)"])
def test_texts_are_no_numbers_even_where_they_read_as_some(text: str) -> None:
    with pytest.raises(ParameterError, match="no number, as a text"):
        value(text)
    assert np.array_equal(value("2 * rare").data, [2, np.nan, 5, 2], equal_nan=True)


def test_names_are_those_that_are_written() -> None:
    assert Expression("area_\u00b5m2 + cell . \u00b5").names == ("area_\u00b5m2", "cell.\u00b5")
    assert value("area_\u00b5m2 + cell.\u00b5").data.tolist() == (A + B).tolist()
    assert Expression("cell.`mean of c=2` + 1").names == ("cell.mean of c=2",)
    for text in ("`a`b", "b`a`", "log`a`", "`a``b`"):
        with pytest.raises(ParameterError, match="is no formula"):
            Expression(text)
    assert Expression("_quoted_0_ + `mean of c=2`").names == ("_quoted_0_", "mean of c=2")
    assert value("_quoted_0_ + 1").data.tolist() == (A + 1).tolist()


def test_names_of_any_kind_stand_between_backticks() -> None:
    expression = Expression("`mean of c=2` / a + cell.area * 0")
    assert expression.names == ("mean of c=2", "a", "cell.area")
    assert value("2 * `mean of c=2`").unit == "ct"


def test_a_column_called_by_a_word_of_the_grammar_is_told_of() -> None:
    with pytest.raises(ParameterError, match="a column class stands between backticks"):
        Expression("class == 'mitotic'")
    assert Expression("`class` == 'mitotic'").names == ("class",)


def test_statistics_are_of_columns_alone() -> None:
    assert value("a / median(a)", statistics=True).data.tolist() == (A / 1.5).tolist()
    with pytest.raises(ParameterError, match="calls 'median'"):
        read_expression("a / median(a)")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__.mro()",
        "(1).real",
        "[a]",
        "{a: 1}",
        "lambda: 1",
        "a[0]",
        "x := 1",
        "f'{a}'",
        "[x for x in a]",
        "a @ b",
        "a is b",
        "a in b",
        "await a",
        "eval('1')",
        "abs(a, key=1)",
        "abs(*a)",
        "sin(a, b)",
        "1j",
        "b''",
        "...",
        "",
        "a b",
        "a; b",
        "import os",
        "a" * 3000,
        "(" * 500 + "a" + ")" * 500,
        "-" * 900 + "a",
    ],
)
def test_nothing_else_can_be_said(text: str) -> None:
    with pytest.raises(ParameterError):
        Expression(text, statistics=True)


@given(st.text("ab()[]{}.,+-*/<>=!'\"`01 \n\x00:;@lambdi_", max_size=30))
def test_any_text_is_a_formula_or_a_named_fault(text: str) -> None:
    with contextlib.suppress(ParameterError):
        Expression(text)
