"""Simulated roots in soil: a radiograph of a slab (2-D) or a tomogram (3-D), with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.simulate._growth import Growth, Path, grown, painted, walked
from graticule.simulate._primitives import blurred, ellipsoid, smooth_noise, tomogram_noise

__all__ = ["Growth", "RootImage", "Scan", "Soil", "roots"]


class RootImage(NamedTuple):
    """A simulated measurement and its truth; dims ``y x`` or ``z y x``.

    Attributes
    ----------
    image : DataArray
        2-D: the transmission measured, about 0 to 1. 3-D: the attenuation coefficient measured,
        in inverse samples. float32.
    mask : DataArray
        Bool, samples inside a root.
    centreline : DataArray
        Bool, samples that the axes of the roots run through.
    radius : DataArray
        float32, the radius of the root in samples; 0 outside.
    length : float
        Of all roots, in samples.

    Examples
    --------
    >>> made = roots((96, 80), seed=1)
    >>> made.mask.dtype.name, bool((made.radius.values[~made.mask.values] == 0).all())
    ('bool', True)
    """

    image: xr.DataArray
    mask: xr.DataArray
    centreline: xr.DataArray
    radius: xr.DataArray
    length: float


@dataclass(frozen=True)
class Soil:
    """What the roots grow in.

    Attributes
    ----------
    attenuation : float
        Mean attenuation coefficient, in inverse samples.
    moisture, aggregates, grains : float
        Standard deviations, in parts of the mean, of what differs over an eighth of the image,
        over 6 samples and over 1.5 samples. A slab (2-D) shows their mean over its thickness.
    cracks : int
        Thin crooked gaps, which attenuate nothing.
    stones : int
        Ellipses or ellipsoids, which attenuate up to 60 % less or more than the soil.

    Examples
    --------
    >>> even = Soil(moisture=0, aggregates=0, grains=0, cracks=0, stones=0)
    >>> plain, usual = (roots((64, 64), soil=soil, seed=1) for soil in (even, Soil()))
    >>> float(plain.image.std()) < float(usual.image.std())
    True
    """

    attenuation: float = 0.02
    moisture: float = 0.1
    aggregates: float = 0.15
    grains: float = 0.15
    cracks: int = 3
    stones: int = 5


@dataclass(frozen=True)
class Scan:
    """How it is measured.

    Attributes
    ----------
    flux : float
        Particles counted in a sample without anything in the beam.
    blur : float
        Standard deviation of the point spread, in samples.
    thickness : float
        Of the slab, in samples (2-D).
    projections : int
        Of the tomogram (3-D).

    Examples
    --------
    >>> noisy, clear = (roots((64, 64), scan=Scan(flux=flux), seed=1) for flux in (50, 50_000))
    >>> float(noisy.image.std()) > float(clear.image.std())
    True
    """

    flux: float = 1500.0
    blur: float = 0.8
    thickness: float = 60.0
    projections: int = 1000


def roots(
    shape: Sequence[int] = (256, 256),
    *,
    attenuation: float = 0.06,
    growth: Growth | None = None,
    soil: Soil | None = None,
    scan: Scan | None = None,
    seed: int | list[int] = 0,
) -> RootImage:
    r"""Simulate branching roots in soil.

    Roots start at the top, bend with a memory of a few samples, turn downwards, taper, and
    branch at random distances under an angle. They take the place of the soil, which is
    correlated over several lengths and has cracks and stones.

    In 2-D the image is a radiograph of a slab of thickness :math:`D`, divided by the open beam:
    :math:`T = e^{-\mu_s (D - \ell) - \mu_r \ell}` (Beer and Lambert) with the length
    :math:`\ell` of the beam inside roots, blurred by the point spread, counted (Poisson). In 3-D
    it is a tomogram: the attenuation coefficient, blurred, with the noise that counting leaves
    after filtered back projection, of variance :math:`\pi^2 e^{p} / (12 N \Phi)` for :math:`N`
    projections, flux :math:`\Phi` and mean line integral :math:`p`.

    Parameters
    ----------
    shape : sequence of int
        Samples along ``y x`` or ``z y x``; ``y`` is down.
    attenuation : float
        Attenuation coefficient of roots, in inverse samples: above that of the soil for
        neutrons (water), below it for X-rays.
    growth : Growth, optional
        Number, form and branching of the roots.
    soil : Soil, optional
        Attenuation and texture.
    scan : Scan, optional
        Flux and point spread.
    seed : int or list of int
        Of everything that is drawn.

    Returns
    -------
    RootImage
        The image, and mask, centreline, radius and length of the roots.

    Raises
    ------
    ParameterError
        If ``shape`` has neither two nor three sizes.

    Examples
    --------
    >>> made = roots((96, 80), seed=1)
    >>> made.image.dims, bool(made.mask.values[made.centreline.values].all())
    (('y', 'x'), True)
    """
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ParameterError(f"two or three sizes of at least 1, not {list(shape)}", where="shape")
    rng = np.random.default_rng(seed)
    growth, soil, scan = growth or Growth(), soil or Soil(), scan or Scan()
    if growth.count < 0 or not growth.radius > 0:
        raise ParameterError(
            f"count must be 0 or more and radius above 0, not {growth.count}, {growth.radius:g}",
            where="growth",
        )
    paths = painted(grown(rng, shape, growth), shape)
    ground = _soil(rng, shape, soil, scan.thickness)
    if len(shape) == 2:
        inside = np.minimum(paths.chord, scan.thickness)
        depth = ground * (scan.thickness - inside) + attenuation * inside
        light = blurred(np.exp(-depth), scan.blur)
        image = rng.poisson(scan.flux * light) / scan.flux
    else:
        ground[paths.mask] = attenuation
        image = _reconstructed(rng, ground, scan)
    return RootImage(
        as_image(image.astype(np.float32)),
        as_image(paths.mask),
        as_image(paths.centreline),
        as_image(paths.radius),
        paths.length,
    )


def _soil(rng: np.random.Generator, shape: Sequence[int], soil: Soil, thickness: float) -> Array:
    """Return the attenuation coefficient of the soil at each sample."""
    texture = np.ones(tuple(shape))
    scales = (max(shape) / 8, 6.0, 1.5)
    for part, scale in zip((soil.moisture, soil.aggregates, soil.grains), scales, strict=True):
        # A slab shows the mean of the independent layers that lie one behind the other.
        seen = min(1.0, np.sqrt(2 * scale / thickness)) if len(shape) == 2 else 1.0
        texture += part * seen * smooth_noise(rng, shape, scale)
    for _ in range(soil.stones):
        inside, depth = ellipsoid(shape, rng.uniform(0, shape), rng.uniform(3, 12, len(shape)))
        share = np.minimum(24 * depth / thickness, 1) if len(shape) == 2 else 1.0
        texture[inside] *= 1 + rng.uniform(-0.6, 0.6) * share
    cracks = painted([_crack(rng, shape) for _ in range(soil.cracks)], shape)
    # A crack does not go through the whole slab: it leaves a part of the soil.
    texture[cracks.mask] *= rng.uniform(0.4, 0.8) if len(shape) == 2 else 0.05
    return np.asarray(soil.attenuation * np.clip(texture, 0, None))


def _crack(rng: np.random.Generator, shape: Sequence[int]) -> Path:
    """Return a gap that runs mostly sideways, is widest in its middle and ends thin."""
    start = rng.uniform(0, shape)
    heading = rng.normal(0, 1, len(shape))
    heading[-2] *= 0.3
    count = max(2, int(rng.uniform(0.2, 0.7) * shape[-1]))
    places, _ = walked(rng, start, heading, count, 0.0, 0.08)
    width = rng.uniform(0.8, 2.0) * np.sin(np.linspace(0.15, np.pi - 0.15, count))
    return Path(places, np.maximum(width, 0.75))


def _reconstructed(rng: np.random.Generator, attenuation: Array, scan: Scan) -> Array:
    """Return a tomogram: blurred, with the noise of filtered back projection."""
    crossed = float(attenuation.mean()) * (attenuation.shape[-1] + attenuation.shape[-2]) / 2
    variance = np.pi**2 * np.exp(crossed) / (12 * scan.projections * scan.flux)
    noise = tomogram_noise(rng, attenuation.shape, float(np.sqrt(variance)))
    return blurred(attenuation, scan.blur) + noise
