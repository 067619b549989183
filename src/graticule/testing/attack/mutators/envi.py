"""ENVI images damaged by the keys of their header, and by what is left of the raw file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_AXES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}
_WORDS = (
    "",
    "-1",
    "0",
    "1e999",
    "nan",
    "inf",
    "{",
    "}",
    "{1, nan, 2}",
    "bip",
    "x" * 5000,
    "ä",
    "\0",
)


def _seeds(folder: Path) -> None:
    cube = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    for interleave, axes in _AXES.items():
        place = folder / interleave
        place.mkdir()
        (place / "scene.img").write_bytes(b"\0" * 3 + cube.transpose(axes).tobytes())
        (place / "scene.hdr").write_text(
            "ENVI\ndescription = {a scene}\nsamples = 7\nlines = 6\nbands = 5\nheader offset = 3\n"
            f"data type = 2\ninterleave = {interleave}\nbyte order = 0\ndata ignore value = 9\n"
            "wavelength units = Nanometers\nwavelength = {400, 450, 500, 550, 600}\n"
            "fwhm = {9, 9, 9, 9, 9}\nbbl = {1, 1, 0, 1, 1}\nband names = {a, b, c, d, e}\n"
            "map info = {UTM, 1, 1, 500000, 4000000, 30, 30, 33, North, WGS-84, units=Meters}\n"
        )


def _key(draw: Draw, files: Files) -> Files | None:
    """Give a key another value, or take its line away, or have it twice."""
    lines = files["scene.hdr"].split(b"\n")
    at = draw.turn(range(1, len(lines) - 1))
    key = lines[at].split(b"=")[0]
    word = draw.turn((*map(str, HOSTILE), *_WORDS)).encode()
    new = [key + b"= " + word] if draw.random() < 0.9 else draw.choice(([], [lines[at]] * 2))
    return {**files, "scene.hdr": b"\n".join([*lines[:at], *new, *lines[at + 1 :]])}


def _raw(draw: Draw, files: Files) -> Files | None:
    """Leave less of the raw file, or none, or put it there under a further name."""
    kept = {name: content for name, content in files.items() if name != "scene.img"}
    content = files["scene.img"]
    what = draw.turn(("cut", "longer", "gone", "twice"))
    if what == "cut":
        kept["scene.img"] = content[: draw.randrange(len(content))]
    elif what == "longer":
        kept["scene.img"] = content + draw.randbytes(50)
    elif what == "twice":
        kept |= {"scene.img": content, "scene.dat": content}
    return kept


MUTATOR = Mutator("ENVI", _seeds, {"key": Way(_key, weight=6), "raw": Way(_raw)})
