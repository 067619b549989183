"""Simulated cut-outs of galaxies, with neighbours, stripes and trails, and the truth."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.simulate._primitives import blurred

Morphology = Literal["spiral", "elliptical", "disk", "any"]
_SKY = 0.03
_SOFT = 0.08
_COLOURS = {
    "bulge": (1.0, 0.8, 0.55),
    "disk": (0.75, 0.85, 1.0),
}
_AWAY = 5
"""Radii from the middle to the nearest neighbour."""
_LEAST_SHARE = 0.1
"""Of what has less of the galaxy's light, in the picture, a person says that it is on it."""


class Galaxy(NamedTuple):
    """A cut-out, and what is in it.

    Attributes
    ----------
    image : DataArray
        uint8 with the dims ``y x c``.
    y, x : float
        Where the middle of the galaxy is, in pixels.
    radius : float
        Half-light radius along the major axis, in pixels.
    axis_ratio, angle : float
        Minor over major axis; radians from ``y`` to the major axis.
    footprint : DataArray
        Where the light of the galaxy alone is above the noise of a sample, in the mean of the
        channels.
    blended : bool
        Whether a person would say that there are two: the footprint of a companion, found in the
        same way, meets it; in the picture the companion has a tenth of its light or more; and
        between the two middles light falls, by more than the noise of a sample.
    striped, trailed : bool
        Whether there is a stripe of missing data, or the trail of a satellite.
    morphology : str
        What the galaxy is.
    """

    image: xr.DataArray
    y: float
    x: float
    radius: float
    axis_ratio: float
    angle: float
    footprint: xr.DataArray
    blended: bool
    striped: bool
    trailed: bool
    morphology: str


def galaxies(
    size: int = 212,
    *,
    morphology: Morphology = "any",
    radius: float = 12.0,
    neighbours: int = 3,
    companion: float | None = None,
    stripe: float | None = None,
    trail: bool = False,
    noise: float = 0.012,
    seed: int | list[int] = 0,
) -> Galaxy:
    r"""Return a cut-out around a galaxy.

    Light falls off as :math:`\exp(-b\,[(r / r_e)^{1/n} - 1])` [1]_ with :math:`n` 1 for a disk, 2
    to 4 for an elliptical galaxy and the bulge of a spiral one, whose disk has two unequal arms on
    logarithmic spirals, with knots of young stars; it is blurred by the atmosphere, seen with
    noise, and stretched by an inverse hyperbolic sine as survey pictures are [2]_.

    Parameters
    ----------
    size : int
        Pixels along ``y`` and ``x``.
    morphology : {"any", "spiral", "elliptical", "disk"}
        What the galaxy in the middle is; ``any`` is spiral or elliptical, as it is drawn.
    radius : float
        Its half-light radius, in pixels.
    neighbours : int
        Stars and small galaxies anywhere but near it.
    companion : float, optional
        Distance of another galaxy of 0.4 to 0.8 of its size, in its radii.
    stripe : float, optional
        Width of a dark stripe of missing data, in pixels.
    trail : bool
        Whether a satellite went through.
    noise : float
        Standard deviation of the noise; the middle of a galaxy has about 1.
    seed : int or list of int
        Of everything.

    Raises
    ------
    ParameterError
        If there is no place for neighbours.

    References
    ----------
    .. [1] Sersic, J. L., "Influence of the atmospheric and instrumental dispersion on the
       brightness distribution in a galaxy", Bol. Asoc. Argentina Astron. 6, 41-43, 1963.
    .. [2] Lupton, R. et al., "Preparing red-green-blue images from CCD data", PASP 116, 133-137,
       2004. :doi:`10.1086/382245`

    Examples
    --------
    >>> seen = galaxies(radius=10, seed=1)
    >>> seen.image.sizes["c"], bool(abs(seen.y - 106) < 4)
    (3, True)
    """
    if neighbours and _AWAY * radius > 0.7 * size:
        raise ParameterError(
            f"must leave room for neighbours {_AWAY} radii away, not {radius:g} of {size} pixels",
            where="radius",
            hint="have no neighbours, or a larger size",
        )
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(["spiral", "elliptical"])) if morphology == "any" else morphology
    y, x = size / 2 + rng.uniform(-3, 3, 2)
    ratio = float(rng.uniform(0.45, 0.95))
    angle = float(rng.uniform(-np.pi / 2, np.pi / 2))
    own = _seen(_light(size, (y, x), radius, ratio, angle, kind, rng))
    others = np.zeros_like(own)
    for _ in range(neighbours):
        others += _neighbour(size, (y, x), _AWAY * radius, rng)
    beside, place = np.zeros_like(own), (y, x)
    if companion is not None:
        turn = float(rng.uniform(0, 2 * np.pi))
        place = y + companion * radius * np.sin(turn), x + companion * radius * np.cos(turn)
        beside = _seen(_companion(size, place, radius, rng))
    if trail:
        others += _line(size, rng.uniform(1.0, 1.6), rng)[..., None] * 0.3
    values = own + _seen(others) + beside + _SKY + rng.normal(0, noise, own.shape)
    if stripe is not None:
        values[_line(size, stripe / 2, rng) > np.exp(-0.5)] = 0
    return Galaxy(
        as_image(np.clip(255 * _stretched(values), 0, 255).astype(np.uint8), dims=("y", "x", "c")),
        float(y),
        float(x),
        radius,
        ratio,
        angle,
        as_image(own.mean(axis=-1) > noise),
        companion is not None and _is_blended(own, beside, ((y, x), place), noise),
        stripe is not None,
        trail,
        kind,
    )


def _stretched(light: Array | float) -> Array:
    return np.asarray(np.arcsinh(np.clip(light, 0, None) / _SOFT) / np.arcsinh(1.2 / _SOFT))


def _is_blended(
    own: Array,
    beside: Array,
    middles: tuple[tuple[float, float], tuple[float, float]],
    noise: float,
) -> bool:
    """Tell whether a person would see a companion on a galaxy, from the light of both alone."""
    one, other = own.mean(axis=-1), beside.mean(axis=-1)
    meets = bool(((one > noise) & (other > noise)).any())
    shown = [float((_stretched(each + _SKY) - _stretched(_SKY)).sum()) for each in (one, other)]
    return meets and shown[1] >= _LEAST_SHARE * shown[0] and _dip(one + other, *middles) > noise


def _dip(light: Array, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far light falls on the straight line between two places, below the fainter."""
    from scipy import ndimage

    part = np.linspace(0, 1, 4 * int(np.hypot(other[0] - one[0], other[1] - one[1])) + 2)
    line = [a + part * (b - a) for a, b in zip(one, other, strict=True)]
    between = ndimage.map_coordinates(light, line, order=1, mode="nearest")
    return float(min(between[0], between[-1]) - between.min())


def _seen(light: Array) -> Array:
    """Return light as it is blurred by the atmosphere."""
    return np.stack([blurred(light[..., c], 1.4) for c in range(light.shape[-1])], axis=-1)


def _light(
    size: int,
    middle: tuple[float, float],
    radius: float,
    ratio: float,
    angle: float,
    morphology: str,
    rng: np.random.Generator,
) -> Array:
    y, x = np.mgrid[:size, :size].astype(float)
    y, x = y - middle[0], x - middle[1]
    along = y * np.cos(angle) + x * np.sin(angle)
    across = (x * np.cos(angle) - y * np.sin(angle)) / ratio
    far = np.hypot(along, across)
    bulge, disk = (np.array(_COLOURS[part]) for part in ("bulge", "disk"))
    if morphology == "elliptical":
        return np.asarray(_sersic(far, radius, float(rng.uniform(2, 4)))[..., None] * bulge)
    light = _sersic(far, radius, 1.0)
    if morphology == "disk":
        return np.asarray(light[..., None] * disk)
    pitch, hand = np.deg2rad(rng.uniform(15, 30)), rng.choice([-1.0, 1.0])
    wound = np.log(np.maximum(far, 1) / radius) / np.tan(pitch)
    phase = np.arctan2(across, along) * hand - wound
    arms = 1 + 0.8 * np.cos(2 * phase) + rng.uniform(0, 0.3) * np.cos(phase)
    within = 1 / (1 + np.exp(-(far - 0.5 * radius) / (0.15 * radius)))
    spiral = light * (1 + within * (np.maximum(arms, 0) - 1))
    for _ in range(rng.poisson(5)):
        spiral += light * within * _knot(along, across * ratio, radius, hand / np.tan(pitch), rng)
    core = 0.8 * _sersic(far, 0.25 * radius, 2.0)
    return np.asarray(spiral[..., None] * disk + core[..., None] * bulge)


def _knot(
    along: Array, across: Array, radius: float, winding: float, rng: np.random.Generator
) -> Array:
    """Return a small bright place on one of the two arms, in the plane of the disk."""
    far = rng.uniform(0.6, 1.8) * radius
    turn = np.log(far / radius) * winding + np.pi * rng.integers(2)
    square = (along - far * np.cos(turn)) ** 2 + (across - far * np.sin(turn)) ** 2
    width = rng.uniform(0.06, 0.12) * radius
    return np.asarray(rng.uniform(0.5, 2) * np.exp(-0.5 * square / width**2))


def _companion(
    size: int, place: tuple[float, float], radius: float, rng: np.random.Generator
) -> Array:
    """Return a smaller galaxy without arms."""
    own = rng.uniform(0.4, 0.8) * radius
    tilt, angle = float(rng.uniform(0.5, 1)), float(rng.uniform(0, np.pi))
    kind = str(rng.choice(["elliptical", "disk"]))
    return np.asarray(rng.uniform(0.6, 1) * _light(size, place, own, tilt, angle, kind, rng))


def _sersic(far: Array, radius: float, index: float) -> Array:
    """Return a profile whose light at a quarter of the half-light radius is 0.7."""
    steep = 2 * index - 1 / 3
    shape = np.exp(-steep * ((np.maximum(far, 0.25) / radius) ** (1 / index) - 1))
    return np.asarray(0.7 * shape / np.exp(-steep * (0.25 ** (1 / index) - 1)))


def _neighbour(
    size: int, middle: tuple[float, float], away: float, rng: np.random.Generator
) -> Array:
    """Return a star or a small galaxy that is not near the middle."""
    while True:
        place = rng.uniform(0, size, 2)
        if np.hypot(*(place - middle)) > away:
            break
    tint = rng.uniform(0.5, 1, 3)
    if rng.random() < 0.5:
        light = np.zeros((size, size))
        light[tuple(place.astype(int))] = 10 ** rng.uniform(0.5, 1.6)
        return np.asarray(light[..., None] * tint)
    where = (float(place[0]), float(place[1]))
    return (
        0.5
        * tint
        * _light(
            size,
            where,
            float(rng.uniform(1.5, 4)),
            float(rng.uniform(0.4, 1)),
            0.0,
            "elliptical",
            rng,
        )
    )


def _line(size: int, width: float, rng: np.random.Generator) -> Array:
    """Return a straight line through the picture, 1 on it, a Gaussian of a width across."""
    y, x = np.mgrid[:size, :size].astype(float) - size / 2
    angle, off = rng.uniform(0, np.pi), rng.uniform(-0.35, 0.35) * size
    return np.asarray(np.exp(-0.5 * ((y * np.cos(angle) + x * np.sin(angle) - off) / width) ** 2))
