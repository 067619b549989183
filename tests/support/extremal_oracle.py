"""The steps of `segment.extremal_regions` in plain NumPy and SciPy, one label image a threshold."""

from __future__ import annotations

import math

import numpy as np
from scipy import fft, ndimage

HOLE = 0.2


def fit_of(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sizes of the objects, and these over the size of the ellipsoid of the same moments."""
    ndim = labels.ndim
    areas, fits = np.zeros(count), np.zeros(count)
    for number in range(1, count + 1):
        places = np.argwhere(labels == number)
        if len(places) == 0:
            continue
        apart = places - places.mean(axis=0)
        covariance = apart.T @ apart / len(places) + np.eye(ndim) / 12
        unit = math.pi ** (ndim / 2) / math.gamma(ndim / 2 + 1)
        ellipsoid = unit * (ndim + 2) ** (ndim / 2) * math.sqrt(np.linalg.det(covariance))
        areas[number - 1], fits[number - 1] = len(places), min(len(places) / ellipsoid, 1)
    return areas, fits


def without_holes(mask: np.ndarray) -> np.ndarray:
    """Fill the holes that are small beside what surrounds them."""
    holes, count = ndimage.label(~mask, np.ones((3,) * mask.ndim))
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.reshape(-1))
    filled = mask.copy()
    for number in range(1, count + 1):
        hole = holes == number
        places = np.argwhere(hole)
        at_border = (places == 0).any() or (places == np.array(mask.shape) - 1).any()
        around = parts.reshape(-1)[np.flatnonzero(hole)[0] - 1]
        if not at_border and len(places) <= HOLE * sizes[around]:
            filled |= hole
    return filled


def tree_of(
    values: np.ndarray, thresholds: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Return labels by threshold, and by part the number of the one around it, size and fit."""
    levels: list[np.ndarray] = []
    parents, areas, fits = [np.zeros(0, int)], [np.zeros(0)], [np.zeros(0)]
    offset = 0
    for threshold in thresholds:
        labels, count = ndimage.label(without_holes(values > threshold))
        if count == 0:
            break
        first = np.unique(labels, return_index=True)[1][-count:]
        if levels:
            parents.append(levels[-1].reshape(-1)[first] - 1 + offset)
            offset += int(levels[-1].max())
        else:
            parents.append(np.full(count, -1))
        area, fit = fit_of(labels, count)
        areas.append(area)
        fits.append(fit)
        levels.append(labels)
    return levels, np.concatenate(parents), np.concatenate(areas), np.concatenate(fits)


def best_parts(levels: list[np.ndarray], parents: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return labels of the disjoint parts that are worth most together."""
    inner = np.zeros(len(own))
    for number in range(len(own) - 1, -1, -1):
        if parents[number] >= 0:
            inner[parents[number]] += max(inner[number], own[number])
    is_best = (own >= inner) & (own > 0)
    is_open, chosen = np.ones(len(own), bool), np.zeros(len(own), bool)
    for number, parent in enumerate(parents):
        is_open[number] = parent < 0 or (is_open[parent] and not is_best[parent])
        chosen[number] = is_open[number] and is_best[number]
    numbers = np.where(chosen, np.cumsum(chosen), 0)
    labels = np.zeros(levels[0].shape, int)
    offset = 0
    for level in levels:
        given = np.append(0, numbers[offset : offset + int(level.max())])
        labels = np.maximum(labels, given[level])
        offset += int(level.max())
    return labels


def solid(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the largest piece of each object, its holes filled, where none came before."""
    result = np.zeros(labels.shape, np.int32)
    for number in range(1, count + 1):
        pieces, several = ndimage.label(ndimage.binary_fill_holes(labels == number))
        if several:
            largest = 1 + int(np.argmax(np.bincount(pieces.reshape(-1))[1:]))
            result[(pieces == largest) & (result == 0)] = number
    return result


def usual_diameter(height: np.ndarray, top: float) -> float:
    """Return the diameter of the strongest and most skewed Laplacian, each on the whole grid."""
    waves = fft.dctn(np.clip(height, 0, top), norm="ortho")
    squared = np.zeros(height.shape)
    for axis, size in enumerate(height.shape):
        shape = [1] * height.ndim
        shape[axis] = size
        squared = squared + ((np.pi * np.arange(size) / size) ** 2).reshape(shape)
    best, diameter = 0.0, 2 * math.sqrt(2)
    for step in range(int(4 * math.log2(max(max(height.shape) / 6, 1))) + 1):
        width = 2.0 ** (step / 4)
        response = fft.idctn(
            waves * width**2 * squared * np.exp(-(width**2) * squared / 2), norm="ortho"
        )
        energy = float(np.mean(response**2))
        strength = float(np.mean(response**3)) / math.sqrt(energy) if energy > 0 else 0.0
        if strength > best:
            best, diameter = strength, 2 * math.sqrt(2) * width
    return diameter
