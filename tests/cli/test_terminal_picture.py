"""Pictures as kitty, iTerm2 and sixel terminals take them are those that were sent."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from graticule.cli import main
from graticule.cli import terminal_picture as module
from graticule.cli.terminal_picture import encode, named_protocol, protocol_of_terminal


def _png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()


NOISE = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)


def test_kitty_puts_the_pieces_together() -> None:
    png = _png(NOISE)
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", encode(png, "kitty"))
    assert len(pieces) > 1
    assert base64.b64decode("".join(text for _, text in pieces)) == png
    assert pieces[0][0].startswith("a=T,f=100,")
    assert [head[-3:] for head, _ in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    assert max(len(text) for _, text in pieces) <= 4096


def test_iterm_takes_the_file() -> None:
    png = _png(NOISE)
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):(.*)\a\n", encode(png, "iterm"))
    assert found
    assert base64.b64decode(found[2]) == png
    assert f"size={len(png)}" in found[1]


def _decoded(sixels: str) -> np.ndarray:
    """Return the picture that a terminal draws, by the rules of the VT340."""
    found = re.fullmatch(r'\x1bPq"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)*)(.*)\x1b\\\n', sixels)
    assert found
    width, height = int(found[1]), int(found[2])
    colours = {
        int(n): [int(c) for c in rgb]
        for n, *rgb in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", found[3])
    }
    picture = np.full((height + 6, width, 3), -1)
    for band, text in enumerate(found[4].split("-")[:-1]):
        for line in text.split("$"):
            head = re.match(r"#(\d+)", line)
            assert head
            x = 0
            for count, code in re.findall(r"(?:!(\d+))?([?-~])", line[head.end() :]):
                for row in range(6):
                    if (ord(code) - 63) >> row & 1:
                        picture[6 * band + row, x : x + int(count or 1)] = colours[int(head[1])]
                x += int(count or 1)
    return picture[:height]


@pytest.mark.parametrize("shape", [(1, 1), (6, 9), (7, 20), (25, 4)])
def test_sixels_are_the_picture(shape: tuple[int, int]) -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8)
    values = colours[np.random.default_rng(1).integers(0, 4, shape)]
    found = _decoded(encode(_png(values), "sixel"))
    np.testing.assert_array_equal(found, np.round(values / 2.55))


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, None),
        ({"TERM": "xterm-256color"}, None),
        ({}, None),
    ],
)
def test_a_terminal_is_known_by_what_it_says(
    environment: dict[str, str], protocol: str | None
) -> None:
    assert named_protocol(environment) == protocol


def test_where_there_is_no_terminal_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    assert protocol_of_terminal() is None
    main(["ops", "filters.gaussian"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_that_can_is_shown_the_op(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "protocol_of_terminal", lambda: "kitty")
    main(["ops", "filters.gaussian"])
    out = capsys.readouterr().out
    assert "filters.gaussian: image; then sigma = 1; sigma = 4" in out
    assert out.rstrip("\n").endswith("\x1b\\")
