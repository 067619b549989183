"""A network of ONNX that is applied to images: on the processor, a thread to each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core import Region, map_ranges
from graticule.core.errors import FormatError, ImageError, ParameterError, suggest
from graticule.core.scope import ALL
from graticule.core.typing import Array
from graticule.io.safety import require_modest
from graticule.learn.interchange.declaration import BATCH, CHANNELS, SPACE, Declaration, carry_out
from graticule.learn.interchange.graph import Graph, Tensor, onnx_module
from graticule.learn.interchange.windows import CoreLattice, Window

if TYPE_CHECKING:
    import xarray as xr

_CLASS = "class"
_FLOATS = ("float32", "float64", "float16")
_COPIES = 4
"""Of a window, in float32, while it is scaled and continued."""


class Session:
    """A session of ONNX Runtime, made when it is first needed.

    Parameters
    ----------
    content : bytes
        The ONNX file.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._made: Any = None

    def get(self) -> Any:
        """Return the session; of two that threads make at once, one is kept."""
        if self._made is None:
            self._made = open_session(self.content)
        return self._made


@dataclass
class Network:
    """A network and what is declared of it.

    Attributes
    ----------
    session : Session
        What runs it.
    graph : Graph
        What it takes and gives.
    declared : Declaration
        Axes, sizes, scaling and halo.
    tile : int
        Samples of a window along each axis of space, where the network takes any.
    """

    session: Session
    graph: Graph
    declared: Declaration
    tile: int

    def __post_init__(self) -> None:
        self.input, self.output = _only_input(self.graph), _chosen(self.graph, self.declared)
        self.space = "".join(letter for letter in self.declared.axes if letter in SPACE)
        self._require_axes()
        self.lattice = self._lattice()

    def _require_axes(self) -> None:
        axes, given = self.declared.axes, self.declared.output_axes
        for letters, tensor in ((axes, self.input), (given, self.output)):
            if len(letters) != len(tensor.shape):
                what = f"must name {len(tensor.shape)} axes, as the network has in {tensor.name}"
                raise ParameterError(f"{what}, not {letters!r}", where="axes")
        if not self.space or not set(axes) <= set(BATCH + CHANNELS + SPACE):
            what = f"must be of the letters b c z y x, with y or x among them, not {axes!r}"
            raise ParameterError(what, where="axes")
        if "".join(letter for letter in given if letter in SPACE) != self.space:
            raise ParameterError(f"the output has other axes of space ({given}) than {axes}",
                                 where="axes")  # fmt: skip
        if self.input.dtype not in _FLOATS or self.output.dtype not in _FLOATS:
            types = f"{self.input.dtype} to {self.output.dtype}"
            raise FormatError(f"goes from {types}; networks from floats to floats are supported")

    def _lattice(self) -> CoreLattice:
        told = self.declared
        tiles, halos, multiples, smallest = [], [], [], []
        for letter in self.space:
            size = self.input.shape[told.axes.index(letter)] or told.fixed.get(letter)
            multiple = max(1, told.multiple.get(letter, 1))
            least = told.least.get(letter, 0) or multiple
            beyond = max(0, self.tile - least) // multiple * multiple
            tiles.append(size or least + beyond)
            halos.append(told.halo.get(letter, 0))
            multiples.append(multiple)
            # sizes are the least and multiples beyond it: others are padded to a whole window
            smallest.append(tiles[-1] if size or least % multiple else least)
        lattice = CoreLattice(tuple(tiles), tuple(halos), tuple(multiples), tuple(smallest))
        _ = lattice.step  # raises where the windows are too small
        return lattice

    @property
    def channels(self) -> int | None:
        """Channels that it takes; None where any number or no axis of them."""
        axes = self.declared.axes
        return self.input.shape[axes.index(CHANNELS)] if CHANNELS in axes else 1

    def halo(self, image: xr.DataArray) -> dict[str, int]:
        """Return how many samples it looks around, by dim: a window, so that all are whole."""
        found = dict(zip(self.space, self.lattice.tile, strict=True))
        return found | ({CHANNELS: ALL} if CHANNELS in image.dims else {})

    def align(self, image: xr.DataArray) -> dict[str, int]:
        """Return the step of its windows, by dim."""
        return dict(zip(self.space, self.lattice.step, strict=True))

    def apply(self, image: xr.DataArray, region: Region | None = None) -> xr.DataArray:
        """Return what it gives for an image, or for a region of it, channels in front.

        Raises
        ------
        ImageError
            If the image has other axes or channels than the network.
        """
        self._require_fitting(image)
        further = [str(d) for d in image.dims if str(d) not in (*self.space, CHANNELS)]
        order = [*further, *([CHANNELS] if CHANNELS in image.dims else []), *self.space]
        values = image.transpose(*order).values
        if CHANNELS not in image.dims:
            values = np.expand_dims(values, len(further))
        bounds = {} if region is None else dict(region.bounds)
        sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
        spans = [bounds.get(letter, (0, sizes[letter])) for letter in self.space]
        outer = [range(*bounds.get(dim, (0, sizes[dim]))) for dim in further]
        planes = [self._plane(values[at], spans) for at in product(*outer)]
        if not planes:
            raise ImageError("is empty")
        lead = tuple(len(each) for each in outer)
        found = np.stack(planes).reshape(*lead, *planes[0].shape)
        kept = {dim: slice(*span) for dim, span in bounds.items() if dim in image.dims}
        bare = image.isel({CHANNELS: 0}, drop=True) if CHANNELS in image.dims else image
        bare = bare.isel({dim: cut for dim, cut in kept.items() if dim != CHANNELS})
        attrs = {key: value for key, value in image.attrs.items() if key != "units"}
        import xarray as xr

        out = xr.DataArray(
            found, dims=[*further, _CLASS, *self.space], coords=bare.coords, attrs=attrs
        )
        named = out.assign_coords({_CLASS: self._class_names(out.sizes[_CLASS])})
        return named.transpose(_CLASS, *bare.dims)

    def _class_names(self, count: int) -> list[str]:
        names = self.declared.classes
        return list(names) if len(names) == count else [str(number) for number in range(count)]

    def _require_fitting(self, image: xr.DataArray) -> None:
        missing = [letter for letter in self.space if letter not in image.dims]
        if missing:
            dims = " ".join(map(str, image.dims))
            raise ImageError(
                f"must have the dims {' '.join(self.space)} of the network, not {dims}",
                hint="name the dims when reading, or declare the axes of the network with axes",
            )
        given = int(image.sizes.get(CHANNELS, 1))
        if self.channels is not None and given != self.channels:
            raise ImageError(
                f"must have {self.channels} channels, as the network takes, not {given}",
                hint="transform.grey makes one of several; transform.select takes one",
            )

    def _plane(self, values: Array, spans: Sequence[tuple[int, int]]) -> Array:
        """Return ``(outputs, *region)`` for ``(channels, *space)``."""
        sizes = values.shape[1:]
        windows = list(self.lattice.windows(sizes, spans))
        extent = self.lattice.extent(sizes)
        require_modest((len(values), *extent), _COPIES * 4, what="a window of the network")
        compute = partial(self._window, values, extent)
        parts = map_ranges(lambda a, b: [compute(each) for each in windows[a:b]], len(windows))
        found: Array | None = None
        for window, own in zip(windows, (each for part in parts for each in part), strict=True):
            if found is None:
                found = np.empty((len(own), *(b - a for a, b in spans)), np.float32)
            place = tuple(
                slice(a - low, b - low) for (a, b), (low, _) in zip(window.own, spans, strict=True)
            )
            found[(slice(None), *place)] = own
        assert found is not None
        missing = ~np.isfinite(values[(slice(None), *(slice(*span) for span in spans))]).all(axis=0)
        found[:, missing] = np.nan
        return found

    def _window(self, values: Array, extent: Sequence[int], window: Window) -> Array:
        """Return the samples of its own of a window, ``(outputs, ...)``."""
        cuts = [slice(at, at + size) for at, size in zip(window.start, extent, strict=True)]
        part = values[(slice(None), *cuts)]
        fine = np.isfinite(part)
        scaled = carry_out(self.declared.before, np.where(fine, part, 0), 0)
        scaled[~fine] = 0
        short = [(0, size - n) for size, n in zip(extent, part.shape[1:], strict=True)]
        if any(after for _, after in short):
            scaled = np.pad(scaled, [(0, 0), *short], mode="symmetric")
        found = self._run(scaled)
        own = tuple(
            slice(a - at, b - at) for (a, b), at in zip(window.own, window.start, strict=True)
        )
        return found[(slice(None), *own)]

    def _run(self, window: Array) -> Array:
        """Return ``(outputs, *space)`` for ``(channels, *space)``, by the network alone."""
        axes, given = self.declared.axes, self.declared.output_axes
        inner = "".join(letter for letter in axes if letter not in BATCH + CHANNELS)
        values = window if CHANNELS in axes else window[0]
        letters = (CHANNELS if CHANNELS in axes else "") + inner
        if BATCH in axes:
            values, letters = values[None], BATCH + letters
        values = np.ascontiguousarray(
            values.transpose([letters.index(letter) for letter in axes]), self.input.dtype
        )
        try:
            (out,) = self.session.get().run([self.output.name], {self.input.name: values})
        except Exception as error:  # ONNX Runtime's own, of which no name is public
            told = str(error).strip().splitlines()[-1][:300]
            raise ImageError(
                f"the network fails on a window of {' x '.join(map(str, values.shape))} "
                f"({axes}): {told}",
                hint="its sizes must be multiples of what it pools over: see multiple and tile",
            ) from None
        if out.ndim != len(given):
            raise FormatError(f"gives {out.ndim} axes, where {given} are declared")
        for letter in given:
            if letter == BATCH:
                out = out.take(0, axis=given.index(BATCH))
        rest = given.replace(BATCH, "")
        lead = CHANNELS if CHANNELS in rest else ""
        out = out.transpose([rest.index(letter) for letter in lead + inner])
        out = out if lead else out[None]
        if out.shape[1:] != window.shape[1:]:
            raise FormatError(
                f"gives {' x '.join(map(str, out.shape[1:]))} for a window of "
                f"{' x '.join(map(str, window.shape[1:]))}; networks that keep the size are "
                "supported"
            )
        return carry_out(self.declared.after, out, 0)


def open_session(content: bytes) -> Any:
    """Return a session of ONNX Runtime on the processor, of one thread.

    Raises
    ------
    FormatError
        If the runtime does not take the network.
    """
    runtime = onnx_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        told = str(error).strip().splitlines()[-1][:400]
        raise FormatError(f"is a network that ONNX Runtime does not take: {told}") from None


def _only_input(graph: Graph) -> Tensor:
    if len(graph.inputs) != 1:
        names = ", ".join(tensor.name for tensor in graph.inputs) or "none"
        raise FormatError(f"takes {len(graph.inputs)} inputs ({names}); one image is supported")
    return graph.inputs[0]


def _chosen(graph: Graph, declared: Declaration) -> Tensor:
    """Return the output that is declared, or the only one."""
    names = {tensor.name: tensor for tensor in graph.outputs}
    if declared.output in names:
        return names[declared.output]
    if len(graph.outputs) == 1:
        return graph.outputs[0]
    if declared.output:
        what = f"there is no output {declared.output!r}"
        raise ParameterError(what, where="output", hint=suggest(declared.output, list(names)))
    what = f"the network gives {', '.join(names)}; one must be named"
    raise ParameterError(what, where="output")
