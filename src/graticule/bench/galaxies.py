"""C1 to C4: cut-outs of galaxies prepared, against the way of a published notebook."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.color import rgb2gray
from skimage.io import imread

from graticule.bench import _galaxies_notebook as notebook
from graticule.bench.row import Row, absent, data_folder, processes, row, speedup
from graticule.core import as_image
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.ops._sky import sky_of
from graticule.ops.detect import _lines as lines
from graticule.ops.filters._separable import gaussian_plane
from graticule.simulate.galaxies import Morphology, galaxies

_MORPHOLOGIES: tuple[Morphology, ...] = ("spiral", "elliptical", "disk")
_CHANNELS = ("y", "x", "c")
_STRIPES, _SEED = 12, 71
_BLENDS, _BLENDS_SEED = 600, 72
_TURNS_SEED = 73
_PLACES_SEED = 74


def pictures() -> list[Path]:
    """Return the 300 real cut-outs with a label; none where they are absent."""
    folder = data_folder("galaxies")
    kinds = ("spiral", "non_spiral")
    return sorted(path for kind in kinds if folder for path in (folder / kind).glob("*.jpg"))


def _spent(function: Callable[[Any], Any], works: Sequence[Any]) -> float:
    """Return the processor's seconds of a call, the least of three rounds."""
    rounds = []
    for _ in range(3):
        started = time.process_time()
        for work in works:
            function(work)
        rounds.append((time.process_time() - started) / len(works))
    return min(rounds)


def _scores(told: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    """Return recall and precision of pairs (true, found)."""
    both = sum(true and found for true, found in told)
    wanted, found = sum(true for true, _ in told), sum(found for _, found in told)
    return both / max(wanted, 1), both / max(found, 1)


# --- C1 -------------------------------------------------------------------------------------------


def _has_stripe(grey: Array) -> bool:
    """Tell whether there is a stripe, by the steps of `detect.main_object`."""
    sky = sky_of(grey)
    light = (grey - sky.level).astype(np.float32)
    smooth = gaussian_plane(light, 1.5)
    calm = sky_of(smooth)
    dark = smooth < calm.level - 3 * calm.noise
    dark |= lines.still(grey) & (smooth <= calm.level)
    return lines.has_stripe(light, sky.noise, dark, np.ones(grey.shape, bool))


@row("C1")
def stripes() -> list[Row]:
    """Look for dark stripes on simulated cut-outs of 424 x 424 with and without one."""
    seen = [
        galaxies(
            424,
            morphology=_MORPHOLOGIES[number % 3],
            radius=16 + number % 7 * 4,
            stripe=2.0 + number % 5 if number % 2 else None,
            seed=[_SEED, number],
        )
        for number in range(2 * _STRIPES)
    ]
    greys = [rgb2gray(each.image.values) for each in seen]
    started = time.process_time()
    theirs = [(each.striped, notebook.has_stripe(g)) for each, g in zip(seen, greys, strict=True)]
    peer = (time.process_time() - started) / len(greys)
    ours = [(each.striped, _has_stripe(g)) for each, g in zip(seen, greys, strict=True)]
    mine = _spent(_has_stripe, greys)
    (recall, precision), (their_recall, their_precision) = _scores(ours), _scores(theirs)
    what = (
        f"dark-stripe filter, {len(greys)} simulated cut-outs of 424 x 424, half with a stripe, "
        f"against a loop over pixels and a fitted line; recall {recall:.2f} and precision "
        f"{precision:.2f}, theirs {their_recall:.2f} and {their_precision:.2f}"
    )
    better = recall > their_recall and precision > their_precision
    found = speedup("C1", what, mine, peer, 500, also="both higher", holds=better, unit="ms")
    return [replace(found, seeds=(_SEED,))]


# --- C2 -------------------------------------------------------------------------------------------


def blend_scores(count: int = _BLENDS, seed: int = _BLENDS_SEED) -> tuple[float, float, int]:
    """Return recall and precision of blends on simulation, and how many are true.

    Half of the galaxies have a companion, 0.3 to 5 radii away; which of these are blends is what
    `simulate.galaxies` says.
    """
    find = get_op("detect.main_object")
    told = []
    for number in range(count):
        rng = np.random.default_rng([seed, number, 1])
        seen = galaxies(
            morphology=_MORPHOLOGIES[number % 3],
            radius=float(rng.uniform(8, 20)),
            companion=float(rng.uniform(0.3, 5)) if number % 2 else None,
            seed=[seed, number],
        )
        told.append((seen.blended, bool(find(seen.image).object["blended"].iloc[0])))
    return *_scores(told), sum(true for true, _ in told)


@row("C2")
def blends() -> Row:
    """Score blends on simulation."""
    recall, precision, count = blend_scores()
    return Row(
        "C2",
        f"blends flagged by detect.main_object among {_BLENDS} simulated galaxies, {count} of them "
        f"blended: recall {recall:.3f}, precision {precision:.3f}; the lesser",
        round(min(recall, precision), 3),
        "",
        ">= 0.9, 0.9",
        min(recall, precision) >= 0.9,
        seeds=(_BLENDS_SEED,),
    )


@row("C2")
def main_object() -> list[Row]:
    """Find the object of real cut-outs, beside the determinant of the Hessian of scikit-image."""
    paths = pictures()
    if not paths:
        return [absent("C2", "detect.main_object on real cut-outs", ">= 5 times; >= 299")]
    find = get_op("detect.main_object")
    images = [as_image(imread(path), dims=_CHANNELS) for path in paths]
    greys = [rgb2gray(image.values) for image in images]
    records = [find(image).object.iloc[0] for image in images]
    blobs = [notebook.nearest_blob(notebook.blobs(grey), grey.shape) for grey in greys]
    some = slice(None, None, 10)
    mine, peer = _spent(find, images[some]), _spent(notebook.blobs, greys[some])
    found = sum(not record["missing"] for record in records)
    both = [(r, b) for r, b in zip(records, blobs, strict=True) if b and not r["missing"]]
    off = np.array([np.hypot(r["y"] - b.y, r["x"] - b.x) for r, b in both])
    # Of a Gaussian their sigma is 1.7 times its width, so that radii differ by a factor.
    ratio = np.array([r["radius"] / b.radius for r, b in both])
    alike = np.abs(ratio / np.median(ratio) - 1) <= 0.1
    what = (
        f"detect.main_object with all its columns against blob_doh, max_sigma 100, which finds a "
        f"blob in {sum(b is not None for b in blobs)} of {len(paths)}"
    )
    return [
        speedup("C2", what, mine, peer, 5, unit="ms"),
        Row(
            "C2",
            f"objects found in {len(paths)} real cut-outs",
            found,
            "",
            ">= 299",
            found >= 299,
        ),
        Row(
            "C2",
            f"part of {len(both)} objects whose centre is within 2 px of that of blob_doh "
            f"({(off <= 2).mean():.2f}, median {np.median(off):.1f} px) and the radius within 10 % "
            f"({alike.mean():.2f}, up to a factor of {np.median(ratio):.2f}; its ten scales are "
            f"11 px apart)",
            round(float((alike & (off <= 2)).mean()), 3),
            "",
            "all",
            bool((alike & (off <= 2)).all()),
        ),
        _near_the_truth(),
    ]


def _near_the_truth(count: int = 60) -> Row:
    """Return the row of how near both are to the middle of simulated galaxies without a blend."""
    find = get_op("detect.main_object")
    near: list[tuple[bool, bool]] = []
    for number in range(count):
        seen = galaxies(
            424,
            morphology=_MORPHOLOGIES[number % 3],
            radius=16 + number % 7 * 4,
            seed=[_PLACES_SEED, number],
        )
        grey = rgb2gray(seen.image.values)
        blob = notebook.nearest_blob(notebook.blobs(grey), grey.shape)
        row = find(seen.image).object.iloc[0]
        places = ((row["y"], row["x"]), (blob.y, blob.x) if blob else (np.inf, np.inf))
        ours, theirs = (float(np.hypot(y - seen.y, x - seen.x)) for y, x in places)
        near.append((ours <= 2, theirs <= 2))
    mine, peer = (mean(map(float, side)) for side in zip(*near, strict=True))
    return Row(
        "C2",
        f"of {count} simulated galaxies of 424 x 424, centres within 2 px of the truth",
        round(mine, 3),
        "",
        "more than theirs",
        mine > peer,
        round(peer, 3),
        seeds=(_PLACES_SEED,),
    )


# --- C3 -------------------------------------------------------------------------------------------


def prepare_file(work: tuple[Path, Path]) -> bool:
    """Prepare a picture and write it; tell whether nothing speaks against it."""
    from graticule.io import read

    path, out = work
    image = read(path)
    found = get_op("detect.main_object")(image)
    shown = get_op("transform.canonical")(image, found.object, found.objects)
    np.save(out / f"{path.stem}.npy", shown.values)
    return bool(found.object["refused"].iloc[0] == "")


def _images_a_second(
    pool: ProcessPoolExecutor, prepare: Callable[[Any], bool], works: Sequence[Any]
) -> tuple[float, int]:
    """Return the images a second, and how many were not refused; each process is warm."""
    cores = os.cpu_count() or 1
    list(pool.map(prepare, works[: 4 * cores]))
    started = time.perf_counter()
    kept = sum(pool.map(prepare, works, chunksize=4))
    return len(works) / (time.perf_counter() - started), kept


@row("C3")
def preparation() -> list[Row]:
    """Prepare real cut-outs from JPEG on disk to files, with a process for each core."""
    paths = pictures()
    bar = ">= 40 times"
    if not paths:
        return [absent("C3", "preparation of real cut-outs, images a second", bar)]
    with tempfile.TemporaryDirectory() as folder, processes() as pool:
        out = Path(folder)
        works = [(path, out) for path in paths]
        ours, kept = _images_a_second(pool, prepare_file, works)
        theirs, their_kept = _images_a_second(pool, notebook.prepare_file, works[::8])
    return [
        Row(
            "C3",
            f"JPEG on disk to 128 x 128 on disk, {len(paths)} cut-outs of 424 x 424, a process for "
            f"each core; {kept / len(paths):.2f} are not refused, theirs "
            f"{their_kept / len(works[::8]):.2f} (of every eighth)",
            round(ours, 1),
            "images/s",
            bar,
            ours >= 40 * theirs,
            round(theirs, 2),
            round(ours / theirs, 1),
        )
    ]


# --- C4 -------------------------------------------------------------------------------------------


def moved(values: Array, rng: np.random.Generator) -> Array:
    """Return a picture turned by any angle, shifted by up to 20 px, and perhaps mirrored."""
    turn = rng.uniform(0, 2 * np.pi)
    way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    way = way @ np.diag([1, rng.choice([-1, 1])])
    shift = rng.uniform(0, 20) * np.array([np.sin(a := rng.uniform(0, 2 * np.pi)), np.cos(a)])
    middle = (np.array(values.shape[:2]) - 1) / 2
    offset = middle - way @ (middle + shift)
    planes = [
        ndimage.affine_transform(values[..., c], way, offset, order=3, mode="reflect")
        for c in range(values.shape[2])
    ]
    return np.stack(planes, axis=-1)


def _canonical(values: Array) -> Array:
    image = as_image(values, dims=_CHANNELS)
    found = get_op("detect.main_object")(image)
    return np.asarray(
        get_op("transform.canonical")(image, found.object, found.objects).values, np.float64
    )


def canonical_correlation(work: tuple[Path, int]) -> float:
    """Return how alike the canonical forms of a picture and of the same moved are."""
    path, number = work
    values = imread(path).astype(np.float32)
    other = moved(values, np.random.default_rng([_TURNS_SEED, number]))
    pair = np.stack([_canonical(each).ravel() for each in (values, other)])
    return float(np.corrcoef(pair)[0, 1]) if np.isfinite(pair).all() else 0.0


@row("C4")
def canonical() -> Row:
    """Compare the canonical form of real cut-outs with that of the same, turned and moved."""
    paths = pictures()
    bar = "median >= 0.98, 5th percentile >= 0.93"
    if not paths:
        return absent("C4", "canonical form of real cut-outs turned, shifted and mirrored", bar)
    with processes() as pool:
        works = [(path, number) for number, path in enumerate(paths)]
        alike = np.array(list(pool.map(canonical_correlation, works, chunksize=8)))
    middle, low = float(np.median(alike)), float(np.percentile(alike, 5))
    return Row(
        "C4",
        f"correlation of the canonical forms of {len(paths)} real cut-outs and of the same turned "
        f"by any angle, shifted by up to 20 px and mirrored: median {middle:.4f}, 5th percentile "
        f"{low:.3f}, mean {mean(alike.tolist()):.4f}",
        round(middle, 4),
        "",
        bar,
        middle >= 0.98 and low >= 0.93,
        seeds=(_TURNS_SEED,),
    )
