"""Losses: what a network is trained to make small.

Every loss takes the network's output, the truth, and counts only samples that have one: those with
code -1 (unlabelled, masked out, NaN, beyond the image) have no part in any sum. Losses are
combined as in ``"dice+ce"`` or ``"dice+0.5*focal"``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core.errors import ParameterError, suggest
from graticule.core.typing import Array

REGRESSION = ("mae", "mse")
_SMOOTH = 1e-5
_LARGEST_WEIGHT = 16.0


@dataclass(frozen=True)
class Batch:
    """What a loss is computed from.

    Attributes
    ----------
    logits : Tensor
        ``(n, classes, ...)``, float32.
    truth : Tensor
        ``(n, ...)``, int64, -1 where there is none.
    weight : Tensor or None
        ``(n, ...)``, of the branching loss.
    first : int
        First class that overlap losses count: 1 where class 0 is the background of a mask.
    """

    logits: Any
    truth: Any
    weight: Any = None
    first: int = 0

    def known(self) -> Any:
        """Return where there is truth, as float32 ``(n, 1, ...)``."""
        return (self.truth >= 0).unsqueeze(1).to(self.logits.dtype)

    def overlap(self) -> tuple[Any, Any]:
        """Return probabilities and truth by class, both 0 where there is no truth."""
        import torch

        known = self.known()
        classes = self.logits.shape[1]
        codes = torch.arange(classes, device=self.truth.device).view(
            1, -1, *(1 for _ in self.truth.shape[1:])
        )
        truth = (self.truth.unsqueeze(1) == codes).to(self.logits.dtype)
        shares = torch.softmax(self.logits, 1) * known
        return shares[:, self.first :], truth[:, self.first :]


Loss: TypeAlias = Callable[[Batch], Any]


def cross_entropy(batch: Batch) -> Any:
    r"""Mean of :math:`-\log p_{g(x)}(x)` over the samples x with truth g."""
    return (_log_loss(batch) * batch.known()[:, 0]).sum() / _count(batch)


def focal(batch: Batch, gamma: float = 2.0) -> Any:
    r"""Mean of :math:`-(1 - p_g)^\gamma \log p_g` [1]_: hard samples count more.

    .. [1] Lin, T.-Y., et al., "Focal loss for dense object detection", ICCV 2017.
       :doi:`10.1109/ICCV.2017.324`
    """
    surprise = _log_loss(batch)
    hard = (1 - (-surprise).exp()).clamp_min(0) ** gamma
    return (hard * surprise * batch.known()[:, 0]).sum() / _count(batch)


def tversky(batch: Batch, alpha: float = 0.3, beta: float = 0.7) -> Any:
    r"""One less the Tversky index [1]_, its mean over the classes that occur.

    :math:`1 - \frac{TP}{TP + \alpha FP + \beta FN}` with soft counts over the batch; with
    :math:`\beta > \alpha` missing is worse than inventing.

    .. [1] Salehi, S. S. M., et al., "Tversky loss function for image segmentation using 3D fully
       convolutional deep networks", MLMI 2017. :doi:`10.1007/978-3-319-67389-9_44`
    """
    shares, truth = batch.overlap()
    over = _all_but_class(shares)
    hit = (shares * truth).sum(over)
    false = shares.sum(over) - hit
    missed = truth.sum(over) - hit
    index = (hit + _SMOOTH) / (hit + alpha * false + beta * missed + _SMOOTH)
    return _over_present(1 - index, truth.sum(over))


def dice(batch: Batch) -> Any:
    r"""One less the soft Dice coefficient, its mean over the classes that occur.

    :math:`1 - \frac{2 \sum p g}{\sum p + \sum g}` over the batch [1]_.

    .. [1] Milletari, F., Navab, N., Ahmadi, S.-A., "V-Net: fully convolutional neural networks
       for volumetric medical image segmentation", 3DV 2016. :doi:`10.1109/3DV.2016.79`
    """
    return tversky(batch, 0.5, 0.5)


def centreline(batch: Batch, iterations: int = 5) -> Any:
    r"""One less the soft centreline Dice (clDice) [1]_, its mean over the classes that occur.

    The harmonic mean of how much of the predicted centreline lies in the truth and how much of
    the true centreline lies in the prediction; centrelines by ``iterations`` soft erosions, so
    for structures up to twice as wide.

    .. [1] Shit, S., et al., "clDice: a novel topology-preserving loss function for tubular
       structure segmentation", CVPR 2021. :doi:`10.1109/CVPR46437.2021.01629`
    """
    import torch

    shares, truth = batch.overlap()
    over = _all_but_class(shares)
    with torch.no_grad():
        line = _soft_skeleton(truth, iterations)
    found = _soft_skeleton(shares, iterations)
    precision = ((found * truth).sum(over) + _SMOOTH) / (found.sum(over) + _SMOOTH)
    recall = ((line * shares).sum(over) + _SMOOTH) / (line.sum(over) + _SMOOTH)
    return _over_present(1 - 2 * precision * recall / (precision + recall), truth.sum(over))


def branching(batch: Batch) -> Any:
    r"""Cross-entropy and Dice in which a thin branch weighs as much as a thick one of its length.

    :math:`\frac{\sum w\,(-\log p_g)}{\sum w} + 1 - \frac{2 \sum w p g}{\sum w p + \sum w g}`
    with the weights of `graticule.learn.unet.branches.branch_weights`: on objects inverse to the
    local thickness, 1 elsewhere.
    """
    weight = batch.weight * batch.known()[:, 0]
    entropy = (_log_loss(batch) * weight).sum() / weight.sum().clamp_min(_SMOOTH)
    shares, truth = batch.overlap()
    over = _all_but_class(shares)
    wide = weight.unsqueeze(1)
    hit = (wide * shares * truth).sum(over)
    total = (wide * shares).sum(over) + (wide * truth).sum(over)
    return entropy + _over_present(1 - (2 * hit + _SMOOTH) / (total + _SMOOTH), truth.sum(over))


_LOSSES: dict[str, Loss] = {
    "ce": cross_entropy,
    "dice": dice,
    "tversky": tversky,
    "focal": focal,
    "cldice": centreline,
    "branching": branching,
}


def regression(name: str, values: Any, truth: Any) -> Any:
    """Return the mean absolute (``mae``) or squared (``mse``) error where there is truth.

    Parameters
    ----------
    name : {"mae", "mse"}
        Which.
    values, truth : Tensor
        ``(n, ...)``; the truth is NaN where there is none.
    """
    import torch

    known = ~torch.isnan(truth)
    apart = torch.where(known, values - torch.nan_to_num(truth), 0)
    total = apart.abs().sum() if name == "mae" else (apart * apart).sum()
    return total / known.sum().clamp_min(1)


def terms_of(text: str) -> dict[str, float]:
    """Return the terms of a combined loss with their weights.

    Raises
    ------
    ParameterError
        If it is no sum of known losses.

    Examples
    --------
    >>> terms_of("dice+0.5*focal")
    {'dice': 1.0, 'focal': 0.5}
    """
    found: dict[str, float] = {}
    for term in str(text).split("+"):
        factor, _, name = term.rpartition("*")
        name = name.strip()
        if name not in _LOSSES and name not in REGRESSION:
            hint = suggest(name, [*_LOSSES, *REGRESSION])
            raise ParameterError(f"there is no loss {name!r}", where="loss", hint=hint)
        try:
            weight = float(factor or 1)
        except ValueError:
            weight = 0.0
        if not weight > 0:
            raise ParameterError(f"the weight of {name} must be positive", where="loss")
        found[name] = found.get(name, 0.0) + weight
    if len({name in REGRESSION for name in found}) > 1:
        raise ParameterError(
            f"{text} mixes losses of classes with those of continuous targets", where="loss"
        )
    return found


def combined(terms: Mapping[str, float]) -> Loss:
    """Return the weighted sum of losses of classes."""
    return lambda batch: sum(weight * _LOSSES[name](batch) for name, weight in terms.items())


def _log_loss(batch: Batch) -> Any:
    from torch.nn import functional

    return functional.cross_entropy(batch.logits, batch.truth, ignore_index=-1, reduction="none")


def _count(batch: Batch) -> Any:
    return (batch.truth >= 0).sum().clamp_min(1)


def _all_but_class(values: Any) -> tuple[int, ...]:
    return (0, *range(2, values.ndim))


def _over_present(losses: Any, amounts: Any) -> Any:
    present = (amounts > 0).to(losses.dtype)
    return (losses * present).sum() / present.sum().clamp_min(1)


def _soft_skeleton(values: Any, iterations: int) -> Any:
    from torch.nn import functional

    flat = values.ndim == 4
    pool = functional.max_pool2d if flat else functional.max_pool3d

    def eroded(image: Any) -> Any:
        smaller = None
        for axis in range(values.ndim - 2):
            size = [1] * (values.ndim - 2)
            size[axis] = 3
            least = -pool(-image, size, 1, [(each - 1) // 2 for each in size])
            smaller = least if smaller is None else smaller.minimum(least)
        return smaller

    def opening(image: Any) -> Any:
        return pool(eroded(image), 3, 1, 1)

    skeleton = (values - opening(values)).relu()
    for _ in range(iterations):
        values = eroded(values)
        extra = (values - opening(values)).relu()
        skeleton = skeleton + (extra - skeleton * extra).relu()
    return skeleton


def branch_weights(codes: Array, dims: int, first: int = 1) -> Array:
    r"""Return weights that make every branch count by its length and not by its width.

    .. math:: w(x) = m \, t(x)^{-(d-1)}

    on the samples of each object class, with t the local thickness of the class there
    (`segment.thickness`), d the number of dims, and m such that the mean over the class is 1; at
    most 16, and 1 elsewhere. A branch of thickness t has :math:`t^{d-1}` samples for each unit of
    its length up to a constant, so that :math:`\sum w` over a branch goes with its length.

    Parameters
    ----------
    codes : ndarray of int
        Class of each sample, -1 where there is none; the last ``dims`` axes are the image.
    dims : {2, 3}
        Dims of the structures; further axes in front are planes, each of its own.
    first : int
        First class that is weighted: 1 where class 0 is background.

    Returns
    -------
    ndarray
        float32, of the same shape.

    Examples
    --------
    >>> codes = np.zeros((9, 12), int)
    >>> codes[2, :6] = 1  # thin
    >>> codes[4:8, 6:] = 1  # thick
    >>> weights = branch_weights(codes, 2)
    >>> bool(weights[2, 0] > weights[5, 9]), float(weights[0, 0])
    (True, 1.0)
    """
    weights = np.ones(codes.shape, np.float32)
    for code in range(first, int(codes.max(initial=-1)) + 1):
        inside = codes == code
        if not inside.any() or inside.all():
            continue
        thickness = _thickness(inside, dims)[inside]
        raw = np.maximum(thickness, 1).astype(np.float64) ** -(dims - 1)
        mean = math.fsum(raw) / raw.size
        weights[inside] = np.minimum(raw / mean, _LARGEST_WEIGHT) if mean > 0 else 1
    return weights


def _thickness(mask: Array, dims: int) -> Array:
    from graticule.core.registry import get_op

    lead = [f"plane{axis}" for axis in range(mask.ndim - dims)]
    image = xr.DataArray(mask, dims=[*lead, *("z", "y", "x")[-dims:]])
    values: Array = get_op("segment.thickness")(image).values
    return values
