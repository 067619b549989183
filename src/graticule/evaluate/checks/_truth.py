"""What a check is held against."""

from __future__ import annotations

from typing import Any

from graticule.core import Subject, is_image
from graticule.core.errors import CheckError


def truth_of(subject: Subject) -> Any:
    """Return the truth of a subject whose value is an image.

    Raises
    ------
    CheckError
        If no truth was named, or one of the two is no image.
    """
    if subject.against is None:
        raise CheckError(
            "needs a truth to compare with",
            hint='add against: truth, and an input truth: {path: "{stem}_mask.png"}',
        )
    for what, value in (("of", subject.value), ("against", subject.against)):
        if not is_image(value):
            raise CheckError(f"compares images; {what} names a {type(value).__name__}")
    return subject.against
