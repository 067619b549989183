"""One page's websocket: what it looks at, answered by the newest request of each pane."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from starlette.websockets import WebSocket, WebSocketDisconnect

from graticule.core.errors import GraticuleError, RequestError
from graticule.core.image import Kind
from graticule.core.scope import Region
from graticule.pipeline import Pipeline
from graticule.pipeline.coarse import window_of
from graticule.pipeline.live.image import RegionView, reference_to
from graticule.pipeline.live.work import Superseded
from graticule.pipeline.spec import Spec
from graticule.web.corrections import CORRECTED, correction_news
from graticule.web.exact import Dropped, ExactWorker
from graticule.web.exact_job import unpack
from graticule.web.frames import frame, histogram, is_colour, plane_dims, table_frame
from graticule.web.images import Opened, OpenImages
from graticule.web.layers import described
from graticule.web.object_edits import ObjectEdit
from graticule.web.parsed import Parsed
from graticule.web.probes import probed
from graticule.web.requests import (
    EditRequest,
    ProbeRequest,
    StrokeRequest,
    ViewRequest,
    read_request,
)
from graticule.web.strokes import Stroke

_Line: TypeAlias = tuple[str, int]
"""A kind of request, and its pane."""
_Asked: TypeAlias = tuple[ViewRequest | ProbeRequest, Callable[[], bool]]
_About: TypeAlias = tuple[str, str, str]
"""An image, a pipeline and what is looked at of it."""
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
    tell_all : callable
        Tells all pages, this one too.
    """

    def __init__(
        self,
        images: OpenImages,
        parsed: Parsed,
        exact: ExactWorker,
        workers: ThreadPoolExecutor,
        behind: ThreadPoolExecutor,
        tell_all: Callable[[dict[str, Any]], None],
    ) -> None:
        self.images, self.parsed, self.exact, self._tell_all = images, parsed, exact, tell_all
        self._painting = ThreadPoolExecutor(1, thread_name_prefix="painting")
        self._workers, self._behind = workers, behind
        self._newest = _Newest()
        self._exact: dict[int, _About] = {}
        self._stopped = False
        self._lining_up = threading.Lock()
        self._waiting: dict[_Line, _Asked | None] = {}
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
        self._painting.shutdown(wait=False)

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
            self.tell(
                {"type": "fault", "pane": -1, "id": -1, **told(error, self.images.folder.root)}
            )
            return
        if isinstance(request, StrokeRequest):
            self._painting.submit(self._drawn, request, request.layer, self._paint)
            return
        if isinstance(request, EditRequest):
            self._painting.submit(self._drawn, request, CORRECTED, self._edit)
            return
        is_newest = self._newest.take(request.type, request.pane)
        about = self._exact.get(request.pane)
        is_other = about not in (None, _about(request))
        if request.type in ("view", "table") and is_other:
            self._exact.pop(request.pane, None)
        self._queue((request.type, request.pane), (request, is_newest))

    def _queue(self, line: _Line, asked: _Asked) -> None:
        """Answer a request, or once that of its pane which is under way is through.

        A step that is not dropped within itself then holds up its pane and no other.
        """
        with self._lining_up:
            if line in self._waiting:
                self._waiting[line] = asked
                return
            self._waiting[line] = None
        self._workers.submit(self._answer_in_turn, line, asked)

    def _answer_in_turn(self, line: _Line, asked: _Asked) -> None:
        try:
            self._answer(*asked)
        finally:
            with self._lining_up:
                following = self._waiting.pop(line)
            if following is not None and not self._stopped:
                self._queue(line, following)

    def _drawn(self, request: Any, layer: str, draw: Callable[[Any], dict[str, Any]]) -> None:
        """Draw, and tell all pages what came of it, or this one why not."""
        named = {"pane": request.pane, "id": request.id, "of": layer}
        try:
            found = draw(request)
        except GraticuleError as error:
            self.tell({"type": "fault", **named, **told(error, self.images.folder.root)})
        except Exception as error:
            what = f"fault in Graticule: {type(error).__name__}: {error}"
            self.tell({"type": "fault", **named, "what": what, "where": "", "hint": "report it"})
        else:
            self._tell_all(found)

    def _paint(self, request: StrokeRequest) -> dict[str, Any]:
        layer = self.images.layers.open(request.path, request.layer)
        if request.type == "unstroke":
            layer.take_back()
        else:
            stroke = Stroke(
                request.value, request.radius, request.points, request.at, request.shape
            )
            layer.paint(stroke, begins=request.begins)
        return {"type": "painted", **described(layer, request.path, request.layer)}

    def _edit(self, request: EditRequest) -> dict[str, Any]:
        correction = self.images.layers.corrected(request.path)
        if correction is None:
            raise RequestError("there are no labels to be corrected", where=request.path[:200])
        if request.kind == "undo":
            correction.take_back(request.name)
        elif request.kind == "redo":
            correction.make_again(request.name)
        else:
            edit = ObjectEdit(
                request.kind, request.labels, request.points, request.radius, request.at
            )
            correction.edit(edit, request.name)
        return correction_news(correction, request.path, request.name)

    def _answer(self, request: ViewRequest | ProbeRequest, is_newest: Callable[[], bool]) -> None:
        if not is_newest():
            return
        named: dict[str, Any] = {"pane": request.pane, "id": request.id, "of": request.of}
        try:
            started = time.perf_counter()
            parsed = self.parsed.pipeline(request.text)
            opened = self.images.opened(request.path, parsed)
            pipeline = opened.bound(parsed)
            if isinstance(request, ProbeRequest):
                copy = partial(self._copy, opened, request.path)
                found = probed(opened, pipeline, request, is_newest, copy)
                if is_newest():
                    self.tell({"type": "probe", **named, **found})
                return
            if request.level > 0:
                self._copy(opened, request.path)  # else each sample of the image is read for it
            view, kind, region = _viewed(opened, pipeline, request, is_newest)
            spent = round(1e3 * (time.perf_counter() - started), 1)
            if is_newest():
                named["milliseconds"] = spent
                self.tell(_reply(view, kind, request, region, named))
        except Superseded:
            return
        except GraticuleError as error:
            if is_newest():
                self.tell({"type": "fault", **named, **told(error, self.images.folder.root)})
            return
        except Exception as error:
            what = f"fault in Graticule: {type(error).__name__}: {error}"
            self.tell({"type": "fault", **named, "what": what, "where": "", "hint": "report it"})
            return
        if request.type in ("view", "table"):
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
        keys = opened.live.keys

        def is_wanted() -> bool:
            is_asked = self._exact.get(request.pane) == about
            return is_asked and not self._stopped and opened.live.keys == keys

        while is_wanted() and time.monotonic() - self._newest.at < _QUIET:
            time.sleep(_QUIET / 5)
        if not is_wanted():
            return
        title, started = f"exact {request.of}", time.monotonic()
        pipeline = opened.bound(parsed)
        count = max(1, len(pipeline.steps))

        faults: list[str] = []

        def take(message: tuple[Any, ...]) -> None:
            if message[0] == "fault":
                faults.append(message[1]["what"])
            elif message[0] == "known" and opened.live.keys == keys:
                opened.live.take_exact(pipeline, {message[1]: unpack(message[2])})
            elif message[0] == "step":
                place = list(pipeline.steps).index(message[1])
                self.tell(_progress(title, place / count, started))

        try:
            self.exact.run(opened.exact_job(parsed, request.of), take, is_wanted)
        except Dropped:
            self.tell(_progress(title, 1.0, started))
            return
        if faults:
            self.tell(_progress(f"{title}: {faults[0]}", 1.0, started))
            return
        self.tell(_progress(title, 1.0, started))
        self.tell({"type": "exact", "path": request.path, "of": request.of})


def _about(request: ViewRequest | ProbeRequest) -> _About:
    return (request.path, request.text, request.of)


def told(error: GraticuleError, root: Path) -> dict[str, str]:
    """Return an error in words, with paths as they are from the served folder."""
    words = {"what": error.what, "where": error.where, "hint": error.hint}
    return {
        key: text.replace(f"{root}/", "").replace(str(root), ".") for key, text in words.items()
    }


def _progress(title: str, share: float, started: float) -> dict[str, Any]:
    spent = time.monotonic() - started
    left = spent * (1 - share) / share if share > 0.02 else None
    return {"type": "progress", "title": title, "share": share, "left": left}


def _viewed(
    opened: Opened,
    pipeline: Spec,
    request: ViewRequest,
    is_newest: Callable[[], bool],
) -> tuple[RegionView, Kind, Region]:
    of = request.of or None
    reference = reference_to(pipeline, of)
    live, kind = opened.live, opened.kind_of(pipeline, reference)
    sizes = live.sizes(pipeline, request.level, of, is_wanted=is_newest)
    window = window_of(live.inputs[pipeline.first_input], request.level)
    region = _region(request, sizes, window)
    view = live.view(pipeline, region, request.level, of=of, is_wanted=is_newest)
    return view, kind, region


def _region(request: ViewRequest, sizes: Mapping[str, int], window: Mapping[str, int]) -> Region:
    """Return what is asked for, cut to what there is; of further dims one sample."""
    drawn, bounds = _drawn(request, sizes), {}
    for dim, size in sizes.items():
        if dim in request.region:
            start, stop = request.region[dim]
            start = min(max(0, start), size - 1)
            bounds[dim] = (start, min(max(start + 1, stop), size))
        elif dim not in drawn and not is_colour(dim, size, request.at):
            place = request.at.get(dim, 0) // window.get(dim, 1)
            place = min(max(0, place), size - 1)
            bounds[dim] = (place, place + 1)
    return Region(bounds)


def _drawn(request: ViewRequest, dims: Collection[Any]) -> list[str]:
    """Return the dims that are rows and columns of what is asked for."""
    if request.plane is None or not dims:
        return plane_dims(dims)
    if missing := [dim for dim in request.plane if dim not in dims]:
        raise RequestError(
            f"has no {' and no '.join(missing)}, and so no slice along it", where=request.of,
            hint="show a step that keeps all dims of the image, or leave the slices",
        )  # fmt: skip
    return list(request.plane)


def _reply(
    view: RegionView, kind: Kind, request: ViewRequest, region: Region, named: dict[str, Any]
) -> bytes | dict[str, Any]:
    if view.image is None:
        return table_frame(view.table, {**named, "basis": view.basis})
    if request.type == "histogram":
        edges, counts = histogram(view)
        found = {"basis": view.basis, "edges": edges, "counts": counts}
        return {"type": "histogram", **named, **found}
    image, drawn = view.image, _drawn(request, view.image.dims)
    further = [dim for dim, size in image.sizes.items() if size == 1 and dim not in drawn]
    sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
    shown = {dim: list(region.bounds.get(dim, (0, sizes[dim]))) for dim in drawn if dim in sizes}
    flat = RegionView(image.isel(dict.fromkeys(further, 0)), view.level, view.basis)
    return frame(flat, kind, {**named, "region": shown}, drawn)
