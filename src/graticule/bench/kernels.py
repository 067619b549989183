"""Q7: hot loops beside the fastest of SciPy, OpenCV and scikit-image that gives the same."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from scipy import ndimage
from skimage import measure, segmentation

from graticule.bench.row import Row, row, speedup, timed
from graticule.core.registry import get_op
from graticule.core.typing import Array

MEDIAN_SIDE = 2048
LABEL_SIDE = 4096
JOIN_SIDE = 640
_RADIUS = 4

Calls = dict[str, Callable[[], Array]]


def _as_they_are(values: Array) -> Array:
    return values


def _partition(labels: Array) -> Array:
    """Return labels numbered by first appearance, background among them."""
    return np.asarray(get_op("segment.relabel")(labels.astype(np.int64) + 1))


def _in_turn(
    what: str,
    ours: Callable[[], Array],
    peers: Calls,
    least: float,
    *,
    alike: Callable[[Array], Array] = _as_they_are,
    repeat: int = 9,
) -> Row:
    """Time all in turn, and judge by the median of the ratios to the fastest peer."""
    found = alike(ours())
    equal = all(np.array_equal(alike(peer()), found) for peer in peers.values())
    calls = (ours, *peers.values())
    times = np.array([[timed(call)[0] for call in calls] for _ in range(repeat)])
    best = int(np.argmin(np.median(times[:, 1:], axis=0)))
    taken = float(np.median(times[:, 0]))
    theirs = float(np.median(times[:, 1 + best] / times[:, 0])) * taken
    what = f"{what} against {list(peers)[best]}; {'equal' if equal else 'NOT equal'}"
    return speedup("Q7", what, taken, theirs, least, also="equal", holds=equal, unit="ms")


def _median(dtype: str) -> Row:
    size, side = 2 * _RADIUS + 1, MEDIAN_SIDE
    image = np.random.default_rng(0).gamma(4, 250, (side, side)).astype(dtype)
    return _in_turn(
        f"median {size} x {size} of {side} x {side} {dtype}",
        lambda: np.asarray(get_op("filters.median")(image, radius=_RADIUS)),
        {"SciPy": lambda: ndimage.median_filter(image, size, mode="nearest")},
        1.5,
        repeat=3,
    )


@row("Q7")
def medians() -> list[Row]:
    """Take 81 samples a window: scikit-image calls SciPy, and OpenCV ends at 5 x 5 for these."""
    return [_median(dtype) for dtype in ("float32", "uint16")]


@row("Q7")
def label_of_noise() -> Row:
    """Label as many parts as there can be: half of the samples, drawn alone."""
    mask = np.random.default_rng(0).random((LABEL_SIDE, LABEL_SIDE)) < 0.5
    return _in_turn(
        f"label of noise, {LABEL_SIDE} x {LABEL_SIDE}",
        lambda: np.asarray(get_op("segment.label")(mask)),
        {
            "OpenCV": lambda: cv2.connectedComponents(
                mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
            )[1],
            "scikit-image": lambda: measure.label(mask, connectivity=1),
            "SciPy": lambda: ndimage.label(mask)[0],
        },
        1,
        alike=_partition,
    )


@row("Q7")
def join_of_parts_and_superpixels() -> Row:
    """Join parts of smooth noise and squares, of which most meet some part."""
    noise = np.random.default_rng(0).random((JOIN_SIDE, JOIN_SIDE))
    parts = measure.label(ndimage.gaussian_filter(noise, 3) > noise.mean())
    rows, columns = np.indices(noise.shape) // 32
    squares = 1 + rows * columns.max() + rows + columns
    return _in_turn(
        f"join of two label images, {JOIN_SIDE} x {JOIN_SIDE}",
        lambda: np.asarray(get_op("segment.join")(parts, squares)),
        {"scikit-image": lambda: segmentation.join_segmentations(parts, squares)},
        1,
        alike=_partition,
    )
