"""Sheets of facts: what is read, what is joined, and what is refused by name."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from graticule.core.errors import FormatError, RequestError, UnitsError
from graticule.io.sheets import join_sheet, read_sheet

PLATE = "well,dose [uM],time,control\nA01,0.5,30 min,neg\nA02,2,1 h,\nA03,NA,2 h,pos\n"


def _written(folder: Path, text: str, name: str = "plate.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "csv;", "tsv", "bom", "parquet", "xlsx"])
def test_a_sheet_is_the_same_whatever_it_is_kept_in(tmp_path: Path, kind: str) -> None:
    path = _written(tmp_path, PLATE)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    if kind == "csv;":
        path.write_text(PLATE.replace(",", ";"))
    elif kind == "tsv":
        path = _written(tmp_path, PLATE.replace(",", "\t"), "plate.tsv")
    elif kind == "bom":
        path.write_bytes(b"\xef\xbb\xbf" + PLATE.replace("\n", "\r\n").encode())
    elif kind == "parquet":
        path = tmp_path / "plate.parquet"
        raw.to_parquet(path)
    elif kind == "xlsx":
        pytest.importorskip("openpyxl")
        path = tmp_path / "plate.xlsx"
        raw.to_excel(path, index=False)
    sheet = read_sheet(path)
    assert list(sheet.columns) == ["well", "dose", "time", "control"]
    assert sheet.attrs["units"] == {"dose": "uM", "time": "min"}
    assert sheet["dose"].tolist()[:2] == [0.5, 2]
    assert math.isnan(sheet["dose"].iloc[2])
    assert sheet["time"].tolist() == [30, 60, 120]
    assert sheet["control"].tolist() == ["neg", "", "pos"]
    assert sheet.index.tolist() == [2, 3, 4]


def test_units_of_cells_are_brought_to_the_first(tmp_path: Path) -> None:
    text = "a,dose,load,part,heat\nx,500 nM,1 N,3 %,20 °C\ny,2 uM,1 kN,4 %,30 °C\n"
    sheet = read_sheet(_written(tmp_path, text))
    assert sheet["dose"].tolist() == [500, 2000]
    assert sheet["load"].tolist() == [1, 1000]
    assert sheet["heat"].tolist() == [20, 30]
    assert sheet.attrs["units"] == {"dose": "nM", "load": "N", "part": "%", "heat": "°C"}


def test_names_that_begin_with_digits_are_no_quantities(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, "well,line,cut\n1A,3T3,1 left\n2A,4T1,2 left\n"))
    assert sheet["line"].tolist() == ["3T3", "4T1"]
    assert sheet["well"].tolist() == ["1A", "2A"]
    assert sheet["cut"].tolist() == ["1 left", "2 left"]


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("a,load\nx,1 N\ny,2 um\n", UnitsError, "load has N and um, of different kinds"),
        ("a,a [N]\nx,1\n", FormatError, "two columns are 'a'"),
        ("a, [N]\nx,1\n", FormatError, "column 2 has no name"),
        ("a,b\n,\n", FormatError, "has no row"),
        ("", FormatError, "has no row"),
        ("a,dose,dose\nx,1,2\n", FormatError, "two columns are 'dose'"),
        ("a,,b\nx,1,2\n", FormatError, "column 2 has no name"),
        ("a,b,\nx,1,2\n", FormatError, "column 3 has no name"),
        ("a,dose\nx,1,5\ny,2,0\n", FormatError, "line 2 has 3 cells, and the head has 2"),
        ("a,dose,drug\nx,1,5,\ny,2,d\n", FormatError, "line 2 has 4 cells, and the head has 3"),
        ("a,dose\nx,1\n\ny\n", FormatError, "line 4 has 1 cell, and the head has 2"),
        ('a,b\n"x\ny",1\n"z,2\n', FormatError, "line 4 cannot be read: unexpected end"),
    ],
)
def test_what_is_no_sheet_is_named(
    tmp_path: Path, text: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        read_sheet(_written(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "image,dose,drug\na,1,x,\nb,2,y,\n",
        "image,dose,drug,\na,1,x,\nb,2,y,\n",
        "image,dose,drug,,\na,1,x\nb,2,y\n",
        "\nimage,dose,drug\na,1,x\n,,,\n\nb,2,y\n",
        'image,dose,"drug"\na,1,"x"\n"b",2,y\n',
    ],
)
def test_marks_at_the_end_of_all_lines_shift_no_cell(tmp_path: Path, text: str) -> None:
    sheet = read_sheet(_written(tmp_path, text))
    assert sheet.to_dict("list") == {"image": ["a", "b"], "dose": [1, 2], "drug": ["x", "y"]}


def test_a_workbook_is_refused_by_its_heads_too(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    for head, told in ((["a", "dose", "dose"], "two columns are 'dose'"),
                       (["a", None, "dose"], "column 2 has no name")):  # fmt: skip
        table = pd.DataFrame([head, ["x", 1, 2]])
        table.to_excel(tmp_path / "plate.xlsx", index=False, header=False)
        with pytest.raises(FormatError, match=told):
            read_sheet(tmp_path / "plate.xlsx")


def test_files_that_are_no_sheets(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such sheet"):
        read_sheet(tmp_path / "lost.csv")
    with pytest.raises(FormatError, match="is no sheet"):
        read_sheet(_written(tmp_path, "a", "a.doc"))
    (tmp_path / "latin.csv").write_bytes(b"a,b\n\xb5,2\n")
    with pytest.raises(FormatError, match="UTF-8"):
        read_sheet(tmp_path / "latin.csv")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(FormatError):
        read_sheet(tmp_path / "junk.parquet")


def _images(*wells: str) -> list[dict[str, str]]:
    return [{"image": f"img_{well}", "well": well} for well in wells]


def test_both_sides_without_a_partner_are_named(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, PLATE))
    joined = join_sheet(sheet, _images("A01", "A03", "B09"))
    assert joined.facts[0] == {"dose": 0.5, "time": 30, "control": "neg"}
    assert joined.facts[2]["control"] == ""
    assert math.isnan(joined.facts[2]["dose"])
    assert joined.without_row == (2,)
    assert joined.without_image == ("well=A02",)
    assert joined.units == {"dose": "uM", "time": "min"}
    timed = [{"image": "a", "time": 60}]
    assert join_sheet(sheet, timed).units == {"dose": "uM", "time": "min"}


def test_numbers_and_endings_are_no_difference(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, "image,col,dose\nimg.tif,01,3\nimg2.tif,02,4\n"))
    images = [{"image": "img", "col": 1}, {"image": "img2", "col": 2}]
    assert [facts["dose"] for facts in join_sheet(sheet, images).facts] == [3, 4]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1_1", "11"], ["1_1", "11"]),
        (["20240101123456789", "20240101123456788"], ["20240101123456789", "20240101123456788"]),
        (["100000000000000000000", "1"], ["100000000000000000000", "1"]),
        (["1E2", "100"], ["1E2", "100"]),
        (["inf", "1"], ["inf", "1"]),
        (["\u0661", "1"], ["\u0661", "1"]),
        (["1e5", "2.5"], [1e5, 2.5]),
        (["1e5", "1e-3"], [1e5, 1e-3]),
        (["1e300", "1.0"], [1e300, 1.0]),
        (["01", "+2"], [1, 2]),
        ([".5", "2."], [0.5, 2]),
    ],
)
def test_names_of_digits_are_no_numbers(
    tmp_path: Path, cells: list[str], found: list[object]
) -> None:
    text = "name,animal\n" + "".join(f"n{cell},{cell}\n" for cell in cells)
    assert read_sheet(_written(tmp_path, text))["animal"].tolist() == found


def test_with_a_unit_all_that_can_be_is_a_number(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, "well,dose [nM]\nA,1e5\nB,100\n"))
    assert sheet["dose"].tolist() == [1e5, 100]


def _joined(folder: Path, text: str, *names: str) -> list[object]:
    sheet = read_sheet(_written(folder, text))
    return [facts["dose"] for facts in join_sheet(sheet, [{"image": n} for n in names]).facts]


def test_only_images_have_endings_and_first_their_exact_names(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, "strain,dose\nwt.a,1\nwt.b,2\n"))
    joined = join_sheet(sheet, [{"image": "i", "strain": "wt.b"}, {"image": "j", "strain": "wt"}])
    assert joined.facts[0]["dose"] == 2
    assert joined.without_row == (1,)
    assert _joined(tmp_path, "image,dose\na.tif,1\na.png,2\n", "a.tif", "a.png") == [1, 2]
    assert _joined(tmp_path, "image,dose\nwt.a,1\nwt.b,2\n", "wt.b", "wt.a") == [2, 1]
    assert _joined(tmp_path, "image,dose\n5.tif,1\np/6.ome.tif,2\n", "5", "p/6") == [1, 2]
    one, other = _joined(tmp_path, "image,dose\na.tif,1\n", "a.tif", "a.png")
    assert one == 1
    assert math.isnan(other)
    found = _joined(tmp_path, "image,dose\na,1\nb,2\n", "a.tif", "a.png", "b.tif")
    assert found[2] == 2
    assert all(math.isnan(dose) for dose in found[:2])
    with pytest.raises(RequestError, match="image=a in lines 2 and 3"):
        _joined(tmp_path, "image,dose\na.tif,1\na.png,2\n", "a")


def test_what_cannot_be_joined_is_named(tmp_path: Path) -> None:
    sheet = read_sheet(_written(tmp_path, "well,dose\nA,1\nB,2\nA,3\n"))
    with pytest.raises(RequestError, match="well=A in lines 2 and 4"):
        join_sheet(sheet, _images("A"))
    sheet = read_sheet(_written(tmp_path, "well,dose\nX,1\n"))
    with pytest.raises(RequestError, match="no row is of an image"):
        join_sheet(sheet, _images("A"))
    with pytest.raises(RequestError, match="no column 'plate'"):
        join_sheet(sheet, _images("A"), ["plate"])
    with pytest.raises(RequestError, match="'dose' is known of no image"):
        join_sheet(sheet, _images("A"), ["dose"])
    with pytest.raises(RequestError, match="no column in common"):
        join_sheet(sheet.rename(columns={"well": "place"}), _images("A"))
