"""Simulated micrographs of nuclei, fluorescent, stained or in bright field, with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from graticule.core import as_image
from graticule.core.typing import Array
from graticule.simulate._primitives import blurred, ellipsoid
from graticule.simulate.cells import CellImage

Contrast = Literal["fluorescent", "stained", "bright-field"]


def nuclei(
    shape: Sequence[int] = (256, 256),
    *,
    count: int = 60,
    radius: float = 7.0,
    contrast: Contrast = "fluorescent",
    photons: float = 120.0,
    seed: int | list[int] = 0,
) -> CellImage:
    """Return a micrograph of nuclei, and their labels.

    Nuclei are ellipses of different size, brightness and texture, of which some touch and none
    overlaps by more than a little; the later lies below. Fluorescent ones are bright on dark
    with the light of their surroundings and shot noise; stained ones are dark on bright, as
    haematoxylin is; in bright field they are a little darker than a ground with a grain of its
    own, under light that falls off from one side to the other.

    Parameters
    ----------
    shape : sequence of int
        Samples along ``y x``.
    count : int
        Nuclei to be placed; where there is no room, fewer are.
    radius : float
        Mean of the half axes, in pixels.
    contrast : {"fluorescent", "stained", "bright-field"}
        Bright on dark, dark on bright, or darker under uneven light.
    photons : float
        Mean number at a nucleus of usual brightness; fewer is noisier.
    seed : int or list of int
        Of everything.

    Returns
    -------
    CellImage
        The micrograph, uint8, and its labels; dims ``y x``.

    Examples
    --------
    >>> image, labels = nuclei(count=20)
    >>> int(labels.max()), image.dtype.name
    (20, 'uint8')
    """
    rng = np.random.default_rng(seed)
    truth = np.zeros(tuple(shape), np.int32)
    light = np.zeros(tuple(shape))
    for _ in range(20 * count):
        if truth.max() == count:
            break
        inside = _ellipse(truth.shape, radius, rng)
        free = truth[inside] == 0
        if np.count_nonzero(~free) > 0.08 * free.size or free.size < 20:
            continue
        free_index = tuple(index[free] for index in inside)
        truth[free_index] = truth.max() + 1
        texture = blurred(rng.standard_normal(truth.shape), 1.5)
        light[free_index] = rng.lognormal(0, 0.25) * (1 + 0.5 * texture[free_index])
    seen = blurred(light, 0.8) + 0.15 * blurred(light, 4 * radius)
    counts = rng.poisson(photons * np.clip(seen + 0.04, 0, None)) / photons
    if contrast == "fluorescent":
        values = 90 * counts
    elif contrast == "stained":
        values = 215 - 95 * counts
    else:
        values = _in_bright_field(counts, rng)
    return CellImage(as_image(np.clip(values, 0, 255).astype(np.uint8)), as_image(truth))


def _in_bright_field(counts: Array, rng: np.random.Generator) -> Array:
    """Return what transmitted light leaves: low contrast, a grainy ground, a slope of the light."""
    grain = np.zeros(counts.shape)
    for width in (1.0, 2.0, 4.0):
        grain += width * blurred(np.asarray(rng.standard_normal(counts.shape)), width)
    slope = np.linspace(-0.15, 0.15, counts.shape[-1])
    values: Array = (185 - 55 * counts + 3 * grain) * (1 + slope)
    return values


def _ellipse(shape: Sequence[int], radius: float, rng: np.random.Generator) -> tuple[Array, ...]:
    """Return the samples of an ellipse of random place, size and direction."""
    centre = rng.uniform(0, shape)
    half = radius * rng.uniform(0.75, 1.3, 2)
    angle = rng.uniform(0, np.pi)
    axes = np.array([[np.sin(angle), np.cos(angle)], [np.cos(angle), -np.sin(angle)]])
    return ellipsoid(shape, centre, half, axes).inside
