"""One page's websocket: what it looks at, answered by the newest request of each pane."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graticule.core.errors import GraticuleError
from graticule.pipeline.live.work import Superseded
from graticule.web.blamed import Blamed
from graticule.web.corrections import CORRECTED
from graticule.web.engine.engine import Viewed
from graticule.web.engine.process import EngineError, EngineProcess, Order
from graticule.web.exact import Dropped
from graticule.web.requests import (
    EditRequest,
    LookRequest,
    PaneRequest,
    ProbeRequest,
    StrokeRequest,
    ViewRequest,
    read_request,
)

_Line: TypeAlias = tuple[str, int]
"""A kind of request, and its pane."""
_About: TypeAlias = tuple[str, str, str, int]
"""An image, a pipeline, what is looked at of it, and how often the engine was begun."""
_QUIET = 0.6
"""Seconds without a request after which what needs the whole image is computed."""


class LiveSession:
    """What one page looks at.

    Parameters
    ----------
    root : Path
        The served folder.
    engine : EngineProcess
        Where views are computed.
    blamed : Blamed
        What is not asked of the engine again.
    workers : ThreadPoolExecutor
        Where answers are waited for.
    behind : ThreadPoolExecutor
        Where exact results and coarser copies are waited for, one at a time.
    tell_all : callable
        Tells all pages, this one too.
    """

    def __init__(
        self,
        root: Path,
        engine: EngineProcess,
        blamed: Blamed,
        workers: ThreadPoolExecutor,
        behind: ThreadPoolExecutor,
        tell_all: Callable[[dict[str, Any]], None],
    ) -> None:
        self.root, self.engine, self.blamed, self._tell_all = root, engine, blamed, tell_all
        self._painting = ThreadPoolExecutor(1, thread_name_prefix="painting")
        self._workers, self._behind = workers, behind
        self._exact: dict[int, _About] = {}
        self._stopped = False
        self._asked_at = 0.0
        self._lining_up = threading.Lock()
        self._under_way: dict[_Line, Order] = {}
        self._waiting: dict[_Line, LookRequest] = {}
        self._completing: tuple[int, Order] | None = None
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
            while socket.application_state is WebSocketState.CONNECTED:
                self._take(await socket.receive_text())
        except (WebSocketDisconnect, KeyError):
            pass
        finally:
            self.stop()
            sender.cancel()

    def stop(self) -> None:
        """Let nothing be wanted any more."""
        self._stopped = True
        with self._lining_up:
            self._waiting.clear()
            orders = list(self._under_way.values())
        completing = self._completing
        for order in [*orders, *([] if completing is None else [completing[1]])]:
            self.engine.drop(order)
        self._painting.shutdown(wait=False)

    async def _send(self, socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect):  # then the page has gone
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
            self.tell({"type": "fault", "pane": -1, "id": -1, **told(error, self.root)})
            return
        if isinstance(request, StrokeRequest):
            self._painting.submit(self._draw, "paint", request, request.layer)
        elif isinstance(request, EditRequest):
            self._painting.submit(self._draw, "edit", request, CORRECTED)
        elif isinstance(request, PaneRequest):
            self._attend(request)
        else:
            self._asked_at = time.monotonic()
            about = self._exact.get(request.pane)
            is_other = about not in (None, self._about(request))
            if request.type in ("view", "table", "checks") and is_other:
                self._forget_exact(request.pane)
            self._queue(request)

    def _attend(self, request: PaneRequest) -> None:
        """Stop or leave what a pane waits for, or let what was stopped be asked again."""
        if request.type == "again":
            self.blamed.forget()
            return
        with self._lining_up:
            lines = [line for line in self._under_way if line[1] == request.pane]
            orders = [self._under_way[line] for line in lines]
            for line in lines:
                self._waiting.pop(line, None)
        if request.type == "leave":
            self._forget_exact(request.pane)
        for order in orders:
            (self.engine.stop if request.type == "stop" else self.engine.drop)(order)

    def _queue(self, request: LookRequest) -> None:
        """Ask for a view, or once that of its pane which is under way is through."""
        line = (request.type, request.pane)
        with self._lining_up:
            before = self._under_way.get(line)
            if before is None:
                what = "probe" if isinstance(request, ProbeRequest) else "view"
                order = self._under_way[line] = Order(what, (request,), tell=self.tell)
                self._workers.submit(self._answer_in_turn, line, request, order)
                return
            self._waiting[line] = request
        self.engine.drop(before)

    def _answer_in_turn(self, line: _Line, request: LookRequest, order: Order) -> None:
        try:
            self._answer(request, order)
        finally:
            with self._lining_up:
                del self._under_way[line]
                following = self._waiting.pop(line, None)
            if following is not None and not self._stopped:
                self._queue(following)

    def _answer(self, request: LookRequest, order: Order) -> None:
        named: dict[str, Any] = {"pane": request.pane, "id": request.id, "of": request.of}
        try:
            if blamed := self.blamed.fault(request):
                raise blamed
            viewed: Viewed = self.engine.carry_out(order)
        except (Superseded, Dropped):
            return
        except GraticuleError as error:
            fault = {"type": "fault", **named, **told(error, self.root)}
            if isinstance(error, EngineError):
                self.blamed.add(request, error)
                fault["again"] = True
            self.tell(fault)
            return
        self.tell(viewed.reply)
        if not isinstance(request, ViewRequest) or request.fleeting:
            return
        if request.type != "histogram":
            self._complete(request, viewed)

    def _draw(self, how: str, request: StrokeRequest | EditRequest, layer: str) -> None:
        """Paint or edit, and tell all pages what came of it, or this one why not."""
        named = {"pane": request.pane, "id": request.id, "of": layer}
        try:
            drawn = self.engine.ask(how, request)
        except (Superseded, Dropped):
            return
        except GraticuleError as error:
            self.tell({"type": "fault", **named, **told(error, self.root)})
        else:
            self._tell_all(drawn)

    def _complete(self, request: ViewRequest, viewed: Viewed) -> None:
        """Have what is missing made behind: coarser copies, and exact results."""
        self._asked_at = time.monotonic()
        if not viewed.has_copies:
            self._behind.submit(self._copy, request)
        about = self._about(request)
        if not viewed.is_exact and self._exact.get(request.pane) != about:
            self._exact[request.pane] = about
            self._behind.submit(self._make_exact, request, about)

    def _copy(self, request: ViewRequest) -> None:
        given = (request.path, request.text)
        self._carry_out_behind(Order("copies", given, self.tell, is_vital=False))

    def _make_exact(self, request: ViewRequest, about: _About) -> None:
        """Compute the exact result once no slider moves, and drop it where one does."""

        def is_wanted() -> bool:
            return self._exact.get(request.pane) == about and not self._stopped

        while is_wanted() and time.monotonic() - self._asked_at < _QUIET:
            time.sleep(_QUIET / 5)
        given = (request.path, request.text, request.of)
        what = "judge" if request.type == "checks" else "complete"
        order = Order(what, given[:2] if what == "judge" else given, self.tell, is_vital=False)
        if is_wanted() and self._carry_out_behind(order, request.pane):
            self.tell({"type": "exact", "path": request.path, "of": request.of})

    def _carry_out_behind(self, order: Order, pane: int = -1) -> bool:
        """Wait for something that nobody waits for; return what came of it, if anything."""
        self._completing = (pane, order)
        is_wanted = not self._stopped and (pane < 0 or pane in self._exact)
        try:
            return is_wanted and bool(self.engine.carry_out(order))
        except (Superseded, Dropped):
            return False
        except GraticuleError as error:
            title = f"{error.what}: {order.given[0]}"
            self.tell({"type": "progress", "title": title, "share": 1.0, "left": None})
            return False
        finally:
            self._completing = None

    def _forget_exact(self, pane: int) -> None:
        """Let the exact result of a pane not be wanted any more."""
        self._exact.pop(pane, None)
        completing = self._completing
        if completing is not None and completing[0] == pane:
            self.engine.drop(completing[1])

    def _about(self, request: LookRequest) -> _About:
        return (request.path, request.text, request.of, self.engine.begun)


def told(error: GraticuleError, root: Path) -> dict[str, str]:
    """Return an error in words, with paths as they are from the served folder."""
    words = {"what": error.what, "where": error.where, "hint": error.hint}
    return {
        key: text.replace(f"{root}/", "").replace(str(root), ".") for key, text in words.items()
    }
