"""Documents that are far too large, deep or odd: one typed error, soon."""

from __future__ import annotations

import time

import pytest

from graticule.core.document import parse_document
from graticule.core.errors import PipelineError
from graticule.learn.document import document as training
from graticule.pipeline.pipeline import Pipeline

HEAD = "graticule: 1\nname: a\nsteps:\n"
LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def steps(count: int, body: str) -> str:
    return HEAD + "".join(f"  s{n}: {{{body}}}\n" for n in range(count))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x" * 1_000_001, "over 1 MB"),
        ("".join(f"key{n}: 1\n" for n in range(9000)), "has 9,000 keys"),
        (steps(3000, "op: filters.gaussian"), "has 3,000 keys"),
        ("a: " + "[" * 50_000, "nested deeper"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper"),
        ("a: " + "{b: " * 100 + "1" + "}" * 100, "nested deeper"),
        ("- " * 20_000, "nested deeper"),
        (LAUGHS, "more than 100,000 values"),
        ('a: "\\U99999999"', "too large"),
        ("a: " + "9" * 5000, "limit"),
    ],
)
def test_a_document_beyond_its_bounds_is_one_fault(text: str, what: str) -> None:
    for parse in (Pipeline.loads, training.parse):
        started = time.process_time()
        with pytest.raises(PipelineError, match=what) as caught:
            parse(text)
        assert len(caught.value.faults) == 1
        assert len(str(caught.value)) < 500
        assert time.process_time() - started < 10


def test_very_many_faults_are_counted_and_the_first_listed() -> None:
    with pytest.raises(PipelineError) as caught:
        Pipeline.loads(steps(1500, "op: filters.gausian"))
    assert "501 faults" in str(caught.value)
    assert "there are 1,000 faults more" in {fault.what for fault in caught.value.faults}
    assert str(caught.value).count("\n") == 101
    assert str(caught.value).endswith("and 401 more")


def test_a_long_pipeline_keeps_its_order() -> None:
    text = steps(400, "op: filters.gaussian")
    assert list(Pipeline.loads(text).steps) == [f"s{n}" for n in range(400)]
    turned = HEAD + "".join(
        f"  s{n}: {{op: filters.gaussian, input: {f's{n + 1}' if n < 49 else 'image'}}}\n"
        for n in range(50)
    )
    assert list(Pipeline.loads(turned).steps) == [f"s{n}" for n in reversed(range(50))]


def test_merged_and_repeated_parts_are_read() -> None:
    found = parse_document("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n", "text")
    assert found["b"]["x"] == 1
    assert [dict(each) for each in found["c"]] == [{"x": 1}, {"x": 1}]
