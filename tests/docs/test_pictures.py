"""Pictures of ops are drawn by several processes, each once, and what has none is told apart."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from reference.pictures import Pictures

OPS = ("threshold.otsu", "transform.grey", "learn.assign")


def test_families_are_drawn_side_by_side_and_once(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    assert pictures.of("threshold.otsu") is None
    pictures = Pictures(tmp_path)
    pictures.draw(OPS, processes=2)
    otsu, grey, assign = map(pictures.of, OPS)
    assert otsu is not None
    assert grey is not None
    assert assign is None, "it gives a table"
    assert otsu.alt != grey.alt
    assert pictures.files == {f for d in (otsu, grey) for f in (d.file, d.file.with_suffix(".txt"))}
    with Image.open(otsu.file) as picture:
        assert picture.width > picture.height > 50
    drawn = otsu.file.stat().st_mtime_ns
    pictures.draw(OPS, processes=2)
    assert otsu.file.stat().st_mtime_ns == drawn
