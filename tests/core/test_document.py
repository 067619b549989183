"""Documents: pydantic says what is wrong, and every fault has its line and its path."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, model_validator

from graticule.core.document import Document, Section, parse_document, validate
from graticule.core.errors import Fault, ParameterError, PipelineError


def _positive(value: float) -> float:
    if value <= 0:
        raise ParameterError("must be positive", hint="as 2")
    return value


def _odd(value: dict[str, int]) -> dict[str, int]:
    even = [Fault(key, "must be odd") for key, number in value.items() if number % 2 == 0]
    if even:
        raise PipelineError(even)
    return value


class Blur(Section):
    sigma: Annotated[float, AfterValidator(_positive)] = 1.0
    border: Literal["mirror", "wrap"] = "mirror"
    sizes: Annotated[dict[str, int], AfterValidator(_odd)] = Field(default_factory=dict)


class Recipe(Document):
    name: str = ""
    blurs: dict[str, Blur] = Field(default_factory=dict)
    marks: list[int] = Field(default_factory=list)
    classes: dict[int, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named(self) -> Recipe:
        if self.blurs and not self.name:
            raise PipelineError([Fault("name", "must be given where there are blurs")])
        return self


def faults(text: str) -> list[str]:
    return [
        str(fault) for fault in PipelineError(validate(Recipe, parse_document(text, ""))[1]).faults
    ]


def test_a_sound_document_has_its_model_and_no_faults() -> None:
    text = "{graticule: 1, name: a, blurs: {null: {sigma: 2}}, classes: {1: pore}}"
    recipe, found = validate(Recipe, parse_document(text, ""))
    assert not found
    assert recipe is not None
    assert recipe.blurs["null"].sigma == 2
    assert recipe.classes == {1: "pore"}


def test_all_faults_at_once_with_line_and_path() -> None:
    assert faults("""\
graticule: 2
nmae: a
blurs:
  one:
    sigma: -1
    bordr: wrap
  two: 3
  null:
    border: fold
    sizes: {x: 2, y: 3, z: 4}
marks:
  - 1
  - much
""") == [
        "line 1: graticule: must be 1, the version of the grammar",
        "line 1: name: must be given where there are blurs",
        "line 2: nmae: is not known here (did you mean name?)",
        "line 5: blurs.one.sigma: must be positive (as 2)",
        "line 6: blurs.one.bordr: is not known here (did you mean border?)",
        "line 7: blurs.two: must be a mapping",
        "line 9: blurs.null.border: must be mirror or wrap, not 'fold'",
        "line 10: blurs.null.sizes.x: must be odd",
        "line 10: blurs.null.sizes.z: must be odd",
        "line 13: marks[1]: must be a whole number, not 'much'",
    ]  # fmt: skip


def test_what_fails_only_for_want_of_a_faulty_part_is_no_fault() -> None:
    assert faults("{graticule: 1, name: 3, blurs: {one: {}}}") == [
        "line 1: name: must be text, not 3"
    ]


def test_a_key_that_must_be_there_leaves_no_model() -> None:
    class Strict(Section):
        images: str
        masks: str

    assert validate(Strict, parse_document("{masks: 3}", ""))[0] is None
    _, found = validate(Strict, parse_document("{masks: 3}", ""))
    assert {fault.path: fault.what for fault in found} == {
        "images": "must be given",
        "masks": "must be text, not 3",
    }


@pytest.mark.parametrize("value", ["[]", "3", "text", "null", "{1: {2: 3}}", "[[1, {a: b}]]"])
@pytest.mark.parametrize("key", ["name", "blurs", "marks", "classes", "3", "null"])
def test_whatever_it_holds_there_is_an_answer(key: str, value: str) -> None:
    document: Any = parse_document(f"graticule: 1\n{key}: {value}", "")
    recipe, found = validate(Recipe, document)
    assert recipe is not None
    assert all(fault.line == 2 for fault in found)
