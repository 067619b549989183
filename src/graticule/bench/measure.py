"""S5: the table of objects, beside scikit-image."""

from __future__ import annotations

import numpy as np
import pandas as pd
from skimage.measure import regionprops_table

from graticule.bench.row import Row, row, seconds, speedup, timed
from graticule.core.registry import get_op
from graticule.core.typing import Array

_SIDE = 4096
_OBJECTS = 25_000
# Area, place, box, four of the ellipse, and three of the values: ours and theirs, one by one.
_PROPERTIES = {
    "area": {"area": "area"},
    "centroid": {"centroid_y": "centroid-0", "centroid_x": "centroid-1"},
    "bbox": {"y_start": "bbox-0", "x_start": "bbox-1", "y_stop": "bbox-2", "x_stop": "bbox-3"},
    "axis_major_length": {"major_axis": "axis_major_length"},
    "axis_minor_length": {"minor_axis": "axis_minor_length"},
    "eccentricity": {"eccentricity": "eccentricity"},
    "orientation": {"orientation": "orientation"},
    "intensity_mean": {"intensity_mean": "intensity_mean"},
    "intensity_min": {"intensity_min": "intensity_min"},
    "intensity_max": {"intensity_max": "intensity_max"},
}


def grains(side: int, count: int, seed: int = 0) -> tuple[Array, Array]:
    """Return labels of disks and ellipses, no two of which touch, and 16-bit grey values."""
    rng = np.random.default_rng(seed)
    cells = int(np.ceil(np.sqrt(count)))
    pitch = side / cells
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    row_of, column_of = (y // pitch).astype(np.int32), (x // pitch).astype(np.int32)
    number = row_of * cells + column_of
    shift = rng.uniform(-0.1, 0.1, (2, cells * cells)).astype(np.float32) * pitch
    wide = rng.uniform(0.15, 0.38, (2, cells * cells)).astype(np.float32) * pitch
    down = (y - (row_of + 0.5) * pitch - shift[0][number]) / wide[0][number]
    across = (x - (column_of + 0.5) * pitch - shift[1][number]) / wide[1][number]
    inside = (down**2 + across**2 <= 1) & (number < count)
    labels = np.where(inside, number + 1, 0).astype(np.int32)
    return labels, rng.integers(0, 60_000, labels.shape).astype(np.uint16)


def _differences(ours: pd.DataFrame, theirs: dict[str, Array]) -> list[str]:
    """Return the columns that differ by more than rounding."""
    wrong = []
    for columns in _PROPERTIES.values():
        for our_name, their_name in columns.items():
            one, other = ours[our_name].to_numpy(), theirs[their_name]
            if our_name == "orientation":  # a disk has none, and half a turn is none
                round_ = ours["eccentricity"].to_numpy() < 1e-3
                apart = np.abs((one - other + np.pi / 2) % np.pi - np.pi / 2)
                near = bool((apart[~round_] < 1e-6).all())
            else:
                near = bool(np.allclose(one, other, rtol=1e-7, atol=1e-6))
            if not near:
                wrong.append(our_name)
    return wrong


@row("S5")
def table_of_objects() -> Row:
    """Measure ten properties of 25,000 objects in 4096 x 4096, beside `regionprops_table`."""
    labels, values = grains(_SIDE, _OBJECTS)
    run = get_op("measure.regions")
    took = seconds(lambda: run(labels, values), repeat=9)
    baseline, theirs = timed(
        lambda: regionprops_table(labels, values, properties=list(_PROPERTIES))
    )
    wrong = _differences(run(labels, values), theirs)
    verdict = f"{', '.join(wrong)} DIFFER" if wrong else "equal numbers"
    what = f"10 properties of {_OBJECTS:,} objects in {_SIDE} x {_SIDE} uint16; {verdict}"
    return speedup("S5", what, took, baseline, 100, holds=not wrong, unit="ms")
