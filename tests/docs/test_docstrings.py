"""What is public is documented as numpydoc's own validator wants it.

Rules that are not asked: further sections (``SA01``, ``ES01``), the case of a first letter
(``SA03``, ``RT04``), as descriptions begin with a dtype, and the order of parameters (``PR03``),
as those that belong together are described together. The fields of a dataclass or a named tuple
stand under Attributes. A function of one paragraph may say its parameters in it, and one whose
first line says what it returns needs no section for that. Examples are asked of ops.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate
from reference.api import public_modules
from reference.page import named, sections

from graticule.core.registry import check_names, get_check, get_op, op_names

ASKED_OF_NONE = {"SA01", "ES01", "SA03", "RT04", "PR03"}
UNFINISHED = {
    "graticule.core.check", "graticule.core.feature_names", "graticule.core.like",
    "graticule.core.step_of", "graticule.io.escaped", "graticule.io.levels",
    "graticule.learn.ExtraTrees", "graticule.learn.ImageRegressor",
    "graticule.learn.PixelRegressor", "graticule.learn.clustering.null_test",
    "graticule.learn.explain.draw_importances", "graticule.learn.explain.draw_tree",
    "graticule.learn.forest.RandomForestRegressor", "graticule.learn.model_file.register_model",
    "graticule.learn.splits.splits.by_group", "graticule.learn.splits.splits.by_samples",
    "graticule.learn.splits.splits.fixed_test", "graticule.learn.splits.splits.naive_halves",
    "graticule.learn.unet.Validation", "graticule.simulate.dataset.write_samples",
    "graticule.simulate.plate.plate",
}  # fmt: skip
"""Names whose docstring lacks something still; each must, or it is to be taken out."""

WITHOUT_EXAMPLE = 101
"""Names that are no ops and have no example: this number may only fall."""


def _public() -> Iterator[tuple[str, Any]]:
    yield from ((name, get_op(name).function) for name in op_names())
    yield from ((name, get_check(name).function) for name in check_names())
    seen: set[int] = set()
    for module in public_modules():
        for name in module.__all__:
            value = getattr(module, name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and id(value) not in seen:
                seen.add(id(value))
                yield f"{module.__name__}.{name}", value


PUBLIC = dict(_public())


def _faults(name: str) -> dict[str, str]:
    value = PUBLIC[name]
    docstring = inspect.cleandoc(value.__doc__ or "")
    found = dict(validate(get_doc_object(value))["errors"])
    paragraphs = docstring.partition("\n\nExamples\n")[0].split("\n\n")
    is_short = len([p for p in paragraphs if not p.startswith("Raises\n")]) == 1
    fields = named(sections(docstring)["Attributes"])
    if is_short or (inspect.isclass(value) and fields):
        found.pop("PR01", None)
    if is_short or re.match(r"(Return|Give)s? ", docstring):
        found.pop("RT01", None)
    return {code: said for code, said in found.items() if code not in ASKED_OF_NONE}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_documented(name: str) -> None:
    faults = _faults(name)
    if name not in op_names():
        faults.pop("EX01", None)
    assert bool(faults) == (name in UNFINISHED), faults


def test_names_without_an_example_become_fewer() -> None:
    without = [name for name in PUBLIC if "EX01" in _faults(name)]
    assert len(without) <= WITHOUT_EXAMPLE, without
