"""Every op has a picture, drawn from a pipeline that is sound; few have none, and say why."""

from __future__ import annotations

import io
from importlib.resources import files

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from graticule.core import Image as ImageData
from graticule.core import Pointwise, Table, op
from graticule.core.document import parse_document
from graticule.core.errors import UnknownNameError
from graticule.core.registry import families, op_names
from graticule.illustrations import (
    WITHOUT,
    Illustration,
    document_of,
    draw,
    illustration_of,
    picture_key,
    sample,
    sample_names,
)
from graticule.illustrations.illustration import _by_kind
from graticule.pipeline import Pipeline

SHOWN = [name for name in op_names() if name not in WITHOUT]


def test_few_ops_have_no_picture() -> None:
    assert set(WITHOUT) <= set(op_names())
    assert len(WITHOUT) <= 7


def test_what_is_said_is_said_of_ops_that_there_are() -> None:
    for family in families():
        file = files("graticule.illustrations") / f"{family}.yaml"
        names = set(parse_document(file.read_text("utf-8"), family)) - {"every"}
        assert {f"{family}.{name}" for name in names} <= set(op_names())


@pytest.mark.parametrize("name", SHOWN)
def test_an_op_is_drawn(name: str) -> None:
    illustration = illustration_of(name)
    assert illustration is not None
    png, words = draw(illustration)
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert picture.std() > 5, "the picture is blank"
    assert words.startswith(f"{name}: ")
    for parameter, values in illustration.vary.items():
        assert words.count(f"{parameter} = ") == len(values) > 1


@pytest.mark.parametrize("name", SHOWN)
def test_the_pipeline_that_is_shown_is_sound(name: str) -> None:
    illustration = illustration_of(name)
    assert illustration is not None
    if illustration.model:
        pytest.skip("its model is made when it is drawn")
    pipeline = Pipeline.loads(document_of(illustration))
    assert list(pipeline.steps.values())[-1].op.name == name


@pytest.mark.parametrize("name", sample_names())
def test_a_sample_is_small_and_the_same_each_time(name: str) -> None:
    inputs = sample(name)
    assert next(iter(inputs)) == "image"
    for value in inputs.values():
        if isinstance(value, xr.DataArray):
            assert value.size <= 700_000
    sample.cache_clear()
    for key, value in sample(name).items():
        assert value.equals(inputs[key])


def test_an_op_that_nothing_is_said_of_is_drawn() -> None:
    @op(version=1, scope=Pointwise(), dtype="same", name="example.scale")
    def scale(image: ImageData, *, by: float = 2.0) -> ImageData:
        """Multiply."""
        return image * by

    @op(version=1, scope=Pointwise(), name="example.count")
    def count(table: Table) -> Table:
        """Give a table back."""
        return table

    shown = _by_kind(scale)
    assert shown.vary == {"by": [2.0, 6.0]}
    assert document_of(shown).endswith("scale: {op: example.scale, by: 2.0}\n")
    assert list(_by_kind(count).steps)[-1] == "objects"


def test_the_key_changes_with_what_is_said() -> None:
    shown = illustration_of("filters.gaussian")
    assert shown is not None
    other = Illustration(shown.op, shown.on, vary={"sigma": [1, 5]})
    assert picture_key(shown) == picture_key(Illustration(shown.op, shown.on, vary=shown.vary))
    assert picture_key(shown) != picture_key(other)


def test_an_unknown_sample_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no sample 'coin'"):
        sample("coin")
