"""A small U-Net with drawn weights, as ONNX and in torch, to hold the one against the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core.typing import Array

Weights = Mapping[str, Array]


def unet_weights(
    *, channels: int = 1, outputs: int = 2, width: int = 8, depth: int = 2, seed: int = 0
) -> dict[str, Array]:
    """Draw the weights of a U-Net of planes with two convolutions at every level.

    Parameters
    ----------
    channels, outputs : int
        Channels that it takes and gives.
    width : int
        Channels of the first level; each next has twice as many.
    depth : int
        Poolings.
    seed : int
        Of the weights.

    Returns
    -------
    dict
        ``down0.0`` .. ``down<depth>.1``, ``up<level>``, ``join<level>.0`` and ``.1``, ``out``, and
        with ``:bias`` behind the name the biases.

    Examples
    --------
    >>> unet_weights(width=4, depth=1)["down1.0"].shape
    (8, 4, 3, 3)
    """
    rng = np.random.default_rng(seed)
    weights: dict[str, Array] = {}

    def draw(name: str, shape: tuple[int, ...], outs: int) -> None:
        scale = np.sqrt(2 / np.prod(shape[1:]))
        weights[name] = rng.normal(0, scale, shape).astype(np.float32)
        weights[f"{name}:bias"] = rng.normal(0, 0.1, outs).astype(np.float32)

    widths = [width * 2**level for level in range(depth + 1)]
    for level, wide in enumerate(widths):
        draw(f"down{level}.0", (wide, widths[level - 1] if level else channels, 3, 3), wide)
        draw(f"down{level}.1", (wide, wide, 3, 3), wide)
    for level in reversed(range(depth)):
        wide = widths[level]
        draw(f"up{level}", (2 * wide, wide, 2, 2), wide)
        draw(f"join{level}.0", (wide, 2 * wide, 3, 3), wide)
        draw(f"join{level}.1", (wide, wide, 3, 3), wide)
    draw("out", (outputs, width, 1, 1), outputs)
    return weights


def depth_of(weights: Weights) -> int:
    """Return how often a U-Net pools."""
    return sum(name.startswith("up") and ":" not in name for name in weights)


def reach(depth: int) -> int:
    r"""Return how far a U-Net looks, in samples: what its halo must be.

    At level :math:`l` of :math:`d` two convolutions on the way down and two on the way up look
    :math:`4 \cdot 2^l` samples far, those at the bottom :math:`2 \cdot 2^d`, and what is pooled
    lies up to :math:`2^d - 1` samples off: :math:`7 \cdot 2^d - 5` together.

    Examples
    --------
    >>> reach(1), reach(2)
    (9, 23)
    """
    return 7 * (1 << depth) - 5


def unet_onnx(weights: Weights, *, sizes: tuple[int, int] | None = None) -> bytes:
    """Return a U-Net as the bytes of an ONNX file, ``bcyx`` to ``bcyx``.

    Parameters
    ----------
    weights : mapping
        As of `unet_weights`.
    sizes : (int, int), optional
        The only size it takes; by default any.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    depth = depth_of(weights)

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolved(name: str, source: str, *, relu: bool = True) -> str:
        pad = weights[name].shape[-1] // 2
        found = node("Conv", [source, name, f"{name}:bias"], f"{name}>", pads=[pad] * 4)
        return node("Relu", [found], f"{name}>>") if relu else found

    at = "image"
    kept = []
    for level in range(depth + 1):
        at = convolved(f"down{level}.1", convolved(f"down{level}.0", at))
        if level < depth:
            kept.append(at)
            pooling = {"kernel_shape": [2, 2], "strides": [2, 2]}
            at = node("MaxPool", [at], f"pooled{level}", **pooling)
    for level in reversed(range(depth)):
        name = f"up{level}"
        up = node("ConvTranspose", [at, name, f"{name}:bias"], f"{name}>", strides=[2, 2])
        joined = node("Concat", [up, kept[level]], f"joined{level}", axis=1)
        at = convolved(f"join{level}.1", convolved(f"join{level}.0", joined))
    last = convolved("out", at, relu=False)
    node("Identity", [last], "scores")
    rows, columns = sizes or ("rows", "columns")
    channels = weights["down0.0"].shape[1]
    kinds = [("image", channels), ("scores", weights["out"].shape[0])]
    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count, rows, columns])
        for name, count in kinds
    )
    held = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "unet", [taken], [given], held)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def unet_torch(weights: Weights, image: Array) -> Array:
    """Return what torch gives for a plane ``(y, x)`` or ``(c, y, x)`` as a whole: ``(c, y, x)``."""
    import torch
    from torch.nn import functional

    tensors = {name: torch.from_numpy(np.array(values)) for name, values in weights.items()}
    depth = depth_of(weights)

    def convolved(name: str, values: Any) -> Any:
        pad = weights[name].shape[-1] // 2
        found = functional.conv2d(values, tensors[name], tensors[f"{name}:bias"], padding=pad)
        return found if name == "out" else functional.relu(found)

    plane = np.asarray(image, np.float32)
    at = torch.from_numpy(plane[None, None] if plane.ndim == 2 else plane[None])
    kept = []
    with torch.inference_mode():
        for level in range(depth + 1):
            at = convolved(f"down{level}.1", convolved(f"down{level}.0", at))
            if level < depth:
                kept.append(at)
                at = functional.max_pool2d(at, 2)
        for level in reversed(range(depth)):
            name = f"up{level}"
            up = functional.conv_transpose2d(at, tensors[name], tensors[f"{name}:bias"], stride=2)
            joined = torch.cat([up, kept[level]], 1)
            at = convolved(f"join{level}.1", convolved(f"join{level}.0", joined))
        found: Array = convolved("out", at)[0].numpy()
    return found
