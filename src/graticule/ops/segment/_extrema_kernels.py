"""Compiled maxima of flat arrays with a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

OPEN, OUTSIDE, BELOW, HIGHEST = 0, 1, 2, 3
"""States of a place: not judged, of the margin, below or level with what is below, a maximum."""


@njit(cache=True, nogil=True)
def mark_maxima(values: Any, states: Any, starts: Any, length: int, around: Any) -> None:
    """Set the state of every open place, plateaus as one.

    ``values`` has a margin of the lowest value, `OUTSIDE` in ``states``; the inner lines of
    ``length`` samples begin at ``starts``, and ``around`` holds the offsets of the neighbours.
    """
    for start in starts:
        here, state = values[start : start + length], states[start : start + length]
        for offset in around:  # the outer loop, so that many samples are compared at once
            near = values[start + offset : start + offset + length]
            for number in range(length):
                if near[number] > here[number]:
                    state[number] = BELOW
    plateau = np.empty(1024, np.int64)
    for start in starts:
        for place in range(start, start + length):
            if states[place] == OPEN:
                level = False
                for offset in around:
                    level |= values[place + offset] == values[place]
                if level:
                    plateau = _judge_plateau(values, states, place, around, plateau)
                else:
                    states[place] = HIGHEST


@njit(cache=True, nogil=True)
def _judge_plateau(values: Any, states: Any, place: int, around: Any, plateau: Any) -> Any:
    """Set the state of all that is level with a place; return the memory for the next plateau."""
    value, verdict = values[place], HIGHEST
    states[place] = HIGHEST
    plateau[0] = place
    count, done = 1, 0
    while done < count:
        member = plateau[done]
        done += 1
        for offset in around:
            near = member + offset
            if values[near] != value:
                continue
            if states[near] == OPEN:
                if count == len(plateau):
                    longer = np.empty(2 * count, np.int64)
                    longer[:count] = plateau
                    plateau = longer
                states[near] = HIGHEST
                plateau[count] = near
                count += 1
            elif states[near] == BELOW:
                verdict = BELOW
    if verdict == BELOW:
        for number in range(count):
            states[plateau[number]] = BELOW
    return plateau
