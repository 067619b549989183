"""Ways to do a step: which ops fit, every combination once, and the text that says so."""

from __future__ import annotations

import pytest

from graticule.compare.variants import alternatives, step_named, variants
from graticule.core.errors import RequestError, UnknownNameError
from graticule.core.registry import get_op
from graticule.pipeline import Pipeline

TEXT = """
graticule: 1
name: bright
steps:
  smooth: {op: filters.gaussian, sigma: 1}  # grain
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
outputs: [labels]
"""


@pytest.fixture
def pipeline():
    return Pipeline.loads(TEXT)


def test_what_fits_takes_and_gives_the_same_kinds(pipeline):
    for name in alternatives(get_op("threshold.otsu")):
        other = get_op(name)
        assert [out.kind for out in other.outputs] == ["mask"]
        assert not other.parameters.faults({})


def test_every_combination_is_tried_once(pipeline):
    found = variants(
        pipeline, "bright", over={"smooth.sigma": [0, 1, 2], "labels.connectivity": [1, 2]}
    )
    assert len(found) == 6
    assert len({way.pipeline.text for way in found}) == 6


def test_an_op_without_the_parameter_is_tried_once(pipeline):
    found = variants(
        pipeline, "bright", tried=["threshold.fixed"], over={"bright.value": [1, 2, 3]}
    )
    assert [way.name for way in found] == [
        "threshold.otsu",
        "threshold.fixed bright.value=1",
        "threshold.fixed bright.value=2",
        "threshold.fixed bright.value=3",
    ]


def test_another_op_changes_its_step_alone_and_keeps_comments(pipeline):
    way = variants(pipeline, "bright", tried=["threshold.li"])[1]
    assert way.pipeline.steps["bright"].op.name == "threshold.li"
    assert way.pipeline.steps["smooth"] == pipeline.steps["smooth"]
    assert "# grain" in way.pipeline.text


def test_the_pipeline_as_it_is_comes_first(pipeline):
    assert variants(pipeline, "bright", tried=["thresholds"])[0].pipeline is pipeline


def test_a_way_that_cannot_be_is_named_and_not_lost(pipeline):
    ways = variants(pipeline, "bright", tried=["measure.regions"])
    assert ways[1].pipeline is None
    assert "labels" in ways[1].fault


def test_a_family_means_the_one_step_of_it(pipeline):
    assert step_named(pipeline, "threshold") == "bright"
    with pytest.raises(UnknownNameError, match="did you mean smooth"):
        step_named(pipeline, "smoth")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to compare"),
        ({"tried": ["threshold.otzu"]}, "did you mean threshold.otsu"),
        ({"tried": ["measures"]}, "can stand for"),
        ({"over": {"smooth.sigma": []}}, "no value"),
        ({"over": {"smooth.sigmo": [1]}}, "did you mean sigma"),
        ({"over": {"smoth.sigma": [1]}}, "did you mean smooth"),
        ({"over": {"smooth.sigma": list(range(200))}}, "too many"),
    ],
)
def test_requests_that_cannot_be_carried_out(pipeline, options, message):
    with pytest.raises((RequestError, UnknownNameError), match=message):
        variants(pipeline, "bright", **options)
