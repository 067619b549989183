"""Pictures in terminals that can show them: by the protocols of kitty and iTerm2, and as sixels."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from graticule.core.typing import Array

Protocol: TypeAlias = Literal["kitty", "iterm", "sixel"]

_KITTY_PIECE = 4096
_ANSWER_WITHIN = 0.2
"""Seconds that a terminal may take to say what it can."""


def protocol_of_terminal() -> Protocol | None:
    """Return how this terminal is shown a picture; None where it cannot, or there is none."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        return None
    return named_protocol(os.environ) or ("sixel" if _draws_sixels() else None)


def named_protocol(environment: Mapping[str, str]) -> Protocol | None:
    """Return the protocol of a terminal that says by its environment which it is.

    Examples
    --------
    >>> named_protocol({"TERM": "xterm-kitty"}), named_protocol({"TERM": "xterm-256color"})
    ('kitty', None)
    """
    program = environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or environment.get("TERM", "").startswith(("screen", "tmux")):
        return None  # what stands between keeps pictures from the terminal
    if "kitty" in environment.get("TERM", "") or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return None


def _draws_sixels() -> bool:
    """Ask the terminal what it can (Primary Device Attributes, of which 4 are sixels)."""
    try:
        import select
        import termios
        import tty
    except ImportError:  # Windows has none of them
        return False
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    answer = b""
    try:
        tty.setcbreak(keyboard)
        os.write(sys.stdout.fileno(), b"\x1b[c")
        while not answer.endswith(b"c") and select.select([keyboard], [], [], _ANSWER_WITHIN)[0]:
            answer += os.read(keyboard, 64)
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
    return says_sixels(answer)


def says_sixels(answer: bytes) -> bool:
    r"""Whether what a terminal says of itself has sixels in it.

    Examples
    --------
    >>> says_sixels(b"\x1b[?62;4;22c"), says_sixels(b"\x1b[?62;22c"), says_sixels(b"")
    (True, False, False)
    """
    found = re.search(rb"\x1b\[\?([\d;]*)c", answer)
    return found is not None and b"4" in found[1].split(b";")[1:]


def encode(png: bytes, protocol: Protocol) -> str:
    """Return what shows a PNG when it is written to a terminal of a protocol."""
    if protocol == "kitty":
        return "".join(_kitty(base64.b64encode(png).decode()))
    if protocol == "iterm":
        text = base64.b64encode(png).decode()
        return f"\x1b]1337;File=inline=1;size={len(png)};width=100%:{text}\a\n"
    return _sixel(png)


def _kitty(text: str) -> Iterator[str]:
    """Give the pieces in which kitty takes a picture."""
    for start in range(0, len(text), _KITTY_PIECE):
        head = "a=T,f=100," if start == 0 else ""
        more = int(start + _KITTY_PIECE < len(text))
        yield f"\x1b_G{head}m={more};{text[start : start + _KITTY_PIECE]}\x1b\\"
    yield "\n"


def _sixel(png: bytes) -> str:
    """Return a picture as sixels: bands of six rows, in each one pass for every colour."""
    import numpy as np
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(255)
    palette = (picture.getpalette() or [])[: 3 * 255]
    values = np.asarray(picture)
    parts = [f'\x1bPq"1;1;{values.shape[1]};{values.shape[0]}']
    for number in range(len(palette) // 3):
        red, green, blue = (round(c / 2.55) for c in palette[3 * number : 3 * number + 3])
        parts.append(f"#{number};2;{red};{green};{blue}")
    for top in range(0, len(values), 6):
        band = values[top : top + 6]
        weights = 1 << np.arange(len(band))[:, None]
        passes = (
            f"#{colour}{_run_lengths(((band == colour) * weights).sum(axis=0) + 63)}"
            for colour in np.unique(band)
        )
        parts.append("$".join(passes) + "-")
    return "".join(parts) + "\x1b\\\n"


def _run_lengths(codes: Array) -> str:
    """Return sixels as text, with what is repeated written once.

    Examples
    --------
    >>> import numpy as np
    >>> _run_lengths(np.array([63, 63, 63, 63, 64]))
    '!4?@'
    """
    import numpy as np

    ends = np.append(np.flatnonzero(np.diff(codes)) + 1, len(codes))
    counts = np.diff(ends, prepend=0)
    return "".join(
        f"!{count}{chr(codes[end - 1])}" if count > 3 else chr(codes[end - 1]) * count
        for end, count in zip(ends.tolist(), counts.tolist(), strict=True)
    )
