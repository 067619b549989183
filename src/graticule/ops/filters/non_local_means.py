"""Non-local means."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, map_ranges, op, with_values
from graticule.core.typing import Array
from graticule.ops._morphology import reach
from graticule.ops._parameters import DOC
from graticule.ops._windows import over_blocks, pad
from graticule.ops.filters._separable import Taps, separable

_LEAST_LINES = 16


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    patch, search = reach(image, params["patch"]), reach(image, params["search"])
    return {dim: patch[dim] + search[dim] for dim in patch}


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=4e-6, doc=DOC)
def non_local_means(
    image: Image,
    *,
    strength: Annotated[float, Field(title="Strength", gt=0)],
    noise: Annotated[float, Field(title="Noise", ge=0)] = 0.0,
    patch: Annotated[Length, Field(title="Radius of a patch", ge=0)] = Length(3),
    search: Annotated[Length, Field(title="Radius of the search", ge=0)] = Length(7),
) -> Image:
    r"""Average samples whose surroundings look alike.

    Each sample becomes the mean of all within the box of the search, with weights
    :math:`\exp(-\max(d^2 - 2 s^2, 0) / h^2)`, where :math:`d^2` is the mean squared difference
    of the patches around the two [1]_. It keeps texture and fine lines that repeat, and takes
    noise away. The patches of all pairs that are equally far apart are compared in one go [2]_.
    The image is mirrored at its border. NaN and infinite samples have no say and stay as they
    are.

    Parameters
    ----------
    %(image)s
    strength : float
        :math:`h` in the units of ``image``; about 0.6 to 1 times the standard deviation of the
        noise.
    noise : float
        Standard deviation :math:`s` of the noise in the units of ``image``, taken off the
        differences; 0 if it is not known.
    patch, search : Length
        Reach of the box that is compared, and of the box it is looked for in, in pixels or as
        lengths.

    %(float32_raises)s

    See Also
    --------
    skimage.restoration.denoise_nl_means : weights the samples of a patch by their distance.

    References
    ----------
    .. [1] Buades, A., Coll, B., Morel, J.-M., "A non-local algorithm for image denoising", CVPR
       2005, 60-65. :doi:`10.1109/CVPR.2005.38`
    .. [2] Darbon, J., Cunha, A., Chan, T. F., Osher, S., Jensen, G. J., "Fast nonlocal filtering
       applied to electron cryomicroscopy", ISBI 2008, 1331-1334.
       :doi:`10.1109/ISBI.2008.4541250`

    %(examples)s
    >>> noisy = np.tile([0.0, 0, 8, 8], (12, 3)) + np.random.default_rng(0).normal(size=(12, 12))
    >>> smooth = gt.filters.non_local_means(noisy, strength=1, noise=1)
    >>> bool(smooth[:, 0:2].std() < 0.5), bool(smooth[:, 2:4].mean() > 7.5)
    (True, True)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    near, far = list(reach(image, patch).values()), list(reach(image, search).values())

    def filtered(block: Array) -> Array:
        return _denoised(block, near, far, strength, noise)

    return with_values(image, over_blocks(image, values, filtered))


def _denoised(
    values: Array, near: Sequence[int], far: Sequence[int], strength: float, noise: float
) -> Array:
    wide = pad(values, [a + b for a, b in zip(near, far, strict=True)])
    known = np.isfinite(wide)
    whole = bool(known.all())
    wide = wide if whole else np.where(known, wide, np.float32(0))
    out = np.empty_like(values)

    def part(first: int, last: int) -> None:
        lines = slice(first, last + 2 * (near[0] + far[0]))
        means = _band(wide[lines], None if whole else known[lines], near, far, strength, noise)
        out[first:last] = means

    map_ranges(part, len(values), least=_LEAST_LINES)
    return out if whole else np.where(np.isfinite(values), out, values)


def _band(
    wide: Array,
    known: Array | None,
    near: Sequence[int],
    far: Sequence[int],
    strength: float,
    noise: float,
) -> Array:
    """Return the means of what lies inside both margins; differences are added to the middle."""
    patch = {axis: Taps(np.full(r + 1, 1 / (2 * r + 1))) for axis, r in enumerate(near)}
    inner = tuple(slice(r, -r or None) for r in near)
    middle = _moved(wide, far, [0] * wide.ndim)
    here = None if known is None else _moved(known, far, [0] * wide.ndim)
    total = np.zeros_like(middle[inner])
    weight = np.zeros_like(total)
    scale, bias = np.float32(-1 / strength**2), np.float32(2 * noise**2)
    for shift in itertools.product(*[range(-r, r + 1) for r in far]):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            apart = _moved(wide, far, shift) - middle
            square = apart * apart
            if known is None:
                share = separable(square, patch)[inner]
            else:
                both = (here & _moved(known, far, shift)).astype(np.float32)
                pairs = separable(both, patch)[inner]
                share = separable(square * both, patch)[inner] / np.maximum(pairs, 1e-6)
            share = np.exp(scale * np.maximum(share - bias, 0))
            if known is not None:
                share = share * both[inner]
            total += share * apart[inner]
            weight += share
    with np.errstate(invalid="ignore", over="ignore"):
        return middle[inner] + np.where(weight > 0, total / np.maximum(weight, 1e-30), 0)


def _moved(wide: Array, far: Sequence[int], shift: Sequence[int]) -> Array:
    """Return what lies inside the margin of the search, moved by a shift."""
    sizes = [size - 2 * r for size, r in zip(wide.shape, far, strict=True)]
    starts = [r + step for r, step in zip(far, shift, strict=True)]
    return wide[tuple(slice(a, a + n) for a, n in zip(starts, sizes, strict=True))]
