"""Files brought together by what their names say: nothing is lost, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import RequestError
from graticule.io.patterns import FilePattern
from graticule.io.sites import find_sites


def _made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def _patterns(**texts: str) -> dict[str, FilePattern]:
    return {name: FilePattern(text) for name, text in texts.items()}


@given(st.sets(st.tuples(st.sampled_from("AB"), st.integers(1, 3), st.integers(1, 2)), min_size=1))
def test_every_file_is_of_one_site_and_every_gap_is_named(
    tmp_path_factory: pytest.TempPathFactory, there: set[tuple[str, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("plate")
    _made(root, *(f"w{channel}_{row}{col:02}.tif" for row, col, channel in there))
    patterns = _patterns(one="w1_{row}{col:d}.tif", two="w2_{row}{col:d}.tif")
    if {channel for *_, channel in there} != {1, 2}:
        with pytest.raises(RequestError, match="no file is w"):
            find_sites(root, patterns)
        return
    found = find_sites(root, patterns)
    wells = {(row, col) for row, col, _ in there}
    assert {(s.facts["row"], s.facts["col"]) for s in found.sites} == wells
    assert len(found.sites) == len(wells)
    gaps = {(s.facts["row"], s.facts["col"], name) for s in found.sites for name in s.missing}
    names = {"one": 1, "two": 2}
    assert gaps == {(r, c, n) for r, c in wells for n in names if (r, c, names[n]) not in there}
    assert not found.left_over
    used = {p for s in found.sites for n, p in s.files.items() if n not in s.missing}
    assert used == set(root.iterdir())


def test_one_file_may_be_of_many_sites(tmp_path: Path) -> None:
    root = _made(tmp_path, "day1/1.tif", "day1/2.tif", "day2/3.tif", "day1/open.tif",
                 "day2/open.tif", "dark.tif")  # fmt: skip
    patterns = _patterns(image="{day}/{x:d}.tif", beam="{day}/open.tif", dark="dark.tif")
    found = find_sites(root, patterns)
    assert [s.name for s in found.sites] == ["day1/1", "day1/2", "day2/3"]
    assert [s.files["beam"].parent.name for s in found.sites] == ["day1", "day1", "day2"]
    assert {s.files["dark"].name for s in found.sites} == {"dark.tif"}


def test_two_files_of_one_site_are_refused_by_name(tmp_path: Path) -> None:
    root = _made(tmp_path, "dna-1-A.tif", "dna-2-A.tif", "gfp-A.tif", "gfp-B.tif")
    with pytest.raises(RequestError, match=r"dna-1-A\.tif and dna-2-A\.tif are both dna of well=A"):
        find_sites(root, _patterns(dna="dna-*-{well}.tif", gfp="gfp-{well}.tif"))


def test_every_pattern_that_fits_nothing_is_named(tmp_path: Path) -> None:
    root = _made(tmp_path, "a_1.tif")
    with pytest.raises(RequestError, match=r"no file is x_\{n\}.tif \(x\); no file is y.* \(y\)"):
        find_sites(root, _patterns(a="a_{n}.tif", x="x_{n}.tif", y="y_{n}.tif"))


def test_numbers_are_numbers_where_all_are(tmp_path: Path) -> None:
    root = _made(tmp_path, "A_01.tif", "B_2x.tif")
    found = find_sites(root, _patterns(image="{row}_{col}.tif"))
    assert [s.facts for s in found.sites] == [{"row": "A", "col": "01"}, {"row": "B", "col": "2x"}]
    (root / "B_2x.tif").rename(root / "B_10.tif")
    found = find_sites(root, _patterns(image="{row}_{col}.tif"))
    assert [s.facts["col"] for s in found.sites] == [1, 10]


def test_two_dashes_are_no_number(tmp_path: Path) -> None:
    root = _made(tmp_path, "x_--5.png", "x_3.png")
    found = find_sites(root, _patterns(image="{p}_{n}.png"))
    assert sorted(s.facts["n"] for s in found.sites) == ["--5", "3"]
    (root / "x_--5.png").rename(root / "x_-5.png")
    found = find_sites(root, _patterns(image="{p}_{n}.png"))
    assert sorted(s.facts["n"] for s in found.sites) == [-5, 3]


def test_long_numbers_are_names(tmp_path: Path) -> None:
    root = _made(tmp_path, "x_100000000000000000000.png", "x_3.png")
    found = find_sites(root, _patterns(image="{p}_{n}.png"))
    assert sorted(s.facts["n"] for s in found.sites) == ["100000000000000000000", "3"]


def test_names_are_paths_from_the_folder_and_differ(tmp_path: Path) -> None:
    root = _made(tmp_path, "p/a.tif", "q/a.tif", "q/a.png")
    found = find_sites(root, _patterns(image="{plate}/{well}.{kind}"))
    assert [s.name for s in found.sites] == ["p/a.tif", "q/a.png", "q/a.tif"]
