"""ROI.zip, GeoJSON and COCO: labels come back to the bit, and others read what is written."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import roifile
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io import read, study, write
from graticule.io.formats.coco import Annotated, unpacked, write_coco
from graticule.io.formats.geojson import write_geojson
from graticule.io.formats.roi import write_rois

LAW = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
RING = np.pad(np.zeros((2, 3), np.int32), 2, constant_values=9)
FACTS = {9: {"area (um2)": 30.5, "count": np.int64(3), "class": "cell", "bad": np.nan}}


@LAW
@given(st.data())
@pytest.mark.parametrize("ending", [".roi.zip", ".geojson", ".coco.json"])
def test_labels_come_back_to_the_bit(tmp_path, ending, data):
    ndim = 2 if ending == ".coco.json" else data.draw(st.integers(2, 3))
    dtype = data.draw(st.sampled_from([bool, np.uint8, np.uint16, np.int32, np.int64]))
    shape = data.draw(hnp.array_shapes(min_dims=ndim, max_dims=ndim, max_side=8))
    values = data.draw(hnp.arrays(dtype, shape, elements=st.integers(0, 1 if dtype is bool else 4)))
    x = ("x", 3.5 + 0.25 * np.arange(shape[-1]), {"units": "um"})
    coords = {"x": x} if shape[-1] > 1 else {}
    labels = xr.DataArray(values, dims=("t", "y", "x")[-ndim:], coords=coords)
    found = read(write(tmp_path / f"labels{ending}", labels))
    xr.testing.assert_equal(found, labels)
    assert found.dtype == labels.dtype
    assert "notes" not in found.attrs
    assert not coords or found.x.attrs["units"] == "um"


def test_a_composite_is_what_roifile_reads(tmp_path):
    (path,) = [tmp_path / "a.zip"]
    write_rois(path, xr.DataArray(RING, dims=["y", "x"]), FACTS)
    (roi,) = roifile.roiread(path)
    assert roi.name == "9"
    assert roi.composite
    assert [len(ring) for ring in roi.coordinates(multi=True)] == [5, 5]
    assert roi.properties == {"label": 9, "area (um2)": 30.5, "count": 3, "class": "cell"}


def test_a_plain_object_is_a_traced_outline_at_its_place(tmp_path):
    labels = np.zeros((40, 70), np.int32)
    labels[10:14, 20:27] = 4
    (roi,) = roifile.roiread(write(tmp_path / "a.roi.zip", labels))
    assert roi.roitype == roifile.ROI_TYPE.TRACED
    assert (roi.left, roi.top, roi.right, roi.bottom) == (20, 10, 27, 14)
    corners = {tuple(point) for point in roi.coordinates().tolist()}
    assert corners == {(20, 10), (27, 10), (27, 14), (20, 14)}


def test_a_feature_is_as_qupath_writes_one(tmp_path):
    write_geojson(tmp_path / "a.geojson", xr.DataArray(RING, dims=["y", "x"]), FACTS)
    held = json.loads((tmp_path / "a.geojson").read_text())
    assert held["type"] == "FeatureCollection"
    (feature,) = held["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert all(ring[0] == ring[-1] for ring in feature["geometry"]["coordinates"])
    properties = feature["properties"]
    assert properties["objectType"] == "detection"
    assert properties["classification"]["name"] == "cell"
    assert properties["measurements"] == {"area (um2)": 30.5, "count": 3}


def test_classes_are_numbered_in_the_order_they_are_named(tmp_path):
    labels = xr.DataArray(np.array([[1, 1, 2], [0, 3, 3]], np.uint8), dims=["y", "x"])
    facts = {1: {"class": "Tumor"}, 2: {"class": "Stroma"}, 3: {"class": "Tumor"}}
    write_geojson(tmp_path / "a.geojson", labels, facts)
    found = read(tmp_path / "a.geojson/class:Stroma,Tumor")
    assert found.values.tolist() == [[2, 2, 1], [0, 2, 2]]
    only = read(tmp_path / "a.geojson/class:Tumor")
    assert only.values.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert only.attrs["notes"] == ["1 areas of Stroma are left out"]
    for wrong in ("class:", "class", "Tumor", "class:Tumor,Tumor"):
        with pytest.raises(FormatError, match="nothing by the name"):
            read(tmp_path / "a.geojson" / wrong)
    held = json.loads((tmp_path / "a.geojson").read_text())
    held["features"][1]["properties"]["classification"] = {"names": ["Tumor", "Positive"]}
    (tmp_path / "b.geojson").write_text(json.dumps(held))
    assert read(tmp_path / "b.geojson/class:Tumor: Positive").values.sum() == 1


def test_objects_within_objects_are_left_out_and_told(tmp_path):
    square = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
    child = {"type": "Feature", "geometry": square, "properties": {}}
    outer = {**child, "properties": {"childObjects": [child]}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection",
                                                    "features": [outer]}))  # fmt: skip
    found = read(tmp_path / "a.geojson")
    assert found.values.tolist() == [[1, 1], [1, 1]]
    assert any("within 1 objects" in note for note in found.attrs["notes"])


def test_an_annotation_has_area_box_and_category(tmp_path):
    labels = RING.copy()
    labels[0, 0] = 2
    write_coco(tmp_path / "a.json", [Annotated("cells.png", xr.DataArray(labels, dims=["y", "x"]))])
    held = json.loads((tmp_path / "a.json").read_text())
    plain, holed = held["annotations"]
    assert plain["segmentation"] == [[1, 0, 1, 1, 0, 1, 0, 0]]
    assert plain["area"] == 1
    assert plain["bbox"] == [0, 0, 1, 1]
    assert holed["segmentation"]["size"] == [6, 7]
    assert holed["area"] == sum(holed["segmentation"]["counts"][1::2]) == (RING == 9).sum() - 1
    assert {each["iscrowd"] for each in held["annotations"]} == {0}
    assert held["categories"] == [{"id": 1, "name": "object", "supercategory": ""}]
    assert held["images"][0]["file_name"] == "cells.png"


def _pack(counts):
    """Pack runs as rleToString of the COCO API does."""
    text = ""
    for number, value in enumerate(counts):
        left = value - counts[number - 2] if number > 2 else value
        more = True
        while more:
            code = left & 31
            left >>= 5
            more = left != -1 if code & 16 else left != 0
            text += chr(48 + code + 32 * more)
    return text


@LAW
@given(st.lists(st.integers(0, 10**6)))
def test_packed_runs_are_unpacked(counts):
    assert unpacked(_pack(counts)) == counts


@pytest.mark.parametrize("text", ["\x01", "~~", "o" * 40, "P"])
def test_runs_packed_in_no_way_are_refused(text):
    with pytest.raises(FormatError):
        unpacked(text)


def test_outlines_beside_images_are_no_images_of_a_study(tmp_path):
    write(tmp_path / "cells.png", RING.astype(np.uint8))
    write(tmp_path / "cells.geojson", RING)
    write(tmp_path / "RoiSet.roi.zip", RING)
    found = study(tmp_path)
    assert [each.name for each in found] == ["cells"]
    assert all(why == "part of cells.png" for _, why in found.skipped)
    (tmp_path / "cells.png").unlink()
    assert len(study(tmp_path)) == 2


def test_a_rectangle_of_imagej_is_filled_to_its_pixels(tmp_path):
    box = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, left=2, top=1, right=5, bottom=3)
    (tmp_path / "a.roi").write_bytes(box.tobytes())
    assert read(tmp_path / "a.roi").values.tolist() == [[0] * 5, [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]]


def test_a_ring_within_a_composite_is_a_hole_and_curves_are_filled(tmp_path):
    circle = [0, 20, 10, 3, 20, 15.5, 15.5, 20, 10, 20, 3, 4.5, 20, 0, 15.5, 0, 10]
    circle += [3, 0, 4.5, 4.5, 0, 10, 0, 3, 15.5, 0, 20, 4.5, 20, 10, 4]
    hole = [0, 8, 8, 1, 12, 8, 1, 12, 12, 1, 8, 12, 4]
    roi = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, right=20, bottom=20)
    roi.multi_coordinates = np.array(circle + hole, np.float32)
    roi.shape_roi_size = len(roi.multi_coordinates)
    (tmp_path / "a.roi").write_bytes(roi.tobytes())
    found = read(tmp_path / "a.roi").values
    assert found.sum() == pytest.approx(np.pi * 100 - 16, rel=0.02)
    assert not found[8:12, 8:12].any()


def _zipped(path, name, content, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_a_bomb_of_rois_is_refused(tmp_path):
    path = _zipped(tmp_path / "a.zip", "1.roi", b"Iout" + bytes(2 * 10**7))
    with zipfile.ZipFile(path) as archive:
        packed = archive.infolist()[0]
    assert packed.file_size / packed.compress_size > 500
    with pytest.raises(FormatError):
        read(path)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"dims": ["y", "x"], "shape": [10**6, 10**9], "dtype": "int32"}, "would take"),
        ({"dims": ["y", "x"], "shape": [-1, 3], "dtype": "int32"}, "not understood"),
        ({"dims": ["y", "y"], "shape": [3, 3], "dtype": "int32"}, "does not fit together"),
        ({"dims": ["y", "x"], "shape": [3, 3], "dtype": "O"}, "does not fit together"),
        ({"dims": ["y", "x"], "shape": [3, 3], "dtype": "f4"}, "does not fit together"),
        ("no mapping", "not understood"),
    ],
)
def test_what_a_file_says_of_its_image_is_checked(tmp_path, said, what):
    held = {"type": "FeatureCollection", "graticule": said, "features": []}
    (tmp_path / "a.geojson").write_text(json.dumps(held))
    with pytest.raises(FormatError, match=what) as caught:
        read(tmp_path / "a.geojson")
    assert isinstance(caught.value, UnsafeFileError) is (what == "would take")


def _drawn(path, places):
    """Write a square of number 7 at each slice and frame, from 0, as other programs do."""
    if path.suffix == ".geojson":
        corners = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
        held = [
            {"type": "Feature", "properties": {"name": "7"},
             "geometry": {"type": "Polygon", "coordinates": [corners],
                          "plane": {"c": -1, "z": z, "t": t}}}
            for z, t in places
        ]  # fmt: skip
        path.write_text(json.dumps(held))
        return path
    with zipfile.ZipFile(path, "w") as archive:
        for number, (z, t) in enumerate(places):
            roi = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, right=2, bottom=2, name="7")
            roi.z_position, roi.t_position = z + 1, t + 1
            archive.writestr(f"{number}.roi", roi.tobytes())
    return path


@pytest.mark.parametrize("name", ["a.geojson", "a.roi.zip"])
@pytest.mark.parametrize(
    ("places", "dims"),
    [
        ([(0, 0), (1, 0), (2, 0)], "zyx"),
        ([(0, 0), (0, 1), (0, 2)], "tyx"),
        ([(0, 2)], "yx"),
        ([(3, 0), (3, 1), (3, 2)], "tyx"),
        ([(0, 4), (1, 4), (2, 4)], "zyx"),
    ],
)
def test_objects_of_slices_and_of_frames_are_told_apart(tmp_path, name, places, dims):
    found = read(_drawn(tmp_path / name, places))
    assert "".join(map(str, found.dims)) == dims
    assert found.shape == (3, 2, 2)[3 - len(dims) :]
    assert (found == 7).all()


@pytest.mark.parametrize("name", ["a.geojson", "a.roi.zip"])
def test_objects_in_slices_and_in_frames_are_refused(tmp_path, name):
    for places in ([(0, 1), (2, 0)], [(1, 1), (2, 2)]):
        with pytest.raises(FormatError, match=r"in slices \(z\) and in frames \(t\)"):
            read(_drawn(tmp_path / name, places))


def test_places_in_a_stack_of_neither_are_slices(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for place in (1, 3):
            roi = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, right=2, bottom=2, name="7")
            roi.position = place
            archive.writestr(f"{place}.roi", roi.tobytes())
    found = read(tmp_path / "a.zip")
    assert found.dims == ("z", "y", "x")
    assert found.max(["y", "x"]).values.tolist() == [7, 0, 7]


@pytest.mark.parametrize("ring", [[], [[4, 4]], [[4, 4], [5, 5]], [[4, 4], [5, 5], [4, 4]]])
def test_objects_that_enclose_nothing_are_left_out_and_told(tmp_path, ring):
    square = [[0, 0], [2, 0], [2, 2], [0, 2]]
    held = {
        "images": [{"id": 1, "file_name": "a.png", "height": 3, "width": 3}],
        "categories": [],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [np.ravel(each).tolist()]}
            for each in (square, ring)
        ],
    }
    held["annotations"][0]["segmentation"].append(np.ravel(ring).tolist())
    (tmp_path / "a.coco.json").write_text(json.dumps(held))
    found = read(tmp_path / "a.coco.json")
    assert found.values.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert "1 annotations have no outline, and are left out" in found.attrs["notes"]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": rings}}
        for rings in ([square, ring], [ring, square], [])
    ]
    (tmp_path / "a.geojson").write_text(json.dumps(features))
    found = read(tmp_path / "a.geojson")
    assert found.values.tolist() == [[1, 1], [1, 1]]
    assert "2 features of Polygon are no areas, and are left out" in found.attrs["notes"]


def test_labels_without_a_place_in_a_format_are_refused(tmp_path):
    with pytest.raises(FormatError, match="COCO holds planes"):
        write(tmp_path / "a.coco.json", np.zeros((2, 3, 4), int))
    with pytest.raises(FormatError, match="counts to 60535"):
        write(tmp_path / "a.roi.zip", np.zeros((1, 70_000), np.uint8))
    with pytest.raises(FormatError, match="whole numbers"):
        write(tmp_path / "a.geojson", np.zeros((3, 4)))
