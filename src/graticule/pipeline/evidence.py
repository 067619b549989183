"""What the checks of a pipeline find on one image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graticule.core.check import Evidence, Subject
from graticule.core.errors import GraticuleError
from graticule.core.image import Image
from graticule.pipeline.evaluate import Evaluation, make_rerun
from graticule.pipeline.spec import CheckStep, Reference

_TOLD = 25
"""Reruns after which it is said again how many there were."""


def evidence_of(
    step: CheckStep, evaluation: Evaluation, report: Callable[[str], None] = lambda _: None
) -> Evidence:
    """Return what a check finds on an image whose values an evaluation has.

    Parameters
    ----------
    step : CheckStep
        The check.
    evaluation : Evaluation
        The pipeline on the image.
    report : callable
        Told from time to time how often the analysis was repeated.
    """
    rerun = make_rerun(evaluation, step.at, step.of)
    count = 0

    def counted(image: Image) -> Any:
        nonlocal count
        count += 1
        if count % _TOLD == 0:
            report(f"{step.name}: {count} reruns")
        return rerun(image)

    return judge(step, evaluation.value, counted)


def judge(
    step: CheckStep, value: Callable[[Reference], Any], rerun: Callable[[Image], Any]
) -> Evidence:
    """Return what a check finds, of values from anywhere."""
    against = value(step.against) if step.against else None
    subject = Subject(value(step.of), value(step.at), rerun, against)
    try:
        return step.check.function(subject, **step.params)
    except GraticuleError as error:
        raise error.at(f"check {step.name}") from None
