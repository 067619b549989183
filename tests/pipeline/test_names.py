"""Names of our own files: fit for every disk, shell and page, and never two the same."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.io import escaped
from graticule.pipeline.names import file_names

RAW = st.binary(min_size=1, max_size=255).filter(lambda raw: not {0, 47} & set(raw))
LETTERS = st.text("aAeE\u0301éß. ~-_/", min_size=1, max_size=6)
STUDIES = st.lists(RAW.map(os.fsdecode).map(escaped) | LETTERS, unique=True, max_size=12)


@given(STUDIES)
def test_no_two_files_are_one_on_any_disk(images: list[str]) -> None:
    names = file_names(images)
    folded = {unicodedata.normalize("NFC", name.casefold()).casefold() for name in names}
    assert len(folded) == len(images)


@given(STUDIES)
def test_a_name_is_fit_for_every_disk(images: list[str]) -> None:
    for name in file_names(images):
        assert len(name.encode()) <= 120
        for part in name.split("/"):
            assert part
            assert part not in (".", "..")
            assert part[0] not in ".-" or "~" in part
            assert part[-1] not in ". "
            assert not set(part) & set('<>:"\\|?*\n\r\t\x1b')


@given(STUDIES)
def test_names_of_ours_are_ours_again(images: list[str]) -> None:
    """A file that is called as one of ours is no other image's."""
    names = file_names(images)
    both = [*images, *(name for name in names if name not in images)]
    assert len(set(file_names(both))) == len(both)


@pytest.mark.parametrize("name", ["coins", "Day 1/Cell_03 (2)", "Zelle-ß", "a.b=c+d@e", "1"])
def test_a_name_that_is_fit_stays(name: str) -> None:
    assert file_names([name, "other"]) == [name, "other"]
