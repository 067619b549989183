"""S2 and S3: the median and the Gaussian, against scikit-image and SciPy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage import filters

from graticule.bench.row import Row, row, seconds, speedup
from graticule.core.registry import get_op
from graticule.core.typing import Array

SIDE = 2048
_GAUSSIAN_BARS = {1: 12, 5: 8, 10: 5}


def _image(dtype: str) -> Array:
    values = np.random.default_rng(0).gamma(4, 250, (SIDE, SIDE))
    return np.minimum(values, 65535).astype(dtype)


def _judged(id: str, what: str, ours: float, theirs: float, least: int, equal: bool) -> Row:
    what = f"{what}; {'equal' if equal else 'NOT equal'}"
    return speedup(id, what, ours, theirs, least, also="equal", holds=equal, unit="ms")


def _median(dtype: str, radius: int) -> Row:
    image = _image(dtype)
    run, box = get_op("filters.median"), np.ones((2 * radius + 1,) * 2)
    equal = bool((run(image, radius=radius) == filters.median(image, box)).all())
    ours = seconds(lambda: run(image, radius=radius), repeat=15)
    theirs = seconds(lambda: filters.median(image, box), repeat=3)
    size = 2 * radius + 1
    what = f"median {size} x {size} of {SIDE} x {SIDE} {dtype} against scikit-image"
    return _judged("S2", what, ours, theirs, 100, equal)


@row("S2")
def median_against_scikit_image() -> list[Row]:
    """Equal everywhere, the border too."""
    return [_median(dtype, radius) for dtype in ("uint16", "float32") for radius in (1, 2)]


@row("S3")
def gaussian_against_scipy() -> list[Row]:
    """Reach of 4 widths, mirrored border; equal to the precision of float32."""
    image = _image("float32")
    run, rows = get_op("filters.gaussian"), []
    for sigma, bar in _GAUSSIAN_BARS.items():
        found, wanted = run(image, sigma=sigma), ndimage.gaussian_filter(image, sigma)
        equal = bool(np.allclose(found, wanted, rtol=2e-6, atol=0))
        ours = seconds(lambda sigma=sigma: run(image, sigma=sigma), repeat=15)  # type: ignore[misc]
        theirs = seconds(lambda sigma=sigma: ndimage.gaussian_filter(image, sigma))  # type: ignore[misc]
        what = f"gaussian of sigma {sigma}, {SIDE} x {SIDE} float32, against SciPy"
        rows.append(_judged("S3", what, ours, theirs, bar, equal))
    return rows
