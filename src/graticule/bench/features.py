"""L1 and L2: banks of features against SciPy and scikit-image, one filter after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from graticule.bench.row import Row, in_a_process, peak_mb, row, seconds, speedup, timed
from graticule.core.typing import Array
from graticule.learn.features import Features
from graticule.ops.filters._gradients import derivative_taps

PLANE, VOLUME = (2048, 2048), (256, 256, 256)
PLANE_BANK = Features(sigmas=(0.7, 1, 1.6, 3.5, 5, 10))
VOLUME_BANK = Features(sigmas=(1, 2))
_TOLERANCE = 2e-5


def _image(shape: Sequence[int]) -> Array:
    values = np.random.default_rng(0).gamma(4, 0.05, shape)
    return np.minimum(values, 1).astype(np.float32)


def _smooth(values: Array, sigma: float, orders: Sequence[int]) -> Array:
    """Filter by SciPy, axis by axis, as its ``gaussian_filter`` does, with the bank's taps."""
    from scipy import ndimage

    for axis, order in enumerate(orders):
        taps = derivative_taps(sigma, order)
        side = taps.weights[:0:-1]
        weights = np.concatenate([-side if taps.odd else side, taps.weights])
        values = ndimage.correlate1d(values, weights, axis, mode="reflect")
    return values


def _eigenvalues(parts: dict[tuple[int, int], Array], ndim: int) -> Array:
    if ndim == 2:
        from skimage.feature import hessian_matrix_eigvals

        return np.asarray(hessian_matrix_eigvals(list(parts.values())))
    eigenvalues = np.empty((ndim, *parts[0, 0].shape), np.float32)
    for plane in range(len(eigenvalues[0])):
        rows = [[parts[min(i, j), max(i, j)][plane] for j in range(ndim)] for i in range(ndim)]
        matrix = np.moveaxis(np.array(rows), (0, 1), (-2, -1))
        eigenvalues[:, plane] = np.moveaxis(np.linalg.eigvalsh(matrix)[..., ::-1], -1, 0)
    return eigenvalues


def scipy_features(values: Array, bank: Features) -> Iterator[Array]:
    """Yield the features of a bank by SciPy, kind by kind, as one writes them."""
    ndim = values.ndim
    unit, none = np.eye(ndim, dtype=int), [0] * ndim
    pairs = list(itertools.combinations_with_replacement(range(ndim), 2))
    for sigma in (length.value for length in bank.sigmas):
        yield _smooth(values, sigma, none)
        yield np.sqrt(sum(_smooth(values, sigma, unit[a]) ** 2 for a in range(ndim)))
        yield np.sum([_smooth(values, sigma, 2 * unit[a]) for a in range(ndim)], axis=0)
        yield _smooth(values, sigma / 1.6, none) - _smooth(values, sigma, none)
        parts = {(i, j): _smooth(values, sigma, unit[i] + unit[j]) for i, j in pairs}
        yield from _eigenvalues(parts, ndim)
        slopes = [_smooth(values, sigma, unit[a]) for a in range(ndim)]
        rho = bank.rho * sigma
        parts = {(i, j): _smooth(slopes[i] * slopes[j], rho, none) for i, j in pairs}
        yield from _eigenvalues(parts, ndim)


def _equal(found: Array, wanted: Iterator[Array]) -> tuple[bool, float]:
    """Return whether features agree, and the seconds it took to make the second ones."""
    equal, spent = True, 0.0
    for one in found:
        took, other = timed(lambda: next(wanted))
        spent += took
        equal &= bool(np.abs(one - other).max() <= _TOLERANCE * np.abs(other).max())
    return equal, spent


def _make(bank: Features, shape: tuple[int, ...], strips: bool) -> float:
    """Make a bank, whole or in strips, and return the peak memory of the process."""
    image = _image(shape)
    if not strips:
        bank.compute(image)
    else:
        for _ in bank.strips(image, size=64 if len(shape) == 2 else 8, reuse=True):
            pass
    return peak_mb()


def _judged(
    id: str, what: str, ours: float, theirs: float, least: int, equal: bool, bank: Features
) -> Row:
    shape = VOLUME if id == "L2" else PLANE
    strips, whole = (in_a_process(_make, bank, shape, cut) for cut in (True, False))
    what = f"{what}; {'equal' if equal else 'NOT equal'}; strip by strip {strips:.0f} MB"
    return speedup(id, what, ours, theirs, least, also="equal", holds=equal, peak_mb=whole)


def _against_scipy(id: str, bank: Features, shape: tuple[int, ...], bar: int, by: str) -> Row:
    image = _image(shape)
    out = bank.compute(image)
    ours = seconds(lambda: bank.compute(image, out=out), repeat=3)
    equal, theirs = _equal(out, scipy_features(image, bank))
    size = " x ".join(map(str, shape))
    what = f"{len(out)} features of {size} float32, against {by}, kind by kind"
    return _judged(id, what, ours, theirs, bar, equal, bank)


@row("L1")
def plane_against_scipy() -> Row:
    """Six widths, eight features each; equal to 2e-5 of the largest value of each."""
    return _against_scipy("L1", PLANE_BANK, PLANE, 15, "SciPy")


@row("L1")
def basic_against_scikit_image() -> Row:
    """Measure the peer's own set, on two threads; equal to 1e-6 of the image's range."""
    from skimage.feature import multiscale_basic_features

    image, bank = _image(PLANE), Features.basic()
    out = bank.compute(image)
    ours = seconds(lambda: bank.compute(image, out=out), repeat=3)
    run = partial(multiscale_basic_features, image, workers=2)
    wanted = run()
    equal = all(np.abs(one - wanted[..., n]).max() <= 1e-6 for n, one in enumerate(out))
    del wanted
    theirs = seconds(run, repeat=1)
    what = f"{len(out)} features of 2048 x 2048 float32, against multiscale_basic_features"
    return _judged("L1", what, ours, theirs, 4, equal, bank)


@row("L2")
def volume_against_scipy() -> Row:
    """Two widths, ten features each, with the eigenvalues of NumPy's ``eigvalsh``."""
    return _against_scipy("L2", VOLUME_BANK, VOLUME, 18, "SciPy and eigvalsh")
