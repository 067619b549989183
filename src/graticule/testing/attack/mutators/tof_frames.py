"""Runs of a time-of-flight camera damaged by the numbers of their tables, and by lost frames."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_WORDS = ("", "nan", "inf", "-1", "1e308", "1e-320", "x", "0x10", "1e-5 1e-5 1e-5", "\0")


def _seeds(folder: Path) -> None:
    from astropy.io import fits

    for name, openings in (("one", 1), ("two", 2)):
        place = folder / name
        place.mkdir()
        begins = 1e-3 + 1e-5 * np.arange(6) + 1e-4 * (np.arange(6) * openings // 6)
        for number in range(6):
            frame = np.full((4, 5), number, np.int16)
            fits.writeto(place / f"run_{number:05d}.fits", frame)
        lines = (f"{begin:.8g}\t{number * 20}\n" for number, begin in enumerate(begins))
        (place / "run_Spectra.txt").write_text("".join(lines))
        long = 6e-5 / openings
        times = [f"{number}\t{1e-4 if number else 1e-3}\t{long}\n" for number in range(openings)]
        (place / "run_ShutterTimes.txt").write_text("".join([*times, f"{openings}\t0\t0\n"]))
        counts = [f"{number}\t{5000 - number}\n" for number in range(openings)]
        (place / "run_ShutterCount.txt").write_text("".join([*counts, f"{openings}\t0\n"]))


def _number(draw: Draw, files: Files) -> Files | None:
    """Put another word in the place of a number of a table."""
    tables = sorted(name for name in files if name.endswith(".txt"))
    name = draw.turn(tables)
    found = list(re.finditer(rb"\S+", files[name]))
    at = draw.choice(found)
    word = draw.turn((*map(str, HOSTILE), *_WORDS)).encode()
    content = files[name]
    return {**files, name: content[: at.start()] + word + content[at.end() :]}


def _file(draw: Draw, files: Files) -> Files | None:
    """Take a file away, empty it, or have it under a further name."""
    name = draw.choice(sorted(files))
    kept = {other: content for other, content in files.items() if other != name}
    what = draw.turn(("gone", "empty", "other"))
    if what == "empty":
        kept[name] = b""
    elif what == "other":
        kept[f"other{name.removeprefix('run')}"] = files[name]
    return kept


MUTATOR = Mutator(
    "time-of-flight frames", _seeds, {"number": Way(_number, weight=5), "file": Way(_file)}
)
