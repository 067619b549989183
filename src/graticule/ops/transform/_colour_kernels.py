"""The compiled passes over colours, one sample after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def take_apart(colours: Any, white: float, begin: int, end: int, out: Any) -> None:
    """Fill in hue in degrees, saturation and value of rows of red, green and blue."""
    for index in range(begin, end):
        red, green = colours[index, 0] / white, colours[index, 1] / white
        blue = colours[index, 2] / white
        if np.isnan(red) or np.isnan(green) or np.isnan(blue):
            out[0, index] = out[1, index] = out[2, index] = np.nan
            continue
        value = max(red, green, blue)
        spread = value - min(red, green, blue)
        out[2, index] = value
        if spread == 0:
            out[0, index] = out[1, index] = 0
            continue
        if value == red:
            sector = (green - blue) / spread
        elif value == green:
            sector = 2 + (blue - red) / spread
        else:
            sector = 4 + (red - green) / spread
        hue = np.float32(60 * (sector % 6))
        out[0, index] = 0 if hue >= 360 else hue
        out[1, index] = spread / value if value != 0 else np.nan


@njit(cache=True, nogil=True)
def mix_by_table(
    colours: Any, densities: Any, inverse: Any, least: float, begin: int, end: int, out: Any
) -> None:
    """Fill in amounts of rows of integers, whose densities are in a table."""
    for index in range(begin, end):
        red, green = densities[colours[index, 0]], densities[colours[index, 1]]
        blue = densities[colours[index, 2]]
        for stain in range(3):
            amount = inverse[0, stain] * red + inverse[1, stain] * green + inverse[2, stain] * blue
            out[stain, index] = max(amount, least)


@njit(cache=True, nogil=True)
def mix(
    colours: Any, white: float, inverse: Any, least: float, begin: int, end: int, out: Any
) -> None:
    """Fill in amounts of rows of values; NaN where one is missing."""
    for index in range(begin, end):
        red = -np.log10(max(colours[index, 0] / white, 1e-6))
        green = -np.log10(max(colours[index, 1] / white, 1e-6))
        blue = -np.log10(max(colours[index, 2] / white, 1e-6))
        missing = (
            np.isnan(colours[index, 0])
            or np.isnan(colours[index, 1])
            or np.isnan(colours[index, 2])
        )
        for stain in range(3):
            amount = inverse[0, stain] * red + inverse[1, stain] * green + inverse[2, stain] * blue
            out[stain, index] = np.nan if missing else max(amount, least)
