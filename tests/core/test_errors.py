"""Errors say what, where and the way out, and survive the way to another process."""

from __future__ import annotations

import pickle

import pytest

from graticule.core import errors
from graticule.core.errors import Fault, GraticuleError, PipelineError, suggest

KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GraticuleError) and kind is not PipelineError
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_says_what_where_and_the_way_out(kind: type[GraticuleError]) -> None:
    error = kind("must be 3, not 4", where="step smooth", hint="say 3")
    assert str(error) == "step smooth: must be 3, not 4 (say 3)"
    assert str(error.at("pipeline.yaml")).startswith("pipeline.yaml: step smooth: must be 3")
    assert type(error.at("x")) is kind


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_can_be_pickled(kind: type[GraticuleError]) -> None:
    error = kind("what", where="where", hint="hint")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.what, again.where, again.hint) == (kind, "what", "where", "hint")


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = errors.__doc__ or ""
    for kind in (*KINDS, PipelineError):
        assert kind.__name__ in drawn


def test_faults_of_a_pipeline_come_in_the_order_of_the_file() -> None:
    faults = [Fault("steps.b", "second", line=9), Fault("steps.a", "first", line=2, hint="so")]
    error = PipelineError(faults, source="p.yaml")
    text = str(error)
    assert text.index("line 2: steps.a: first (so)") < text.index("line 9: steps.b: second")
    assert "2 faults" in text
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.faults) == (text, error.faults)
    assert str(error.at("study")) == f"study: {text}"


def test_suggestions() -> None:
    assert suggest("gausian", ["gaussian", "median"]) == "did you mean gaussian?"
    assert suggest("zzz", ["b", "a"]) == "known: a, b"
    assert suggest("zzz", []) == ""
