"""A run in the files of other programs: labels to the bit, tables with units, a sound crate."""

from __future__ import annotations

import json
import re

import h5py
import numpy as np
import openpyxl
import pandas as pd
import pytest
import roifile
import tifffile
import xarray as xr
from crates import sound_crate

import graticule as gt
from graticule.cli import main
from graticule.core.errors import FormatError, RequestError
from graticule.core.settings import settings
from graticule.export.annotated import write_anndata
from graticule.export.label_tiff import colours_of_labels, write_label_tiff
from graticule.export.labelled import labelled
from graticule.export.workbook import write_workbook
from graticule.pipeline import Pipeline

PIPELINE = """
graticule: 1
name: two
inputs: {image: {spacing: {y: 0.5 um, x: 0.5 um}}}
steps:
  mask: {op: threshold.fixed, value: 5}
  labels: {op: segment.label}
  objects: {op: measure.regions, intensity: image}
  bright: {op: threshold.fixed, input: image, value: 8}
  spots: {op: segment.label}
  spots_table: {op: measure.regions}
outputs: [labels, mask, objects, spots, spots_table]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    image = np.zeros((12, 14), np.uint8)
    image[2:5, 3:9], image[7:10, 1:4], image[3, 5] = 9, 7, 0
    (folder / "in").mkdir()
    gt.write(folder / "in" / "a 1.png", image)
    gt.write(folder / "in" / "=b.png", image.T)
    (folder / "in" / "c.png").write_bytes(b"")
    return Pipeline.loads(PIPELINE).run(folder / "in", folder / "run", cache=False)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    gt.write(folder / "one.png", np.eye(5, dtype=np.uint8) * 9)
    text = PIPELINE.replace("labels, mask, objects, spots, spots_table", "mask")
    return Pipeline.loads(text).run(folder / "one.png", folder / "run", cache=False)


def labels_of(run, image, output="labels"):
    (result,) = [each for each in run.results if each.image == image]
    return gt.read(next(run.folder / f for f in result.arrays if f"/{output}." in f))


@pytest.mark.parametrize("to", ["roi", "geojson", "tiff"])
def test_the_labels_of_each_image_come_back(run, tmp_path, to, capsys):
    assert main(["export", str(run.folder), "--to", to, "-o", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "the run set it aside: c: " in said
    ending = {"roi": ".roi.zip", "geojson": ".geojson", "tiff": ".tif"}[to]
    places = {result.image: result.place for result in run.results}
    for image in ("a 1", "=b"):
        for output in ("labels", "spots"):
            found = gt.read(tmp_path / f"{places[image]}.{output}{ending}", labels=True)
            np.testing.assert_array_equal(found.values, labels_of(run, image, output).values)
    assert len(list(tmp_path.iterdir())) == 4


def test_measurements_are_those_of_the_labels_they_were_made_of(run, tmp_path):
    main(["export", str(run.folder), "--to", "geojson", "-o", str(tmp_path), "--of", "labels"])
    held = json.loads((tmp_path / "a 1.geojson").read_text())
    table = run.tables["objects"].query("image == 'a 1'").set_index("label")
    assert len(held["features"]) == len(table) == 2
    for feature in held["features"]:
        measured = feature["properties"]["measurements"]
        row = table.loc[feature["properties"]["label"]]
        assert measured["area (um2)"] == row["area"]
        assert measured["intensity_mean"] == row["intensity_mean"]
        assert feature["properties"]["classification"]["name"] == "labels"
    spots = labelled(run.folder, "spots").images("spots")
    facts = {image.image: image.facts for image in spots}
    assert "intensity_mean" not in facts["a 1"][1]
    assert facts["a 1"][1]["area (um2)"] == 17 * 0.25


def test_a_dataset_of_all_images(run, tmp_path):
    words = ["export", str(run.folder), "--to", "coco", "-o", str(tmp_path), "--of", "labels"]
    assert main(words) == 1
    path = tmp_path / "labels.coco.json"
    held = json.loads(path.read_text())
    assert [each["file_name"] for each in held["images"]] == ["=b.png", "a 1.png"]
    assert [each["id"] for each in held["annotations"]] == [1, 2, 3, 4]
    assert held["annotations"][0]["attributes"]["area (um2)"] > 0
    for image in ("a 1", "=b"):
        found = gt.read(path / f"{image}.png")
        np.testing.assert_array_equal(found.values, labels_of(run, image).values)
        assert found.x.attrs["units"] == "um"


def test_files_of_one_name_in_several_folders_are_told_apart_in_a_dataset(tmp_path):
    for day, size in (("day1", 3), ("day2", 5)):
        (tmp_path / "in" / day).mkdir(parents=True)
        gt.write(tmp_path / "in" / day / "a.png", np.eye(size, dtype=np.uint8) * 9)
    files = [tmp_path / "in" / day / "a.png" for day in ("day1", "day2")]
    text = PIPELINE.replace("labels, mask, objects, spots, spots_table", "mask")
    run = Pipeline.loads(text).run(files, tmp_path / "run", cache=False)
    assert main(["export", str(run.folder), "--to", "coco", "-o", str(tmp_path)]) == 0
    path = tmp_path / "mask.coco.json"
    for day, size in (("day1", 3), ("day2", 5)):
        assert gt.read(path / day / "a.png").shape == (size, size)
    assert main(["export", str(run.folder), "--to", "geojson", "-o", str(tmp_path / "g")]) == 0
    assert len(list((tmp_path / "g").rglob("*.geojson"))) == 2


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ({"z": 1, "y": 6, "x": 5}, {"y": 6, "x": 5}),
        ({"t": 3, "z": 1, "y": 6, "x": 5}, {"t": 3, "y": 6, "x": 5}),
        ({"t": 1, "z": 1, "y": 1, "x": 5}, {"y": 1, "x": 5}),
    ],
)
def test_a_single_slice_or_frame_is_a_plane(tmp_path, sizes, wanted):
    values = np.full(tuple(sizes.values()), 9, np.uint8)
    gt.write(tmp_path / "one.ome.tif", xr.DataArray(values, dims=list(sizes)))
    text = PIPELINE.replace("labels, mask, objects, spots, spots_table", "mask")
    run = Pipeline.loads(text).run(tmp_path / "one.ome.tif", tmp_path / "run", cache=False)
    (image,) = labelled(run.folder).images("mask")
    assert dict(image.read().sizes) == wanted
    if len(wanted) == 2:
        assert main(["export", str(run.folder), "--to", "coco", "-o", str(tmp_path)]) == 0


def test_rois_have_the_measurements_as_properties(run, tmp_path):
    main(["export", str(run.folder), "--to", "roi", "-o", str(tmp_path), "--of", "labels"])
    rois = roifile.roiread(tmp_path / "a 1.roi.zip")
    assert [roi.name for roi in rois] == ["1", "2"]
    assert rois[0].properties["pixels"] == 17
    assert rois[0].composite
    assert not rois[1].composite


def test_labels_in_a_tiff_have_colours_and_spacing(tmp_path):
    coords = {dim: (dim, np.arange(size) * step, {"units": unit})
              for dim, size, step, unit in (("z", 3, 2, "um"), ("y", 4, 500, "nm"),
                                            ("x", 5, 0.25, "um"))}  # fmt: skip
    for largest, dtype in ((59, np.uint8), (700, np.uint16), (70_000, np.float32)):
        values = np.zeros((3, 4, 5), np.int32)
        values.flat[:] = np.arange(60)
        values[2, 3, 4] = largest
        labels = xr.DataArray(values, dims=["z", "y", "x"], coords=coords)
        write_label_tiff(tmp_path / "a.tif", labels)
        found = gt.read(tmp_path / "a.tif", labels=True)
        np.testing.assert_array_equal(found.values, values)
        assert [gt.core.step_of(found, dim) for dim in "zyx"] == [
            (2, "um"), (pytest.approx(0.5), "um"), (0.25, "um")]  # fmt: skip
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            assert file.is_imagej
            assert not file.pages[0].is_tiled
            assert file.pages[0].dtype == dtype
            about = file.imagej_metadata
            if dtype == np.uint8:
                np.testing.assert_array_equal(file.pages[0].colormap.T // 257, colours_of_labels())
            else:
                table = np.reshape(about["LUTs"], (3, 256))
                np.testing.assert_array_equal(table.T, colours_of_labels())
                assert about["max"] == largest
                shown = np.ravel(file.pages[0].tags[320].value).reshape(3, 256).T
                np.testing.assert_array_equal(shown // 257, colours_of_labels())


def test_colours_differ_from_those_of_the_next_numbers():
    colours = colours_of_labels().astype(int)
    assert len(np.unique(colours, axis=0)) == 256
    for away in (1, 2, 3):
        assert np.abs(colours[1:-away] - colours[1 + away :]).max(axis=1).min() > 40


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (xr.DataArray(np.zeros((2, 2, 2), int), dims=["c", "y", "x"]), "not in c y x"),
        (xr.DataArray(np.full((2, 2), 2**25), dims=["y", "x"]), "up to 33554432"),
        (xr.DataArray(np.full((2, 2), -1), dims=["y", "x"]), "from 0"),
    ],
)
def test_what_imagej_does_not_hold_is_refused(tmp_path, labels, what):
    with pytest.raises(FormatError, match=what):
        write_label_tiff(tmp_path / "a.tif", labels)


def test_a_workbook_holds_the_tables_with_their_units(run, tmp_path):
    assert main(["export", str(run.folder), "--to", "xlsx", "-o", str(tmp_path)]) == 1
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert book.sheetnames == ["images", "objects", "objects_spots_table"]
    for name in book.sheetnames:
        table = run.images if name == "images" else run.tables[name]
        header, *rows = [[cell.value for cell in row] for row in book[name]]
        assert [text.partition(" (")[0] for text in header] == list(table.columns)
        assert len(rows) == len(table)
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
            if table[column].dtype.kind in "iuf":
                np.testing.assert_allclose(np.array(values, float), table[column], rtol=1e-15)
    assert "area (um2)" in [cell.value for cell in book["objects"][1]]
    assert book["objects"]["A2"].value == "=b"
    assert book["objects"]["A2"].data_type == "s"


def test_nothing_in_a_workbook_is_a_formula(tmp_path):
    texts = ["=1+2", "+1", "-x", "@a", "\t=1", "plain", "a\x00b", None, "=cmd|' /c calc'!A0"]
    table = pd.DataFrame({"=name": texts, "x": [1.5, np.nan, np.inf, -np.inf, 2, 3, 4, 5, 6],
                          "n": [2**60, *range(8)], "ok": [True, False] * 4 + [True]})  # fmt: skip
    write_workbook(tmp_path / "a.xlsx", {"a/b[1]": table, "A_B_1_": table})
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["a_b_1_", "A_B_1_ 2"]
    sheet = book.worksheets[0]
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "b"}
    assert [cell.value for cell in sheet["A"][1:]] == [*texts[:6], "a\ufffdb", None, texts[8]]
    assert [cell.value for cell in sheet["B"][1:5]] == [1.5, None, "inf", "-inf"]
    assert sheet["C2"].value == str(2**60)
    assert sheet["D2"].value is True


def test_what_is_missing_is_an_empty_cell(tmp_path):
    day = pd.Timestamp("2020-02-03")
    columns = {
        "day": pd.Series([day, pd.NaT]),
        "lasted": pd.Series([pd.Timedelta("1h"), pd.NaT]),
        "count": pd.array([1, pd.NA], dtype="Int64"),
        "mixed": pd.Series([np.float64("nan"), None], dtype=object),
        "text": ["NaT", "<NA>"],
    }
    write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame(columns)})
    _, first, second = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"].values
    assert first == (day.isoformat(), str(pd.Timedelta("1h")), 1, None, "NaT")
    assert second == (None, None, None, None, "<NA>")


def test_a_table_larger_than_a_sheet_is_refused(tmp_path):
    wide = pd.DataFrame(np.zeros((1, 16385)))
    with pytest.raises(RequestError, match="16385 columns"):
        write_workbook(tmp_path / "a.xlsx", {"wide": wide})
    assert not list(tmp_path.iterdir())


def frame(group):
    """Read a data frame by the description of the format, strictly."""
    assert group.attrs["encoding-type"] == "dataframe"
    assert group.attrs["encoding-version"] == "0.2.0"
    columns = list(group.attrs["column-order"])
    assert set(group) == {*columns, group.attrs["_index"]}
    found = {}
    for name in columns:
        held = group[name]
        if held.attrs["encoding-type"] == "categorical":
            assert held.attrs["ordered"] in (True, False)
            found[name] = held["categories"].asstr()[:][held["codes"][:]]
        elif held.attrs["encoding-type"] == "string-array":
            found[name] = held.asstr()[:]
        else:
            assert held.attrs["encoding-type"] == "array"
            found[name] = held[:]
    return pd.DataFrame(found, index=group[group.attrs["_index"]].asstr()[:])


def test_objects_are_anndata_by_its_description(run, tmp_path):
    assert main(["export", str(run.folder), "--to", "anndata", "-o", str(tmp_path)]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "objects.h5ad", "objects_spots_table.h5ad"]  # fmt: skip
    table = run.tables["objects"]
    with h5py.File(tmp_path / "objects.h5ad") as file:
        assert dict(file.attrs) == {"encoding-type": "anndata", "encoding-version": "0.1.0"}
        assert set(file) == {"X", "obs", "var", "obsm", "varm", "obsp", "varp", "layers", "uns"}
        obs, var = frame(file["obs"]), frame(file["var"])
        assert list(obs["image"]) == list(table["image"])
        assert list(obs["label"]) == list(table["label"])
        assert obs.index.tolist() == ["=b:1", "=b:2", "a 1:1", "a 1:2"]
        np.testing.assert_array_equal(file["X"][:], table[var.index].to_numpy(float))
        assert var.loc["area", "unit"] == "um2"
        places = table[["centroid_x", "centroid_y"]]
        np.testing.assert_array_equal(file["obsm/spatial"][:], places)
        assert file["uns/spatial_unit"].asstr()[()] == "um"


def test_names_that_hdf5_makes_one_are_told_apart(tmp_path):
    names = ["a/b", "a|b", "a|b 2", "_index"]
    table = pd.DataFrame({"image": list("aab"), **{name: list("xyz") for name in names}})
    write_anndata(tmp_path / "a.h5ad", table)
    with h5py.File(tmp_path / "a.h5ad") as file:
        obs = frame(file["obs"])
    assert len(obs.columns) == 5
    assert obs.drop(columns="image").to_numpy().tolist() == [[letter] * 4 for letter in "xyz"]


def test_what_is_of_images_and_what_is_text_is_no_measurement(tmp_path):
    table = pd.DataFrame({"image": list("aabb"), "label": [1, 2, 1, 2], "dose": [1.0, 1, 5, 5],
                          "area": [3.0, 4, 5, np.nan],
                          "kind/of": ["x", None, "y", "z\0"]})  # fmt: skip
    write_anndata(tmp_path / "a.h5ad", table)
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert frame(file["var"]).index.tolist() == ["area"]
        obs = frame(file["obs"])
        assert obs["dose"].tolist() == [1, 1, 5, 5]
        assert obs["kind|of"].tolist() == ["x", "", "y", "z\ufffd"]
        assert np.isnan(file["X"][3, 0])
    write_anndata(tmp_path / "a.h5ad", table[::2], of_images=["dose"])  # one object in an image
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert frame(file["var"]).index.tolist() == ["area"]
        assert frame(file["obs"])["dose"].tolist() == [1, 5]


def test_a_crate_says_who_answers(run, capsys, monkeypatch):
    words = ["export", str(run.folder), "--to", "crate"]
    own = [*words, "--author", "A. Name", "--orcid", "0000-0002-1825-0097"]
    assert main([*own, "--license", "https://creativecommons.org/licenses/by/4.0/"]) == 1
    entities = sound_crate(run.folder)
    action, root = entities["#run"], entities["./"]
    assert action["agent"] == root["author"] == {"@id": "https://orcid.org/0000-0002-1825-0097"}
    assert entities[action["agent"]["@id"]]["name"] == "A. Name"
    assert root["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    monkeypatch.setenv("GRATICULE_AUTHOR", "B. Name")
    monkeypatch.setenv("GRATICULE_ORCID", "https://orcid.org/0000-0001-5109-3700")
    settings.cache_clear()
    assert main(words) == 1
    entities = sound_crate(run.folder)
    assert entities["https://orcid.org/0000-0001-5109-3700"]["name"] == "B. Name"
    assert main([*words, "--author", "C. Name"]) == 1  # whose number is not that of the settings
    assert sound_crate(run.folder)["#author"]["name"] == "C. Name"
    monkeypatch.setenv("GRATICULE_ORCID", "0000-0001-5109-3701")
    settings.cache_clear()
    assert main(words) == 2
    assert "GRATICULE_ORCID" in capsys.readouterr().err
    monkeypatch.undo()
    settings.cache_clear()


def test_a_crate_that_is_made_again_tells_of_files_as_they_are(run):
    (run.folder / "notes.txt").write_text("seen")
    assert main(["export", str(run.folder), "--to", "crate"]) == 1
    assert "notes.txt" in sound_crate(run.folder)
    (run.folder / "notes.txt").unlink()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--to", "roi"], "needs a folder"),
        (["--to", "crate", "-o", "x"], "is the run folder itself"),
        (["--to", "crate", "--author", "A", "--orcid", "0000-0002-1825-0098"], "number of ORCID"),
        (["--to", "crate", "--orcid", "0000-0002-1825-0097"], "needs --author"),
        (["--to", "crate", "--license", "free"], "address"),
        (["--to", "roi", "-o", "x", "--author", "A"], "goes with --to crate"),
        (["--to", "roi", "-o", "x", "--of", "label"], "did you mean"),
        (["--to", "roi", "-o", "x", "--of", "objects"], "no labels or mask 'objects'"),
        (["--to", "xlsx", "-o", "x", "--of", "labels"], "holds all tables"),
        (["--to", "anndata", "-o", "x", "--of", "labels"], "no table of objects 'labels'"),
        (["--to", "word", "-o", "x"], "word"),
    ],
)
def test_wrong_requests_are_told(run, tmp_path, monkeypatch, capsys, words, what):
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(run.folder), *words]) == 2
    assert what in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_a_folder_that_is_no_run_is_told(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--to", "xlsx", "-o", str(tmp_path / "x")]) == 2
    assert "holds no run.json" in capsys.readouterr().err


def test_a_run_of_masks_alone_exports_its_mask(sound, tmp_path):
    assert main(["export", str(sound.folder), "--to", "geojson", "-o", str(tmp_path)]) == 0
    found = gt.read(tmp_path / "one.geojson")
    np.testing.assert_array_equal(found.values, np.eye(5, dtype=bool))
    assert found.dtype == bool
