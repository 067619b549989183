"""The workbench's server without a port: its calls and its websocket, asked within this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from graticule.web.app import make_app
from graticule.web.guard import TOKEN_HEADER, Access

_HOST = "notebook"
Heard: TypeAlias = Callable[[bytes | str], None]


@dataclass(frozen=True)
class Answer:
    """What came of a call: its status, the type of its content, and this."""

    status: int
    type: str
    content: bytes


class Relay:
    """A served folder that is asked by functions.

    Parameters
    ----------
    root : Path
        The folder.
    """

    def __init__(self, root: Path) -> None:
        self._access = Access({_HOST})
        self._app = make_app(root, self._access)
        self._loop = asyncio.new_event_loop()
        self._said: asyncio.Queue[MutableMapping[str, Any]] | None = None
        threading.Thread(target=self._loop.run_forever, name="notebook", daemon=True).start()

    def ask(self, method: str, path: str, body: bytes, answered: Callable[[Answer], None]) -> None:
        """Have a call answered; ``answered`` is called in another thread."""

        async def asked() -> None:
            answered(await self._called(method, path, body))

        self._begin(asked())

    def open(self, heard: Heard) -> None:
        """Open the websocket, in the place of any before; ``heard`` is given its messages."""
        self.close_socket()

        self._said = said = asyncio.Queue[MutableMapping[str, Any]]()
        self._put({"type": "websocket.connect"})

        async def opened() -> None:
            async def send(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "websocket.send":
                    content = message.get("bytes")
                    heard(message["text"] if content is None else content)

            scope = {**self._scope("/api/live"), "type": "websocket", "subprotocols": []}
            await self._app(scope, said.get, send)

        self._begin(opened())

    def say(self, text: str) -> None:
        """Send a message over the websocket."""
        self._put({"type": "websocket.receive", "text": text})

    def close_socket(self) -> None:
        """Let the page go."""
        self._put({"type": "websocket.disconnect", "code": 1000})

    def close(self) -> None:
        """End all that is under way."""
        self.close_socket()
        self._app.state.bench.close()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def _put(self, message: dict[str, Any]) -> None:
        if self._said is not None:
            self._loop.call_soon_threadsafe(self._said.put_nowait, message)

    def _scope(self, path: str) -> dict[str, Any]:
        path, _, query = path.partition("?")
        headers = [(b"host", _HOST.encode()), (TOKEN_HEADER.encode(), self._access.token.encode())]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": headers, "server": (_HOST, 80), "client": (_HOST, 0), "root_path": "",
        }  # fmt: skip

    async def _called(self, method: str, path: str, body: bytes) -> Answer:
        told: dict[str, Any] = {"status": 500, "headers": []}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told.update(message)
            else:
                parts.append(message.get("body", b""))

        scope = {**self._scope(path), "method": method}
        await self._app(scope, receive, send)
        headers = {name.lower(): value for name, value in told["headers"]}
        kind = headers.get(b"content-type", b"").decode()
        return Answer(told["status"], kind, b"".join(parts))
