"""Q1: p-values of the sunquake recipe on noise that is not simple; Q1b: any sampling."""

from __future__ import annotations

from typing import get_args

import numpy as np
import xarray as xr
from scipy.stats import kstest

from graticule.bench.row import Row, absent, data_folder, processes, row
from graticule.bench.sunquake import NAMES, false_discoveries, observed, p_of, p_value
from graticule.core import as_image
from graticule.core.typing import Array
from graticule.evaluate.empirical import false_discovery_rate
from graticule.evaluate.injection import Ripple
from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.spec import Reference
from graticule.recipes import pipeline_path
from graticule.simulate.doppler import doppler_cube
from graticule.simulate.solar_noise import CADENCE, PIXEL, Noise
from graticule.simulate.time_distance import random_ripple, time_distance

_KINDS: tuple[Noise, ...] = tuple(kind for kind in get_args(Noise) if kind != "quiet")
_IMAGES, _RIPPLES, _SURROGATES = 500, 100, 99
_STUDIES = 20


def _simulated_p(job: tuple[Noise, int, float]) -> float:
    kind, number, strength = job
    rng = np.random.default_rng([8, number])
    ripple = random_ripple(rng, strength=strength) if strength else None
    image = time_distance(noise=kind, ripple=ripple, seed=[80 + (strength > 0), number])
    return p_value(image, _SURROGATES, number)


@row("Q1")
def honesty_on_real_noise() -> list[Row]:
    """Test p-values on six kinds of noise, and false discoveries in studies with ripples."""
    jobs = [
        (kind, number, strength)
        for kind in _KINDS
        for count, strength in ((_IMAGES, 0.0), (_RIPPLES, 1.2))
        for number in range(count)
    ]
    with processes() as pool:
        p = np.array(list(pool.map(_simulated_p, jobs, chunksize=10)))
    rows = []
    for kind, values in zip(_KINDS, p.reshape(len(_KINDS), -1), strict=True):
        rows += _of_a_kind(kind, values[:_IMAGES], values[_IMAGES:])
    return [*rows, _turned()]


def _of_a_kind(kind: Noise, null: Array, signal: Array) -> list[Row]:
    within = np.random.default_rng(0).uniform(0, 1 / (_SURROGATES + 1), null.size)
    uniform = float(kstest(null - within, "uniform").pvalue)
    share = float(np.mean(null <= 0.05))
    rows = [
        Row("Q1", f"{kind}: KS p of {_IMAGES}", round(uniform, 4), "", "> 0.01", uniform > 0.01),
        Row("Q1", f"{kind}: share of p <= 0.05", round(share, 4), "", "<= 0.065", share <= 0.065),
    ]
    for level in (0.05, 0.1):
        studies = null[: _STUDIES * 10].reshape(_STUDIES, -1)
        part, found = false_discoveries(studies, signal, level)
        what = f"{kind}: false discoveries at {level} ({found:.0%} of ripples found)"
        bar = level + 0.02
        rows.append(Row("Q1", what, round(part, 4), "", f"<= {bar:g}", part <= bar))
    return rows


def turned(image: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return an image turned in time, and in distance before and after it is cut."""
    near = image.isel(distance=slice(0, 100))
    pieces = {"time": near[::-1], "distance": near[:, ::-1], "far distance": image[:, :-101:-1]}
    spacing = {"time": "0.75 min", "distance": "0.348 Mm"}
    return {
        name: as_image(piece.values, dims=("time", "distance"), spacing=spacing)
        for name, piece in pieces.items()
    }


def _turned() -> Row:
    """Put the observed images and all their turns into one study."""
    bar = "none detected"
    if data_folder("sunquake_td") is None:
        return absent("Q1", "turned real images", bar)
    images = {(name, ""): observed(name) for name in NAMES}
    images |= {(name, turn): it for name in NAMES for turn, it in turned(observed(name)).items()}
    p = np.array([p_value(image, 999, 0) for image in images.values()])
    q = false_discovery_rate(p, "benjamini-yekutieli")
    wrong = sum(found and bool(turn) for (_, turn), found in zip(images, q <= 0.05, strict=True))
    true = int((q <= 0.05).sum()) - wrong
    least = min(value for (_, turn), value in zip(images, p, strict=True) if turn)
    what = (
        f"turned real images detected beside {true} true ones (least p of a turned one {least:.3g})"
    )
    return Row("Q1", what, wrong, "", bar, wrong == 0)


def seen_at(cube: xr.DataArray, frames: int, pixels: int) -> xr.DataArray:
    """Return every so many frames and pixels of a cube whose middle is an epicentre."""
    first = cube.sizes["x"] // 2 % pixels
    return cube[::frames, first::pixels, first::pixels]


@row("Q1b")
def one_sun_at_any_sampling() -> list[Row]:
    """Sample one simulated cube in three ways; find the same ripple by the recipe for cubes."""
    ripple = Ripple(strength=2.0, t0=30, a=5)
    cube = doppler_cube(spacing=(0.25, 0.35), seed=1, ripple=ripple)
    true_t0, true_a = 30 * CADENCE, 5 * CADENCE / PIXEL**0.5
    recipe = Pipeline.load(pipeline_path("sunquake_cube"))
    rows, found = [], []
    for frames, pixels in ((2, 1), (3, 2), (4, 3)):
        known = Evaluation(recipe, {"cube": seen_at(cube, frames, pixels)})
        event = known.value(Reference("event")).iloc[0]
        found.append((float(event["t0"]), float(event["a"])))
        p = p_of(known, 199, 0)
        what = f"p at {0.25 * frames:g} min and {0.35 * pixels:g} Mm"
        rows.append(Row("Q1b", what, p, "", "<= 0.01", p <= 0.01))
    t0, a = np.array([*found, (true_t0, true_a)]).T
    apart, off = round(float(np.ptp(t0)), 3), float(np.ptp(a) / true_a)
    said = ", ".join(f"{one:.2f} min and {other:.2f}" for one, other in found)
    truth = f"{true_t0:.2f} min and {true_a:.2f} min/Mm^(1/2)"
    return [
        *rows,
        Row(
            "Q1b", f"t0 apart: {said}; true {truth}", round(apart, 3), "min", "<= 0.5", apart <= 0.5
        ),
        Row("Q1b", "a apart, of the truth", round(off, 4), "", "<= 0.05", off <= 0.05),
    ]
