"""The convolution that a linear model is: its kernel, as an array and as a picture.

A linear estimator on the values of a neighbourhood (or on any features that are linear in the
image: shifted values, Gaussians, Laplacians) sums weighted samples around each place. That is a
convolution, and its kernel shows what the model looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from graticule.core import ALL, as_image
from graticule.core.errors import RequestError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.models.pixel_model import PixelModel
from graticule.learn.models.predictors import EstimatorPredictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from graticule.learn.models.pixels import PixelClassifier, PixelRegressor

_SAME = 1e-4
"""How far features of float32 may be from linear, relative to their largest value."""


@dataclass(frozen=True)
class ConvolutionKernel:
    """A convolution and a constant, equal to the decision function of a model.

    Attributes
    ----------
    weights : DataArray
        float64, along the spatial dims (odd sizes, the middle is the place itself), with ``class``
        first where there are more than two classes, and ``c`` last where there are channels.
    constant : DataArray
        What is added; along ``class`` where there are more than two (-inf for a class of which
        nothing was learned).
    border : {"mirror", "nearest"}
        What lies outside an image, as for the features.

    Examples
    --------
    >>> mean = xr.DataArray([[0.5, 0.0, 0.5]], dims=("y", "x"))
    >>> kernel = ConvolutionKernel(mean, xr.DataArray(-1.0))
    >>> kernel.border, float(kernel.weights.sum())
    ('mirror', 1.0)
    """

    weights: xr.DataArray
    constant: xr.DataArray
    border: str = "mirror"

    def convolved(self, image: Any) -> xr.DataArray:
        """Return an image convolved with the kernel by `scipy.ndimage.convolve`, as float64.

        At its border the image goes on as it does for the features.
        """
        from scipy import ndimage

        given = as_image(image)
        dims = [str(dim) for dim in self.weights.dims if dim not in ("class", CHANNEL)]
        tail = [CHANNEL] if CHANNEL in self.weights.dims else []
        seen = given.transpose(*dims, *tail)
        values = seen.values.astype(np.float32).astype(np.float64)  # what features are made of
        values = values if tail else values[..., None]
        kernels = self.weights.values if "class" in self.weights.dims else self.weights.values[None]
        kernels = kernels if tail else kernels[..., None]
        mode: Literal["reflect", "nearest"] = "reflect" if self.border == "mirror" else "nearest"
        found = [
            sum(
                ndimage.convolve(values[..., channel], kernel[..., channel], mode=mode)
                for channel in range(values.shape[-1])
            )
            for kernel in kernels
        ]
        bare = seen.isel({CHANNEL: 0}, drop=True) if tail else seen
        layers = xr.DataArray(np.stack(found), dims=("class", *dims), coords=bare.coords)
        if "class" not in self.weights.dims:
            return layers.isel({"class": 0}) + self.constant
        return layers.assign_coords({"class": self.weights.coords["class"]}) + self.constant

    def figure(self) -> Figure:
        """Return a picture: one panel for each class and channel, the middle plane of a volume."""
        from matplotlib.figure import Figure

        panels = self._panels()
        most = max(float(np.abs(self.weights.values).max()), 1e-300)
        figure = Figure(figsize=(3.2 * len(panels), 3.2), layout="constrained")
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, (title, plane) in zip(axes, panels, strict=True):
            axis.imshow(plane, cmap="RdBu_r", vmin=-most, vmax=most)
            axis.set_title(title, fontsize=9)
            axis.set_xticks([0, plane.shape[1] // 2], [-(plane.shape[1] // 2), 0])
            axis.set_yticks([0, plane.shape[0] // 2], [-(plane.shape[0] // 2), 0])
        figure.colorbar(axes[0].images[0], ax=list(axes), shrink=0.8, label="weight")
        return figure

    def _panels(self) -> list[tuple[str, Array]]:
        planes = self.weights
        if "z" in planes.dims and planes.ndim > 2:
            planes = planes.isel(z=planes.sizes["z"] // 2)
        heads = [dim for dim in ("class", CHANNEL) if dim in planes.dims]
        stacked = planes.transpose(*heads, ...)
        found = []
        for place in np.ndindex(*(planes.sizes[dim] for dim in heads)):
            said = [
                str(planes[dim].values[at]) if dim == "class" else f"channel {at}"
                for dim, at in zip(heads, place, strict=True)
            ]
            found.append((", ".join(said) or "kernel", np.atleast_2d(stacked.values[place])))
        return found


def convolution_kernel(model: PixelClassifier | PixelRegressor) -> ConvolutionKernel:
    """Return the convolution that a linear model is.

    Every feature is asked for its answer to a single bright sample. Where it is linear that answer
    is all it does, and the weighted sum of the answers is the kernel.

    Parameters
    ----------
    model : PixelClassifier or PixelRegressor
        Fitted with a linear estimator (``logistic``, ``linear``, or another) on features that are
        linear in the image and do not depend on the place.

    Returns
    -------
    ConvolutionKernel
        ``kernel.convolved(image)`` is ``model.decision(image)``, but for rounding.

    Raises
    ------
    RequestError
        If the estimator or one of the features is not linear.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelRegressor
    >>> from graticule.learn.explain.kernel import convolution_kernel
    >>> rng = np.random.default_rng(0)
    >>> image = rng.normal(size=(24, 24)).astype(np.float32)
    >>> target = np.roll(image, 1, axis=1) - image
    >>> target[:, 0] = np.nan
    >>> window = Features(kinds=(), sigmas=(), window=3)
    >>> kernel = convolution_kernel(PixelRegressor(window, "linear").fit(image, target))
    >>> np.abs(kernel.weights.values).round(3)
    array([[0., 0., 0.],
           [0., 1., 1.],
           [0., 0., 0.]])
    """
    coefficients, constant = _of_all_classes(model, *_affine(model))
    answers = _answers(model)
    kernels = np.tensordot(coefficients, answers, axes=1)
    expects = model.expects
    dims = [*expects.dims, *([CHANNEL] if expects.channels else [])]
    if not expects.channels:
        kernels = kernels[..., 0]
    coords = {"class": [each.name for each in model.classes]} if len(coefficients) > 1 else {}
    if not coords:
        kernels, constant = _trimmed(kernels[0], expects.dims), constant[0]
    return ConvolutionKernel(
        xr.DataArray(kernels, dims=[*coords, *dims], coords=coords),
        xr.DataArray(constant, dims=[*coords], coords=coords),
        model.recipe.border,
    )


def _of_all_classes(
    model: PixelClassifier | PixelRegressor, weights: Array, constant: Array
) -> tuple[Array, Array]:
    """Return weights and constants for classes too that the estimator has not seen."""
    count = len(model.classes)
    if count <= 2 or len(weights) == count:
        return weights, constant
    if len(weights) == 1:  # of two classes
        weights, constant = np.stack([-weights[0], weights[0]]), np.array([-1, 1]) * constant[0]
    own = np.asarray(model.predictor.estimator.classes_, np.int64)  # type: ignore[union-attr]
    every, apart = np.zeros((count, weights.shape[1])), np.full(count, -np.inf)
    every[own], apart[own] = weights, constant
    return every, apart


def _trimmed(kernel: Array, dims: Sequence[str]) -> Array:
    """Return a kernel without the planes of zeros around it, as long as it stays centred."""
    for axis in range(len(dims)):
        while kernel.shape[axis] >= 3:
            ends = np.take(kernel, [0, -1], axis=axis)
            if ends.any():
                break
            kernel = np.take(kernel, range(1, kernel.shape[axis] - 1), axis=axis)
    return kernel


def _affine(model: PixelClassifier | PixelRegressor) -> tuple[Array, Array]:
    """Return weights (decisions, features) and constants of a linear estimator.

    They are had by asking it, so that scaling and projections before it are counted in.
    """
    predictor = model.predictor
    estimator = predictor.estimator if isinstance(predictor, EstimatorPredictor) else None
    function = getattr(estimator, "decision_function", getattr(estimator, "predict", None))
    count = getattr(estimator, "n_features_in_", 0)
    if function is None or not count or (model.classes and function.__name__ == "predict"):
        raise RequestError("the estimator is not linear", hint="fit with logistic or linear")

    def asked(rows: Array) -> Array:
        return np.asarray(function(rows), np.float64).reshape(len(rows), -1)

    constant = asked(np.zeros((1, count)))[0]
    weights = (asked(np.eye(count)) - constant).T
    probe = np.random.default_rng(0).normal(size=(8, count))
    expected = probe @ weights.T + constant
    if not np.allclose(asked(probe), expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max()):
        raise RequestError(
            f"{type(estimator).__name__} is not linear", hint="fit with logistic or linear"
        )
    return weights, constant


def _answers(model: PixelModel) -> Array:
    """Return what each feature says around a single bright sample: its kernel, by channel.

    Of shape (features, *spatial, channels).
    """
    expects, recipe = model.expects, model.recipe
    channels = max(1, expects.channels)
    small = _blank(model, [1] * len(expects.dims))
    halo = recipe.halo(small)
    if any(halo.get(dim) == ALL for dim in expects.dims):
        raise RequestError("features of the position are no convolution", hint="set position=0")
    reach = [max(1, int(halo.get(dim, 0))) for dim in expects.dims]
    shape = [4 * r + 1 for r in reach]
    _require_linear(model, shape)
    middle = tuple(slice(r, 3 * r + 1) for r in reach)
    found = []
    for channel in range(channels):
        image = _blank(model, shape)
        at = {dim: 2 * r for dim, r in zip(expects.dims, reach, strict=True)}
        at |= {CHANNEL: channel} if expects.channels else {}
        image[at] = 1
        found.append(recipe.compute(image)[(slice(None), *middle)].astype(np.float64))
    return np.stack(found, axis=-1)


def _blank(model: PixelModel, shape: Sequence[int]) -> xr.DataArray:
    """Return an image of zeros of the kind the model takes."""
    expects = model.expects
    tail = [expects.channels] if expects.channels else []
    dims = [*expects.dims, *([CHANNEL] if expects.channels else [])]
    spacing = {dim: f"{step!r} {unit}" for dim, (step, unit) in expects.spacing.items()}
    return as_image(np.zeros([*shape, *tail], np.float32), dims=dims, spacing=spacing or None)


def _require_linear(model: PixelModel, shape: Sequence[int]) -> None:
    """Raise `RequestError` if a feature of a sum is not the sum of the features."""
    rng = np.random.default_rng(0)
    images = [_blank(model, shape) for _ in range(2)]
    for image in images:
        image.values[...] = rng.integers(-8, 9, image.shape)
    apart = [model.recipe.compute(image).astype(np.float64) for image in images]
    together = model.recipe.compute(images[0] - 2 * images[1])
    expected = apart[0] - 2 * apart[1]
    names = [feature.name for feature in model.recipe.names(images[0])]
    for name, one, other in zip(names, together, expected, strict=True):
        if np.abs(one - other).max() > _SAME * max(1e-3, float(np.abs(other).max())):
            raise RequestError(
                f"the feature {name} is not linear in the image, so the model is no convolution",
                hint="use window=, and of kinds only value, gaussian, laplacian and dog",
            )
