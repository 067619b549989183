"""Wavelet scattering of first and second order, averaged over place and orientation."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import EmbeddingKind, EmbeddingParameters

_SIGMA, _XI = 0.8, 3 * np.pi / 4
_TURNS = range(-2, 3)


class Scattering(EmbeddingParameters):
    """Parameters.

    Attributes
    ----------
    scales : int
        Octaves; the largest wavelet is ``2 ** (scales - 1)`` as wide as the smallest.
    angles : int
        Orientations of half a turn, an even number.
    """

    scales: Annotated[int, Field(ge=1, le=8, strict=True)] = 4
    angles: Annotated[int, Field(ge=2, le=32, multiple_of=2, strict=True)] = 8


def _gabor(shape: tuple[int, int], sigma: float, theta: float, xi: float, slant: float) -> Array:
    """Return a Gabor filter around the first sample, repeated at the period of the image."""
    rows, columns = shape
    cos, sin = np.cos(theta), np.sin(theta)
    turn = np.array([[cos, -sin], [sin, cos]])
    curve = turn @ np.diag([1, slant**2]) @ turn.T / (2 * sigma**2)
    total = np.zeros(shape, complex)
    for down in _TURNS:
        for along in _TURNS:
            y, x = np.mgrid[:rows, :columns].astype(float)
            y, x = y + down * rows, x + along * columns
            form = curve[0, 0] * y**2 + 2 * curve[0, 1] * y * x + curve[1, 1] * x**2
            total += np.exp(-form + 1j * (y * xi * cos + x * xi * sin))
    return total / (2 * np.pi * sigma**2 / slant)


def morlet(shape: tuple[int, int], sigma: float, theta: float, xi: float, slant: float) -> Array:
    """Return the Fourier transform of a Morlet wavelet: a Gabor filter without a mean [1]_.

    References
    ----------
    .. [1] Bruna, J. and Mallat, S., "Invariant scattering convolution networks", IEEE Trans.
       Pattern Analysis and Machine Intelligence 35(8), 1872-1886, 2013.
    """
    wave = _gabor(shape, sigma, theta, xi, slant)
    envelope = _gabor(shape, sigma, theta, 0.0, slant)
    wave = wave - wave.sum() / envelope.sum() * envelope
    return np.asarray(np.fft.fft2(wave).real, np.float32)


@lru_cache(maxsize=64)
def _bank(shape: tuple[int, int], scale: int, angles: int) -> Array:
    """Return the wavelets of a scale, ``(angles, y, x)`` in Fourier space."""
    turns = [(angles - angles // 2 - 1 - number) * np.pi / angles for number in range(angles)]
    width, frequency = _SIGMA * 2**scale, _XI / 2**scale
    return np.stack([morlet(shape, width, turn, frequency, 4 / angles) for turn in turns])


def _padded(shape: tuple[int, int], scales: int) -> list[tuple[int, int]]:
    """Return how far each axis is mirrored: as far as the widest wavelet, to a whole number."""
    step = 2**scales
    total = [-(-(size + 2 * step) // step) * step for size in shape]
    return [(step, whole - size - step) for size, whole in zip(shape, total, strict=True)]


def _columns(shape: tuple[int, int], parameters: Scattering) -> list[str]:
    step = 2**parameters.scales
    if min(shape) < step:
        raise ImageError(
            f"is too small for {parameters.scales} octaves: {shape[0]} x {shape[1]} samples",
            hint=f"set scales to {int(np.log2(min(shape)))} or less",
        )
    scales = range(parameters.scales)
    names = ["scattering_0", *(f"scattering_1_{one}" for one in scales)]
    return names + [
        f"scattering_2_{one}_{two}_{apart}"
        for one in scales
        for two in range(one + 1, parameters.scales)
        for apart in range(parameters.angles // 2 + 1)
    ]


def _transform(planes: Array, parameters: Scattering) -> Array:
    """Return means of the image and of the moduli of its wavelet transforms [1]_.

    Of the second order, the mean over all pairs of orientations with the same angle between them.
    """
    return np.concatenate([_one(plane, parameters) for plane in planes[:, None]])


def _one(plane: Array, parameters: Scattering) -> Array:
    from scipy import fft

    pads = _padded((plane.shape[1], plane.shape[2]), parameters.scales)
    padded = np.pad(plane, [(0, 0), *pads], mode="symmetric")
    shape = (padded.shape[1], padded.shape[2])
    inner = [(low, low + size) for (low, _), size in zip(pads, plane.shape[1:], strict=True)]
    spectrum = fft.fft2(padded)[0]
    first, second = [], []
    for one in range(parameters.scales):
        modulus = np.abs(_filtered(spectrum, _bank(shape, one, parameters.angles), one))
        first.append(float(_mean(modulus, inner, one).mean()))
        coarse = (shape[0] >> one, shape[1] >> one)
        moduli = fft.fft2(modulus)
        for two in range(one + 1, parameters.scales):
            bank = _bank(coarse, two - one, parameters.angles)
            second += _by_angle(moduli, bank, two - one, inner, two, parameters.angles)
    return np.array([[float(plane.mean()), *first, *second]], np.float32)


def _by_angle(
    moduli: Array, bank: Array, down: int, inner: list[tuple[int, int]], scale: int, angles: int
) -> list[float]:
    """Return the second order by the angle between both orientations, 0 to a quarter turn."""
    sums = np.zeros(angles // 2 + 1)
    counts = np.zeros(angles // 2 + 1)
    for number, each in enumerate(moduli):
        means = _mean(np.abs(_filtered(each, bank, down)), inner, scale)
        turn = np.abs(np.arange(angles) - number)
        apart = np.minimum(turn, angles - turn)
        np.add.at(sums, apart, means)
        np.add.at(counts, apart, 1)
    return [float(value) for value in sums / counts]


def _filtered(spectrum: Array, bank: Array, down: int) -> Any:
    """Return filtered images at every ``2 ** down``-th sample, by folding their spectra."""
    from scipy import fft

    step = 2**down
    rows, columns = spectrum.shape[0] // step, spectrum.shape[1] // step
    folded = (spectrum * bank).reshape(len(bank), step, rows, step, columns).mean(axis=(1, 3))
    return fft.ifft2(folded)


def _mean(values: Array, inner: list[tuple[int, int]], scale: int) -> Array:
    """Return means over the image itself, without what was mirrored around it."""
    spans = [
        slice(-(-low >> scale), max((high >> scale), (low >> scale) + 1)) for low, high in inner
    ]
    return np.asarray(values[:, spans[0], spans[1]].mean(axis=(1, 2)))


scattering = EmbeddingKind(
    "scattering",
    "wavelet scattering",
    Scattering,
    _columns,
    _transform,
    "turns by any angle and shifts, nearly",
)
