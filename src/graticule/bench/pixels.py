"""L3, L5: pixel classification, from strokes to labels, against scikit-image and scikit-learn."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from graticule.bench.row import Row, in_a_process, peak_mb, row, run_pipeline, speedup
from graticule.core import as_image
from graticule.core.typing import Array

_SIDE = 8192
_IMAGE = "image.tif"
_STROKES = "strokes.npy"
_VIEW = 1024
_TREES = 100
_OPTIONS = ("--memory", "2GB", "--overwrite")
_EQUAL = 0.005
"""Accuracies that differ by less are equal."""
_PIPELINE = """
graticule: 1
name: textures
steps:
  classes: {op: learn.classify, model: textures.model}
outputs: [classes]
"""
CLASSES = 3
_REGION = 96
_LENGTH = 60
_WIDTHS = (0.7, 1.8, 4.5)
_BRIGHTER = 0.8
_STRIP = 512


def _train(folder: Path) -> tuple[float, float]:
    """Fit a model on the strokes of a file; return seconds and peak megabytes."""
    started = time.perf_counter()
    from graticule.io import read
    from graticule.learn import Features, PixelClassifier, save_model

    image, labels = (read(folder / name) for name in (_IMAGE, _STROKES))
    forest = {"name": "forest", "n_estimators": _TREES}
    model = PixelClassifier(Features.basic(), forest).fit(image, labels)
    save_model(model, folder / "textures.model")
    return time.perf_counter() - started, peak_mb()


def _peer(folder: Path) -> tuple[float, float]:
    """Do the same with scikit-image and scikit-learn, as their gallery shows it."""
    started = time.perf_counter()
    import tifffile
    from skimage.feature import multiscale_basic_features
    from sklearn.ensemble import RandomForestClassifier

    image = tifffile.imread(folder / _IMAGE)
    labels = np.load(folder / _STROKES)
    features = multiscale_basic_features(image, workers=2)
    forest = RandomForestClassifier(_TREES, n_jobs=2, random_state=0, class_weight="balanced")
    forest.fit(features[labels > 0], labels[labels > 0])
    classes = forest.predict(features.reshape(-1, features.shape[-1])).reshape(image.shape)
    np.save(folder / "peer.npy", classes.astype(np.uint8))
    return time.perf_counter() - started, peak_mb()


def classified(side: int) -> list[Row]:
    """Return the rows of an image of a side."""
    from graticule.io import read, write

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image, truth = textured(side)
        labels = strokes(truth)
        write(folder / _IMAGE, as_image(image))
        np.save(folder / _STROKES, labels)
        del image
        train_seconds, train_peak = in_a_process(_train, folder)
        run_seconds, run_peak = run_pipeline(folder, _PIPELINE, folder / _IMAGE, "run", *_OPTIONS)
        ours = read(sorted((folder / "run").rglob("*classes*"))[0]).values
        peer_seconds, peer_peak = in_a_process(_peer, folder)
        peer = np.load(folder / "peer.npy")
    held_out = labels == 0
    accuracy, expected = (float((f == truth)[held_out].mean()) for f in (ours, peer))
    seconds, peak = train_seconds + run_seconds, max(train_peak, run_peak)
    equal = accuracy >= expected - _EQUAL
    what = (
        f"pixel classification of {side}^2 from file to labels, 24 features, {_TREES} trees, "
        f"{int((~held_out).sum())} labelled; held-out accuracy {accuracy:.4f}, scikit-image and "
        f"scikit-learn {expected:.4f}; the same class at {float((ours == peer).mean()):.2%}"
    )
    most, less = round(peak, 1), peer_peak / peak
    also = "equal accuracy"
    return [
        speedup("L3", what, seconds, peer_seconds, 8, also=also, holds=equal, peak_mb=most),
        Row(
            "L3",
            f"peak memory of it: train {train_peak:.0f} MB, run {run_peak:.0f} MB",
            most,
            "MB",
            "<= 1/20",
            less >= 20 and equal,
            round(peer_peak, 1),
            round(less, 2),
            most,
        ),
    ]


@row("L3")
def pixel_classification() -> list[Row]:
    """Classify 8192 x 8192 from strokes; the peer needs some 15 GB and ten minutes."""
    classified(_VIEW)  # loops are compiled
    return classified(_SIDE)


@row("L5")
def first_prediction() -> Row:
    """Fit and predict a view after a stroke was added to it; its features were there before."""
    from statistics import median

    from graticule.learn import Features, PixelClassifier

    image, truth = textured(_VIEW)
    model = PixelClassifier(Features.basic(), {"name": "forest", "n_estimators": _TREES})
    view = model.view(image)
    times, scores, labelled = [], [], 0
    drawn = strokes(truth, seed=1)
    for seed in range(2, 9):
        stroke = strokes(truth, seed, each=1)
        drawn = np.where(stroke > 0, stroke, drawn)
        started = time.perf_counter()
        classes = model.fit(view, drawn).predict(view)
        times.append(time.perf_counter() - started)
        scores.append(float((classes.values == truth)[drawn == 0].mean()))
        labelled = int((drawn > 0).sum())
    seconds = median(times[1:])
    return Row(
        "L5",
        f"fit + predict of a {_VIEW}^2 view after a stroke, 24 features at hand, {_TREES} trees, "
        f"{labelled} labelled, held-out accuracy {scores[-1]:.3f}; slowest {max(times[1:]):.2f} s",
        round(seconds, 3),
        "s",
        "< 0.5 s",
        seconds < 0.5,
    )


def textured(side: int, seed: int = 0) -> tuple[Array, Array]:
    """Return a float32 image of smooth regions with three textures, and the class (1..3) of each.

    The classes overlap in brightness; grain and brightness together tell them apart. Noise is
    added.
    """
    import cv2

    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(2, side // _REGION + 3, side // _REGION + 3)).astype(np.float32)
    fields = [cv2.resize(c, (side, side), interpolation=cv2.INTER_CUBIC) for c in coarse]
    truth = (1 + (fields[0] > 0.2)).astype(np.uint8)
    truth[fields[1] > 0.6] = 3
    image = np.empty((side, side), np.float32)
    for start in range(0, side, _STRIP):
        at = slice(start, min(side, start + _STRIP))
        image[at] = _grain(rng, truth[at])
    return image, truth


def _grain(rng: np.random.Generator, truth: Array) -> Array:
    import cv2

    out = np.zeros(truth.shape, np.float32)
    for number, width in enumerate(_WIDTHS, 1):
        noise = cv2.GaussianBlur(rng.standard_normal(truth.shape, np.float32), (0, 0), width)
        grain = noise / noise.std() + np.float32(number * _BRIGHTER)
        np.copyto(out, grain, where=truth == number)
    return out + np.float32(0.3) * rng.standard_normal(truth.shape, np.float32)


def strokes(truth: Array, seed: int = 1, each: int = 5) -> Array:
    """Return labels of a few strokes of each class, each within one region; uint8, 0 elsewhere."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(truth.shape, np.uint8)
    side = truth.shape[0]
    for number in range(1, CLASSES + 1):
        drawn = 0
        while drawn < each:
            y, x = rng.integers(0, side - _LENGTH, 2)
            at = (slice(y, y + 3), slice(x, x + _LENGTH))
            if (truth[at] == number).all():
                labels[at] = number
                drawn += 1
    return labels
