"""Ways to do a step: which ops fit, every combination once, and the text that says so."""

from __future__ import annotations

import pytest

from graticule.compare.variants import alternatives, find_step, make_variants
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
    found = make_variants(
        pipeline, "bright", grid={"smooth.sigma": [0, 1, 2], "labels.connectivity": [1, 2]}
    )
    assert len(found) == 6
    assert len({variant.pipeline.text for variant in found}) == 6


def test_an_op_without_the_parameter_is_tried_once(pipeline):
    found = make_variants(
        pipeline, "bright", ops=["threshold.fixed"], grid={"bright.value": [1, 2, 3]}
    )
    assert [variant.name for variant in found] == [
        "threshold.otsu",
        "threshold.fixed bright.value=1",
        "threshold.fixed bright.value=2",
        "threshold.fixed bright.value=3",
    ]


def test_another_op_changes_its_step_alone_and_keeps_comments(pipeline):
    variant = make_variants(pipeline, "bright", ops=["threshold.li"])[1]
    assert variant.pipeline.steps["bright"].op.name == "threshold.li"
    assert variant.pipeline.steps["smooth"] == pipeline.steps["smooth"]
    assert "# grain" in variant.pipeline.text


def test_the_pipeline_as_it_is_comes_first(pipeline):
    assert make_variants(pipeline, "bright", ops=["thresholds"])[0].pipeline is pipeline


def test_a_way_that_cannot_be_is_named_and_not_lost(pipeline):
    variants = make_variants(pipeline, "bright", ops=["measure.regions"])
    assert variants[1].pipeline is None
    assert "labels" in variants[1].fault


def test_a_family_means_the_one_step_of_it(pipeline):
    assert find_step(pipeline, "threshold") == "bright"
    with pytest.raises(UnknownNameError, match="did you mean smooth"):
        find_step(pipeline, "smoth")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to compare"),
        ({"ops": ["threshold.otzu"]}, "did you mean threshold.otsu"),
        ({"ops": ["measures"]}, "can stand for"),
        ({"grid": {"smooth.sigma": []}}, "no value"),
        ({"grid": {"smooth.sigmo": [1]}}, "did you mean sigma"),
        ({"grid": {"smoth.sigma": [1]}}, "did you mean smooth"),
        ({"grid": {"smooth.sigma": list(range(200))}}, "too many"),
    ],
)
def test_requests_that_cannot_be_carried_out(pipeline, options, message):
    with pytest.raises((RequestError, UnknownNameError), match=message):
        make_variants(pipeline, "bright", **options)
