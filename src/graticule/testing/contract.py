"""The op contract: what every op must keep to, ours and yours.

To hold your own ops to it, subclass the suite in a test module::

    from pathlib import Path
    from graticule.testing.contract import OpContract

    class TestMyOps(OpContract):
        names = ("mine.sharpen",)
        golden = Path(__file__).parent / "golden.json"

An op that needs particular dims, a table or a parameter says so with
`graticule.testing.cases.suits`.
"""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.core import ALL, Kind, Neighbourhood, Op, Pointwise, Whole
from graticule.core.errors import GraticuleError, ParameterError
from graticule.core.quantity import Amount
from graticule.core.registry import get_op, op_names
from graticule.testing import golden as golden_file
from graticule.testing.cases import first_image, standard
from graticule.testing.compare import difference
from graticule.testing.hostile import bad_parameters, bounds, edge_images, layouts
from graticule.testing.strategies import Example, is_cut
from graticule.testing.tiling import CASES_PER_OP, SEED, attempt, check_tiling, tiling_fault


class OpContract:
    """The suite; every test is one promise, tried on every op.

    Attributes
    ----------
    names : sequence of str or None
        The ops; by default all that are registered.
    golden : Path or None
        The file of fingerprints.
    seed : int or None
        Of the images, parameters and tiles that are drawn; None draws others at every call.
    """

    names: ClassVar[Sequence[str] | None] = None
    golden: ClassVar[Path | None] = None
    seed: ClassVar[int | None] = SEED

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrise over the ops."""
        if "name" in metafunc.fixturenames:
            names = op_names() if self.names is None else self.names
            metafunc.parametrize("name", names)

    @pytest.fixture
    def op(self, name: str) -> Op:
        """Return the op of a name."""
        return get_op(name)

    def test_the_docstring_says_all(self, op: Op) -> None:
        """Numpydoc sections, every parameter and piece of data, and an example."""
        text = inspect.cleandoc(op.__doc__ or "")
        for section in ("Parameters", "Returns", "Examples"):
            assert f"{section}\n{'-' * len(section)}" in text, f"no section {section}"
        assert ">>> " in text
        head = text.partition("Returns\n")[0]
        for word in (*op.parameters.names, *(each.name for each in op.inputs)):
            assert f"{word} : " in head or f"{word}, " in head or f", {word} : " in head, word

    def test_it_can_be_pickled(self, op: Op) -> None:
        """An op goes to another process and is the same op there."""
        assert pickle.loads(pickle.dumps(op)) is op  # noqa: S301

    def test_parameters_survive_the_round_trip(self, op: Op) -> None:
        """What is written of parameters reads back to the same parameters."""
        _, params = standard(op)
        validated = op.parameters.validate(params)
        written = json.loads(json.dumps(op.parameters.canonical(validated)))
        assert op.parameters.validate(written) == validated
        assert op.parameters.canonical(op.parameters.validate(written)) == written

    def test_the_schema_has_every_parameter_with_a_title(self, op: Op) -> None:
        """The schema is JSON and has what a form needs."""
        schema = json.loads(json.dumps(op.parameters.schema()))
        properties = schema.get("properties", {})
        assert list(properties) == list(op.parameters.names)
        assert all(properties[each].get("title") for each in properties)

    def test_bad_parameters_are_named(self, op: Op) -> None:
        """A value of the wrong type, out of range, unknown or NaN is an error that names it."""
        data, params = standard(op)
        for parameter, value in bad_parameters(op.parameters):
            with pytest.raises(ParameterError, match=parameter):
                op(*data, **{**params, parameter: value})

    def test_the_input_is_untouched(self, op: Op) -> None:
        """Not a byte of the data changes."""
        data, params = standard(op)
        before = pickle.dumps(data)
        kept = pickle.loads(before)  # noqa: S301
        op(*data, **params)
        fault = difference(tuple(data), tuple(kept))
        assert not fault, f"{op.name} changed what it was given: {fault}"

    def test_the_same_call_gives_the_same_bytes(self, op: Op) -> None:
        """Also of ops that draw random numbers, which take a seed."""
        data, params = standard(op)
        fault = difference(op(*data, **params), op(*data, **params))
        assert not fault, f"{op.name} called twice: {fault}"

    def test_dtype_and_kind_are_as_declared(self, op: Op) -> None:
        """Of each output."""
        data, params = standard(op)
        result = op(*data, **params)
        image = first_image(data)
        for output, value in zip(op.outputs, _outputs(op, result), strict=True):
            _require_kind(output.kind, value)
        if image is not None and op.outputs[0].kind.is_array:
            assert _outputs(op, result)[0].dtype == op.dtype_of(image.dtype)

    def test_a_table_says_whose_objects_its_rows_are(self, op: Op) -> None:
        """A table with ``label`` has no other than those of the data it declares."""
        if all(each.kind is not Kind.TABLE for each in op.outputs):
            pytest.skip("gives no table")
        data, params = standard(op)
        given = dict(zip((each.name for each in op.inputs), data, strict=False))
        made = dict(
            zip((each.name for each in op.outputs), _outputs(op, op(*data, **params)), strict=True)
        )
        for output in op.outputs:
            if output.kind is not Kind.TABLE or "label" not in made[output.name]:
                continue
            rows = output.rows_of
            assert output.name == "" or rows.inputs or rows.outputs, "annotate it with RowsOf"
            owners = [*(given.get(name) for name in rows.inputs), *(made[n] for n in rows.outputs)]
            known = {n for each in owners if _is_image(each) for n in np.unique(each.values)}
            assert not known or known.issuperset(made[output.name]["label"].dropna())

    def test_dims_coordinates_and_units_are_kept(self, op: Op) -> None:
        """A dim that stays has its unit; where the op keeps sizes, its coordinate is the same."""
        data, params = standard(op)
        image = first_image(data)
        for value in _outputs(op, op(*data, **params)):
            if image is None or not isinstance(value, xr.DataArray):
                continue
            for dim in set(image.dims) & set(value.dims):
                assert value[dim].attrs.get("units") == image[dim].attrs.get("units")
                moves = isinstance(op.scope, Pointwise) and op.scope.index is not None
                if moves or isinstance(op.scope, Whole):
                    continue
                if value.sizes[dim] == image.sizes[dim]:
                    assert value[dim].identical(image[dim])
                else:  # joined samples lie among those they were made of, which are all seen
                    assert isinstance(op.scope, Neighbourhood)
                    assert op.scope.halo(image, op.parameters.validate(params))[str(dim)] == ALL
                    assert value[dim].min() >= image[dim].min()
                    assert value[dim].max() <= image[dim].max()

    def test_numpy_in_numpy_out(self, op: Op) -> None:
        """Plain arrays give plain arrays, with the values DataArrays without coordinates give."""
        data, params = standard(op)
        image = first_image(data)
        if image is None:
            pytest.skip("takes no image")
        bare = [xr.DataArray(i.values, dims=i.dims) if _is_image(i) else i for i in data]
        plain = [item.values if _is_image(item) else item for item in data]
        labelled = attempt(op, bare, params)
        result = attempt(op, plain, params)
        if set(image.dims) - {"x", "y", "z"}:
            assert isinstance(result, GraticuleError), "plain arrays have no such dims"
            return
        if isinstance(labelled, GraticuleError):
            assert str(result) == str(labelled), "plain arrays have no coordinates"
            return
        for one, other in zip(_outputs(op, result), _outputs(op, labelled), strict=True):
            expected = other.values if _is_image(other) else other
            fault = difference(one, expected)
            assert not fault, f"{op.name} on plain arrays: {fault}"

    def test_memory_layout_does_not_matter(self, op: Op) -> None:
        """Big-endian, Fortran-ordered, strided and read-only arrays give the same result."""
        data, params = standard(op)
        expected = op(*data, **params)
        for position, item in enumerate(data):
            if not _is_image(item):
                continue
            for layout, values in layouts(item.values):
                changed = [*data[:position], item.copy(data=values), *data[position + 1 :]]
                fault = difference(attempt(op, changed, params), expected, op.tolerance)
                assert fault == "", f"{layout}: {fault}"

    def test_edge_cases_are_defined(self, op: Op) -> None:
        """NaN, masked, constant, single-pixel, empty: a result or a typed error, no warning."""
        data, params = standard(op)
        if first_image(data) is None:
            pytest.skip("takes no image")
        faults = {what: _edge_fault(op, what, edge, params) for what, edge in edge_images(op, data)}
        wrong = {what: fault for what, fault in faults.items() if fault}
        assert not wrong, f"{op.name}: {wrong}"

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000, "uneven"])
    def test_chunked_equals_whole(self, op: Op, size: int | str) -> None:
        """For tiles of 1, primes, uneven ones and ones larger than the image."""
        data, params = standard(op)
        image = first_image(data)
        if image is None:
            pytest.skip("takes no image")
        chosen = {d: n + 2 if size == "uneven" else int(size) for n, d in enumerate(image.dims)}
        tile = {str(dim): step for dim, step in chosen.items()}
        fault = tiling_fault(op, Example(data, params, tile))
        assert not fault, f"{op.name} in tiles of {tile}: {fault}"

    @pytest.mark.hypothesis
    def test_chunked_equals_whole_for_drawn_images(self, op: Op) -> None:
        """Images, parameters and tiles drawn by Hypothesis."""
        if not is_cut(op):
            pytest.skip("is never cut")
        assert check_tiling(op, CASES_PER_OP, self.seed) >= CASES_PER_OP

    def test_bounds_hold_in_every_unit(self, op: Op) -> None:
        """A bound other than 0 of a length in pixels would refuse, or let pass, any ``um``."""
        fields = op.parameters.model.model_fields
        for parameter, info in fields.items():
            if isinstance(info.annotation, type) and issubclass(info.annotation, Amount):
                limits = set(bounds(info).values())
                assert limits <= {0}, f"{parameter}: a bound with a unit's size"

    def test_tolerance_is_for_floats_only(self, op: Op) -> None:
        """Integers and bools are equal bit by bit."""
        assert 0 <= op.tolerance <= 1e-4
        if op.outputs[0].kind in (Kind.MASK, Kind.LABELS):
            assert op.tolerance == 0

    def test_the_output_has_not_changed(self, op: Op) -> None:
        """Without a new version."""
        assert self.golden is not None, "say with `golden` where the fingerprints are kept"
        kept = json.loads(self.golden.read_text(encoding="utf-8"))
        key = golden_file.key_of(op)
        how = f"python -m graticule.testing.golden {self.golden.name}"
        assert key in kept, f"{key} has no fingerprint; add it with: {how}"
        changed = golden_file.drift(kept[key], golden_file.fingerprint(op))
        assert changed == "", f"{changed}; raise the version of {op.name}, then: {how}"


def _edge_fault(op: Op, what: str, data: list[Any], params: dict[str, Any]) -> str:
    try:
        result = attempt(op, data, params)
        if isinstance(result, GraticuleError):
            return "" if op.name in str(result) else f"the error does not say where: {result}"
        if "no sample" in what:
            return "an empty image must be refused"
        return tiling_fault(op, Example(data, params, _halves(data)))
    except Exception as error:  # any other exception is the fault that is looked for
        return repr(error)


def _is_image(item: Any) -> bool:
    return isinstance(item, xr.DataArray)


def _outputs(op: Op, result: Any) -> tuple[Any, ...]:
    return tuple(result) if len(op.outputs) > 1 else (result,)


def _halves(data: Sequence[Any]) -> dict[str, int]:
    item = next(
        item for item in data if hasattr(item, "shape") and not isinstance(item, pd.DataFrame)
    )
    sizes = item.sizes if _is_image(item) else {"y": item.shape[-2], "x": item.shape[-1]}
    return {str(dim): max(1, (size + 1) // 2) for dim, size in sizes.items()}


def _require_kind(kind: Kind, value: Any) -> None:
    if kind.is_array:
        assert isinstance(value, xr.DataArray)
        wanted = {Kind.MASK: "b", Kind.LABELS: "iu", Kind.PROBABILITY: "f", Kind.IMAGE: "buifc"}
        assert value.dtype.kind in wanted[kind]
    elif kind is Kind.MODEL:
        assert isinstance(value, dict)
    else:
        assert isinstance(value, pd.DataFrame)
        assert kind is not Kind.RECORD or len(value) == 1
