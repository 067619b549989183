"""Every registered check keeps the contract."""

from __future__ import annotations

from typing import ClassVar

from graticule.testing.check_contract import (
    CheckContract,
    labels_subject,
    score_subject,
    statistic_subject,
)


class TestBuiltIn(CheckContract):
    """All checks there are."""

    subjects: ClassVar = {
        "instances": labels_subject,
        "plausibility": labels_subject,
        "roc": score_subject,
        "calibration": score_subject,
        "surrogate": statistic_subject,
        "injection": statistic_subject,
    }
    params: ClassVar = {
        "surrogate": {"n": 19, "by": ["phase", "flip_time"]},
        "injection": {"n": 20, "strengths": [0.0, 9.0], "arrivals": [0.0], "curvatures": [4.0]},
        "boundary": {"centreline": True, "n": 50},
        **{name: {"n": 50} for name in ("calibration", "instances", "overlap", "roc")},
    }
