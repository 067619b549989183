"""T1: k-means of a cube of spectra beside scikit-learn."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from graticule.bench.row import Row, in_a_process, peak_mb, row, speedup
from graticule.core.threads import working_alone
from graticule.core.typing import Array
from graticule.learn.clustering.blocked import Rows, kmeans_of_blocks

_PIXELS, _BINS, _GROUPS, _ITERATIONS = 262_144, 661, 10, 20


def transmissions(pixels: int, seed: int) -> Array:
    """Return float32 transmissions of ten materials with edges, of any thickness, with noise."""
    rng = np.random.default_rng(seed)
    at = np.linspace(0, 1, _BINS)
    curves = np.stack(
        [
            0.4 + at * rng.uniform(-0.3, 0.3) + sum(
                rng.uniform(0.05, 0.3) * (at < edge) for edge in rng.uniform(0.1, 0.9, 4)
            )
            for _ in range(_GROUPS)
        ]
    ).astype(np.float32)  # fmt: skip
    cube = np.empty((pixels, _BINS), np.float32)
    for start in range(0, pixels, 4096):
        part = cube[start : start + 4096]
        rng.standard_normal(dtype=np.float32, out=part)
        material = rng.integers(0, _GROUPS, len(part))
        thickness = rng.uniform(0.5, 2.0, (len(part), 1)).astype(np.float32)
        clean = np.exp(-thickness * curves[material])
        part *= 0.08 * np.sqrt(clean)
        part += clean
    return cube


def _theirs(cube: Array, start: Array) -> float:
    from sklearn.cluster import KMeans

    peer = KMeans(
        _GROUPS, init=start, n_init=1, max_iter=_ITERATIONS, tol=0, algorithm="lloyd", copy_x=False
    )
    return float(peer.fit(cube).inertia_)


def _ours(cube: Array, start: Array) -> float:
    return kmeans_of_blocks(Rows.of(cube), start, iterations=_ITERATIONS).inertia


def measured() -> dict[str, Any]:
    """Return times, inertias and memory; in a process of its own."""
    from threadpoolctl import threadpool_limits

    cube = transmissions(_PIXELS, 0)
    rng = np.random.default_rng(1)
    start = cube[np.sort(rng.choice(_PIXELS, _GROUPS, replace=False))].copy()
    _ours(cube[:4000], start)  # compiled
    before = peak_mb()
    found: dict[str, Any] = {"wall": {}, "cpu": {}, "inertia": {}}
    ways = {"ours": partial(_ours, cube, start), "theirs": partial(_theirs, cube, start)}
    for name, way in ways.items():
        begun = time.perf_counter()
        found["inertia"][name] = way()
        found["wall"][name] = time.perf_counter() - begun
        if name == "ours":
            found["extra"] = (peak_mb() - before) / (cube.nbytes / 1e6)
    with threadpool_limits(1), working_alone():
        for name, way in ways.items():
            begun = time.process_time()
            way()
            found["cpu"][name] = time.process_time() - begun
    return found


@row("T1")
def kmeans_of_a_cube() -> list[Row]:
    """Time Lloyd's iterations from the same start, by the clock and by work on one processor."""
    found = in_a_process(measured)
    apart = found["inertia"]["ours"] / found["inertia"]["theirs"] - 1
    holds = abs(apart) <= 0.01 and found["extra"] < 0.5
    what = (
        f"k-means of {_PIXELS:,} x {_BINS} float32, k = {_GROUPS}, {_ITERATIONS} iterations, "
        f"inertia {apart:+.1e}, memory beside the data {found['extra']:.2f} times its size"
    )
    also = "inertia within 1 %, no second copy"
    rows = []
    for key, how in (("wall", "all processors"), ("cpu", "work on one processor")):
        ours, theirs = found[key]["ours"], found[key]["theirs"]
        rows.append(speedup("T1", f"{what}; {how}", ours, theirs, 2.5, also=also, holds=holds))
    return rows
