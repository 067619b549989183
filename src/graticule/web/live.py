"""One page's websocket: what it looks at, answered by the newest request of each pane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.websockets import WebSocket, WebSocketDisconnect

from graticule.core.errors import GraticuleError
from graticule.core.image import Kind
from graticule.core.scope import Region
from graticule.pipeline import LiveImage, Pipeline
from graticule.pipeline.live.image import RegionView, reference_to
from graticule.pipeline.live.work import Superseded
from graticule.pipeline.spec import Spec
from graticule.web.exact import Dropped, ExactWorker
from graticule.web.exact_job import unpack
from graticule.web.frames import frame, histogram
from graticule.web.images import Opened, OpenImages
from graticule.web.parsed import Parsed
from graticule.web.requests import ViewRequest, read_request

_About: TypeAlias = tuple[str, str, str]
"""An image, a pipeline and what is looked at of it."""
_ROWS = 5000
_QUIET = 0.6
"""Seconds without a request after which what needs the whole image is computed."""


@dataclass
class _Newest:
    """The newest request of a pane, of each kind."""

    numbers: dict[tuple[str, int], int] = field(default_factory=dict)
    at: float = 0.0

    def take(self, kind: str, pane: int) -> Callable[[], bool]:
        """Note a request; return whether it is the newest still."""
        key = (kind, pane)
        number = self.numbers[key] = self.numbers.get(key, 0) + 1
        self.at = time.monotonic()
        return lambda: self.numbers.get(key) == number

    def forget(self) -> None:
        """Let no request be wanted."""
        self.numbers.clear()


class LiveSession:
    """What one page looks at.

    Parameters
    ----------
    images : OpenImages
        Shared with all pages.
    parsed : Parsed
        Pipelines by their text.
    exact : ExactWorker
        The process of exact results.
    workers : ThreadPoolExecutor
        Where views are computed.
    behind : ThreadPoolExecutor
        Where exact results and coarser copies are waited for, one at a time.
    """

    def __init__(
        self,
        images: OpenImages,
        parsed: Parsed,
        exact: ExactWorker,
        workers: ThreadPoolExecutor,
        behind: ThreadPoolExecutor,
    ) -> None:
        self.images, self.parsed, self.exact = images, parsed, exact
        self._workers, self._behind = workers, behind
        self._newest = _Newest()
        self._exact: dict[int, _About] = {}
        self._stopped = False
        self._outbox: asyncio.Queue[str | bytes | dict[str, Any]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def tell(self, message: bytes | dict[str, Any]) -> None:
        """Send something to the page, from any thread."""
        self._loop.call_soon_threadsafe(self._outbox.put_nowait, message)

    async def serve(self, socket: WebSocket) -> None:
        """Answer the page until it goes."""
        await socket.accept()
        sender = asyncio.create_task(self._send(socket))
        try:
            while True:
                self._take(await socket.receive_text())
        except (WebSocketDisconnect, KeyError):
            pass
        finally:
            self.stop()
            sender.cancel()

    def stop(self) -> None:
        """Let nothing be wanted any more."""
        self._stopped = True
        self._newest.forget()

    async def _send(self, socket: WebSocket) -> None:
        while True:
            message = await self._outbox.get()
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_json(message)

    def _take(self, text: str) -> None:
        try:
            request = read_request(text)
        except GraticuleError as error:
            self.tell({"type": "fault", "pane": -1, "id": -1, **told(error)})
            return
        is_newest = self._newest.take(request.type, request.pane)
        about = self._exact.get(request.pane)
        if request.type == "view" and about not in (None, _about(request)):
            self._exact.pop(request.pane, None)
        self._workers.submit(self._answer, request, is_newest)

    def _answer(self, request: ViewRequest, is_newest: Callable[[], bool]) -> None:
        if not is_newest():
            return
        named = {"pane": request.pane, "id": request.id, "of": request.of}
        try:
            started = time.perf_counter()
            parsed = self.parsed.pipeline(request.text)
            opened = self.images.opened(request.path, parsed)
            pipeline = opened.bound(parsed)
            if request.level > 0:
                self._copy(opened, request.path)  # else each sample of the image is read for it
            view, kind = _viewed(opened.live, pipeline, request, is_newest)
            spent = round(1e3 * (time.perf_counter() - started), 1)
            if is_newest():
                self.tell(_reply(view, kind, request, {**named, "milliseconds": spent}))
        except Superseded:
            return
        except GraticuleError as error:
            if is_newest():
                self.tell({"type": "fault", **named, **told(error)})
            return
        except Exception as error:
            what = f"fault in Graticule: {type(error).__name__}: {error}"
            self.tell({"type": "fault", **named, "what": what, "where": "", "hint": "report it"})
            return
        if request.type == "view":
            self._complete(opened, parsed, request, view)

    def _complete(
        self, opened: Opened, parsed: Pipeline, request: ViewRequest, view: RegionView
    ) -> None:
        """Have what is missing made behind: coarser copies, and exact results."""
        self._newest.at = time.monotonic()
        if not opened.has_copies:
            self._behind.submit(self._copy, opened, request.path)
        about = _about(request)
        if not view.is_exact and self._exact.get(request.pane) != about:
            self._exact[request.pane] = about
            self._behind.submit(self._make_exact, opened, parsed, request, about)

    def _copy(self, opened: Opened, path: str) -> None:
        """Make the coarser copies of an image, unless they are there."""
        if opened.has_copies:
            return
        title, started = f"coarser copies of {path}", time.monotonic()
        with suppress(OSError):
            opened.make_copies(
                is_wanted=lambda: not self._stopped,
                report=lambda share: self.tell(_progress(title, share, started)),
            )
        self.tell(_progress(title, 1.0, started))

    def _make_exact(
        self, opened: Opened, parsed: Pipeline, request: ViewRequest, about: _About
    ) -> None:
        """Compute the exact result once no slider moves, and drop it where one does."""

        def is_wanted() -> bool:
            return not self._stopped and self._exact.get(request.pane) == about

        while is_wanted() and time.monotonic() - self._newest.at < _QUIET:
            time.sleep(_QUIET / 5)
        if not is_wanted():
            return
        title, started = f"exact {request.of}", time.monotonic()
        pipeline = opened.bound(parsed)
        count = max(1, len(pipeline.steps))

        def take(message: tuple[Any, ...]) -> None:
            if message[0] == "known":
                opened.live.take_exact(pipeline, {message[1]: unpack(message[2])})
            elif message[0] == "step":
                place = list(pipeline.steps).index(message[1])
                self.tell(_progress(title, place / count, started))

        try:
            self.exact.run(opened.exact_job(parsed, request.of), take, is_wanted)
        except Dropped:
            self.tell(_progress(title, 1.0, started))
            return
        self.tell(_progress(title, 1.0, started))
        self.tell({"type": "exact", "path": request.path, "of": request.of})


def _about(request: ViewRequest) -> _About:
    return (request.path, request.text, request.of)


def told(error: GraticuleError) -> dict[str, str]:
    """Return an error in words."""
    return {"what": error.what, "where": error.where, "hint": error.hint}


def _progress(title: str, share: float, started: float) -> dict[str, Any]:
    spent = time.monotonic() - started
    left = spent * (1 - share) / share if share > 0.02 else None
    return {"type": "progress", "title": title, "share": share, "left": left}


def _viewed(
    live: LiveImage,
    pipeline: Spec,
    request: ViewRequest,
    is_newest: Callable[[], bool],
) -> tuple[RegionView, Kind]:
    of = request.of or None
    reference = reference_to(pipeline, of)
    kind = pipeline.kind_of(reference) or Kind.IMAGE
    sizes = live.sizes(pipeline, request.level, of)
    view = live.view(pipeline, _region(request, sizes), request.level, of=of, is_wanted=is_newest)
    return view, kind


def _region(request: ViewRequest, sizes: Mapping[str, int]) -> Region:
    """Return what is asked for, cut to what there is; of further dims one sample."""
    bounds = {}
    for dim, size in sizes.items():
        if dim in request.region:
            start, stop = request.region[dim]
            start = min(max(0, start), size - 1)
            bounds[dim] = (start, min(max(start + 1, stop), size))
        elif dim in request.at or (dim not in ("y", "x") and not (dim == "c" and size == 3)):
            place = min(max(0, request.at.get(dim, 0)), size - 1)
            bounds[dim] = (place, place + 1)
    return Region(bounds)


def _reply(
    view: RegionView, kind: Kind, request: ViewRequest, named: dict[str, Any]
) -> bytes | dict[str, Any]:
    if view.image is None:
        return {"type": "table", **named, "basis": view.basis, **_rows(view.table)}
    if request.type == "histogram":
        edges, counts = histogram(view)
        return {"type": "histogram", **named, "basis": view.basis, "edges": edges, "counts": counts}
    image = view.image
    further = [dim for dim, size in image.sizes.items() if size == 1 and dim not in ("y", "x")]
    region = {
        dim: [max(0, a), max(0, a) + int(image.sizes[dim])]
        for dim, (a, _) in request.region.items()
        if dim in image.dims
    }
    flat = view.__class__(image.isel(dict.fromkeys(further, 0)), view.level, view.basis)
    return frame(flat, kind, {**named, "region": region})


def _rows(table: Any) -> dict[str, Any]:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame({"value": [table]})
    units = table.attrs.get("units", {})
    some = table.head(_ROWS)
    columns = [{"name": str(name), "unit": str(units.get(name, ""))} for name in table.columns]
    kept = some.astype(object).where(some.notna(), None)
    rows = [[_plain(value) for value in row] for row in kept.to_numpy().tolist()]
    return {"columns": columns, "rows": rows, "count": len(table)}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    if value is None or isinstance(value, (int, float, str, bool)):
        return value
    return str(value)
