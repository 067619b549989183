"""An embedding learned from a collection, by which views of one image lie together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from graticule.core.errors import FormatError, ImageError, RequestError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import (
    LearnedKind,
    LearnedParameters,
    as_stack,
    shape_of_card,
)

_CARD = "graticule-contrastive-1"
_SIDE = 64
"""Larger images are averaged down to so many samples along each side."""
_WIDTHS = (16, 32, 64)
_TEMPERATURE = 0.2
_SHIFT, _SCALE, _LIGHT, _NOISE = 0.08, 0.1, 0.2, 0.1
_LEAST = 8


@dataclass(frozen=True)
class Contrastive:
    """A small convolutional network that was shown which views are of one image.

    What it gives is the mean over the four quarter turns and their mirrors, so that these change
    nothing; other turns, small shifts and changes of size it has learned to leave out.

    Attributes
    ----------
    shape : tuple of int
        ``(y, x, c)`` of the images.
    weights : mapping of ndarray
        float32, by layer.
    centre, scale : float
        What values are moved and divided by.
    losses : tuple of float
        Mean loss of each epoch.

    Examples
    --------
    >>> images = np.random.default_rng(0).random((16, 12, 12), dtype=np.float32)
    >>> network = Contrastive.fit(images, n_components=4, epochs=1)
    >>> network.transform(images).shape, network.columns[0], len(network.losses)
    ((16, 4), 'learned_0', 1)
    """

    shape: tuple[int, int, int]
    weights: Mapping[str, Array]
    centre: float
    scale: float
    losses: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        images: Array | Iterable[Array],
        *,
        n_components: int = 32,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 2e-3,
        seed: int = 0,
    ) -> Self:
        """Return a network fitted to a collection.

        Of each image two views are made, turned by any angle, mirrored, shifted, scaled, brighter
        and with noise; the loss is low where the two are more alike than any other pair of the
        batch [1]_.

        Parameters
        ----------
        images : ndarray or iterable of ndarray
            ``(n, y, x)`` or ``(n, y, x, c)``, or stacks of them; of 8 x 8 samples or more, and 8
            of them or more. No more than 64 x 64 samples of each are held.
        n_components : int
            How many numbers describe an image.
        epochs : int
            How often all images are seen.
        batch_size : int
            Images that are told apart at once.
        learning_rate : float
            Of Adam; it falls to 0 along a cosine.
        seed : int
            Of the weights, the order and the views.

        Raises
        ------
        ImageError
            If there are too few or too small images, or a sample is no number.
        RequestError
            If PyTorch is not installed.

        References
        ----------
        .. [1] Chen, T., Kornblith, S., Norouzi, M. and Hinton, G., "A simple framework for
           contrastive learning of visual representations", Int. Conf. Machine Learning,
           1597-1607, 2020.
        """
        torch = _torch()
        shape, small = _smaller([images] if isinstance(images, np.ndarray) else images)
        if len(small) < _LEAST or min(shape[:2]) < _LEAST:
            raise ImageError(
                f"must be {_LEAST} images or more of {_LEAST} x {_LEAST} samples, not "
                f"{len(small)} of {shape[0]} x {shape[1]}"
            )
        centre, scale = float(small.mean()), float(small.std()) or 1.0
        values = (small - centre) / scale
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _network(shape[2], n_components)
            head = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(n_components, n_components))
            parameters = [*net.parameters(), *head.parameters()]
            optimiser = torch.optim.Adam(parameters, lr=learning_rate)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, epochs))
            losses = []
            for _ in range(epochs):
                losses.append(_epoch(values, net, head, optimiser, batch_size))
                schedule.step()
        weights = {name: each.numpy().copy() for name, each in net.state_dict().items()}
        return cls(shape, weights, centre, scale, tuple(losses))

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of a row."""
        return [f"learned_{number}" for number in range(len(self.weights["last.bias"]))]

    @property
    def facts(self) -> dict[str, float]:
        """The loss of the last epoch."""
        return {"loss": self.losses[-1]} if self.losses else {}

    def transform(self, images: Array) -> Array:
        """Return the numbers of images, float32 of ``(n, k)``.

        Raises
        ------
        ImageError
            If they are of another size, or a sample is no number.
        """
        torch = _torch()
        stack = as_stack(images)
        if stack.shape[1:] != self.shape:
            raise ImageError(
                f"must be images of {self.shape} (y, x, c) samples, not {stack.shape[1:]}"
            )
        net = _network(self.shape[2], len(self.columns))
        net.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in self.weights.items()})
        rows = [np.empty((0, len(self.columns)), np.float32)]
        with torch.no_grad():
            for start in range(0, len(stack), 256):
                values = (_small(stack[start : start + 256]) - self.centre) / self.scale
                views = [torch.rot90(each, turn, (2, 3)) for each in (values, values.flip(3))
                         for turn in range(4)]  # fmt: skip
                rows.append(sum(net(view) for view in views).numpy() / len(views))
        return np.concatenate(rows)

    def arrays(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what it holds as arrays by name, and the rest as JSON values."""
        card = {
            "format": _CARD,
            "shape": list(self.shape),
            "centre": self.centre,
            "scale": self.scale,
            "losses": list(self.losses),
        }
        return dict(self.weights), card

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], card: Mapping[str, Any]) -> Self:
        """Return what `arrays` gave.

        Raises
        ------
        FormatError
            If they do not fit together.
        """
        try:
            y, x, c = shape_of_card(card, _CARD)
            weights = {name: np.asarray(each, np.float32) for name, each in arrays.items()}
            found = cls(
                (y, x, c),
                weights,
                float(card["centre"]),
                float(card["scale"]),
                tuple(float(loss) for loss in card["losses"]),
            )
            wanted = _network(c, len(found.columns)).state_dict()
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"is no learned embedding: {error}") from None
        sizes = {name: tuple(each.shape) for name, each in wanted.items()}
        if {name: each.shape for name, each in weights.items()} != sizes:
            raise FormatError("is no learned embedding: its layers have other names or sizes")
        return found


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise RequestError(
            "a learned embedding needs PyTorch", hint="pip install 'graticule[deep]'"
        ) from None
    return torch


def _network(channels: int, n_components: int) -> Any:
    from collections import OrderedDict

    nn = _torch().nn
    layers: OrderedDict[str, Any] = OrderedDict()
    before = channels
    for number, width in enumerate(_WIDTHS):
        layers[f"conv{number}"] = nn.Conv2d(before, width, 3, padding=1)
        layers[f"norm{number}"] = nn.GroupNorm(8, width)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"pool{number}"] = nn.AvgPool2d(2)
        before = width
    layers["mean"] = nn.AdaptiveAvgPool2d(1)
    layers["flat"] = nn.Flatten()
    layers["last"] = nn.Linear(before, n_components)
    return nn.Sequential(layers)


def _smaller(stacks: Iterable[Array]) -> tuple[tuple[int, int, int], Any]:
    """Return ``(y, x, c)`` of the images of stacks, and all of them as one tensor."""
    shape = (0, 0, 0)
    parts: list[Any] = []
    for each in map(as_stack, stacks):
        own = (each.shape[1], each.shape[2], each.shape[3])
        if parts and own != shape:
            raise ImageError(f"must be images of {shape} (y, x, c) samples, not {own}")
        shape = own
        parts.append(_small(each))
    return shape, _torch().cat(parts) if parts else _torch().empty(0)


def _small(stack: Array) -> Any:
    """Return images as a tensor ``(n, c, y, x)``, averaged down where they are large."""
    torch = _torch()
    if not np.isfinite(stack).all():
        raise ImageError("has samples without a number")
    values = torch.from_numpy(np.ascontiguousarray(np.moveaxis(stack, 3, 1), np.float32))
    size = [min(_SIDE, side) for side in values.shape[2:]]
    return torch.nn.functional.adaptive_avg_pool2d(values, size)


def _epoch(values: Any, net: Any, head: Any, optimiser: Any, batch_size: int) -> float:
    torch = _torch()
    order = torch.randperm(len(values))
    count = max(1, len(values) // batch_size)
    losses = []
    for part in torch.tensor_split(order, count):
        batch = values[part]
        one, other = (
            torch.nn.functional.normalize(head(net(_view(batch))), dim=1) for _ in range(2)
        )
        loss = _loss(one, other)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _view(batch: Any) -> Any:
    """Return images turned, mirrored, shifted, scaled, brighter or darker, and with noise."""
    torch = _torch()
    count = len(batch)
    angle = torch.rand(count) * 2 * np.pi
    size = 1 + (torch.rand(count) * 2 - 1) * _SCALE
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift = (torch.rand(count, 2) * 2 - 1) * 2 * _SHIFT
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    rows = [torch.stack([cos * mirror, -sin, shift[:, 0]], 1),
            torch.stack([sin * mirror, cos, shift[:, 1]], 1)]  # fmt: skip
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), batch.shape, align_corners=False)
    turned = torch.nn.functional.grid_sample(
        batch, grid, padding_mode="border", align_corners=False
    )
    light = 1 + (torch.rand(count, 1, 1, 1) * 2 - 1) * _LIGHT
    return turned * light + _NOISE * torch.randn_like(turned)


def _loss(one: Any, other: Any) -> Any:
    """Return the cross entropy of finding the other view of an image among all views."""
    torch = _torch()
    both = torch.cat([one, other])
    alike = both @ both.T / _TEMPERATURE
    alike = alike.masked_fill(torch.eye(len(both), dtype=torch.bool), -torch.inf)
    partner = (torch.arange(len(both)) + len(one)) % len(both)
    return torch.nn.functional.cross_entropy(alike, partner)


class ContrastiveParameters(LearnedParameters):
    """Parameters.

    Attributes
    ----------
    n_components, epochs, batch_size, learning_rate
        As of `Contrastive.fit`.
    fit_images : int or None
        To how many images it is fitted at most.
    """

    n_components: Annotated[int, Field(ge=1, le=4096, strict=True)] = 32
    fit_images: Annotated[int, Field(ge=8, strict=True)] | None = 10_000
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 20
    batch_size: Annotated[int, Field(ge=2, strict=True)] = 128
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3


def _fit(batches: Iterator[Array], parameters: ContrastiveParameters, seed: int) -> Contrastive:
    return Contrastive.fit(
        batches,
        n_components=parameters.n_components,
        epochs=parameters.epochs,
        batch_size=parameters.batch_size,
        learning_rate=parameters.learning_rate,
        seed=seed,
    )


contrastive = LearnedKind(
    "contrastive", "learned embedding", ContrastiveParameters, _fit, Contrastive.from_arrays
)
