"""The kinds of data that ops take and give."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a piece of data means, beyond its dtype."""

    IMAGE = "image"
    MASK = "mask"
    LABELS = "labels"
    PROBABILITY = "probability"
    TABLE = "table"
    RECORD = "record"
    MODEL = "model"

    @property
    def with_article(self) -> str:
        """The kind with its article, as errors say it."""
        if self is Kind.LABELS:
            return "labels"
        return f"an {self}" if self is Kind.IMAGE else f"a {self}"

    @property
    def is_array(self) -> bool:
        """Whether data of this kind is a DataArray."""
        return self in (Kind.IMAGE, Kind.MASK, Kind.LABELS, Kind.PROBABILITY)
