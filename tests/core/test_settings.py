"""Settings come from the environment, and say which variable is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import ParameterError
from graticule.core.settings import memory_limit, memory_limited, parse_bytes, settings

FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@given(st.integers(1, 10**6), st.sampled_from(sorted(FACTORS)), st.booleans())
def test_amounts_of_memory(number: int, unit: str, byte: bool) -> None:
    text = f"{number}{unit}{'B' if byte and not unit.endswith('B') else ''}"
    assert parse_bytes(text) == number * FACTORS[unit]


@pytest.mark.parametrize(
    "value", ["", "much", "-1GB", "0", "nanGB", "infGB", "4XB", "1e300TB", "0.5B", 0.5, True, -3]
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="amount of memory"):
        parse_bytes(value)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRATICULE_MEMORY", "3GB")
    monkeypatch.setenv("GRATICULE_WORKERS", "3")
    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path))
    settings.cache_clear()
    found = settings()
    assert (found.memory, found.workers, found.cache_dir) == (3 * 10**9, 3, tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GRATICULE_WORKERS", "0"), ("GRATICULE_WORKERS", "many"), ("GRATICULE_MEMORY", "much")],
)
def test_a_wrong_setting_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    with pytest.raises(ParameterError, match=name):
        settings()


def test_of_several_limits_the_lowest_counts_and_then_the_setting() -> None:
    with memory_limited(2000), memory_limited(5000):
        assert memory_limit() == 2000
    assert memory_limit() == settings().memory
