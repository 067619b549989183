"""Q3: spots on the border of the image, and on a real one whose first row is full of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from graticule.bench.row import Row, absent, data_folder, row
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.io import read
from graticule.simulate.radiograph import Camera, radiograph

_IMAGES, _BAND, _SHIFTS = 12, 32, (0, 11, 22)
_ALIKE, _RECALL = 0.02, 0.95
_CHANGED = 20.0
"""Grey values by which the reference changes a spot: everything else it only smooths."""
_PUBLISHED = 1000.0
_HINDSIGHT = 20.0
"""The fixed threshold that serves the real image best, knowing its answer."""


@row("Q3")
def spots_on_the_border() -> list[Row]:
    """Find the same spots inside an image and on the border of its parts; and those of a strip."""
    found = np.array([pair for seed in range(_IMAGES) for pair in _pairs(seed)])
    inside, border = found.mean(axis=0)
    what = f"spots, simulated, the same {len(found)} on the border of a part and inside: recall"
    alike = bool(abs(border - inside) <= _ALIKE)
    bar = f"within {_ALIKE} of inside"
    return [
        Row("Q3", what, round(border, 3), "", bar, alike, round(inside, 3)),
        *_strip(),
    ]


def _pairs(seed: int) -> Iterator[tuple[bool, bool]]:
    """Yield whether a spot is found in the whole image, and where a cut makes it the border."""
    camera = Camera(flux=200 * 40 ** (seed / (_IMAGES - 1)), spread=0.7 * (seed % 2))
    made = radiograph(camera=camera, dead=0, lines=0, frames=1, seed=[9300, seed])
    for image, spots in (
        (made.image.values, made.spots.values),
        (made.image.values.T, made.spots.values.T),
    ):
        labels, count = ndimage.label(spots, np.ones((3, 3)))
        brightest: Any = ndimage.maximum_position(image, labels, range(1, count + 1))
        whole = set(np.unique(labels[_mask(image)]))
        for start in (at for shift in _SHIFTS for at in range(shift, len(image) - _BAND, _BAND)):
            band = slice(start, start + _BAND)
            met = set(np.unique(labels[band][_mask(image[band])]))
            for label, (y, _) in enumerate(brightest, 1):
                if y in (start, start + _BAND - 1) and 0 < y < len(image) - 1:
                    yield label in whole, label in met


def _strip() -> list[Row]:
    """Return recall and precision on a real strip, beside those of fixed thresholds."""
    folder = data_folder("neutron_spots")
    if folder is None:
        return [absent("Q3", "spots of a strip", f">= {_RECALL}")]
    image = read(folder / "spotprojection_0001.tif").compute().values
    clean = read(folder / "spotcleaned_0001.tif").compute().values
    spots = np.abs(image - clean) > _CHANGED
    ours = _mask(image, polarity="bright")
    fixed = [
        _mask(image, polarity="bright", method="fixed", threshold=k, radius=1)
        for k in (_PUBLISHED, _HINDSIGHT)
    ]
    what = f"spots of a strip ({spots.sum()} that the reference changed, all in the first row)"
    peers = "baseline |f - median| > 1000, as published"
    recall = [_part(mask & spots, spots) for mask in (ours, *fixed)]
    precision = [_part(mask & spots, mask) for mask in (ours, *fixed)]
    return [
        Row(
            "Q3",
            f"{what}, recall: {peers}",
            recall[0],
            "",
            f">= {_RECALL}",
            recall[0] >= _RECALL,
            recall[1],
        ),
        Row(
            "Q3",
            f"{what}, precision by sample, as if all that it left were none: {peers}",
            precision[0],
            "",
            "",
            None,
            precision[1],
        ),
        Row(
            "Q3",
            f"{what}, precision of the fixed threshold that is best in hindsight "
            f"({_HINDSIGHT:g} grey values; recall {recall[2]})",
            precision[2],
            "",
            "",
            None,
        ),
    ]


def _mask(image: Array, **settings: object) -> Array:
    return np.asarray(get_op("detect.spots")(np.ascontiguousarray(image), **settings).mask)


def _part(some: Array, of: Array) -> float:
    return round(float(some.sum() / max(of.sum(), 1)), 3)
