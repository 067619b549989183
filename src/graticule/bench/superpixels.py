"""S6 (SLIC) and S10: superpixels against those of scikit-image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
from imageio.v3 import imread
from scipy.io import loadmat
from skimage import data
from skimage.segmentation import slic
from sklearn.metrics import adjusted_rand_score

from graticule.bench.row import Row, absent, data_folder, row, seconds, speedup
from graticule.core import as_image
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.evaluate import superpixels

COUNTS = (100, 200, 400, 800)
COMPACTNESS = (10, 20)
"""Of SLIC: its default, and the one that recalls most where there are few superpixels."""
NEAR = 0.03
"""How far two counts may be apart to be called equal."""


def mosaic() -> Array:
    """Return 2048 x 2048 grey values at their own resolution: four photographs of 512 x 512."""
    parts = [data.camera(), data.moon(), data.brick(), data.gravel()]
    rows = [np.hstack([parts[(y + x) % 4] for x in range(4)]) for y in range(4)]
    return np.vstack(rows)


@row("S6")
def slic_against_scikit_image() -> list[Row]:
    """Compare with scikit-image, superpixel by superpixel, on 2048 x 2048 grey values."""
    image, rows = mosaic(), []
    for count in (1000, 4000):
        ours, theirs = _runs(image, count)
        mine = seconds(ours, repeat=3)
        peer = seconds(theirs, repeat=3)
        found, wanted = ours(), theirs()
        alike = adjusted_rand_score(found.ravel(), wanted.ravel())
        what = (
            f"segment.slic, 2048 x 2048 uint8, {found.max()} superpixels, against "
            f"skimage with the same compactness ({wanted.max()}): "
            f"adjusted Rand index {alike:.5f}"
        )
        near = alike >= 0.99
        rows.append(speedup("S6", what, mine, peer, 2.5, also="index >= 0.99", holds=near))
    return rows


def _runs(image: Array, count: int) -> tuple[Callable[[], Array], Callable[[], Array]]:
    run = get_op("segment.slic")
    return (
        lambda: run(image, segments=count, compactness=10),
        lambda: slic(image, n_segments=count, compactness=0.1, channel_axis=None),
    )


@row("S10")
def speed() -> list[Row]:
    """Time the default superpixels against SLIC of scikit-image, on one image."""
    image, rows = mosaic(), []
    run = get_op("segment.etps")
    for count in (1000, 4000):
        _, theirs = _runs(image, count)
        mine = seconds(partial(run, image, segments=count))
        peer = seconds(theirs, repeat=3)
        what = (
            f"segment.etps, 2048 x 2048 uint8, {count} superpixels wanted, against SLIC "
            "of scikit-image (another algorithm, so other superpixels)"
        )
        rows.append(speedup("S10", what, mine, peer, 8))
    return rows


class _Photograph(NamedTuple):
    """An image, and the segments several people drew."""

    image: Array
    truths: list[Array]


@row("S10")
def boundary_recall() -> list[Row]:
    """Score both on photographs, at equal count."""
    bar = f"above SLIC at either compactness, counts within {100 * NEAR:.0f} %"
    folder = data_folder("bsds500")
    if folder is None:
        return [absent("S10", "boundary recall on bsds500", bar)]
    photographs = _photographs(folder)
    return [_compared(photographs, count, bar) for count in COUNTS]


def _photographs(folder: Path) -> list[_Photograph]:
    rows = []
    for path in sorted((folder / "images").glob("*.jpg")):
        drawn = loadmat(folder / "groundTruth" / f"{path.stem}.mat")["groundTruth"][0]
        truths = [each["Segmentation"][0, 0].astype(np.int32) for each in drawn]
        rows.append(_Photograph(np.asarray(imread(path)), truths))
    return rows


def _compared(photographs: list[_Photograph], count: int, bar: str) -> Row:
    said, recalls, equal = [], [], True
    for compactness in COMPACTNESS:
        pairs = [_pair(p.image, count, compactness) for p in photographs]
        ours, theirs = (_scores(list(side), photographs) for side in zip(*pairs, strict=True))
        mine, peer = (mean(int(each.max()) for each in side) for side in zip(*pairs, strict=True))
        equal &= abs(mine / peer - 1) <= NEAR
        recalls.append((ours[0], theirs[0]))
        for name, found, number in (
            (f"SLIC of compactness {compactness}", theirs, peer),
            ("etps", ours, mine),
        ):
            recall, leak, border = (f"{value:.3f}" for value in found)
            said.append(
                f"{name}, {number:.0f} superpixels: recall {recall}, leak {leak}, border {border}"
            )
    return Row(
        id="S10",
        what=f"boundary recall within 2 samples, undersegmentation (leak) and part of samples at a "
        f"border, means over {len(photographs)} images and the people who drew. {'; '.join(said)}",
        value=recalls[0][0],
        unit="",
        baseline=recalls[0][1],
        ratio=recalls[0][0] / recalls[0][1],
        bar=bar,
        reached=equal and all(mine > peer for mine, peer in recalls),
    )


def _pair(image: Array, count: int, compactness: float) -> tuple[Array, Array]:
    """Return superpixels of etps and of SLIC, about ``count`` and as nearly equal as can be had.

    Both lay a grid first, so not every number can be had of either.
    """
    run = get_op("segment.etps")
    colours = as_image(image, dims=("y", "x", "c"))
    best: tuple[float, Array, Array] | None = None
    asked = count
    for _ in range(8):
        theirs = slic(image, n_segments=asked, compactness=compactness)
        found = int(theirs.max())
        for step in (0, 1, -1, 2, -2, 3, -3):
            ours = run(colours, segments=max(1, round(found * (1 + 0.02 * step)))).values
            apart = abs(int(ours.max()) / found - 1)
            if best is None or apart < best[0]:
                best = (apart, ours, theirs)
            if best[0] <= NEAR / 2:
                return best[1:]
        asked = round(asked * 1.04)
    assert best is not None
    return best[1:]


def _scores(labels: list[Array], photographs: list[_Photograph]) -> tuple[float, float, float]:
    """Return boundary recall, undersegmentation error and density of borders, means of means."""
    recall, leak, border = [], [], []
    for found, photograph in zip(labels, photographs, strict=True):
        truths = photograph.truths
        recall.append(mean(superpixels.boundary_recall(found, t) for t in truths))
        leak.append(mean(superpixels.undersegmentation_error(found, t) for t in truths))
        border.append(float(superpixels.boundaries(found).mean()))
    return mean(recall), mean(leak), mean(border)
