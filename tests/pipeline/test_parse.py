"""The grammar: every fault at once, each with its line and path."""

from __future__ import annotations

import pickle
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from graticule.core import Length
from graticule.core.errors import FormatError, PipelineError
from graticule.pipeline import Pipeline
from graticule.pipeline.spec import step_keys

GOOD = """\
graticule: 1
name: good   # a comment
inputs:
  image: {dims: [y, x], spacing: {y: 0.5 um, x: 0.5 um}}
steps:
  smooth: {op: filters.gaussian, sigma: 500 nm}
  bright: {op: threshold.otsu}
outputs: [bright]
"""


def faults(text: str) -> dict[str, int]:
    with pytest.raises(PipelineError) as caught:
        Pipeline.loads(text)
    return {fault.path: fault.line for fault in caught.value.faults}


def test_all_faults_at_once_with_line_and_path() -> None:
    found = faults("""\
graticule: 2
nmae: wrong
steps:
  one: {op: filters.gausian}
  two:
    op: filters.gaussian
    sigma: -1
    trunkate: 3
  three: {op: threshold.otsu, input: nobody}
checks:
  null: {check: nothing, of: two}
outputs: [two, four]
""")
    assert found == {
        "graticule": 1,
        "nmae": 2,
        "steps.one.op": 4,
        "steps.two.sigma": 7,
        "steps.two.trunkate": 8,
        "steps.three.input": 9,
        "checks.null.check": 11,
        "outputs[1]": 12,
    }


def test_a_fault_suggests_the_closest_name() -> None:
    with pytest.raises(PipelineError, match=r"did you mean filters\.gaussian"):
        Pipeline.loads("graticule: 1\nsteps: {a: {op: filters.gausian}}")


def test_data_named_by_another_word_are_told_the_right_one() -> None:
    text = "graticule: 1\nsteps: {a: {op: filters.gaussian}, b: {op: filters.median, image: a}}\n"
    with pytest.raises(PipelineError) as caught:
        Pipeline.loads(text)
    assert [fault.hint for fault in caught.value.faults] == ["data are named by input"]


def test_cycles_are_faults() -> None:
    text = """\
graticule: 1
steps:
  a: {op: filters.gaussian, input: b}
  b: {op: filters.gaussian, input: a}
  c: {op: filters.gaussian, input: b}
"""
    with pytest.raises(PipelineError, match="the steps a, b wait for each other"):
        Pipeline.loads(text)


def test_steps_may_come_before_what_they_need() -> None:
    pipeline = Pipeline.loads("""\
graticule: 1
steps:
  late: {op: threshold.otsu, input: early}
  early: {op: filters.gaussian, input: image}
outputs: [late]
""")
    assert list(pipeline.steps) == ["early", "late"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: [", "YAML"),
        ("graticule: 1\nname: a\nname: b\nsteps: {}", "duplicate"),
        ("- 1", "must be a mapping"),
        ("", "must be a mapping"),
        ("graticule: 1\nname: x", "at least one"),
        ("graticule: 1\nsteps: {1a: {op: filters.gaussian}}", "must be a name"),
        ("graticule: 1\nsteps: {a: 3}", "must be a mapping"),
        ("graticule: 1\nsteps: {a: {op: segment.label}, b: {op: filters.gaussian}}\noutputs: b",
         "must be a list"),
        ("graticule: 1\nsteps: {a: {op: filters.gaussian}, b: {op: segment.label, input: a.x}}",
         "no part"),
        ("a: &a [*a]\n" + "b: [" + "*a," * 2000 + "]", "aliases"),
        ("&a\ngraticule: 1\nname: *a\nsteps: {s: {op: filters.gaussian}}", "leads back"),
        ("\n".join(["a0: &a0 [0]", *(f"a{n + 1}: &a{n + 1} [{f'*a{n},' * 9}]" for n in range(9))]),
         "more than 100,000 values"),
        ("graticule: 1\nsteps: {a: {op: filters.gaussian, sigma: " + "9" * 400 + "}}", "line 2"),
        ("graticule: 1\nsteps: {a: {op: filters.gaussian}}\nreport: [3]", r"report\[0\]"),
        ("graticule: 1\nsteps: {a: {op: filters.gaussian}}\ninputs: {i: {dims: [y, y]}}",
         "different names"),
        ("graticule: 1\nsteps: {a: {op: measure.regions}}\noutputs: [a.area]", "written whole"),
    ],
)  # fmt: skip
def test_broken_documents_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        Pipeline.loads(text)


def test_kinds_are_checked_between_steps() -> None:
    with pytest.raises(PipelineError, match="must be a mask; a is labels"):
        Pipeline.loads("""\
graticule: 1
steps:
  m: {op: threshold.otsu}
  a: {op: segment.label}
  b: {op: segment.label}
""")


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"none\.yaml"):
        Pipeline.load(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="UTF-8"):
        Pipeline.load(binary)
    with pytest.raises(FormatError):
        Pipeline.load(tmp_path)


def test_values_are_changed_in_the_text_with_its_comments() -> None:
    changed = Pipeline.loads(GOOD).with_values({"smooth.sigma": 2})
    assert changed.steps["smooth"].params["sigma"] == 2
    assert "# a comment" in changed.text
    assert Pipeline.loads(changed.text).normalised() == changed.normalised()
    with pytest.raises(PipelineError, match="smoth"):
        Pipeline.loads(GOOD).with_values({"smoth.sigma": 2})
    with pytest.raises(PipelineError, match=r"steps\.smooth\.sigma"):
        Pipeline.loads(GOOD).with_values({"smooth.sigma": -2})


@pytest.mark.parametrize("value", [np.float64(2), np.int64(2), Fraction(2), Length(2), "2 px"])
def test_values_may_be_any_numbers(value: object) -> None:
    assert Pipeline.loads(GOOD).with_values({"smooth.sigma": value}).steps["smooth"].params[
        "sigma"
    ] == Length(2)


@pytest.mark.parametrize("value", [object(), 2j, {1, 2}, Path("a"), date(2001, 1, 1), (1, 2)])
def test_values_that_no_document_can_hold_are_faults(value: object) -> None:
    with pytest.raises(PipelineError, match=r"smooth\.sigma: must be|smooth\.sigma: .* is not a"):
        Pipeline.loads(GOOD).with_values({"smooth.sigma": value})


def test_equal_meaning_has_an_equal_key() -> None:
    key = Pipeline.loads(GOOD).key
    assert key == Pipeline.loads(GOOD.replace("500 nm", "0.5 um")).key
    assert key == Pipeline.loads(GOOD.replace("  # a comment", "")).key
    explicit = GOOD.replace("sigma: 500 nm", "sigma: 500 nm, truncate: 4")
    assert key == Pipeline.loads(explicit).key
    assert key != Pipeline.loads(GOOD.replace("500 nm", "501 nm")).key


def test_a_step_key_depends_on_what_comes_before_and_not_after() -> None:
    pipeline = Pipeline.loads(GOOD)
    keys = step_keys(pipeline, {"image": "0"})
    other = step_keys(pipeline, {"image": "1"})
    assert all(keys[name] != other[name] for name in keys)
    wider = step_keys(pipeline.with_values({"smooth.sigma": 3}), {"image": "0"})
    assert wider["image"] == keys["image"]
    assert wider["smooth"] != keys["smooth"]
    assert wider["bright"] != keys["bright"]


def test_pipelines_travel_to_other_processes() -> None:
    pipeline = Pipeline.loads(GOOD)
    assert pickle.loads(pickle.dumps(pipeline)).normalised() == pipeline.normalised()  # noqa: S301


def test_a_default_spacing_gives_way_to_the_file() -> None:
    from graticule.core import as_image

    pipeline = Pipeline.loads("""\
graticule: 1
inputs: {image: {default_spacing: {y: 2 um, x: 2 um}}}
steps: {smooth: {op: filters.gaussian, sigma: 1}}
""")
    silent = as_image([[1.0, 2.0], [3.0, 4.0]])
    assert pipeline.apply(silent)["smooth"].x.values.tolist() == [0, 2]
    speaks = as_image([[1.0, 2.0], [3.0, 4.0]], spacing={"x": "5 nm"})
    found = pipeline.apply(speaks)["smooth"]
    assert (found.x.attrs["units"], found.y.attrs["units"]) == ("nm", "um")
    assert found.x.values.tolist() == [0, 5]


@pytest.mark.parametrize(
    "path", ["{foo}.png", "{stem", "{stem.__class__}", "{0}", "{}", "{stem!r}"]
)
def test_the_path_of_an_input_has_no_other_fields(path: str) -> None:
    found = faults(f"graticule: 1\ninputs: {{image: {{}}, mask: {{path: '{path}'}}}}\n"
                   "steps: {s: {op: filters.gaussian}}")  # fmt: skip
    assert found == {"inputs.mask.path": 2}


@pytest.mark.parametrize("step", [".inf", "9" * 400, "-1 um", "0", "1 kg", "much", "true"])
def test_a_spacing_that_is_none_is_a_fault(step: str) -> None:
    found = faults(f"graticule: 1\ninputs: {{image: {{spacing: {{x: {step}}}}}}}\n"
                   "steps: {s: {op: filters.gaussian}}")  # fmt: skip
    assert found == {"inputs.image.spacing.x": 2}
