# mypy: disable-error-code="no-any-return"
"""Compiled loops of the superpixels.

Images have three axes (``z y x``, those that are missing of one sample) and channels. Labels are
1..n; 0 is outside the mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def windows(centers: Any, reach: int, height: int) -> Any:
    """Return which centers reach which row: bounds of each row's part of a list, and the list."""
    bounds = np.zeros(height + 1, np.int64)
    for turn in range(2):
        if turn == 1:
            bounds[1:] = np.cumsum(bounds[1:])
            found = np.empty(bounds[-1], np.int32)
            filled = bounds[:-1].copy()
        for k in range(centers.shape[0]):
            low = int(max(centers[k, 1] - reach, 0.0))
            for y in range(low, int(min(centers[k, 1] + reach + 1, height))):
                if turn == 0:
                    bounds[y + 1] += 1
                else:
                    found[filled[y]] = k
                    filled[y] += 1
    return bounds, found


@njit(cache=True, nogil=True)
def assign_rows(
    image: Any,
    mask: Any,
    centers: Any,
    rows: Any,
    within: Any,
    reach: Any,
    scale: Any,
    start: int,
    stop: int,
    labels: Any,
) -> Any:
    """Give each sample of some rows its nearest center; return the sums of each center's samples.

    Rows are numbered over ``z`` and ``y``; ``image`` is ``c z y x``. A center is ``z y x`` and a
    colour, and has a say as far as ``reach``. Of equals the first center is taken. The sums are a
    count, the positions and the colours; the last entry of all counts the samples that changed.
    """
    channels, depth, height, width = image.shape
    sums = np.zeros((centers.shape[0] + 1, 4 + channels))
    best = np.empty(width, np.float32)
    away = np.empty(width, np.float32)
    nearest = np.empty(width, np.int32)
    places = np.arange(width).astype(np.float32)
    across = np.float32(scale[2])
    for row in range(start, stop):
        z, y = row // height, row % height
        best[:] = np.inf
        nearest[:] = labels[z, y]
        for k in within[rows[y] : rows[y + 1]]:
            cz, cx = centers[k, 0], centers[k, 2]
            if int(max(cz - reach[0], 0.0)) <= z < int(min(cz + reach[0] + 1, depth)):
                first, last = int(max(cx - reach[2], 0.0)), int(min(cx + reach[2] + 1, width))
                off = np.float32((cz - z) ** 2 * scale[0] + (centers[k, 1] - y) ** 2 * scale[1])
                label, at = np.int32(k + 1), np.float32(cx)
                if channels == 1:
                    grey = np.float32(centers[k, 3])
                    _take_grey(
                        places[first:last],
                        at,
                        off,
                        across,
                        image[0, z, y, first:last],
                        grey,
                        label,
                        best[first:last],
                        nearest[first:last],
                    )
                    continue
                _distances(places[first:last], at, off, across, away[first:last])
                for channel in range(channels):
                    colour = np.float32(centers[k, 3 + channel])
                    _add_squares(image[channel, z, y, first:last], colour, away[first:last])
                _take(away[first:last], label, best[first:last], nearest[first:last])
        _add_row(image, mask, labels, nearest, z, y, sums)
    return sums


@njit(cache=True, nogil=True)
def _take_grey(
    places: Any,
    at: Any,
    off: Any,
    scale: Any,
    values: Any,
    grey: Any,
    label: Any,
    best: Any,
    nearest: Any,
) -> None:
    """Do at once what `_distances`, `_add_squares` and `_take` do for one channel."""
    for x in range(best.size):
        beside, difference = at - places[x], values[x] - grey
        away = off + scale * beside * beside + difference * difference
        nearer = away < best[x]
        best[x] = away if nearer else best[x]
        nearest[x] = label if nearer else nearest[x]


@njit(cache=True, nogil=True)
def _distances(places: Any, at: Any, off: Any, scale: Any, away: Any) -> None:
    for x in range(away.size):
        away[x] = off + scale * (at - places[x]) * (at - places[x])


@njit(cache=True, nogil=True)
def _add_squares(values: Any, wanted: Any, away: Any) -> None:
    for x in range(away.size):
        difference = values[x] - wanted
        away[x] += difference * difference


@njit(cache=True, nogil=True)
def _take(away: Any, label: Any, best: Any, nearest: Any) -> None:
    """Take a center for the samples that are nearer to it than to any before."""
    for x in range(away.size):
        nearer = away[x] < best[x]
        best[x] = away[x] if nearer else best[x]
        nearest[x] = label if nearer else nearest[x]


@njit(cache=True, nogil=True)
def _add_row(image: Any, mask: Any, labels: Any, nearest: Any, z: int, y: int, sums: Any) -> None:
    """Write the labels of a row, and add its runs of one label to the sums of their centers."""
    channels, width = image.shape[0], nearest.size
    changed = 0
    for x in range(width):
        if mask.size > 0 and not mask[z, y, x]:
            nearest[x] = 0
        changed += labels[z, y, x] != nearest[x]
        labels[z, y, x] = nearest[x]
    sums[-1, 0] += changed
    first = 0
    while first < width:
        label = nearest[first]
        last = first + 1
        while last < width and nearest[last] == label:
            last += 1
        if label > 0:
            number = last - first
            sums[label - 1, 0] += number
            sums[label - 1, 1] += number * z
            sums[label - 1, 2] += number * y
            sums[label - 1, 3] += number * (first + last - 1) / 2
            for channel in range(channels):
                total = 0.0
                for x in range(first, last):
                    total += image[channel, z, y, x]
                sums[label - 1, 4 + channel] += total
        first = last


@njit(cache=True, nogil=True)
def connect(labels: Any, least: int, most: int) -> Any:
    """Make every label one connected piece, and number the pieces by first appearance.

    A piece of fewer than ``least`` samples joins a neighbour that was met before; one of more
    than ``most`` is cut. Samples touch across faces.
    """
    depth, height, width = labels.shape
    pieces = np.zeros(labels.shape, np.int32)
    queue = np.empty((max(most, 1), 3), np.int32)
    count = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if labels[z, y, x] > 0 and pieces[z, y, x] == 0:
                    queue[0, 0], queue[0, 1], queue[0, 2] = z, y, x
                    size, beside = _flood(labels, pieces, queue, count + 1)
                    if size < least and beside > 0:
                        for n in range(size):
                            pieces[queue[n, 0], queue[n, 1], queue[n, 2]] = beside
                    else:
                        count += 1
    return pieces


@njit(cache=True, nogil=True)
def _flood(labels: Any, pieces: Any, queue: Any, piece: int) -> tuple[int, int]:
    """Give a piece its number from ``queue[0]`` on; return its size and a neighbour met."""
    depth, height, width = labels.shape
    label = labels[queue[0, 0], queue[0, 1], queue[0, 2]]
    pieces[queue[0, 0], queue[0, 1], queue[0, 2]] = piece
    size, seen, beside = 1, 0, 0
    while seen < size and size < queue.shape[0]:
        for side in range(6):
            z, y, x = queue[seen, 0], queue[seen, 1], queue[seen, 2]
            step = 1 if side % 2 == 0 else -1
            if side < 2:
                x += step
            elif side < 4:
                y += step
            else:
                z += step
            if not (0 <= z < depth and 0 <= y < height and 0 <= x < width):
                continue
            if labels[z, y, x] == label and pieces[z, y, x] == 0:
                pieces[z, y, x] = piece
                queue[size, 0], queue[size, 1], queue[size, 2] = z, y, x
                size += 1
                if size >= queue.shape[0]:
                    break
            elif pieces[z, y, x] > 0 and pieces[z, y, x] != piece:
                beside = pieces[z, y, x]
        seen += 1
    return size, beside
