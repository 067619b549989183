"""Fading the edges of an image before a Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def tapered(values: Array, part: float) -> tuple[Array, float]:
    """Fade all edges of an image with a cosine over a part of its length.

    Returns
    -------
    shaded : ndarray
        The image times the window.
    weight : float
        Mean of the squared window: the power that is left of stationary noise.
    """
    from scipy.signal.windows import tukey

    windows = [tukey(size, 2 * part) if size > 2 else np.ones(size) for size in values.shape]
    window = windows[0]
    for other in windows[1:]:
        window = window[..., None] * other
    return values * window, float(np.mean(window**2))
