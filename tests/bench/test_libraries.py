"""Rows beside other libraries: both ways count the same nuclei, and differences are seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.bench import libraries
from graticule.io import write


def test_both_ways_find_the_same_nuclei() -> None:
    image = libraries.micrograph(512)
    ours, theirs = libraries._ours(image), libraries._theirs(image)
    assert len(ours) > 50
    assert libraries.same_objects(ours, theirs) == 1


def test_a_nucleus_that_differs_is_counted() -> None:
    table = pd.DataFrame({"area": np.arange(1.0, 11.0)})
    other = table.copy()
    other.loc[3, "area"] += 1
    assert libraries.same_objects(table, other) == pytest.approx(0.9)
    assert libraries.same_objects(table, table[:-1]) == 0


def test_dask_image_counts_the_same_objects_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dask_image")
    import graticule as gt

    monkeypatch.setattr(libraries, "_CHUNK", (128, 128))
    image = libraries.micrograph(300)
    found, _ = libraries._with_dask(write(tmp_path / "image.ome.zarr", image))
    table = gt.Pipeline.loads(libraries._LARGE).apply(image)["objects"]
    assert len(found) > 30
    assert libraries.same_objects(libraries._by_size(table), found) == 1
