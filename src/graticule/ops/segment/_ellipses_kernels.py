"""Compiled sums over objects, and how well an ellipse fits them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def add_run(sums: Any, origin: Any, at: Any, length: int) -> None:
    """Add a run of samples from ``at`` on along the last axis to the sums of an object.

    These are its number of samples, sums of the positions from ``origin`` on, and of their
    products; all are whole, and so exact.
    """
    ndim = origin.size
    sums[0] += length
    start = float(at[ndim - 1] - origin[ndim - 1])
    stop = start + length
    total = length * (start + stop - 1) / 2
    square = (stop - 1) * stop * (2 * stop - 1) / 6 - (start - 1) * start * (2 * start - 1) / 6
    for i in range(ndim - 1):
        one = float(at[i] - origin[i])
        sums[1 + i] += length * one
        for j in range(i + 1):
            sums[1 + ndim + i * ndim + j] += length * one * (at[j] - origin[j])
        sums[1 + ndim + (ndim - 1) * ndim + i] += total * one
    sums[ndim] += total
    sums[ndim + ndim * ndim] += square


@njit(cache=True, nogil=True)
def fit(sums: Any, ndim: int) -> Any:
    """Return the samples of an object, and these over the volume of the ellipsoid like it."""
    area = sums[0]
    if area == 0:
        return 0.0, 0.0
    covariance = np.empty((ndim, ndim))
    for i in range(ndim):
        for j in range(i + 1):
            product = sums[1 + ndim + i * ndim + j] / area
            covariance[i, j] = product - sums[1 + i] / area * (sums[1 + j] / area)
            covariance[j, i] = covariance[i, j]
        covariance[i, i] += 1 / 12  # of a sample, which is no point
    determinant = 1.0
    for k in range(ndim):
        determinant *= covariance[k, k]
        for i in range(k + 1, ndim):
            ratio = covariance[i, k] / covariance[k, k]
            for j in range(k + 1, ndim):
                covariance[i, j] -= ratio * covariance[k, j]
    unit = math.pi ** (ndim / 2) / math.gamma(ndim / 2 + 1)
    ellipsoid = unit * (ndim + 2) ** (ndim / 2) * math.sqrt(determinant)
    return area, min(area / ellipsoid, 1.0)


@njit(cache=True, nogil=True)
def fits_of_labels(rows: Any, lead: Any, count: int) -> Any:
    """Return the samples of the objects 1..count of labels by row, and how an ellipse fits."""
    ndim = lead.size + 1
    sums = np.zeros((count + 1, 1 + ndim + ndim * ndim))
    origins, at = np.zeros((count + 1, ndim), np.int64), np.zeros(ndim, np.int64)
    for row in range(len(rows)):
        left = row
        for axis in range(ndim - 2, -1, -1):
            at[axis] = left % lead[axis]
            left //= lead[axis]
        x = 0
        while x < rows.shape[1]:
            label, start = rows[row, x], x
            while x < rows.shape[1] and rows[row, x] == label:
                x += 1
            if label > 0:
                at[ndim - 1] = start
                if sums[label, 0] == 0:
                    origins[label] = at
                add_run(sums[label], origins[label], at, x - start)
    areas, fits = np.empty(count), np.empty(count)
    for label in range(count):
        areas[label], fits[label] = fit(sums[label + 1], ndim)
    return areas, fits
