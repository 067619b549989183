"""Features of Gaussians: smoothed values, slopes, curvatures and the structure tensor."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from graticule.learn.features.box import Array, Box
from graticule.learn.features.feature import Feature
from graticule.ops.filters._gradients import TRUNCATE, derivative_taps, eigenvalue, steps_of
from graticule.ops.filters._separable import gaussian_taps, reach_of, separable

if TYPE_CHECKING:
    from graticule.learn.features.bank import Features

NARROW = 1.6
"""How many times narrower the first Gaussian of a difference is."""
_WHICH = {2: ("largest", "smallest"), 3: ("largest", "middle", "smallest")}


def reach_of_kind(kind: str, width: float, rho: float, derivatives: str) -> int:
    """Return how many samples a feature of a width (in samples) reaches along a dim."""
    smooth = reach_of(width, TRUNCATE)
    if kind in ("gaussian", "dog"):
        return smooth
    if derivatives == "difference":
        smooth += 2 if kind in ("hessian", "laplacian") else 1
    else:
        smooth = max(1, smooth)
    return smooth + (reach_of(rho * width, TRUNCATE) if kind == "structure" else 0)


def fill(bank: Features, box: Box, features: Sequence[Feature], out: Sequence[Array]) -> None:
    """Put the features of one channel at one scale."""
    sigma = features[0].scale
    assert sigma is not None
    widths = [sigma.samples(box.image, dim) for dim in box.dims]
    values, inner = box.values[features[0].channel], box.inner
    steps = [steps_of(box.image)[0][dim] for dim in box.dims]

    def smooth(orders: Sequence[int]) -> Array:
        taps = {
            a: derivative_taps(w, o) for a, (w, o) in enumerate(zip(widths, orders, strict=True))
        }
        scale = np.prod([s**-o for s, o in zip(steps, orders, strict=True)])
        return separable(values, taps) * np.float32(scale)

    ndim = len(widths)
    unit = np.eye(ndim, dtype=int)
    for feature, into in zip(features, out, strict=True):
        kind = feature.kind
        if kind == "gaussian":
            found = smooth([0] * ndim)
        elif kind == "dog":
            narrow = {a: gaussian_taps(w / NARROW, TRUNCATE) for a, w in enumerate(widths)}
            found = separable(values, narrow) - smooth([0] * ndim)
        elif kind == "gradient":
            found = np.sqrt(sum(smooth(unit[a]) ** 2 for a in range(ndim)))
        elif kind == "laplacian":
            found = sum(smooth(2 * unit[a]) for a in range(ndim))
        else:
            pairs = itertools.combinations_with_replacement(range(ndim), 2)
            if kind == "hessian":
                parts = {(i, j): smooth(unit[i] + unit[j]) for i, j in pairs}
            else:
                outer = {a: gaussian_taps(bank.rho * w, TRUNCATE) for a, w in enumerate(widths)}
                slopes = [smooth(unit[a]) for a in range(ndim)]
                parts = {(i, j): separable(slopes[i] * slopes[j], outer) for i, j in pairs}
            found = eigenvalue(parts, ndim, _WHICH[ndim][int(feature.part[0])])
        into[...] = found[inner]
