"""Labels to be corrected, begun from the exact result of a step for the whole image."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import GraticuleError, RequestError
from graticule.core.image import Image, Kind
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.pipeline import Pipeline
from graticule.pipeline.live.image import reference_to
from graticule.pipeline.nodes import tile_regions
from graticule.pipeline.spec import Spec, step_keys
from graticule.web.corrections import correction_news
from graticule.web.exact import Dropped, ExactWorker
from graticule.web.exact_job import unpack
from graticule.web.images import Opened, OpenImages
from graticule.web.parsed import Parsed

_PIECE = {"z": 16, "y": 2048, "x": 2048}
_TOLD = 0.5
"""Seconds after which it is said again how far it is."""


@dataclass(frozen=True)
class Start:
    """From what labels are begun.

    Attributes
    ----------
    path, text, of : str
        The image, the pipeline as YAML, and the step.
    pipeline : str
        What the pipeline is called.
    """

    path: str
    text: str
    of: str
    pipeline: str


class Starting:
    """Corrections that are being begun: one for each image at a time.

    Parameters
    ----------
    images : OpenImages
        The images, with their layers.
    parsed : Parsed
        Pipelines by their text.
    exact : ExactWorker
        The process of exact results.
    submit : callable
        Has something done behind.
    tell : callable
        Tells all pages.
    is_wanted : callable
        Whether there is a page still that waits for it.
    """

    def __init__(
        self,
        images: OpenImages,
        parsed: Parsed,
        exact: ExactWorker,
        submit: Callable[..., Any],
        tell: Callable[[dict[str, Any]], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        self.images, self.parsed, self.exact = images, parsed, exact
        self._submit, self._tell, self._is_wanted = submit, tell, is_wanted
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, start: Start) -> dict[str, Any]:
        """Have the labels of an image begun; return what a page is told of it.

        Raises
        ------
        RequestError
            If the step gives no labels, or ones of another size than the image.
        """
        parsed = self.parsed.pipeline(start.text)
        opened = self.images.opened(start.path, parsed)
        pipeline = opened.bound(parsed)
        if pipeline.kind_of(reference_to(pipeline, start.of)) is not Kind.LABELS:
            raise RequestError("gives no labels to be corrected", where=start.of[:100])
        like = _like(opened, pipeline, start.of)
        with self._lock:
            if start.path not in self._under_way:
                self._under_way.add(start.path)
                self._submit(self._make, start, opened, parsed, like)
        return _news(start, "making", 0.0)

    def is_under_way(self, path: str) -> bool:
        """Whether the labels of an image are being begun."""
        return path in self._under_way

    def _make(self, start: Start, opened: Opened, parsed: Pipeline, like: Image) -> None:
        told = [time.monotonic()]

        def report(share: float) -> None:
            if not self._is_wanted():
                raise Dropped
            if time.monotonic() - told[0] > _TOLD:
                told[0] = time.monotonic()
                self._tell(_news(start, "making", share))

        pipeline = opened.bound(parsed)
        key = step_keys(pipeline, opened.live.keys)[start.of.partition(".")[0]]
        source = {"of": start.of, "pipeline": start.pipeline, "key": key}

        def fill(target: Array) -> None:
            if not _is_exact(opened, pipeline, start.of, like):
                self._complete(start, opened, parsed, report)
            _fill(target, opened, pipeline, start.of, report)

        try:
            made = self.images.layers.begin_correction(start.path, like, fill, source)
        except Dropped:
            self._tell(_news(start, "dropped", 0.0))
        except GraticuleError as error:
            self._tell({**_news(start, "failed", 0.0), "what": error.what, "hint": error.hint})
        except Exception as error:
            what = f"fault in Graticule: {type(error).__name__}: {error}"
            self._tell({**_news(start, "failed", 0.0), "what": what, "hint": "report it"})
        else:
            self._tell(correction_news(made, start.path))
        finally:
            self._under_way.discard(start.path)

    def _complete(
        self, start: Start, opened: Opened, parsed: Pipeline, report: Callable[[float], None]
    ) -> None:
        """Have computed what the step needs of the whole image, in the process of exact results."""
        pipeline = opened.bound(parsed)
        names = list(pipeline.steps)
        faults: list[dict[str, str]] = []

        def take(message: tuple[Any, ...]) -> None:
            if message[0] == "fault":
                faults.append(message[1])
            elif message[0] == "known":
                opened.live.take_exact(pipeline, {message[1]: unpack(message[2])})
            elif message[0] == "step":
                report(names.index(message[1]) / len(names))

        self.exact.run(opened.exact_job(parsed, start.of), take, self._is_wanted)
        if faults:
            raise RequestError(**faults[0])


def _is_exact(opened: Opened, pipeline: Spec, of: str, like: Image) -> bool:
    """Whether the exact result is known already, or can be had at once."""
    corner = Region({str(dim): (0, 1) for dim in like.dims})
    return opened.live.view(pipeline, corner, 0, of=of).is_exact


def _like(opened: Opened, pipeline: Spec, of: str) -> Image:
    """Return an image of the labels' dims, sizes and coordinates, without their values."""
    import xarray as xr

    image: Image = opened.live.inputs[pipeline.first_input]
    sizes = opened.live.sizes(pipeline, 0, of)
    others = [dim for dim in sizes if dim not in ("y", "x")]
    if not {"y", "x"} <= {*sizes} or any(image.sizes.get(dim) != n for dim, n in sizes.items()):
        raise RequestError(
            "its labels have other sizes than the image, and no place beside it", where=of[:100],
            hint="correct those of a step before it is cut or binned",
        )  # fmt: skip
    dims = [*others, "y", "x"]
    coords = {dim: image.coords[dim] for dim in dims if dim in image.coords}
    shape = [sizes[dim] for dim in dims]
    return xr.DataArray(np.broadcast_to(np.int32(0), shape), coords, dims)


def _fill(
    target: Array, opened: Opened, pipeline: Spec, of: str, report: Callable[[float], None]
) -> None:
    """Put the labels of a step in their place, piece by piece."""
    sizes = opened.live.sizes(pipeline, 0, of)
    dims = [*(dim for dim in sizes if dim not in ("y", "x")), "y", "x"]
    regions = list(tile_regions({dim: sizes[dim] for dim in dims}, _tile(sizes)))
    keys = opened.live.keys
    for number, region in enumerate(regions):
        view = opened.live.view(pipeline, region, 0, of=of)
        if view.image is None or not view.is_exact or opened.live.keys != keys:
            raise RequestError("what it depends on was changed meanwhile", hint="begin again")
        target[tuple(region.slices()[dim] for dim in dims)] = _whole(view.image.transpose(*dims))
        report(number / len(regions))


def _tile(sizes: Mapping[str, int]) -> dict[str, int]:
    return {dim: min(size, _PIECE.get(dim, 1)) for dim, size in sizes.items()}


def _whole(labels: Image) -> Array:
    values = labels.values
    if values.dtype != np.int32 and int(values.max(initial=0)) > np.iinfo(np.int32).max:
        raise RequestError("a label is larger than 2,147,483,647")
    return np.asarray(values, np.int32)


def _news(start: Start, state: str, share: float) -> dict[str, Any]:
    return {
        "type": "correction", "path": start.path, "edit": "", "state": state,
        "share": share, "source": {"of": start.of, "pipeline": start.pipeline},
    }  # fmt: skip
