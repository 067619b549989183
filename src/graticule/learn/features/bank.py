"""The bank of features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core import ALL, Length, Region, as_image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.features.engine import FeaturePlan
from graticule.learn.features.feature import CHANNEL, Feature, dims_of, feature_list, one_channel
from graticule.learn.features.regions import as_positions, boxes_around, strips_of
from graticule.learn.features.spec import FeatureSpec

if TYPE_CHECKING:
    import pandas as pd


class Features(FeatureSpec):
    r"""A bank of features at several scales.

    For each channel and each width :math:`\sigma`, with :math:`f_\sigma = G_\sigma * f`:

    ``gaussian``
        :math:`f_\sigma`.
    ``gradient``
        :math:`|\nabla f_\sigma|`.
    ``laplacian``
        :math:`\nabla^2 f_\sigma`.
    ``dog``
        :math:`f_{\sigma/1.6} - f_\sigma`.
    ``hessian``
        The eigenvalues of the second derivatives of :math:`f_\sigma`, the largest first.
    ``structure``
        The eigenvalues of :math:`G_{\rho\sigma} * (\nabla f_\sigma \nabla f_\sigma^T)`.
    ``sobel``
        The root mean square over dims of the differences of :math:`f_\sigma` by Sobel's kernels,
        per sample; only with ``derivatives="difference"``.
    ``value``
        The sample itself, once and not for each scale.

    All but the last two are what the ops of `graticule.filters` of these names give; they are
    computed together, strip by strip, and never depend on how an image is cut. Derivatives are
    per unit of length where the image has one, so that spacing may differ by dim.

    A feature is NaN where a value in its reach is not finite (the box of its kernel; mirrored
    or repeated at the border).

    Parameters
    ----------
    sigmas : sequence of Length
        Widths, in pixels or as lengths.
    kinds : sequence of str
        Which of the above.
    position : float
        Weight of the position: where it is not 0, the coordinate along each dim times this is a
        feature (in the coordinate's unit; the number of the sample where there is none).
    polynomial : int
        Largest degree: from 2 on, the products of up to so many of all features above are too.
    window : int
        Side of the neighbourhood whose values, one by one, are features; odd, 1 for none.
    rank : sequence of str
        Statistics of a box around each sample: ``min``, ``median``, ``max``, ``std`` and
        ``deviation`` (how far the sample is from the median). Outside the image the nearest
        sample counts.
    radii : sequence of Length
        Half sides of these boxes.
    rho : float
        Width of the mean of ``structure``, as a multiple of each of ``sigmas``.
    derivatives : {"gaussian", "difference"}
        Derivatives of Gaussians sampled at the pixels, or central differences of the smoothed
        image (one-sided at the border; second derivatives are differences of differences).
    border : {"mirror", "nearest"}
        What lies outside the image: its mirror image (``d c b a | a b c d``) or its nearest
        sample.

    Raises
    ------
    ParameterError
        If a parameter is out of its range, or there is nothing to compute.

    Examples
    --------
    >>> import numpy as np
    >>> bank = Features(sigmas=(1, 2), kinds=("gaussian", "hessian"))
    >>> image = np.random.default_rng(0).normal(size=(32, 40))
    >>> [feature.name for feature in bank.names(image)]
    ['gaussian 1 px', 'hessian largest 1 px', 'hessian smallest 1 px',
     'gaussian 2 px', 'hessian largest 2 px', 'hessian smallest 2 px']
    >>> bank.compute(image).shape
    (6, 32, 40)
    """

    @classmethod
    def basic(cls, sigma_min: float = 0.5, sigma_max: float = 16.0) -> Features:
        """Return the bank of scikit-image's ``multiscale_basic_features``, in its order.

        Widths are powers of two times ``sigma_min``. The values are those of the peer for float
        images, to the precision of float32 (it scales integers to 0..1 first).

        Examples
        --------
        >>> len(Features.basic().names(np.zeros((8, 8))))
        24
        """
        count = int(np.log2(sigma_max) - np.log2(sigma_min) + 1)
        widths = np.logspace(np.log2(sigma_min), np.log2(sigma_max), num=count, base=2)
        return cls(
            sigmas=tuple(Length(float(width)) for width in widths),
            kinds=("gaussian", "sobel", "hessian"),
            derivatives="difference",
            border="nearest",
        )

    def names(self, image: Any) -> list[Feature]:
        """Return the features of an image in their order: names, scales, units.

        Only dims, coordinates and header of the image are looked at.
        """
        return feature_list(self, as_image(image))

    def halo(self, image: Any, only: Sequence[int] | None = None) -> dict[str, int]:
        """Return how many samples the features reach by dim, `ALL` for the channels.

        Along a dim without coordinates that is `ALL` too where the position is a feature: a part
        of such an image does not tell where it lies.
        """
        image = as_image(image)
        dims = dims_of(image)
        reach = dict(FeaturePlan.of(self, image, only).reach)
        plain = one_channel(image)
        for dim in dims if self.position else ():
            if dim not in plain.coords:
                reach[dim] = ALL
        return {**reach, **({CHANNEL: ALL} if CHANNEL in image.dims else {})}

    def compute(
        self, image: Any, only: Sequence[int] | None = None, *, out: Array | None = None
    ) -> Array:
        """Return the features of a whole image.

        Parameters
        ----------
        image : DataArray or array_like
            Two or three dims, and channels ``c`` where there are several.
        only : sequence of int, optional
            Numbers of the features wanted, in `names`; what is not needed is not computed.
        out : ndarray, optional
            Where to put them: float32, contiguous, of the shape of the result.

        Returns
        -------
        ndarray
            float32, ``(features, *spatial dims)``, in the image's order of dims.
        """
        plan = FeaturePlan.of(self, as_image(image), only)
        shape = (len(plan.only), *plan.shape)
        if out is None:
            out = np.empty(shape, np.float32)
        if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise ParameterError(
                f"must be float32, contiguous, {shape}, not {out.dtype} {out.shape}", where="out"
            )
        for spans in strips_of(plan.box(), len(plan.only) // 4):
            plan.fill(spans, out, [start for start, _ in spans])
        return out

    def strips(
        self,
        image: Any,
        *,
        only: Sequence[int] | None = None,
        size: int | None = None,
        reuse: bool = False,
        region: Region | None = None,
    ) -> Iterator[tuple[tuple[slice, ...], Array]]:
        """Compute the features strip by strip, in order.

        Parameters
        ----------
        image : DataArray or array_like
            As in `compute`; one that is lazy is read strip by strip.
        only : sequence of int, optional
            Numbers of the features wanted.
        size : int, optional
            Samples along the first dim in a strip; by default so many that the features of one
            take 64 MB.
        reuse : bool
            Give the same memory with each strip: what was given is then overwritten.
        region : Region, optional
            The part of the image whose features are wanted; by default all of it.

        Yields
        ------
        tuple of slice
            Where the strip lies, by spatial dim.
        ndarray
            float32, ``(features, *strip)``: the same to the last bit for any ``size``.
        """
        plan = FeaturePlan.of(self, as_image(image), only)
        held: Array | None = None
        for spans in strips_of(plan.box(region), len(plan.only), size):
            where = tuple(slice(*span) for span in spans)
            part = (len(plan.only), *(stop - start for start, stop in spans))
            if held is None or not reuse or held.shape != part:
                held = np.empty(part, np.float32)
            plan.fill(spans, held)
            yield where, held

    def rows(self, image: Any, where: Any, only: Sequence[int] | None = None) -> Array:
        """Return the features of some samples; only what surrounds these is computed.

        Parameters
        ----------
        image : DataArray or array_like
            As in `compute`.
        where : array_like
            A bool mask of the spatial dims, whose samples are taken in raster order, or
            positions in any order, ``(n, dims)`` or flat ``(n,)``.
        only : sequence of int, optional
            Numbers of the features wanted.

        Returns
        -------
        ndarray
            float32, ``(n, features)``.
        """
        plan = FeaturePlan.of(self, as_image(image), only)
        positions = as_positions(plan.image, where)
        count = len(plan.only)
        out = np.empty((len(positions), count), np.float32)
        for members, spans in boxes_around(positions):
            block = np.empty((count, *(stop - start for start, stop in spans)), np.float32)
            plan.fill(spans, block)
            within = positions[members] - np.array([start for start, _ in spans])
            out[members] = block[(slice(None), *within.T)].T
        return out

    def table(self, image: Any, where: Any = None) -> pd.DataFrame:
        """Return the features as a table: a row for each sample, a column for each feature.

        Parameters
        ----------
        image : DataArray or array_like
            As in `compute`.
        where : array_like, optional
            As in `rows`; by default all samples.

        Returns
        -------
        DataFrame
            float32, indexed by the position in samples along each dim; the units of the columns
            are in ``attrs["units"]``, their scales in ``attrs["scales"]``.

        Examples
        --------
        >>> bank = Features(sigmas=(1,), kinds=("value", "gradient"))
        >>> bank.table(np.eye(3), where=np.eye(3) > 0).round(2).loc[1, 1].tolist()
        [1.0, 0.0]
        """
        import pandas as pd

        image = as_image(image)
        dims = dims_of(image)
        named = self.names(image)
        if where is None:
            columns = self.compute(image).reshape(len(named), -1)
            sizes = [range(image.sizes[dim]) for dim in dims]
            index = pd.MultiIndex.from_product(sizes, names=dims)
        else:
            positions = as_positions(image, where)
            columns = self.rows(image, positions).T
            index = pd.MultiIndex.from_arrays(list(positions.T), names=dims)
        table = pd.DataFrame(columns.T, index=index, columns=[one.name for one in named])
        table.attrs["units"] = {one.name: one.unit for one in named if one.unit}
        table.attrs["scales"] = {one.name: str(one.scale) for one in named if one.scale}
        return table
