"""Patterns of file names: what fits, what the fields are, and how deep is looked."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import ParameterError
from graticule.io.patterns import FilePattern

words = st.text(alphabet="ab1-_", min_size=1, max_size=4)


@given(words, words, words)
def test_fields_are_what_was_filled_in(plate: str, well: str, tail: str) -> None:
    """As few characters as fit, so a separator that fields lack gives each field back."""
    pattern = FilePattern("{plate}/{well}.{tail}.tif")
    fields = {"plate": plate, "well": well, "tail": tail}
    assert pattern.match(pattern.filled(fields)) == fields


@given(st.text(alphabet="ab*?[]!1.", max_size=6), st.text(alphabet="ab1.", max_size=5))
def test_without_fields_it_is_a_pattern_of_the_shell(text: str, name: str) -> None:
    if "[" not in text and "]" not in text and "**" not in text and ".." not in text:
        assert (FilePattern(text).match(name) is not None) == fnmatchcase(name, text)


@pytest.mark.parametrize(
    ("text", "path", "fields"),
    [
        ("Channel2-*-{row}-{col}.tif", "Channel2-01-A-02.tif", {"row": "A", "col": "02"}),
        ("{site}_w{channel:d}.tif", "s_wx_w12.tif", {"site": "s_wx", "channel": "12"}),
        ("{site}_w{channel:d}.tif", "s_w12b.tif", None),
        ("{plate}/{plate}_{well}.tif", "p1/p1_A1.tif", {"plate": "p1", "well": "A1"}),
        ("{plate}/{plate}_{well}.tif", "p1/p2_A1.tif", None),
        ("**/{well}.tif", "a/b/A1.tif", {"well": "A1"}),
        ("**/{well}.tif", "A1.tif", {"well": "A1"}),
        ("{well}.tif", "a/A1.tif", None),
        ("[ab]?_{n}.tif", "bx_1.tif", {"n": "1"}),
        ("[!ab]_{n}.tif", "a_1.tif", None),
        ("[!]_{n}.tif", "[!]_1.tif", {"n": "1"}),
        ("[[a&&b]_{n}.tif", "[_1.tif", {"n": "1"}),
        ("[^a]_{n}.tif", "^_1.tif", {"n": "1"}),
        ("[a--]_{n}.tif", "-_1.tif", {"n": "1"}),
        ("a+(b)_{n}.tif", "a+(b)_1.tif", {"n": "1"}),
    ],
)
def test_what_fits(text: str, path: str, fields: dict[str, str] | None) -> None:
    assert FilePattern(text).match(path) == fields


def test_folders_are_looked_into_as_deep_as_the_pattern_says(tmp_path: Path) -> None:
    for name in ("a.tif", "p/b.tif", "p/q/c.tif", ".hidden/d.tif", "p/.e.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(text: str) -> list[str]:
        return [
            path.relative_to(tmp_path).as_posix() for path, _ in FilePattern(text).files(tmp_path)
        ]

    assert found("{x}.tif") == ["a.tif"]
    assert found("{f}/{x}.tif") == ["p/b.tif"]
    assert found("**/{x}.tif") == ["a.tif", "p/b.tif", "p/q/c.tif"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{well.tif", "brace that is not closed"),
        ("well}.tif", "brace that is not closed"),
        ("{}.tif", "no name of a field"),
        ("{image}_{label}.tif", "is a column of its own"),
        ("{a b}.tif", "no name of a field"),
        ("{well:x}.tif", "is not known"),
        ("../{well}.tif", "relative to the folder"),
        ("/data/{well}.tif", "relative to the folder"),
        ("[z-a]_{well}.tif", "bad character range z-a"),
    ],
)
def test_what_is_no_pattern_is_named(text: str, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        FilePattern(text)
