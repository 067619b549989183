"""A fitted network, ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.learn.unet._torch import device_of
from graticule.learn.unet.pixels import Normalisation, Pixels
from graticule.learn.unet.windows import Opener, Run, Take

if TYPE_CHECKING:
    from graticule.learn.unet.model import Fitted, UNet

Array: TypeAlias = np.ndarray[Any, Any]


def opener_of(image: xr.DataArray, dims: Sequence[str], normalisation: Normalisation) -> Opener:
    """Return what loads rows of an image, with the margin that normalisation needs."""
    whole = Pixels(image, dims, normalisation)

    def opened(start: int, stop: int) -> Take:
        begin = max(0, start - whole.margin[0])
        rows = slice(begin, stop + whole.margin[0])
        part = image.isel({dims[0]: rows})
        part = part.compute(scheduler="synchronous") if part.chunks is not None else part
        pixels = Pixels(part, dims, normalisation)

        def take(starts: Sequence[int], extent: Sequence[int]) -> Array:
            return pixels.box((starts[0] - begin, *starts[1:]), extent)

        return take

    return opened


def runner(model: UNet, fitted: Fitted) -> Run:
    """Return the network as a function of windows ``(n, c, *extent)``."""
    import torch

    from graticule.learn.unet.net import layout

    device = device_of(model.device)
    network = _ready(model, fitted, device)

    def run(windows: Array) -> Array:
        flat = windows.reshape(*windows.shape[:2], *_kept(windows.shape[2:], model.dims))
        with torch.inference_mode():
            given = torch.from_numpy(flat).to(device, memory_format=layout(model.dims))
            output = network(given)
            if model.regression:
                output = output * fitted.scale + fitted.shift
            else:
                output = torch.softmax(output, 1)
            found: Array = output.cpu().contiguous().numpy()
        return found.reshape(len(windows), -1, *windows.shape[2:])

    return run


def _kept(extent: Sequence[int], dims: int) -> tuple[int, ...]:
    """Return an extent without the dim that a 2-D network goes plane by plane."""
    if len(extent) == dims:
        return tuple(extent)
    apart = list(extent).index(1)
    return tuple(extent[:apart]) + tuple(extent[apart + 1 :])


def _ready(model: UNet, fitted: Fitted, device: Any) -> Any:
    """Return the network of the weights on a device; made once."""
    import torch

    from graticule.learn.unet.net import build, for_inference

    key = str(device)
    if key not in fitted._networks:
        outputs = max(1, len(model.classes))
        channels = max(1, fitted.expects.channels)
        network = build(
            model.dims, channels, outputs, model.base, model.depth, model.variant, model.seed
        )
        network.load_state_dict(
            {name: torch.from_numpy(np.array(value)) for name, value in fitted.weights.items()}
        )
        fitted._networks[key] = for_inference(network).to(device)
    return fitted._networks[key]
