"""An object has the measurements that were made of it, and never those of another's number."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.export.labelled import labelled
from graticule.pipeline import Pipeline

PIPELINE = """
graticule: 1
name: cells and nuclei
steps:
  light: {op: threshold.fixed, value: 5}
  cells: {op: segment.label}
  dense: {op: threshold.fixed, input: image, value: 8}
  nuclei: {op: segment.label}
  rel: {op: segment.parents, input: nuclei, parents: cells}
  shapes: {op: measure.regions, input: cells}
  both: {op: measure.join, input: rel.children, other: shapes, names: ["", cell],
         on: {parent: label}, how: outer}
  grown: {op: measure.derive, columns: {half: share / 2}}
  parts: {op: measure.compartments, input: rel.labels, second: cells, names: [nucleus, cell]}
  groups: {op: segment.kmeans, input: image, mask: light, clusters: 2}
  blobs: {op: detect.blobs, input: image}
outputs: [%s]
"""


@pytest.fixture(scope="module")
def facts_of(tmp_path_factory):
    """Return the facts of the label images of a run with some outputs, and the run's tables."""
    image = np.zeros((12, 30), np.uint8)
    image[1:9, 0:9] = image[1:11, 10:15] = image[1:5, 20:29] = 6
    image[10, 20:22] = 9  # a nucleus that is its cell
    image[3, 11] = image[2:4, 1:3] = image[5:8, 5:8] = 9  # numbered otherwise than their cells
    place = tmp_path_factory.mktemp("facts")
    gt.write(place / "one.png", image)

    def made(*outputs):
        text = PIPELINE % ", ".join(outputs)
        run = Pipeline.loads(text).run(place / "one.png", place / "-".join(outputs), cache=False)
        found = labelled(run.folder)
        (labels,) = [each for each in outputs if each in found.outputs]
        (image,) = found.images(labels)
        (table,) = run.tables.values()
        return image, table, found.notes

    return made


CASES = [
    ("rel.children", "nuclei", "share"),
    ("rel.parents", "cells", "children_share"),
    ("both", "nuclei", "cell.area"),
    ("grown", "nuclei", "half"),
    ("shapes", "cells", "area"),
    ("parts", "cells", "cell.pixels"),
    ("groups.clusters", "groups.labels", "pixels"),
]


@pytest.mark.parametrize(("output", "labels", "column"), CASES)
def test_the_rows_of_a_table_are_facts_of_the_labels_they_are_about(
    facts_of, output, labels, column
):
    image, table, notes = facts_of(output, labels)
    rows = table[table["label"].notna()].set_index("label")[column]
    held = {number: about for number, about in image.facts.items() if number in rows.index}
    assert len(held) >= 2
    (told,) = {name for about in held.values() for name in about if name.split(" (")[0] == column}
    assert {number: about[told] for number, about in held.items()} == rows.to_dict()
    assert set(np.unique(image.read())) - {0} <= set(held)
    assert not notes


@pytest.mark.parametrize(
    ("output", "labels"),
    [("rel.children", "cells"), ("rel.parents", "nuclei"), ("both", "cells"),
     ("shapes", "nuclei"), ("groups.clusters", "light")],
)  # fmt: skip
def test_objects_have_no_facts_of_the_objects_of_another_image(facts_of, output, labels):
    image, _, _ = facts_of(output, labels)
    assert not image.facts


def test_a_table_of_which_no_labels_are_known_is_told(facts_of):
    image, _, notes = facts_of("blobs", "cells")
    assert not image.facts
    assert notes == ["the table objects is left out: no labels are known to be of its rows"]
