"""Images like the one at hand in everything but the signal: what a detection must beat."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from graticule.core import Image, like, require_dims
from graticule.core.typing import Array

__all__ = ["flip", "gaussian_noise", "randomise_phase", "randomise_time_phase", "surrogate_maker"]

Surrogate: TypeAlias = Literal["phase", "phase_time", "gaussian", "flip_time", "flip_distance"]
_SMOOTHED = 3
"""Samples of the spectrum along each axis that a Gaussian surrogate takes for one."""


def flip(image: Image, dim: str) -> Image:
    """Return an image whose values run backwards along a dim; its coordinates stay.

    Waves that ran outwards run inwards. One surrogate, not many: compare a statistic with it,
    but take no p-value below 1/2 from it.

    Parameters
    ----------
    image : DataArray
        With the dim.
    dim : str
        Along which values are turned round.

    Returns
    -------
    DataArray
        In the dtype and units of ``image``.

    Examples
    --------
    >>> import xarray as xr
    >>> image = xr.DataArray([1, 2, 3], {"time": [0, 45, 90]}, ["time"])
    >>> turned = flip(image, "time")
    >>> turned.values.tolist(), turned.time.values.tolist()
    ([3, 2, 1], [0, 45, 90])
    """
    require_dims(image, [dim])
    axis = image.get_axis_num(dim)
    return like(image, np.flip(image.values, axis=axis), **_units(image))


def randomise_phase(image: Image, rng: np.random.Generator, *, taper: float = 0.03) -> Image:
    r"""Return an image of the same power spectrum with random phases.

    The phases of the :math:`n`-dimensional Fourier transform are replaced by those of white
    noise. Gaussian noise that is the same everywhere in the image and its surrogates are
    exchangeable, so that an empirical p-value from them is exact; bring the columns to unit
    variance first where the noise is stronger in some. The edges are faded with a cosine before
    the transform and the power is made up for, so that the jump from one edge to the other
    does not leak into the spectrum; a longer taper blurs the spectrum, and p-values from it are
    found somewhat too large. A signal in the image leaves its power in the surrogates, which
    makes the test conservative, never liberal.

    Parameters
    ----------
    image : DataArray
        NaN is taken as the mean, and is NaN again in the result.
    rng : Generator
        Source of the phases.
    taper : float
        Part of the length faded in at each edge.

    Returns
    -------
    DataArray
        In the dtype of ``image`` if it is a float.

    References
    ----------
    .. [1] J. Theiler et al., Physica D 58, 77 (1992).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> import xarray as xr
    >>> image = xr.DataArray(rng.normal(size=(64, 64)).cumsum(axis=1), dims=["time", "distance"])
    >>> surrogate = randomise_phase(image - image.mean(), rng)
    >>> bool(0.5 < float(surrogate.std() / image.std()) < 2)
    True
    """
    return _randomiser(image, taper, amplitudes=False)(rng)


def randomise_time_phase(
    image: Image, rng: np.random.Generator, *, along: str = "time", taper: float = 0.03
) -> Image:
    r"""Return an image in which every frequency has another phase, the same at all places.

    The Fourier transform along time alone is multiplied by :math:`e^{i \phi(\omega)}`, and with
    probability 1/2 the result is replaced by its complex conjugate, so that this frequency runs
    backwards in time. The power of every place at every frequency is kept, and so is what places
    have to do with one another [1]_: standing waves, ridges, amplitudes that depend on the
    distance. What is lost is that frequencies arrive together, and that more runs outwards
    than inwards. Noise that is the same at all times, whatever it is in space, and its surrogates
    are exchangeable if it prefers no direction of time, so that a p-value from them is exact. A
    signal leaves its power in them, spread over all times: the test becomes conservative.

    Parameters
    ----------
    image : DataArray
        NaN is taken as the mean, and is NaN again in the result.
    rng : Generator
        Source of the phases and directions.
    along : str
        Dim of time.
    taper : float
        Part of the time faded in at each end, as in `randomise_phase`.

    Returns
    -------
    DataArray
        In the dtype of ``image`` if it is a float.

    Raises
    ------
    ImageError
        If there is no dim ``along``.

    References
    ----------
    .. [1] D. Prichard and J. Theiler, Phys. Rev. Lett. 73, 951 (1994).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> import xarray as xr
    >>> image = xr.DataArray(rng.normal(size=(64, 48)).cumsum(axis=1), dims=["time", "distance"])
    >>> surrogate = randomise_time_phase(image, rng, taper=0)
    >>> bool(np.allclose(surrogate.std("time"), image.std("time"), rtol=0.1))
    True
    """
    return _time_randomiser(image, along, taper)(rng)


def gaussian_noise(image: Image, rng: np.random.Generator, *, taper: float = 0.03) -> Image:
    """Return Gaussian noise of the spectrum that an image has.

    A parametric bootstrap: the power spectrum is smoothed over 3 samples along each axis, and
    noise of that spectrum is drawn anew, amplitudes as well as phases. `randomise_phase` keeps
    the amplitudes of this very image, and so too much of it where the noise is not the same all
    over: p-values from it are found somewhat too small there. Edges are treated as there.

    Parameters
    ----------
    image : DataArray
        NaN is taken as the mean, and is NaN again in the result.
    rng : Generator
        Source of the noise.
    taper : float
        Part of the length faded in at each edge.

    Returns
    -------
    DataArray
        In the dtype of ``image`` if it is a float.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> import xarray as xr
    >>> image = xr.DataArray(rng.normal(size=(64, 64)), dims=["time", "distance"])
    >>> bool(0.8 < float(gaussian_noise(image, rng).std() / image.std()) < 1.2)
    True
    """
    return _randomiser(image, taper, amplitudes=True)(rng)


def _randomiser(
    image: Image, taper: float, *, amplitudes: bool
) -> Callable[[np.random.Generator], Image]:
    """Return the maker of random surrogates, which transforms the image once for all.

    With ``amplitudes`` they are drawn, too, and the spectrum is smoothed.
    """
    from scipy import fft, ndimage

    faded = _fade(image, image.dims, taper)
    shape = faded.values.shape
    amplitude = np.abs(fft.rfftn(faded.values))
    if amplitudes:
        power = np.abs(fft.fftn(faded.values)) ** 2 / faded.values.size
        smooth = ndimage.uniform_filter(power, _SMOOTHED, mode="wrap")
        amplitude = np.sqrt(smooth[..., : amplitude.shape[-1]])
    amplitude = amplitude.astype(faded.work)

    def make(rng: np.random.Generator) -> Image:
        waves = fft.rfftn(rng.standard_normal(shape, dtype=faded.work))
        size = np.abs(waves)
        waves *= amplitude if amplitudes else amplitude / np.where(size > 0, size, 1)
        return faded.undo(fft.irfftn(waves, shape, overwrite_x=True))

    return make


def _time_randomiser(
    image: Image, along: str, taper: float
) -> Callable[[np.random.Generator], Image]:
    """Return the maker of surrogates with other phases in time."""
    from scipy import fft

    require_dims(image, [along])
    axis = image.get_axis_num(along)
    faded = _fade(image, [along], taper)
    size = faded.values.shape[axis]
    waves = np.moveaxis(fft.rfft(faded.values.astype(faded.work), axis=axis), axis, -1)
    # The first frequency and, of an even number, the last have a sign for a phase.
    signed = [0, -1] if size % 2 == 0 else [0]

    def make(rng: np.random.Generator) -> Image:
        turn = np.exp(2j * np.pi * rng.random(waves.shape[-1]))
        turn[signed] = np.where(turn[signed].real < 0, -1, 1)
        back = rng.random(turn.size) < 0.5
        turned = np.where(back, waves.conj(), waves) * turn.astype(waves.dtype)
        return faded.undo(np.moveaxis(fft.irfft(turned, size, overwrite_x=True), -1, axis))

    return make


@dataclass(frozen=True)
class _Faded:
    """An image about its mean, faded at its edges with its power made up for."""

    image: Image
    values: Array
    finite: Array
    centre: float

    @property
    def kind(self) -> np.dtype[Any]:
        return self.image.dtype if self.image.dtype.kind == "f" else np.dtype(np.float64)

    @property
    def work(self) -> Any:
        return np.float32 if self.kind == np.float32 else np.float64

    def undo(self, values: Array) -> Image:
        """Return an image of other values, with the mean and the NaN of this one."""
        result = values + self.work(self.centre)
        result[~self.finite] = np.nan
        return like(self.image, result.astype(self.kind, copy=False), **_units(self.image))


def _fade(image: Image, dims: Iterable[Hashable], taper: float) -> _Faded:
    values = np.asarray(image.values, dtype=float)
    finite = np.isfinite(values)
    centre = float(values[finite].mean()) if finite.any() else 0.0
    inside = set(dims)
    window = _window([image.sizes[dim] if dim in inside else 1 for dim in image.dims], taper)
    shaded = np.where(finite, values - centre, 0.0) * window / np.sqrt(np.mean(window**2))
    return _Faded(image, shaded, finite, centre)


def surrogate_maker(
    image: Image, by: Surrogate, *, along: str, across: str, taper: float, seed: int
) -> Callable[[int], Image]:
    """Return a function from a number to the surrogate of that number.

    Number ``i`` depends on ``seed`` and ``i`` alone, so that surrogates can be made in any order.

    Parameters
    ----------
    image : DataArray
        With the dims ``along`` and ``across``.
    by : {"phase", "phase_time", "gaussian", "flip_time", "flip_distance"}
        Kind of surrogate.
    along, across : str
        Names of the dims of time and distance.
    taper : float
        See `randomise_phase`.
    seed : int
        Of the random surrogates.

    Returns
    -------
    callable
        From a whole number to a DataArray like ``image``.

    Examples
    --------
    >>> import xarray as xr
    >>> values = np.random.default_rng(0).normal(size=(64, 32))
    >>> image = xr.DataArray(values, dims=["time", "distance"])
    >>> make = surrogate_maker(image, "phase", along="time", across="distance", taper=0.0, seed=1)
    >>> bool((make(3) == make(3)).all()), bool((make(3) == make(4)).all())
    (True, False)
    """
    if by == "flip_time":
        return lambda index: flip(image, along)
    if by == "flip_distance":
        return lambda index: flip(image, across)
    if by == "phase_time":
        make = _time_randomiser(image, along, taper)
    else:
        make = _randomiser(image, taper, amplitudes=by == "gaussian")
    return lambda index: make(np.random.default_rng([seed, index]))


def _window(shape: Iterable[int], part: float) -> Array:
    from scipy.signal.windows import tukey

    window = np.ones(())
    for size in shape:
        window = window[..., None] * (tukey(size, 2 * part) if size > 2 else np.ones(size))
    return np.asarray(window)


def _units(image: Image) -> dict[str, Any]:
    return {key: value for key, value in image.attrs.items() if key == "units"}
