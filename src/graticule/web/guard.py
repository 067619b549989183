"""Who may ask: the page that was opened with the token, on this machine, and nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 8 * 2**20
"""Bytes of what may be sent to the server at once."""
TOKEN_HEADER = "x-graticule-token"
_POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:",
        "connect-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)  # fmt: skip
_REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-scripts allow-popups allow-downloads"
)
"""A report holds all it needs, scripts too, and gets an origin of its own: it can ask nothing."""
RUNS = "/runs/"


@dataclass(frozen=True)
class Access:
    """What a request must have.

    Attributes
    ----------
    hosts : collection of str
        Names of the server with its port, as a browser gives them.
    token : str
        Known to those who were given the address.
    """

    hosts: Collection[str]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def fault(self, path: str, headers: Headers, query: QueryParams) -> str:
        """Return why a request is refused; nothing where it is not."""
        if headers.get("host", "") not in self.hosts:
            return "asked of another host"
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.hosts}:
            return "asked by a page of another origin"
        if path.startswith("/static/"):
            return ""
        given = headers.get(TOKEN_HEADER) or query.get("token") or ""
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return "without the token: open the address that graticule serve printed"
        return ""


class Guard:
    """Refuses what `Access` does not allow and what is too large; says what a page may do."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers, query = Headers(scope=scope), QueryParams(scope["query_string"])
        fault = self.access.fault(scope["path"], headers, query)
        if scope["type"] == "websocket":
            if fault:
                await send({"type": "websocket.close", "code": 4403, "reason": fault})
                return
            await self.app(scope, receive, send)
            return
        if fault:
            refused: Response = JSONResponse(
                {"fault": {"what": fault, "where": "", "hint": ""}}, 403
            )
            if scope["path"] == "/":
                refused = PlainTextResponse(f"This page was {fault}.\n", 403)
            await refused(scope, receive, self._with_headers(scope, send))
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            too_large = {"what": f"more than {LARGEST:,} bytes", "where": "", "hint": ""}
            refused = JSONResponse({"fault": too_large}, 413)
            await refused(scope, receive, self._with_headers(scope, send))
            return
        await self.app(scope, _bounded(receive), self._with_headers(scope, send))

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        policy = _REPORT_POLICY if scope["path"].startswith(RUNS) else _POLICY

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = policy
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
                headers["cross-origin-resource-policy"] = "same-origin"
                headers["cache-control"] = "no-store"
            await send(message)

        return wrapped


def _bounded(receive: Receive) -> Receive:
    """Return what cuts off a body that is longer than it said."""
    seen = 0

    async def wrapped() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST:
            return {"type": "http.disconnect"}
        return message

    return wrapped
