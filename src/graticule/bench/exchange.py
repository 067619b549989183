"""E4: label images as outlines of ImageJ, QuPath and COCO, and back."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from graticule.bench.row import Row, row

_FORMATS = {"ROI.zip": ".roi.zip", "GeoJSON": ".geojson", "COCO": ".coco.json"}
_OBJECTS = 1000
_SIZE = 1024
_SEED = 16


def random_objects(count: int, size: int, seed: int) -> Any:
    """Return objects of ragged borders that touch, nearly all with holes and in several parts.

    They are the cells of Voronoi around random points; noise moves the borders, so that pixels of
    one lie within the other, and parts hang together by corners or not at all. Two thirds have
    holes of ground besides.
    """
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, size, (count, 2))
    grid = np.indices((size, size)).reshape(2, -1).T + rng.normal(0, 1.5, (size * size, 2))
    labels = (cKDTree(places).query(grid)[1] + 1).reshape(size, size).astype(np.int32)
    away = ndimage.distance_transform_edt(
        ndimage.maximum_filter(labels, 3) == ndimage.minimum_filter(labels, 3)
    )
    smooth = ndimage.gaussian_filter(rng.normal(size=labels.shape), 1.5)
    labels[(labels % 2 == 0) & (away > 2) & (smooth > smooth.std())] = 0  # holes
    labels[(labels % 3 == 0) & (away > 6)] = 0
    return labels


@row("E4")
def round_trips() -> list[Row]:
    """Write a thousand objects in each format, and read them again."""
    from graticule.io import read, write
    from graticule.io.outlines import trace

    labels = random_objects(_OBJECTS, _SIZE, _SEED)
    outlines = trace(labels)
    holes = sum(len(polygon) - 1 for each in outlines for polygon in each.polygons)
    held = sum(any(len(polygon) > 1 for polygon in each.polygons) for each in outlines)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, ending in _FORMATS.items():
            started = time.process_time()
            path = write(Path(folder) / f"labels{ending}", labels)
            found = read(path)
            spent = time.process_time() - started
            differing = int((found.values != labels).sum())
            is_same = not differing and found.dtype == labels.dtype
            what = (
                f"{name} round trip of {len(outlines)} objects ({held} with {holes} holes, all "
                f"touching others), {_SIZE}^2: pixels that differ; {spent:.2g} s of one "
                f"processor, {path.stat().st_size / 1e6:.2g} MB"
            )
            rows.append(Row("E4", what, differing, "pixels", "0, same type", is_same,
                            seeds=(_SEED,)))  # fmt: skip
    return rows
