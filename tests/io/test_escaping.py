"""Names as text: every name of a file comes back, no two look alike, none moves the cursor."""

from __future__ import annotations

import os

from hypothesis import example, given
from hypothesis import strategies as st

from graticule.io import escaped, unescaped
from graticule.io.escaping import printable

LIKE_ESCAPES = st.lists(st.sampled_from([b"\\", b"x", b"\\x", b"b5", b"\\x5c", b"\xb5", b"\n"]))
NAMES = st.binary().map(lambda raw: raw.replace(b"\0", b"")) | LIKE_ESCAPES.map(b"".join)


@given(NAMES)
@example(b"\\xb5")
@example("caf\u00e9 \U0001f52c".encode())
def test_a_name_comes_back(raw: bytes) -> None:
    name = os.fsdecode(raw)
    text = escaped(name)
    assert os.fsencode(unescaped(text)) == raw
    text.encode("utf-8")
    assert text.splitlines() in ([text], [])
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


@given(NAMES, NAMES)
def test_two_names_never_look_alike(one: bytes, two: bytes) -> None:
    assert (escaped(os.fsdecode(one)) == escaped(os.fsdecode(two))) == (one == two)


@given(st.text(st.characters(exclude_categories=[])))
@example("half a pair \ud800, and a byte \udcb5")
def test_a_message_can_be_written(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert "\x1b" not in shown
    assert printable(shown) == shown


def test_names_of_the_usual_kind_stay() -> None:
    for name in ("coins", "day 1/Zelle_ß.ome.tif", r"C:\data\x.tif", "a\\xyz"):
        assert escaped(name) == printable(name) == name
