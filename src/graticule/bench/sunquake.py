"""F1 to F5: detection along a path, beside the published method."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from graticule.bench.row import Row, absent, data_folder, processes, row, seconds, speedup, timed
from graticule.core import Subject, as_image
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.evaluate.empirical import benjamini_hochberg
from graticule.ops.detect._paths import maxima
from graticule.ops.detect._planes import planes_of
from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation, make_rerun
from graticule.pipeline.spec import Reference
from graticule.recipes import pipeline_path
from graticule.simulate.time_distance import random_ripple, time_distance

NAMES = ("TD_20110730-M9_3_zscored", "TD_clear_relative", "TD_none_relative")
_PUBLISHED = {NAMES[0]: (1.125, 0.746), NAMES[1]: (0.598, 0.468)}
_IMAGES = 400
_NULL_IMAGES = 500


def observed(name: str) -> xr.DataArray:
    """Return one of the observed images with its spacing."""
    folder = data_folder("sunquake_td")
    assert folder is not None
    spacing = {"time": "0.75 min", "distance": "0.348 Mm"}
    return as_image(np.load(folder / f"{name}.npy"), dims=("time", "distance"), spacing=spacing)


@lru_cache(maxsize=1)
def _recipe() -> Pipeline:
    return Pipeline.load(pipeline_path("sunquake"))


def _value(wanted: str, **known: xr.DataArray) -> Any:
    """Return the value of a step of the recipe, given that of an input or of an earlier step."""
    return Evaluation(_recipe(), known).value(Reference(wanted))


def _statistic(even: xr.DataArray) -> float:
    return float(_value("event", even=even)["statistic"].iloc[0])


def _baseline(image: xr.DataArray, column: str = "baseline_statistic") -> float:
    return float(get_op("detect.published_baseline")(image)[column].iloc[0])


@row("F1")
def baseline_on_real_images() -> list[Row]:
    """Take the published statistic of its own images."""
    bar = "1.125 / 0.746 and 0.598 / 0.468, each +-0.01"
    if data_folder("sunquake_td") is None:
        return [absent("F1", "baseline on real images", bar)]
    rows = []
    for name, published in _PUBLISHED.items():
        columns = ("baseline_statistic", "baseline_flipped")
        for column, wanted in zip(columns, published, strict=True):
            value = _baseline(observed(name), column)
            near = abs(value - wanted) <= 0.01
            what = f"{column.replace('_', ' ')}, {name}"
            rows.append(Row("F1", what, round(value, 4), "sigma", f"{wanted} +-0.01", near, wanted))
    return rows


def p_value(image: xr.DataArray, surrogates: int, seed: int) -> float:
    """Return what the recipe's check finds on an image."""
    return p_of(Evaluation(_recipe(), {"image": image}), surrogates, seed)


def p_of(known: Evaluation, surrogates: int, seed: int) -> float:
    """Return what the check ``chance`` of a pipeline finds."""
    step = known.pipeline.checks["chance"]
    rerun = make_rerun(known, step.at, step.of)
    subject = Subject(known.value(step.of), known.value(step.at), rerun)
    random = tuple(kind for kind in step.params["by"] if not kind.startswith("flip"))
    changed = {"by": random, "n": surrogates, "seed": seed}
    return float(step.check(subject, **{**step.params, **changed}).columns["p"])


@row("F2")
def improved_on_real_images() -> list[Row]:
    """Take the p-value of the improved detector on the same images, 999 surrogates each."""
    if data_folder("sunquake_td") is None:
        return [absent("F2", "improved detector on real images", "p <= 0.01, none p > 0.05")]
    rows = []
    for name in NAMES:
        quiet = "none" in name
        p = p_value(observed(name), 999, 0)
        reached = p > 0.05 if quiet else p <= 0.01
        what = f"p of {name}, 999 surrogates"
        rows.append(Row("F2", what, p, "", "> 0.05" if quiet else "<= 0.01", reached))
    return rows


def _simulated(number: int, strength: float) -> xr.DataArray:
    rng = np.random.default_rng([3, number])
    ripple = random_ripple(rng, strength=strength) if strength else None
    return time_distance(seed=[30 + (strength > 0), number], ripple=ripple)


def _both(job: tuple[int, float]) -> tuple[float, float]:
    image = _simulated(*job)
    return _statistic(_value("even", image=image)), _baseline(image)


def _power(quiet: Array, loud: Array) -> tuple[float, float]:
    """Return the area under the ROC curve, and the recall at 1 % false positives."""
    area = roc_auc_score(np.repeat([0, 1], [quiet.size, loud.size]), np.concatenate([quiet, loud]))
    threshold = np.quantile(quiet, 0.99, method="higher")
    return float(area), float(np.mean(loud > threshold))


@row("F3")
def power_on_simulated_images() -> list[Row]:
    """Measure ROC area and recall at strength 0.8, 400 images with a ripple and 400 without."""
    jobs = [(number, strength) for strength in (0.0, 0.8) for number in range(_IMAGES)]
    with processes() as pool:
        values = np.array(list(pool.map(_both, jobs, chunksize=20)))
    ours, theirs = (_power(v[:_IMAGES], v[_IMAGES:]) for v in values.T)
    names = ("area under ROC at 0.8 sigma", "recall at 1 % false positives, 0.8 sigma")
    return [
        Row("F3", what, round(mine, 3), "", f">= {bar}", mine >= bar, round(peer, 3), mine / peer)
        for what, mine, peer, bar in zip(names, ours, theirs, (0.92, 0.56), strict=True)
    ]


def _simulated_p(job: tuple[int, float, int]) -> float:
    number, strength, surrogates = job
    return p_value(_simulated(10_000 + number, strength), surrogates, number)


@row("F4")
def honesty_on_noise() -> list[Row]:
    """Test the uniformity of p on pure noise, and false discoveries in mixed studies."""
    quiet = [(number, 0.0, 59) for number in range(_NULL_IMAGES)]
    loud = [(number, 1.2, 59) for number in range(100)]
    with processes() as pool:
        p = np.array(list(pool.map(_simulated_p, quiet + loud, chunksize=10)))
    null, signal = p[:_NULL_IMAGES], p[_NULL_IMAGES:]
    within = np.random.default_rng(0).uniform(0, 1 / 60, null.size)
    uniform = float(kstest(null - within, "uniform").pvalue)
    part, ripples_found = false_discoveries(null[:200].reshape(20, 10), signal[:200], 0.1)
    return [
        Row("F4", "KS p of 500 p-values on noise", round(uniform, 4), "", "> 0.01", uniform > 0.01),
        Row(
            "F4",
            f"false discoveries at nominal 0.1, 20 studies ({ripples_found:.0%} of ripples found)",
            round(part, 4),
            "",
            "<= 0.1",
            part <= 0.1,
        ),
    ]


def false_discoveries(null: Array, signal: Array, level: float) -> tuple[float, float]:
    """Return the mean part of false discoveries over studies, and the part of signals found."""
    parts, found = [], []
    for quiet, loud in zip(null, signal.reshape(len(null), -1), strict=True):
        detected = benjamini_hochberg(np.concatenate([quiet, loud])) <= level
        false = detected[: quiet.size].sum()
        parts.append(false / max(detected.sum(), 1))
        found.append(detected[quiet.size :].mean())
    return float(np.mean(parts)), float(np.mean(found))


@row("F5")
def speed_of_the_scan() -> list[Row]:
    """Time 10,000 curves on one image of 240 x 100, beside a loop of `numpy.roll`."""
    image = np.random.default_rng(0).normal(size=(240, 100)).astype(np.float32)
    wave = (image + 1j * image[::-1]).astype(np.complex64)
    grid = np.meshgrid(np.linspace(3, 7, 100), np.linspace(-20, 0, 100))
    a, d0 = (values.ravel()[:, None] for values in grid)
    times = a * np.sqrt(np.arange(100) - d0)
    baseline, looped = timed(lambda: _rolled(image, times))
    equal = bool(np.allclose(_scanned(image, times, "nearest", wrap=True), looped, atol=1e-5))
    versions: dict[str, Callable[[], Array]] = {
        f"whole samples, {'' if equal else 'NOT '}equal to the loop": lambda: _scanned(
            image, times, "nearest", wrap=True
        ),
        "linear interpolation, masked": lambda: _scanned(image, times, "linear"),
        "complex, linear interpolation, masked": lambda: _scanned(wave, times, "linear"),
    }
    rows = []
    for what, function in versions.items():
        took = seconds(function, repeat=9)
        text = f"scan of 10,000 curves on 240 x 100: {what}"
        least = 300 if "equal" in what else None
        rows.append(speedup("F5", text, took, baseline, least, holds=equal, unit="ms"))
    return rows


def _scanned(image: Array, times: Array, interpolation: Any, wrap: bool = False) -> Array:
    planes = planes_of(image.T, wrap=wrap, fourier=interpolation == "fourier")
    return maxima(planes, times, interpolation=interpolation, wrap=wrap)[0]


def _rolled(image: Array, times: Array) -> Array:
    """Return the maxima by a loop of rolls."""
    shifts = np.rint(times - times.min(axis=1, keepdims=True)).astype(int)
    best = np.empty(len(shifts))
    for number, shift in enumerate(shifts):
        rolled = np.empty_like(image)
        for column in range(image.shape[1]):
            rolled[:, column] = np.roll(image[:, column], -shift[column])
        best[number] = rolled.mean(axis=1).max()
    return best
