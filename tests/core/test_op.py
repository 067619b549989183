"""The op decorator: kinds, parameters, errors that say where."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pickle
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import Field

from graticule.core import (
    BlockInfo,
    Image,
    Labels,
    Length,
    Mask,
    Pointwise,
    Reduction,
    RowsOf,
    Table,
    as_image,
    op,
)
from graticule.core.errors import ImageError, ParameterError
from graticule.core.registry import get_op


class Parts(NamedTuple):
    low: Image
    high: Image


@op(version=3, scope=Pointwise(), dtype="float64", name="example.blend")
def blend(
    image: Image,
    mask: Mask | None = None,
    *,
    amount: Annotated[float, Field(title="Amount", ge=0, le=1)] = 0.5,
    times: Annotated[int, Field(title="Times", ge=1)] = 1,
    mode: Annotated[Literal["add", "take"], Field(title="Mode")] = "add",
    reach: Annotated[Length, Field(title="Reach", gt=0)] = Length(1),
    exact: Annotated[bool, Field(title="Exact")] = False,
) -> Image:
    """Blend."""
    weight = 1.0 if mask is None else mask.values
    return image.copy(data=image.values + amount * times * weight)


@op(version=1, scope=Pointwise(), dtype="same", name="example.parts")
def parts(image: Image) -> Parts:
    """Give two images."""
    return Parts(image - 1, image + 1)


@op(version=1, scope=Pointwise(), name="example.count")
def count(labels: Labels, facts: Table | None = None) -> Table:
    """Count labels."""
    return pd.DataFrame({"count": [int(labels.max())]})


def test_the_declaration_is_read_from_the_annotations() -> None:
    assert [(i.name, i.kind, i.optional) for i in blend.inputs] == [
        ("image", "image", False),
        ("mask", "mask", True),
    ]
    assert blend.parameters.names == ("amount", "times", "mode", "reach", "exact")
    assert blend.parameters.schema()["properties"]["amount"]["maximum"] == 1
    assert (blend.version, blend.name, blend.summary) == (3, "example.blend", "Blend.")


class Counted(NamedTuple):
    labels: Labels
    seen: Annotated[Table, RowsOf(inputs=("labels",))]
    made: Annotated[Table, RowsOf(outputs=("labels",))]
    bins: Table


def test_a_table_says_whose_objects_its_rows_are() -> None:
    assert count.outputs[0].rows_of == RowsOf(inputs=("labels",)), "the first labels or table"

    @op(version=1, scope=Pointwise(), name="example.counted")
    def counted(image: Image, labels: Labels) -> Counted:
        """Count."""

    told = {each.name: each.rows_of for each in counted.outputs}
    assert told["seen"] == RowsOf(inputs=("labels",))
    assert told["made"] == RowsOf(outputs=("labels",))
    assert told["labels"] == told["bins"] == RowsOf()
    with pytest.raises(TypeError, match="has no labels for rows to be of"):

        @op(version=1, scope=Pointwise(), name="example.unknown")
        def unknown(image: Image) -> Counted:
            """Count."""


def test_all_faults_are_told_at_once() -> None:
    bad = {"amount": 2, "times": 1.5, "mode": "mix", "reach": 0, "exact": "yes", "colour": 1}
    with pytest.raises(ParameterError) as caught:
        blend(np.zeros(3), **bad)
    for name in bad:
        assert name in str(caught.value)
    assert set(blend.parameters.faults(bad)) == set(bad)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"amount": True}, "example.blend.amount: must be float, not True"),
        ({"amount": "0.5"}, "must be float, not '0.5'"),
        ({"amount": float("nan")}, "finite"),
        ({"amout": 0.1}, "did you mean amount"),
        ({"reach": "3 s"}, "not a length"),
        ({"mode": "ad"}, "'add' or 'take'"),
    ],
)
def test_a_fault_says_what_must_be_and_what_came(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        blend(np.zeros(3), **given)


def test_equal_parameters_have_one_canonical_form() -> None:
    one, two = (
        blend.parameters.canonical(blend.parameters.validate(given))
        for given in ({"reach": "500 nm", "amount": 1}, {"amount": 1.0, "reach": "0.5 um"})
    )
    assert one == two
    assert list(one) == list(blend.parameters.names)


def test_numpy_in_numpy_out_and_dataarray_in_dataarray_out() -> None:
    assert isinstance(blend(np.zeros(3)), np.ndarray)
    assert isinstance(blend([1, 2, 3]), np.ndarray)
    image = as_image(np.zeros((2, 3)), spacing={"x": "1 um", "y": "1 um"})
    assert blend(image).x.identical(image.x)
    both = parts(np.array([5.0]))
    assert isinstance(both, Parts)
    assert (both.low[0], both.high[0]) == (4.0, 6.0)


def test_data_may_be_given_by_name_but_not_twice() -> None:
    mask = np.array([True, False])
    np.testing.assert_array_equal(blend(image=np.zeros(2), mask=mask, amount=1), [1, 0])
    with pytest.raises(ImageError, match="given twice"):
        blend(np.zeros(2), image=np.zeros(2))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: blend(), "example.blend: the image 'image' is missing"),
        (lambda: blend(np.zeros(2), None, 0.5), "pass parameters by keyword"),
        (lambda: blend(np.zeros(2), np.zeros(2)), "example.blend: mask: .*mask of bools"),
        (lambda: blend(np.zeros(2), np.zeros(3, bool)), "along x they have 2 and 3"),
        (lambda: blend(np.zeros((0, 3))), "is empty: the dim y has no sample"),
        (lambda: blend("image.tif"), "must be an image, not str"),
        (lambda: blend(np.array(["a"])), "holds numbers or bools"),
        (lambda: blend(np.zeros(2, complex)), "must be real"),
        (lambda: blend(np.zeros((2, 2, 2, 2))), "a name for each"),
        (lambda: count(np.array([1.5])), "labels .integers."),
        (lambda: count(np.array([-1])), "0 .background. or positive"),
        (lambda: count(np.array([1]), np.array([1])), "must be a table"),
    ],
)
def test_data_that_does_not_fit_is_refused_with_its_place(call: Any, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        call()


def test_a_function_that_is_no_op_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="must be an Image"):

        @op(version=1, scope=Pointwise(), name="example.bad")
        def bad(image: np.ndarray) -> Image:  # type: ignore[type-arg]
            return image  # type: ignore[return-value]

    with pytest.raises(TypeError, match="the result must be"):

        @op(version=1, scope=Pointwise(), name="example.worse")
        def worse(image: Image) -> float:
            return 1.0

    scope = Reduction(lambda *_: 0, max, lambda result: result)
    with pytest.raises(TypeError, match="gives one output"):
        op(version=1, scope=scope, name="example.two")(parts.function)


def test_a_reduction_maps_merges_and_finishes_in_order() -> None:
    def seen(image: xr.DataArray, *, block: BlockInfo, prior: int) -> list[tuple[int, int]]:
        return [(block.offset["x"], prior)]

    first = Reduction(lambda image, *, block: image.size, int.__add__, lambda total: total)
    scope = Reduction(seen, list.__add__, lambda found, *, prior: (found, prior), prior=first)
    assert scope.whole(as_image(np.zeros(5))) == ([(0, 5)], 5)


def test_an_op_is_pickled_by_name() -> None:
    smooth = get_op("filters.gaussian")
    assert pickle.loads(pickle.dumps(smooth)) is smooth  # noqa: S301


def test_what_no_float32_holds_is_infinite_without_a_warning() -> None:
    image = np.array([1.0, np.finfo(np.float64).max])
    assert np.isinf(get_op("transform.negative")(image)[1])


SHARED = {"page": "Parameters\n----------\nimage : Image\n    Any dims.\n\nReturns\n-------\nImage"}


@op(version=1, scope=Pointwise(), dtype="same", name="example.twice", doc=SHARED)
def twice(image: Image) -> Image:
    r"""Double an image: :math:`100\%(\mathrm{of}\ f)s`.

    %(page)s

    Examples
    --------
    >>> 1 + 1
    2
    """
    return image * 2


def test_a_line_of_the_docstring_becomes_the_paragraph_of_that_name() -> None:
    text = inspect.getdoc(twice.function)
    assert twice.__doc__ == twice.function.__doc__
    assert text is not None
    assert f"\n\n{SHARED['page']}\n\nExamples\n" in text
    assert text.startswith(r"Double an image: :math:`100\%(\mathrm{of}\ f)s`.")


def test_an_unknown_paragraph_is_refused_when_the_op_is_declared() -> None:
    def empty(image: Image) -> Image:
        """Say nothing.

        %(pages)s
        """
        return image

    with pytest.raises(TypeError, match=r"example.empty: .* %\(pages\)s; there are page$"):
        op(version=1, scope=Pointwise(), name="example.empty", doc=SHARED)(empty)
    with pytest.raises(TypeError, match="there are none"):
        op(version=1, scope=Pointwise(), name="example.empty")(empty)


def test_the_examples_of_a_resolved_docstring_run() -> None:
    module = importlib.import_module("graticule.ops.threshold.otsu")
    found = {test.name: test for test in doctest.DocTestFinder().find(module)}
    assert len(found["graticule.ops.threshold.otsu.otsu"].examples) == 3
