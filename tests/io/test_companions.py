"""io.companions: files beside images by a template, and images from the files that they have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graticule.core.errors import RequestError
from graticule.io import write
from graticule.io.companions import companion_path, pair_by_template
from graticule.io.studies import study

PAINTED = "graticule/labels/{path}.strokes.tif"


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write(root / name, np.eye(3, dtype=np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made(tmp_path, "a.png", "b.tif", "day 1/c.ome.tif", "day 1/deep/d.png", "other/a.png")
    made(tmp_path, *(f"graticule/labels/{name}.strokes.tif" for name in ("b", "day 1/c")))
    made(tmp_path, "graticule/labels/day 1/deep/d.strokes.tif", "graticule/labels/b.corrected.tif")
    return tmp_path


def test_images_are_found_from_what_lies_beside_them(folder: Path) -> None:
    found = pair_by_template(folder, PAINTED)
    assert [(each.name, each.result.relative_to(folder).as_posix()) for each in found.pairs] == [
        ("b", "b.tif"),
        ("day 1/c", "day 1/c.ome.tif"),
        ("day 1/deep/d", "day 1/deep/d.png"),
    ]
    for pair in found.pairs:
        assert companion_path(study(pair.result)[0], PAINTED) == pair.truth


def test_a_part_of_the_folder_has_its_own(folder: Path) -> None:
    below = pair_by_template(folder / "day 1", PAINTED)
    assert [each.name for each in below.pairs] == ["day 1/c", "day 1/deep/d"]
    one = pair_by_template(folder / "b.tif", PAINTED)
    assert [each.name for each in one.pairs] == ["b"]
    with pytest.raises(RequestError, match=r"no image has a graticule/labels"):
        pair_by_template(folder / "a.png", PAINTED)
    with pytest.raises(RequestError, match="no image has a nowhere"):
        pair_by_template(folder, "nowhere/{path}.tif")


def test_labels_without_their_image_are_told(folder: Path) -> None:
    (folder / "b.tif").unlink()
    found = pair_by_template(folder, PAINTED)
    assert found.without_result == ("b",)


def test_two_images_of_one_file_are_refused(folder: Path) -> None:
    made(folder, "b.png")
    with pytest.raises(RequestError, match=r"b\.\w+ and b\.\w+ both have b\.strokes\.tif"):
        pair_by_template(folder, PAINTED)


def test_stems_and_names_are_of_the_folder_itself(tmp_path: Path) -> None:
    made(tmp_path, "x.png", "y.png", "truth/x.tif", "truth/y.png.tif")
    assert [e.name for e in pair_by_template(tmp_path, "truth/{stem}.tif").pairs] == ["x"]
    assert [e.name for e in pair_by_template(tmp_path, "truth/{name}.tif").pairs] == ["y"]
