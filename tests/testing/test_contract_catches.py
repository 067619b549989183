"""The contract suite fails on ops that break it: each promise has an op that breaks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import xarray as xr
from pydantic import Field

from graticule.core import BlockInfo, Image, Mask, Neighbourhood, Pointwise, Reduction, op, registry
from graticule.core.op import Op
from graticule.testing import golden
from graticule.testing.contract import OpContract
from graticule.testing.strategies import examples, is_cut
from graticule.testing.tiling import CASES_PER_OP, check_tiling

SUITE = OpContract()


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what a test registers out of the registry again."""
    monkeypatch.setattr(registry._OPS, "_values", {})


def registered(function: Any, **how: Any) -> Op:
    how = {"version": 1, "scope": Pointwise(), "dtype": "same", **how}
    return registry.register(op(name=f"broken.{function.__name__}", **how)(function))


def test_a_halo_that_is_too_small_is_found() -> None:
    def shifted(image: Image) -> Image:
        return image.copy(data=np.roll(image.values, 2, axis=-1))

    short = registered(shifted, scope=Neighbourhood(lambda image, params: {"x": 1}))
    with pytest.raises(AssertionError, match="in tiles"):
        check_tiling(short, 50)


def test_a_merge_that_forgets_is_found() -> None:
    def mean(image: xr.DataArray, *, block: BlockInfo) -> float:
        return float(image.mean())

    def above(image: xr.DataArray, *, result: float) -> xr.DataArray:
        return image > result

    def middle(one: float, other: float) -> float:
        return (one + other) / 2

    scope = Reduction(mean, middle, lambda value: value, above)

    def above_mean(image: Image) -> Mask:
        return scope.whole(image)  # type: ignore[no-any-return]

    with pytest.raises(AssertionError, match="in tiles"):
        check_tiling(registered(above_mean, scope=scope, dtype="bool"), 50)


def test_a_changed_input_is_found() -> None:
    def doubled(image: Image) -> Image:
        image.values[...] *= 2
        return image

    with pytest.raises(AssertionError):
        SUITE.test_the_input_is_untouched(registered(doubled))


def test_a_dtype_other_than_declared_is_found() -> None:
    def halved(image: Image) -> Image:
        return image / np.float64(2)

    with pytest.raises(AssertionError):
        SUITE.test_dtype_and_kind_are_as_declared(registered(halved, dtype="float32"))


def test_a_lost_coordinate_is_found() -> None:
    def bare(image: Image) -> Image:
        return xr.DataArray(image.values, dims=image.dims)

    with pytest.raises(AssertionError):
        SUITE.test_dims_coordinates_and_units_are_kept(registered(bare))


def test_a_careless_body_is_found() -> None:
    def inverse(image: Image) -> Image:
        return image.copy(data=1 / image.values)

    with pytest.raises(AssertionError, match="divide by zero"):
        SUITE.test_edge_cases_are_defined(registered(inverse))


def test_chance_without_a_seed_is_found() -> None:
    def noisy(image: Image) -> Image:
        return image + np.random.default_rng().random(image.shape)

    with pytest.raises(AssertionError):
        SUITE.test_the_same_call_gives_the_same_bytes(registered(noisy))


def test_a_layout_that_is_read_wrongly_is_found() -> None:
    def raw(image: Image) -> Image:
        values = np.frombuffer(image.values.tobytes(order="A"), image.dtype)
        return image.copy(data=values.reshape(image.shape))

    with pytest.raises(AssertionError, match="Fortran"):
        SUITE.test_memory_layout_does_not_matter(registered(raw))


def test_a_parameter_without_title_or_docstring_is_found() -> None:
    def shy(image: Image, *, much: Annotated[int, Field(ge=0)] = 1) -> Image:
        """Do something."""
        return image

    broken = registered(shy)
    with pytest.raises(AssertionError, match="no section Parameters"):
        SUITE.test_the_docstring_says_all(broken)


def test_a_changed_output_is_found_until_the_version_is_raised(tmp_path: Path) -> None:
    factor = 1.0

    def scaled(image: Image) -> Image:
        return image * np.float32(factor)

    first = registered(scaled)
    path = tmp_path / "golden.json"
    assert golden.add_missing(path, [first.name]) == ["broken.scaled v1"]

    class Mine(OpContract):
        golden = path

    Mine().test_the_output_has_not_changed(first)
    factor = 1.001
    with pytest.raises(AssertionError, match="raise the version"):
        Mine().test_the_output_has_not_changed(first)
    assert golden.add_missing(path, [first.name]) == []
    second = registered(scaled, version=2)
    with pytest.raises(AssertionError, match="no fingerprint"):
        Mine().test_the_output_has_not_changed(second)
    assert golden.add_missing(path, [first.name]) == ["broken.scaled v2"]
    Mine().test_the_output_has_not_changed(second)
    assert list(json.loads(path.read_text())) == ["broken.scaled v1", "broken.scaled v2"]


@pytest.mark.parametrize("change", ["one integer", "one hole", "a dtype"])
def test_a_small_change_shows_in_the_fingerprint(change: str) -> None:
    def made(image: Image) -> Image:
        values = np.rint(image.values)
        if change == "one hole" and version == 2:
            values[0, 0] = np.nan
        if change == "a dtype":
            return image.copy(data=values.astype("f4" if version == 1 else "f8"))
        if change == "one hole":
            return image.copy(data=values)
        whole = values.astype(np.int32)
        whole[0, 0] += version
        return image.copy(data=whole)

    version = 1
    before = golden.fingerprint(registered(made))
    assert golden.drift(before, golden.fingerprint(registered(made))) == ""
    version = 2
    assert golden.drift(before, golden.fingerprint(registered(made))) != ""


def test_at_least_a_thousand_cases_are_drawn_over_all_ops() -> None:
    from graticule.core.registry import get_op, op_names

    cut = [name for name in op_names() if is_cut(get_op(name))]
    assert len(cut) * CASES_PER_OP >= 1000


def test_drawn_tiles_go_from_one_sample_to_more_than_the_image() -> None:
    from hypothesis import find

    from graticule.core.registry import get_op

    drawn = examples(get_op("filters.gaussian"))
    for wanted in (lambda tile, n: tile == 1 < n, lambda tile, n: tile > n, lambda t, n: n % t > 0):
        found = find(
            drawn,
            lambda e, wanted=wanted: any(wanted(e.tile[d], n) for d, n in e.data[0].sizes.items()),
        )
        assert found.tile
