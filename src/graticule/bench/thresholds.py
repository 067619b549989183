"""S1: the thresholds of one image, beside scikit-image's one by one."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from skimage import filters

from graticule.bench.row import Row, row, seconds, speedup, timed
from graticule.core.registry import get_op
from graticule.core.typing import Array

SIDE = 4096
METHODS = ("otsu", "isodata", "li", "yen", "triangle", "mean", "minimum")
ALLOWED = 1e-6
"""How far thresholds of floats may be apart, as a part of the range: scikit-image's means are
sums in single precision. Those of integers must be equal."""


def two_phases(side: int = SIDE, seed: int = 0) -> Array:
    """Return counts of a 12-bit detector that sees two phases with soft edges, as uint16."""
    rng = np.random.default_rng(seed)
    coarse = cv2.GaussianBlur(rng.normal(size=(side // 16, side // 16)), (0, 0), 2)
    shape = cv2.resize(coarse / coarse.std(), (side, side), interpolation=cv2.INTER_CUBIC)
    bright = 1 / (1 + np.exp(-12 * (shape - 0.3)))
    light = 700 + 1500 * bright
    noisy = light + rng.standard_normal((side, side), np.float32) * np.sqrt(2 * light)
    return np.asarray(noisy.clip(0, 4095).astype(np.uint16))


def transmission(counts: Array) -> Array:
    """Return counts over those of a beam that falls off to the border, as float32."""
    y, x = np.mgrid[-1 : 1 : counts.shape[0] * 1j, -1 : 1 : counts.shape[1] * 1j]
    beam = (3000 - 150 * (x**2 + y**2)).astype(np.float32)
    return np.asarray(counts.astype(np.float32) / beam)


@row("S1")
def seven_thresholds() -> list[Row]:
    """Take seven histogram thresholds of one image, from one pass and one by one."""
    counts = two_phases()
    return [_row(counts, 20), _row(transmission(counts), 15)]


def _row(image: Array, least: int) -> Row:
    ours = seconds(lambda: _ours(image), repeat=7)
    theirs = {name: _peer_time(name, image) for name in METHODS}
    found, width = _ours(image), float(image.max()) - float(image.min())
    apart = {name: abs(found[name] - value) / width for name, (value, _) in theirs.items()}
    worst = max(apart.values())
    whole = image.dtype.kind in "iu"
    equal = worst <= (0 if whole else ALLOWED)
    close = "equal" if whole else f"equal to {worst:.1g} of the range ({ALLOWED:g} allowed)"
    verdict = close if equal else f"NOT equal: {apart}"
    text = f"seven histogram thresholds of {SIDE} x {SIDE} {image.dtype}, {verdict}"
    baseline = sum(took for _, took in theirs.values())
    return speedup("S1", text, ours, baseline, least, holds=equal, unit="ms")


def _ours(image: Array) -> dict[str, float]:
    record = get_op("threshold.values")(image, methods=METHODS)
    return {name: float(record[name].iloc[0]) for name in METHODS}


def _peer_time(name: str, image: Array) -> tuple[float, float]:
    """Return a threshold of scikit-image, and the shorter of two times it takes."""
    function = getattr(filters, f"threshold_{name}")
    calls = [timed(partial(function, image.copy())) for _ in range(2)]
    return float(calls[0][1]), min(took for took, _ in calls)
