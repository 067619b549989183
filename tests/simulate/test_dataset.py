"""simulate.dataset: seeded, paired, described, and refused where it makes no sense."""

from __future__ import annotations

import hashlib
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.core.errors import ParameterError, RequestError, UnknownNameError
from graticule.io import read
from graticule.simulate.dataset import kinds, samples, write_samples

SMALL = {
    "cells": {"shape": (48, 48), "count": 4},
    "dividing_cells": {"shape": (48, 48), "count": 4, "frames": 12, "cycle": 10.0},
    "galaxies": {"size": 64, "radius": 5.0},
    "nuclei": {"shape": (48, 48), "count": 4},
    "radiograph": {"shape": (48, 48), "frames": 1},
    "roots": {"shape": (48, 48)},
    "tof": {"shape": (20, 24), "bins": 30},
}


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of every file; of images without the name that each OME-TIFF is given."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        image = path.suffix == ".tif"
        content = read(path).values.tobytes() if image else path.read_bytes()
        found[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return found


@pytest.mark.parametrize("kind", sorted(SMALL))
def test_the_same_seed_makes_the_same_bytes(kind, tmp_path):
    one = write_samples(kind, 2, tmp_path / "one", parameters=SMALL[kind])
    two = write_samples(kind, 2, tmp_path / "two", parameters=SMALL[kind])
    other = write_samples(kind, 2, tmp_path / "other", seed=1, parameters=SMALL[kind])
    assert digests(one) == digests(two)
    image = f"images/{kind}_0000.tif"
    assert digests(one)[image] != digests(other)[image]


def test_films_have_their_lineage_beside_them(tmp_path):
    folder = write_samples("dividing_cells", 1, tmp_path / "made",
                           parameters=SMALL["dividing_cells"])  # fmt: skip
    lineage = pd.read_csv(folder / "lineage" / "dividing_cells_0000.csv")
    tracks = read(folder / "tracks" / "dividing_cells_0000.tif", labels=True)
    assert set(np.unique(tracks)) - {0} <= set(lineage["track"])
    assert (lineage["parent"] > 0).any()


def test_every_kind_is_tried():
    assert kinds() == sorted(SMALL)


@pytest.mark.parametrize("kind", sorted(SMALL))
def test_images_and_labels_pair_up_by_name(kind, tmp_path):
    folder = write_samples(kind, 3, tmp_path / "made", parameters=SMALL[kind])
    names = sorted(path.name for path in (folder / "images").iterdir())
    assert names == sorted(path.name for path in (folder / "labels").iterdir())
    assert len(names) == 3
    for name in names:
        image, labels = read(folder / "images" / name), read(folder / "labels" / name)
        assert [image.sizes[dim] for dim in labels.dims] == list(labels.shape)
        assert labels.dtype.kind in "bui"
    rows = pd.read_csv(folder / "samples.csv")
    assert list(rows["image"]) == [f"{kind}_{number:04d}" for number in range(3)]
    facts = json.loads((folder / "parameters.json").read_text())
    assert (facts["kind"], facts["count"], facts["seed"]) == (kind, 3, 0)
    assert f"graticule simulate {kind} -n 3 --seed 0" in (folder / "README.md").read_text()


def test_more_images_begin_with_the_fewer():
    few = list(samples("cells", 2, parameters=SMALL["cells"]))
    many = list(islice(samples("cells", 5, parameters=SMALL["cells"]), 2))
    for one, two in zip(few, many, strict=True):
        assert one.image.identical(two.image)
    assert not few[0].image.identical(few[1].image)


def test_a_range_is_drawn_for_each_image():
    given = {**SMALL["roots"], "growth.count": "1..4", "scan.flux": "100..10000"}
    made = list(samples("roots", 30, parameters=given))
    counts = [sample.parameters["growth.count"] for sample in made]
    assert set(counts) == {1, 2, 3, 4}
    flux = np.array([sample.parameters["scan.flux"] for sample in made])
    assert 100 <= flux.min() < 500 < 2000 < flux.max() <= 10000


def test_what_cannot_be_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean roots"):
        next(samples("rots", 1))
    with pytest.raises(ParameterError, match=r"growth\.count"):
        next(samples("roots", 1, parameters={"growth.cont": 3}))
    with pytest.raises(ParameterError, match=r"growth\.count: must be a valid integer"):
        next(samples("roots", 1, parameters={"growth.count": "many"}))
    with pytest.raises(ParameterError, match="no parameter 'seed'"):
        next(samples("roots", 1, parameters={"seed": 3}))
    with pytest.raises(ParameterError):
        next(samples("roots", 1, parameters={"scan.blur": -1, "scan.flux": -5}))
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(RequestError, match="must be empty"):
        write_samples("roots", 1, tmp_path)


def test_a_range_that_ends_below_its_start_is_refused():
    with pytest.raises(ParameterError, match="ends below"):
        list(samples("cells", 1, parameters={"shape": [32, 32], "count": "5..2"}))


def test_what_a_galaxy_is_stands_in_the_table(tmp_path):
    given = {**SMALL["galaxies"], "companion": "1.0..4.0"}
    folder = write_samples("galaxies", 8, tmp_path / "made", parameters=given)
    rows = pd.read_csv(folder / "samples.csv")
    assert set(rows["morphology"]) == {"spiral", "elliptical"}
    assert set(rows["blended"]) == {0.0, 1.0}
    assert rows["axis_ratio"].between(0.45, 0.95).all()
    assert read(folder / "images" / "galaxies_0000.tif").dims == ("y", "x", "c")
