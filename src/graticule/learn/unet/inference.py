"""A fitted network, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from graticule.core import Region, as_image, map_ranges
from graticule.core.image import is_lazy
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, InputSpec
from graticule.learn.models.model import RegionLike, as_region
from graticule.learn.unet._torch import deterministic, device_of, one_thread
from graticule.learn.unet.pixels import Normalisation, NormalisedImage
from graticule.learn.unet.settings import Settings
from graticule.learn.unet.tta import mean_over_orientations
from graticule.learn.unet.windows import Lattice, RunWindows, WindowStart, blend_windows

_ON_CPU = 32
"""Windows that are asked for together: enough for all cores, few enough to stay small."""

_ON_GPU = 8
"""Windows in a batch, of which every one has as many: other batches give other last digits."""


@dataclass
class FittedNetwork:
    """What training gave.

    Attributes
    ----------
    expects : InputSpec
        What images it is for.
    normalisation : Normalisation
        Of the training images.
    weights : mapping
        Of the network.
    outputs : int
        Values that it gives for a sample.
    shift, scale : float
        A continuous target is the output times the one and plus the other.
    """

    expects: InputSpec
    normalisation: Normalisation
    weights: dict[str, Array]
    outputs: int
    shift: float = 0.0
    scale: float = 1.0
    _networks: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_networks": {}}


def predict_image(
    settings: Settings,
    fitted: FittedNetwork,
    image: Any,
    region: RegionLike,
    finish: Callable[[Array], Array],
    *,
    dtype: Any = np.float32,
    nothing: float = np.nan,
    classes: int = 0,
) -> xr.DataArray:
    """Return what ``finish`` makes of the network's output for an image, strip by strip.

    Parameters
    ----------
    settings, fitted
        What is applied.
    image : DataArray or array_like
        Any that the model expects.
    region : Region or mapping, optional
        The part of it that is wanted.
    finish : callable
        From the output ``(outputs, rows, ...)`` to ``(rows, ...)`` or ``(classes, rows, ...)``.
    dtype : dtype
        Of the result.
    nothing : float
        What stands where a value of the image is missing.
    classes : int
        Size of a dim ``class`` in front; 0 for none.
    """
    image = as_image(image)
    given = fitted.expects.validate(image)
    dims = fitted.expects.dims
    pixels = NormalisedImage(given, dims, fitted.normalisation)
    box = as_region(region, dict(zip(dims, pixels.sizes, strict=True)))
    (first, last), *rest = box.bounds.values()
    lead = (classes,) if classes else ()
    out = np.empty((*lead, *box.sizes.values()), dtype)
    for begin, end, values in predict_strips(settings, fitted, given, settings.lattice(dims), box):
        start, stop = max(begin, first), min(end, last)
        if start >= stop:
            continue
        own = (slice(start - begin, stop - begin), *(slice(*span) for span in rest))
        part = finish(values[(slice(None), *own)])
        fine = pixels.finite((start, *(a for a, _ in rest)), (stop, *(b for _, b in rest)))
        part[..., ~fine] = nothing
        out[(slice(None),) * len(lead) + (slice(start - first, stop - first),)] = part
    bare = box.cut(given.isel({CHANNEL: 0}, drop=True) if CHANNEL in given.dims else given)
    head = ("class",) if classes else ()
    attrs = {key: value for key, value in image.attrs.items() if key != "units"}
    found = xr.DataArray(out, dims=(*head, *dims), coords=bare.coords, attrs=attrs)
    return found.transpose(*head, *(dim for dim in image.dims if dim != CHANNEL))


def predict_strips(
    settings: Settings,
    fitted: FittedNetwork,
    image: xr.DataArray,
    lattice: Lattice,
    box: Region,
) -> Iterator[tuple[int, int, Array]]:
    """Yield the network's blended output in strips along the first dim, as `blend_windows` does.

    On the processor each window is computed by itself and by one thread, several of them side by
    side, so that the result depends neither on the number of cores nor on other windows.
    """
    dims = fitted.expects.dims
    whole = NormalisedImage(image, dims, fitted.normalisation)
    extent = lattice.extent(whole.sizes)
    network, device = _network_on_device(settings, fitted)
    outputs_of = partial(_outputs, settings, fitted, network, device)
    if settings.tta:
        outputs_of = partial(mean_over_orientations, outputs_of)

    def open_strip(start: int, stop: int) -> RunWindows:
        begin = max(0, start - whole.margin[0])
        part = image.isel({dims[0]: slice(begin, stop + whole.margin[0])})
        part = part.compute(scheduler="synchronous") if is_lazy(part) else part
        pixels = NormalisedImage(part, dims, fitted.normalisation)

        def window(at: WindowStart) -> Array:
            return pixels.box((at[0] - begin, *at[1:]), extent)

        def run(places: Sequence[WindowStart]) -> Array:
            if device.type == "cpu":
                parts = map_ranges(
                    lambda a, b: [outputs_of(window(at)[None]) for at in places[a:b]], len(places)
                )
                return np.concatenate([each for part in parts for each in part])
            windows = np.zeros((_ON_GPU, *window(places[0]).shape), np.float32)
            for number, at in enumerate(places):
                windows[number] = window(at)
            return outputs_of(windows)[: len(places)]

        return run

    bulk = _ON_CPU if device.type == "cpu" else _ON_GPU
    return blend_windows(open_strip, whole.sizes, lattice, bulk, list(box.bounds.values()))


def _outputs(
    settings: Settings, fitted: FittedNetwork, network: Any, device: Any, windows: Array
) -> Array:
    """Return the output for windows ``(n, c, *extent)``."""
    import torch

    from graticule.learn.unet.net import memory_format_of, network_extent

    flat = windows.reshape(*windows.shape[:2], *network_extent(windows.shape[2:], settings.dims))
    with torch.inference_mode(), one_thread(), deterministic(exact=True):
        given = torch.from_numpy(flat).to(device, memory_format=memory_format_of(settings.dims))
        output = network(given)
        if settings.regression:
            output = output * fitted.scale + fitted.shift
        else:
            output = torch.softmax(output, 1)
        found: Array = output.cpu().contiguous().numpy()
    return found.reshape(len(windows), -1, *windows.shape[2:])


def _network_on_device(settings: Settings, fitted: FittedNetwork) -> tuple[Any, Any]:
    """Return the network with its weights, made once for each device, and the device."""
    device = device_of(settings.device)
    from graticule.learn.unet.net import for_inference, load_weights

    key = str(device)
    if key not in fitted._networks:
        network = settings.network(fitted.expects.channels, fitted.outputs, seed=0)
        load_weights(network, fitted.weights)
        fitted._networks[key] = for_inference(network).to(device)
    return fitted._networks[key], device
