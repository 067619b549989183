"""From colours to the one mixture of them in which objects stand out most."""

from __future__ import annotations

import numpy as np

from graticule.core import Image, Whole, like, op
from graticule.core.order import median
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.transform.grey import grey

_ROUNDS = 2
_RIDGE = 0.05


@op(
    version=1,
    scope=Whole("weights follow from all samples", memory=90.0),
    dtype="float32",
    doc=DOC,
)
def discriminant(image: Image) -> Image:
    r"""Combine the channels so that objects and ground differ most.

    Objects are first what Otsu's threshold finds of the grey value (on the side of the median to
    which the values are skewed: objects are the minority); the weights of the channels are
    Fisher's, :math:`w \propto \Sigma^{-1} (\mu_1 - \mu_0)`, with the means of objects and ground
    and the covariance of the ground; that is done twice. A colour in which the ground varies, as
    that of a counterstain, so counts for little, and no stain has to be known beforehand.

    Parameters
    ----------
    image : Image
        With the dim ``c``, or without: such an image, or one without colours, is as
        `transform.grey` gives it.

    Returns
    -------
    Image
        float32, without the dim ``c``, in the units of ``image``; the weights' absolute values add
        up to 1.

    See Also
    --------
    transform.grey : with weights that are given.

    References
    ----------
    Fisher, R. A., "The use of multiple measurements in taxonomic problems", Annals of Eugenics
    7(2), 179-188, 1936. :doi:`10.1111/j.1469-1809.1936.tb02137.x`

    %(examples)s
    >>> ground = np.array([[90.0, 50], [90, 80], [90, 20], [90, 60], [90, 40], [90, 70], [90, 30]])
    >>> image = gt.core.as_image(np.vstack([ground, [[30, 50]]])[None], dims=["y", "x", "c"])
    >>> gt.transform.discriminant(image).values.round()
    array([[-90., -90., -90., -90., -90., -90., -90., -30.]], dtype=float32)
    """
    start: Image = grey(image)
    if "c" not in image.dims:
        return start
    colours = _colours(image).transpose("c", *start.dims).values
    if all(np.array_equal(colours[0], other) for other in colours[1:]):
        return start
    channels = np.array(colours, np.float64, order="C")
    weights = _weights(channels, start.values)
    if weights is None:
        return start
    return like(start, np.tensordot(weights, channels, 1).astype(np.float32))


def _colours(image: Image) -> Image:
    """Return the channels that are no opacity."""
    names = [str(name) for name in image["c"].values] if "c" in image.coords else []
    if "opacity" in names:
        return image.isel(c=[number for number, name in enumerate(names) if name != "opacity"])
    return image.isel(c=slice(0, 3)) if image.sizes["c"] == 4 else image


def _weights(channels: Array, start: Array) -> Array | None:
    """Return Fisher's weights, or None where there is nothing to tell apart."""
    smooth = np.stack([_smoothed(channel) for channel in channels]).reshape(len(channels), -1)
    score = _smoothed(start).reshape(-1)
    weights: Array | None = None
    for _ in range(_ROUNDS):
        known = np.isfinite(score)
        every = bool(known.all())
        objects = _objects(score if every else score[known]) if known.any() else np.zeros(0, bool)
        if np.count_nonzero(objects) < 1 or np.count_nonzero(~objects) < 2:
            return weights
        samples = smooth if every else smooth[:, known]
        ground = samples[:, ~objects]
        within = np.cov(ground)
        within += np.eye(len(channels)) * max(_RIDGE * float(np.trace(within)), 1e-9)
        apart = samples[:, objects].mean(axis=1) - ground.mean(axis=1)
        solved = np.linalg.solve(within, apart)
        if not np.abs(solved).sum() > 0:
            return weights
        weights = solved / np.abs(solved).sum()
        score = weights @ smooth
    return weights


def _smoothed(values: Array) -> Array:
    from graticule.ops._smoothing_kernels import gaussian_weights, smooth

    flat = np.ascontiguousarray(values, np.float64).reshape(-1)
    return np.asarray(smooth(flat, np.array(values.shape), gaussian_weights(1.0)))


def _objects(values: Array) -> Array:
    """Return which values are of objects: above Otsu's threshold on the side of the long tail."""
    from graticule.core import as_image
    from graticule.ops.threshold.otsu import otsu

    apart = values - median(values)
    if np.ptp(apart) == 0:
        return np.zeros(len(values), bool)
    cubes = apart * apart
    cubes *= apart
    upright = -apart if cubes.sum() < 0 else apart
    mask: Array = otsu(as_image(upright.astype(np.float32), dims=["x"])).values
    return mask
