"""How src is built: few files lie flat, no imports in a circle, little is said twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import grimp
import pytest
from repetition import runs

SRC = Path(__file__).parents[2] / "src"


def test_no_modules_import_one_another() -> None:
    """Imports inside functions and for type checking are counted."""
    graph = grimp.build_graph("graticule", exclude_type_checking_imports=False, cache_dir=None)
    imports = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    assert circles(imports) == []


def test_few_files_lie_flat_in_learn() -> None:
    assert len(list((SRC / "graticule" / "learn").glob("*.py"))) <= 3


def test_runs_of_identical_lines_are_rare() -> None:
    assert len(runs(SRC)) == 0


@pytest.mark.parametrize(
    ("imports", "wanted"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["bc"]),
        (
            {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"e"}, "e": {"c"}},
            ["cde", "ab"],
        ),
    ],
)
def test_circles_are_found(imports: dict[str, set[str]], wanted: list[str]) -> None:
    assert circles(imports) == [list(circle) for circle in wanted]


def circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the sets of modules that reach one another, the largest first."""
    reached = {module: _reached(imports, module) for module in imports}
    found = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in imports
        if module in reached[module]
    }
    return sorted(map(list, found), key=len, reverse=True)


def _reached(imports: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = [start]
    while left:
        new = imports[left.pop()] - found
        found |= new
        left += new
    return found
