"""Outlines that tell no size are as large as the image they were drawn in."""

from __future__ import annotations

import json

import numpy as np
import pytest
import roifile

import graticule as gt
from graticule.cli import main
from graticule.core.errors import ImageError
from graticule.io import read
from graticule.io.outlines import as_large_as
from graticule.pipeline import Pipeline

IMAGE = np.zeros((40, 50), np.uint8)
IMAGE[5:15, 8:20], IMAGE[20:30, 25:36] = 100, 200


def drawn(path, boxes=((8, 5, 20, 15), (25, 20, 36, 30))):
    """Write outlines as the ROI Manager does: nothing of the image."""
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        for number, (x0, y0, x1, y1) in enumerate(boxes, start=1):
            corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
            roi = roifile.ImagejRoi.frompoints(np.array(corners), name=str(number))
            roi.roitype = roifile.ROI_TYPE.TRACED
            archive.writestr(f"{number}.roi", roi.tobytes())
    return path


@pytest.fixture
def image(tmp_path):
    gt.write(tmp_path / "a.png", IMAGE)
    return tmp_path / "a.png"


def test_they_are_continued_cut_and_placed(tmp_path, image):
    labels = read(drawn(tmp_path / "a.roi.zip", [(8, 5, 20, 15), (40, 30, 70, 90)]))
    assert labels.shape == (90, 70)
    placed = read(image, spacing={"y": "2 um", "x": "2 um"})
    found = as_large_as(labels, placed)
    assert found.shape == (40, 50)
    assert np.unique(found).tolist() == [0, 1, 2]
    assert found.x.attrs["units"] == "um"
    assert int((found == 2).sum()) == 100
    assert as_large_as(found, placed[:10, :10]) is found  # what tells its size stays as it is
    with pytest.raises(ImageError, match=r"objects \(2\) outside of an image of 20 x 20"):
        as_large_as(labels, placed[:20, :20])


def test_a_truth_drawn_in_imagej_judges_a_result(tmp_path, image, capsys):
    gt.write(tmp_path / "result.npy", (IMAGE > 50).astype(np.uint8))
    truth = drawn(tmp_path / "truth.roi.zip")
    words = ["evaluate", str(tmp_path / "result.npy"), "--truth", str(truth), "--kind", "mask"]
    assert main([*words, "-o", str(tmp_path / "out")]) == 0
    assert "1" in capsys.readouterr().out
    table = (tmp_path / "out" / "evaluation.csv").read_text().splitlines()
    scores = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert float(scores["dice"]) == 1


def test_regions_drawn_beside_an_image_are_an_input_of_a_pipeline(tmp_path, image):
    geojson = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [
            [[8, 5], [20, 5], [20, 15], [8, 15], [8, 5]]]}}]}  # fmt: skip
    (tmp_path / "a.geojson").write_text(json.dumps(geojson))
    text = """
graticule: 1
name: drawn
inputs:
  image: {spacing: {y: 2 um, x: 2 um}}
  drawn: {path: "{stem}.geojson"}
steps:
  objects: {op: measure.regions, input: drawn, intensity: image}
outputs: [objects]
"""
    run = Pipeline.loads(text).run(image, tmp_path / "out", cache=False)
    assert not run.failed, run.failed[0].error
    (row,) = run.tables["objects"].to_dict("records")
    assert (row["pixels"], row["area"], row["intensity_mean"]) == (120, 480, 100)
