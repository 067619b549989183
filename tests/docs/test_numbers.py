"""The page Numbers tells of every figure that was measured, those that are not reached first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reference import margins, numbers

from graticule.bench.record import read_record

ROWS = read_record(Path(numbers.__file__).parents[2] / "bench.json")["rows"]
MISSED = [row for row in ROWS if row["reached"] is False]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {page.name: page.text for page in numbers.pages()}


def test_every_module_of_rows_is_told_of_under_one_subject() -> None:
    told = [module for modules in numbers.SUBJECTS.values() for module in modules]
    assert sorted(told) == sorted(numbers.by_module())


def test_every_row_is_on_the_page_and_what_is_not_reached_twice(pages: dict[str, str]) -> None:
    text = pages["numbers/index"]
    reliability = text.partition("\nReliability\n")[2]
    assert reliability.count(":missed:") + 2 * len(MISSED) == text.count(":missed:")
    assert len(
        re.findall(r"^   \* - ([A-Z]\d+\w?)$", text.partition("\nReliability\n")[0], re.M)
    ) == (len(ROWS) + len(MISSED))


def test_the_figures_are_the_same_each_time_and_show_what_has_a_ratio(
    pages: dict[str, str],
) -> None:
    assert pages["numbers/ratios"] == margins.ratios_figure(ROWS)
    assert pages["numbers/limits"] != pages["numbers/ratios"]
    assert pages["numbers/ratios"].count("<svg") == 1


def test_a_row_that_is_not_reached_is_marked() -> None:
    row = {"id": "X1", "what": "a_b", "value": 2.0, "unit": "s", "baseline": None, "ratio": None,
           "peak_mb": None, "bar": "<= 1 s", "reached": False, "measured": "2026-01-02T03:04",
           "machine": 0, "others": 0.34}  # fmt: skip
    text = numbers.rows_table([row])
    assert ":missed:`not reached`" in text
    assert "beside other work (34%)" in text
    assert ":missed:" not in numbers.rows_table([{**row, "reached": True}])
