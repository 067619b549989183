"""Transfer: starting from the weights of a network that was trained on something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array

if TYPE_CHECKING:
    from graticule.learn.unet.model import UNet
Init: TypeAlias = "UNet | Mapping[str, Array] | None"

FIRST = ("down.0.conv1.weight", "down.0.past.weight")
HEAD = ("head.weight", "head.bias")


def start_from(network: Any, init: Init) -> None:
    """Put the weights of another network into this one.

    Where the number of channels differs, the first convolution takes the mean over the channels
    that it had; where the number of classes differs, the last one starts anew.

    Raises
    ------
    ParameterError
        If the networks are not of one build (dims, base, depth, variant).
    """
    from graticule.learn.unet.net import put, weights_of

    if init is None:
        return
    given = init if isinstance(init, Mapping) else init.state().weights
    assert given is not None
    own = weights_of(network)
    missing = [name for name in own if name not in given]
    unknown = [name for name in given if name not in own]
    if missing or unknown:
        raise _another(f"{len(missing)} weights are missing and {len(unknown)} have no place")
    taken = {}
    for name, value in own.items():
        array = np.asarray(given[name])
        if name in FIRST and array.shape[1] != value.shape[1]:
            array = _spread_over(array, value.shape[1])
        if array.shape == value.shape:
            taken[name] = array
        elif name not in HEAD:
            raise _another(f"{name} has shape {array.shape} and not {value.shape}")
    put(network, {**own, **taken})


def _spread_over(array: Array, channels: int) -> Array:
    """Return a first convolution for other channels: the same for images alike in all."""
    mean = array.sum(1, keepdims=True) / channels
    return np.repeat(mean, channels, 1)


def _another(what: str) -> ParameterError:
    return ParameterError(
        f"the weights are those of another network: {what}",
        where="init",
        hint="dims, base, depth and variant must be as in the network they come from",
    )
