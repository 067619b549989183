"""S4 and S6: labels, distances and watersheds against scikit-image and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from scipy import ndimage
from skimage import measure, segmentation

from graticule.bench.row import Row, row, seconds, speedup, timed
from graticule.core.registry import get_op

Measured: TypeAlias = Callable[[], Any]


def _smooth(shape: tuple[int, ...], width: float) -> Any:
    """Return noise smoothed to structures of some samples: what a scan looks like."""
    noise = np.random.default_rng(4).random(shape, dtype=np.float32)
    return get_op("filters.gaussian")(noise, sigma=width)


def _against(
    id: str,
    what: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    least: float,
    repeat: int,
) -> Row:
    """Time both in turn; the results must be equal for more than 99.9 % of the samples.

    A peer that takes a minute is called once, with ``repeat`` of 1.
    """
    value = seconds(ours, repeat=3)
    peer, wanted = timed(theirs)
    if repeat > 1:
        peer = seconds(theirs, repeat=repeat)
    pairs = zip(np.asarray(ours()), np.asarray(wanted), strict=True)
    share = float(np.mean([_equal(one, other) for one, other in pairs]))
    what = f"{what}; {share:.4%} of the samples equal"
    return speedup(id, what, value, peer, least, holds=share > 0.999)


def _equal(one: Any, other: Any) -> float:
    """Return the share of equal samples of a plane; a volume at once would double the memory."""
    if one.dtype.kind == "f":
        return float(np.isclose(one, other, rtol=1e-5, atol=0).mean())
    return float((one == other).mean())


@row("S4")
def labels() -> list[Row]:
    """Label thresholded smooth noise; plain noise, which no one labels, is told beside it."""
    rows = []
    for shape, width, bar in (((8192, 8192), 4.0, 2.5), ((512, 512, 512), 3.0, 4.0)):
        smooth = _smooth(shape, width)
        mask = smooth > np.median(smooth[..., ::16])
        del smooth
        rows += [_labelled(mask, "smooth", connectivity, bar) for connectivity in (1, len(shape))]
    noise = np.random.default_rng(4).random((8192, 8192), dtype=np.float32) > 0.5
    return [*rows, _labelled(noise, "plain noise", 1, 0)]


def _labelled(mask: Any, kind: str, connectivity: int, bar: float) -> Row:
    size = f"{mask.shape[0]}^{mask.ndim}"
    return _against(
        "S4",
        f"label {size}, {kind}, connectivity {connectivity}, scikit-image",
        lambda: get_op("segment.label")(mask, connectivity=connectivity),
        lambda: measure.label(mask, connectivity=connectivity),
        bar,
        2,
    )


@row("S6")
def distances() -> Row:
    """Measure distances in a porous volume; SciPy once, for it takes a minute."""
    smooth = _smooth((512, 512, 512), 4.0)
    mask = smooth > np.median(smooth[..., ::16])
    del smooth
    return _against(
        "S6",
        "exact distance transform 512^3, SciPy",
        lambda: get_op("segment.distance")(mask),
        lambda: ndimage.distance_transform_edt(mask).astype(np.float32),
        20,
        1,
    )


@row("S6")
def watersheds() -> list[Row]:
    """Flood a smooth float32 image and its gradient from markers, and a mask of distances."""
    rows = []
    for shape, width, bar in (((2048, 2048), 4, 3.0), ((256, 256, 256), 3, 4.0)):
        smooth = _smooth(shape, width)
        lowest = ndimage.minimum_filter(smooth, 2 * width + 1) == smooth
        markers = get_op("segment.label")(lowest)
        slope = ndimage.gaussian_gradient_magnitude(smooth, 1)
        rows.append(_flooded(smooth, markers, None, "smooth image", bar))
        rows.append(_flooded(slope, markers, None, "gradient", bar))
        mask = smooth > np.median(smooth)
        away = get_op("segment.distance")(mask)
        tops = get_op("segment.markers")(away, h=1)
        rows.append(_flooded(-away, tops, mask, "distance (ties)", 0))
    return rows


def _flooded(image: Any, markers: Any, mask: Any, kind: str, bar: float) -> Row:
    return _against(
        "S6",
        f"watershed {image.shape[0]}^{image.ndim}, {kind}, scikit-image",
        lambda: get_op("segment.watershed")(image, markers, mask),
        lambda: segmentation.watershed(image, markers, mask=mask),
        bar,
        1,
    )
