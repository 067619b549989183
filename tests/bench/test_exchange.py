"""The objects of row E4 are as it says, and come back."""

import numpy as np

from graticule.bench.exchange import random_objects
from graticule.io import read, write
from graticule.io.outlines import trace


def test_the_objects_have_holes_parts_and_neighbours_and_come_back(tmp_path):
    labels = random_objects(30, 160, 1)
    outlines = trace(labels)
    assert [each.label for each in outlines] == list(range(1, 31))
    assert sum(len(polygon) > 1 for each in outlines for polygon in each.polygons) > 15
    assert sum(len(each.polygons) > 1 for each in outlines) > 15
    beside = (labels[:, 1:] != labels[:, :-1]) & (labels[:, 1:] > 0) & (labels[:, :-1] > 0)
    assert beside.sum() > 100
    for ending in (".roi.zip", ".geojson", ".coco.json"):
        found = read(write(tmp_path / f"labels{ending}", labels))
        np.testing.assert_array_equal(found.values, labels)
