"""T5 and T6: fits of Bragg edges, their intervals and their speed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from graticule.bench.row import Row, row, speedup
from graticule.core import as_image
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.ops.spectra._flight import PLANCK_OVER_NEUTRON_MASS
from graticule.simulate.neutron_tof import Beam, Pulse, expected_counts, neutron_tof

_SPECTRA = 2000
_FLUX = (200.0, 2000.0, 20000.0)
_COVERAGE_SEED = 15
_MAPS_SEED = 16
_FLIGHT_PATH = 50.0
_TO_ANGSTROM = PLANCK_OVER_NEUTRON_MASS * 1e-6 / _FLIGHT_PATH
"""Angstrom for a microsecond of flight."""


# --- T5 -------------------------------------------------------------------------------------------


@row("T5")
def coverage() -> list[Row]:
    """Return how often 95 % intervals hold the truth, of counts drawn from the simulator."""
    return [found for flux in _FLUX for found in _coverage_at(flux)]


def _coverage_at(flux: float) -> list[Row]:
    pulse, rng = Pulse(), np.random.default_rng([_COVERAGE_SEED, int(flux)])
    made = expected_counts("ferrite", (1, 1, 0), 10.0, beam=Beam(flux=flux), pulse=pulse)
    near = abs(made.timing.middles * _TO_ANGSTROM / made.position - 1) < 0.06
    labels = as_image(np.arange(1, _SPECTRA + 1, dtype=np.int32))
    tables = []
    for mean in (made.counts, made.open_beam):
        drawn = rng.poisson(mean[near, None], (near.sum(), _SPECTRA)).astype(np.uint32)
        axis = ("tof", made.timing.middles[near], {"units": "us"})
        cube = xr.DataArray(drawn, {"tof": axis}, ("tof", "x"), attrs={"units": "count"})
        cube = get_op("spectra.to_wavelength")(cube, flight_path=f"{_FLIGHT_PATH} m")
        tables.append(get_op("spectra.regions")(cube, labels))
    decay = pulse.decay * _TO_ANGSTROM
    found = get_op("spectra.bragg_edges")(*tables, phase="ferrite", planes=["110"], decay=decay)
    answered = found["reason"].isin(["", "narrower than the bins"])
    truth = {
        "position": made.position,
        "width": pulse.sigma * _TO_ANGSTROM,
        "height": made.height,
    }
    rows = []
    for name, true in truth.items():
        low, high = found.loc[answered, f"{name}_low"], found.loc[answered, f"{name}_high"]
        covered = float(((low <= true) & (true <= high)).mean())
        rows.append(
            Row(
                "T5",
                f"coverage of 95 % intervals of the {name} of the first edge of 10 mm ferrite, of "
                f"{_SPECTRA} spectra with {made.open_beam[near].mean():.0f} counts in a bin of the "
                f"open beam and {made.counts[near].mean():.0f} behind the sample; "
                f"{answered.mean():.4f} have an interval",
                round(covered, 4),
                "",
                "0.93 to 0.97",
                0.93 <= covered <= 0.97 and bool(answered.mean() >= 0.99),
                seeds=(_COVERAGE_SEED,),
            )
        )
    return rows


# --- T6 -------------------------------------------------------------------------------------------


def _transmission(
    x: Array, position: float, sigma: float, height: float, tilt: float, level: float,
    slope: float, *, width: float, decay: float,
) -> Array:  # fmt: skip
    """Return the model of `spectra.bragg_edge_maps` as it is written with SciPy."""
    from scipy.special import erfc

    sigma = np.sqrt(sigma * sigma + width * width / 12)
    away = x - position
    z, ratio = away / (np.sqrt(2) * sigma), sigma / decay
    late = np.exp(-away / decay + 0.5 * ratio * ratio) * erfc(ratio / np.sqrt(2) - z)
    step = 0.5 * (erfc(-z) - late)
    extra = np.exp(-height - tilt * (away - decay))
    above = np.exp(-level - slope * (away - decay))
    return np.asarray(above * (extra + (1 - extra) * step))


def _spent(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that all processors work on a call, and what it gives."""
    started = time.process_time()
    found = function()
    return time.process_time() - started, found


@row("T6")
def maps() -> list[Row]:
    """Fit an edge in every pixel, beside SciPy's curve_fit in a loop over some of them."""
    pulse = Pulse()
    made = neutron_tof(
        (150, 150), materials=("ferrite",), pieces=1, thickness=(8.0, 20.0),
        beam=Beam(flux=2000), pulse=pulse, seed=_MAPS_SEED,
    )  # fmt: skip
    inside = {"y": slice(11, 139), "x": slice(11, 139)}
    cubes = [
        get_op("spectra.to_wavelength")(cube.isel(inside), flight_path=f"{_FLIGHT_PATH} m")
        for cube in (made.image, made.open_beam)
    ]
    part = get_op("spectra.open_beam")(*cubes)
    decay = pulse.decay * _TO_ANGSTROM

    def ours() -> Any:
        fit = get_op("spectra.bragg_edge_maps")
        return fit(part.image, part.error, phase="ferrite", plane="110", decay=decay)

    ours()
    started = time.perf_counter()
    spent, found = _spent(ours)
    waited = time.perf_counter() - started
    pixels = found.reason.size
    sample = np.arange(40, pixels, 97)
    beside = _beside(part, found, sample, decay)
    return [
        speedup(
            "T6",
            f"edge fits in {pixels} pixels of 661 bins, processor time of all threads, against "
            f"scipy.optimize.curve_fit from the same start in a loop, its time in {sample.size} "
            f"pixels times their number; {waited:.2f} s on the clock; of {beside.compared} pixels "
            f"with an edge {beside.apart:.1e} is the largest relative difference of position, "
            f"width and height, where curve_fit does not end at a worse minimum, as in "
            f"{beside.worse}",
            spent,
            beside.seconds * pixels / sample.size,
            50,
            also="equal to 1e-4",
            holds=beside.apart <= 1e-4 and beside.worse <= 0.02 * beside.compared,
        )
    ]


class Beside(NamedTuple):
    """What SciPy's fits of some pixels take, and how far ours are from them."""

    seconds: float
    compared: int
    apart: float
    worse: int


def _beside(part: Any, found: Any, sample: Array, decay: float) -> Beside:
    """Fit some pixels with curve_fit: its time with its own tolerances, its end with tight ones."""
    from scipy.optimize import curve_fit

    from graticule.ops.spectra import _edge_kernels as kernels
    from graticule.ops.spectra._axis import bounds_of
    from graticule.ops.spectra._edges import edge_of, expected, window_around

    edges = expected("ferrite", None, None, 0.5)
    left, right = bounds_of(part.image, "wavelength")
    edge = edge_of(edges, "110").wavelength
    bins = window_around(edge, [each.wavelength for each in edges], 0.05, left, right)
    x, width = part.image.wavelength.values[bins], float((right - left)[bins].mean())
    values, errors = (
        each.values[bins].reshape(bins.size, -1).T.astype(np.float64) for each in part
    )
    maps = [found.position, found.width, found.height]
    fitted = np.stack([each.values.ravel() for each in maps], axis=1).astype(np.float64)
    squares = found.spread.values.ravel() * (bins.size - 6)

    def model(x: Array, *p: float) -> Array:
        return _transmission(x, *p, width=width, decay=decay)

    seconds, compared, apart, worse = 0.0, 0, 0.0, 0
    for n in sample.tolist():
        p, sums = np.empty(kernels.PARAMETERS), np.zeros((x.size + 1, 5))
        kernels._begin(
            kernels.GAUSSIAN, x, values[n], 1 / errors[n], 1.0, 2 * width, decay,
            edge * 0.99, edge * 1.01, p, sums,
        )  # fmt: skip
        given: dict[str, Any] = {"sigma": errors[n], "absolute_sigma": True}
        begin = [p[0], np.exp(p[1]), *p[2:6]]
        spent, rough = _spent(partial(_ended, curve_fit, model, x, values[n], begin, **given))
        seconds += spent
        if found.reason.values.flat[n] != 0:
            continue
        compared += 1
        tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 0, "maxfev": 20_000}
        best = _ended(curve_fit, model, x, values[n], rough, **given, **tight)
        theirs = (((values[n] - model(x, *best)) / errors[n]) ** 2).sum()
        if theirs > squares[n] * (1 + 1e-4):
            worse += 1
        else:
            best[1] = abs(best[1])
            apart = max(apart, float(np.abs(fitted[n] / best[:3] - 1).max()))
    return Beside(seconds, compared, apart, worse)


def _ended(
    fit: Callable[..., Any], model: Any, x: Array, y: Array, begin: Any, **given: Any
) -> Any:
    """Return where a fit of SciPy ends; where it began if it gives up."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return fit(model, x, y, begin, **given)[0]
        except RuntimeError:
            return np.array(begin)
