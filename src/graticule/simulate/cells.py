"""Simulated cells in a microscope, in a plane or in a volume, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.simulate._primitives import Body, blurred, ellipsoid, smooth_noise

__all__ = ["CellImage", "Microscope", "cells"]

_TRIES = 40
_FULL = 2000
"""Places in a row without room, after which there is none."""


class CellImage(NamedTuple):
    """A simulated micrograph and its truth; dims ``y x`` or ``z y x``.

    Attributes
    ----------
    image : DataArray
        Grey values, uint16.
    labels : DataArray
        int32, 1 to n in the order in which the cells were placed; 0 is background.

    Examples
    --------
    >>> made = cells((64, 64), count=4, seed=1)
    >>> made.image.dtype.name, int(made.labels.max())
    ('uint16', 4)
    """

    image: xr.DataArray
    labels: xr.DataArray


@dataclass(frozen=True)
class Microscope:
    """How fluorescence becomes grey values.

    Attributes
    ----------
    photons : float
        Mean number counted at a cell of usual brightness.
    gain : float
        Grey values for each photon.
    offset, readout : float
        Grey value where nothing is counted, and the standard deviation of the readout noise.
    blur, axial : float
        Standard deviation of the point spread in the plane, in samples, and along ``z`` in
        units of the former.
    background : float
        Fluorescence between the cells, in parts of that of a cell.
    haze : float
        Light from out of focus, in parts of that of a cell.
    shading : float
        By how much the light falls off from the centre to the corners.

    Examples
    --------
    >>> dim = Microscope(photons=5, haze=0)
    >>> made = cells((64, 64), count=4, microscope=dim, seed=1)
    >>> float(made.image.max()) < float(cells((64, 64), count=4, seed=1).image.max())
    True
    """

    photons: float = 60.0
    gain: float = 8.0
    offset: float = 100.0
    readout: float = 10.0
    blur: float = 1.0
    axial: float = 2.5
    background: float = 0.05
    haze: float = 0.2
    shading: float = 0.15


def cells(
    shape: Sequence[int] = (256, 256),
    *,
    count: int = 60,
    radius: float = 9.0,
    elongation: float = 1.6,
    overlap: float = 0.02,
    brightness: float = 0.3,
    texture: float = 0.25,
    step: float = 1.0,
    microscope: Microscope | None = None,
    seed: int | list[int] = 0,
) -> CellImage:
    r"""Simulate ellipsoidal cells of any direction under a fluorescence microscope.

    Cells are placed at random; one that would overlap with those that are there by more than
    ``overlap`` is placed elsewhere, and what it may overlap belongs to the earlier. In a plane a
    cell shines in proportion to its thickness and the light of all depths is seen; in a volume
    every sample inside shines alike, apart from the texture. The light is blurred by the point
    spread, joined by background and haze, shaded, counted (Poisson) and read out (Gaussian).

    Parameters
    ----------
    shape : sequence of int
        Samples along ``y x`` or ``z y x``.
    count : int
        Cells to be placed; where there is no room, fewer are.
    radius : float
        Mean of the half axes in samples of the plane; from cell to cell it differs by 15 %.
    elongation : float
        Longest by shortest half axis, at most.
    overlap : float
        Part of a cell that may be taken by others.
    brightness : float
        Standard deviation of the logarithm of the brightness of a cell.
    texture : float
        Standard deviation of the brightness inside a cell.
    step : float
        Distance between slices, in samples of the plane (3-D).
    microscope : Microscope, optional
        Photons, point spread and background.
    seed : int or list of int
        Of everything that is drawn.

    Returns
    -------
    CellImage
        The micrograph and its labels.

    Raises
    ------
    ParameterError
        If ``shape`` has neither two nor three sizes, ``count`` is negative, or ``radius`` or
        ``step`` is not positive.

    Examples
    --------
    >>> made = cells((24, 96, 96), count=12, step=2, seed=1)
    >>> made.image.dims, int(made.labels.max())
    (('z', 'y', 'x'), 12)
    """
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ParameterError(f"two or three sizes of at least 1, not {list(shape)}", where="shape")
    if count < 0 or not radius > 0 or not step > 0:
        raise ParameterError(
            f"count must be 0 or more, radius and step above 0, not {count}, {radius:g}, {step:g}",
            where="cells",
        )
    rng = np.random.default_rng(seed)
    missed = 0
    labels, light = np.zeros(tuple(shape), np.int32), np.zeros(tuple(shape))
    stretch = np.array([step, 1.0, 1.0][-len(shape) :])
    for _ in range(_TRIES * count):
        if labels.max() == count or missed == _FULL:
            break
        body = _cell(rng, shape, radius, elongation, stretch)
        free = labels[body.inside] == 0
        if free.size < 8 or np.count_nonzero(~free) > overlap * free.size:
            missed += 1
            continue
        missed = 0
        free_index = tuple(index[free] for index in body.inside)
        labels[free_index] = labels.max() + 1
        shape_of = body.depth[free] if len(shape) == 2 else 1.0
        light[free_index] = np.exp(rng.normal(0, brightness)) * (0.3 + 0.7 * shape_of)
    light *= np.clip(1 + texture * smooth_noise(rng, shape, radius / 4), 0.05, None)
    spacing = {"z": step, "y": 1.0, "x": 1.0} if len(shape) == 3 and step != 1 else None
    image = _seen(rng, light, microscope or Microscope(), stretch, radius)
    return CellImage(as_image(image, spacing=spacing), as_image(labels, spacing=spacing))


def _cell(
    rng: np.random.Generator,
    shape: Sequence[int],
    radius: float,
    elongation: float,
    stretch: Array,
) -> Body:
    """Return a cell of random place, size and direction."""
    ndim = len(shape)
    spread = np.sqrt(max(elongation, 1.0))
    half = radius * np.clip(rng.normal(1, 0.15), 0.5, 1.6)
    half = half * np.exp(rng.uniform(-np.log(spread), np.log(spread), ndim))
    # The axes of a random matrix point in every direction alike.
    axes, _ = np.linalg.qr(rng.standard_normal((ndim, ndim)))
    return ellipsoid(shape, rng.uniform(0, shape), half, axes, stretch)


def _seen(
    rng: np.random.Generator,
    light: Array,
    microscope: Microscope,
    stretch: Array,
    radius: float,
) -> Array:
    """Return the grey values of a sample that shines."""
    axial = [microscope.axial] if light.ndim == 3 else []
    width = microscope.blur * np.array([*axial, 1.0, 1.0]) / stretch
    sharp = blurred(light, width)
    haze = microscope.haze * blurred(light, 2.5 * radius / stretch)
    ends = [np.linspace(-1, 1, size) ** 2 for size in light.shape[-2:]]
    fall = 1 - microscope.shading * (ends[0][:, None] + ends[1][None, :]) / 2
    expected = microscope.photons * fall * (sharp + haze + microscope.background)
    counts = rng.poisson(np.clip(expected, 0, None))
    grey = microscope.gain * counts + rng.normal(microscope.offset, microscope.readout, light.shape)
    return np.asarray(np.clip(np.rint(grey), 0, 65535).astype(np.uint16))
