"""The network: an encoder, a decoder, and what leads from the one to the other."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import nn

from graticule.core.errors import FormatError, ParameterError
from graticule.core.typing import Array
from graticule.learn.models.model import Model
from graticule.learn.unet._torch import require_package

_COUNTER = "num_batches_tracked"
_FIRST = ("down.0.conv1.weight", "down.0.past.weight")
_HEAD = ("head.weight", "head.bias")

Variant: TypeAlias = Literal["plain", "attention", "residual"]


class Block(nn.Module):  # type: ignore[misc]
    """Two convolutions of width 3, each with its normalisation and rectifier."""

    def __init__(self, dims: int, before: int, after: int, *, residual: bool) -> None:
        super().__init__()
        conv, norm = (nn.Conv2d, nn.BatchNorm2d) if dims == 2 else (nn.Conv3d, nn.BatchNorm3d)
        self.conv1 = conv(before, after, 3, padding=1, bias=False)
        self.norm1 = norm(after)
        self.conv2 = conv(after, after, 3, padding=1, bias=False)
        self.norm2 = norm(after)
        self.past = conv(before, after, 1, bias=False) if residual else None

    def forward(self, image: Any) -> Any:
        """Return the activations."""
        inner = torch.relu_(self.norm1(self.conv1(image)))
        outer = self.norm2(self.conv2(inner))
        if self.past is not None:
            outer = outer + self.past(image)
        return torch.relu_(outer)

    def fuse(self) -> None:
        """Fold the normalisations into the convolutions: the same function in fewer steps."""
        from torch.nn.utils.fusion import fuse_conv_bn_eval

        self.conv1 = fuse_conv_bn_eval(self.conv1, self.norm1)
        self.conv2 = fuse_conv_bn_eval(self.conv2, self.norm2)
        self.norm1 = self.norm2 = nn.Identity()


class Network(nn.Module):  # type: ignore[misc]
    """A U-Net [1]_ with normalisation by batch statistics gathered in training.

    At inference nothing is computed of the image as a whole, so that a place is decided by its
    surroundings alone.

    Parameters
    ----------
    dims : {2, 3}
        Spatial dims.
    channels, outputs : int
        Of the image, and of the result.
    base : int
        Width of the first level; each level below is twice as wide.
    depth : int
        Levels; the lowest sees the image reduced by ``2 ** (depth - 1)``.
    variant : {"plain", "attention", "residual"}
        ``attention`` weights what goes across by gates [2]_; ``residual`` adds the input of each
        block to its output.

    References
    ----------
    .. [1] Ronneberger, O., Fischer, P., Brox, T., "U-Net: convolutional networks for biomedical
       image segmentation", MICCAI 2015. :doi:`10.1007/978-3-319-24574-4_28`
    .. [2] Oktay, O., et al., "Attention U-Net: learning where to look for the pancreas", 2018.
       arXiv:1804.03999
    """

    def __init__(
        self, dims: int, channels: int, outputs: int, base: int, depth: int, variant: Variant
    ) -> None:
        super().__init__()
        widths = [base << level for level in range(depth)]
        residual = variant == "residual"
        conv, transposed = (
            (nn.Conv2d, nn.ConvTranspose2d) if dims == 2 else (nn.Conv3d, nn.ConvTranspose3d)
        )
        self.pool = nn.MaxPool2d(2) if dims == 2 else nn.MaxPool3d(2)
        self.down = nn.ModuleList(
            Block(dims, before, after, residual=residual)
            for before, after in zip([channels, *widths[:-1]], widths, strict=True)
        )
        rising = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList(transposed(below, here, 2, 2) for below, here in rising)
        self.gates = nn.ModuleList(
            _gate(dims, here) for _, here in rising if variant == "attention"
        )
        self.across = nn.ModuleList(
            Block(dims, 2 * here, here, residual=residual) for _, here in rising
        )
        self.head = conv(base, outputs, 1)

    def forward(self, image: Any) -> Any:
        """Return one value for each output and sample (classes: logits)."""
        kept = []
        for level, block in enumerate(self.down):
            image = block(self.pool(image) if level else image)
            kept.append(image)
        kept.pop()
        for level, (up, block) in enumerate(zip(self.up, self.across, strict=True)):
            image, side = up(image), kept.pop()
            if self.gates:
                side = self.gates[level](g=image, x=side)
            image = block(torch.cat([side, image], 1))
        return self.head(image)


def _gate(dims: int, width: int) -> nn.Module:
    monai = require_package("monai.networks.nets.attentionunet")
    gate: nn.Module = monai.AttentionBlock(dims, f_int=max(1, width // 2), f_g=width, f_l=width)
    return gate


def build_network(
    dims: int, channels: int, outputs: int, base: int, depth: int, variant: Variant, seed: int
) -> Network:
    """Return a network with random weights that depend on the seed alone.

    Examples
    --------
    >>> network = build_network(2, 1, 3, 4, 3, "plain", seed=0)
    >>> network(torch.zeros(1, 1, 8, 12)).shape
    torch.Size([1, 3, 8, 12])
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(dims, channels, outputs, base, depth, variant)
        for part in network.modules():
            if isinstance(part, nn.Conv2d | nn.Conv3d) and part.kernel_size[0] > 1:
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
    ordered: Network = network.to(memory_format=memory_format_of(dims))
    return ordered


def weights_of(network: Network) -> dict[str, Any]:
    """Return a copy of the weights by name, without counters that decide nothing.

    Examples
    --------
    >>> sorted(weights_of(build_network(2, 1, 2, 4, 1, "plain", seed=0)))[-2:]
    ['head.bias', 'head.weight']
    """
    return {
        name: value.detach().cpu().contiguous().numpy().copy()
        for name, value in network.state_dict().items()
        if not name.endswith(_COUNTER)
    }


def load_weights(network: Network, weights: Mapping[str, Any]) -> None:
    """Give a network the weights that `weights_of` took from one of the same build."""
    given = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    missing, unknown = network.load_state_dict(given, strict=False)
    missing = [name for name in missing if not name.endswith(_COUNTER)]
    if missing or unknown:
        raise FormatError(
            f"weights do not fit: {len(missing)} are missing and {len(unknown)} have no place"
        )


def memory_format_of(dims: int) -> Any:
    """Return the order in memory that convolutions are fastest in: channels last."""
    return torch.channels_last if dims == 2 else torch.channels_last_3d


def network_extent(extent: Sequence[int], dims: int) -> tuple[int, ...]:
    """Return an extent without the dim that a 2-D network goes along plane by plane."""
    apart = len(extent) if len(extent) == dims else list(extent).index(1)
    return (*extent[:apart], *extent[apart + 1 :])


def for_inference(network: Network) -> Network:
    """Return a copy that only predicts, with the normalisations folded into the convolutions."""
    quick: Network = copy.deepcopy(network).eval().requires_grad_(False)
    for part in quick.modules():
        if isinstance(part, Block):
            part.fuse()
    return quick


def start_from(network: Any, init: Model | Mapping[str, Array] | None) -> None:
    """Put the weights of another network into this one.

    Where the number of channels differs, the first convolution takes the mean over the channels
    that it had; where the number of classes differs, the last one starts anew.

    Raises
    ------
    ParameterError
        If the networks are not of one build (dims, base, depth, variant).
    """
    if init is None:
        return
    given = init if isinstance(init, Mapping) else init.state().weights
    assert given is not None
    own = weights_of(network)
    missing = [name for name in own if name not in given]
    unknown = [name for name in given if name not in own]
    if missing or unknown:
        raise _mismatch(f"{len(missing)} weights are missing and {len(unknown)} have no place")
    taken = {}
    for name, value in own.items():
        array = np.asarray(given[name])
        if name in _FIRST and array.shape[1] != value.shape[1]:
            # the same for images alike in all channels
            mean = array.sum(1, keepdims=True) / value.shape[1]
            array = np.repeat(mean, value.shape[1], 1)
        if array.shape == value.shape:
            taken[name] = array
        elif name not in _HEAD:
            raise _mismatch(f"{name} has shape {array.shape} and not {value.shape}")
    load_weights(network, {**own, **taken})


def _mismatch(what: str) -> ParameterError:
    return ParameterError(
        f"the weights are those of another network: {what}",
        where="init",
        hint="dims, base, depth and variant must be as in the network they come from",
    )
