"""The server of the workbench: calls over HTTP, the websocket of views, the page itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from graticule.core.errors import GraticuleError, RequestError
from graticule.web.calls import CALLS, Call, openapi
from graticule.web.folder import ConflictError
from graticule.web.guard import RUNS, Access, Guard
from graticule.web.live import LiveSession, told
from graticule.web.workbench import Workbench

_STATIC = Path(__file__).parent / "static"
_WORTH = 2000
"""Bytes from which an answer is compressed."""


def make_app(root: Path, access: Access) -> Starlette:
    """Return the application that serves a folder.

    Parameters
    ----------
    root : Path
        Only what is in it is read, and only its ``graticule/`` is written.
    access : Access
        What a request must have.
    """
    bench = Workbench(root)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(bench.close)

    async def live(socket: WebSocket) -> None:
        session = LiveSession(
            bench.folder.root,
            bench.engine,
            bench.blamed,
            bench.workers,
            bench.behind,
            tell_all=bench.tell_all,
        )
        with bench.looked_at_by(session):
            await session.serve(socket)

    routes = [
        Route("/", _page),
        *(Route(c.path, partial(_answered, bench, c), methods=[c.method]) for c in CALLS),
        Route("/api/openapi.json", _described),
        WebSocketRoute("/api/live", live),
        Mount("/static", StaticFiles(directory=_STATIC)),
        Route(f"{RUNS}{{path:path}}", partial(_run_file, bench)),
    ]
    middleware = [
        Middleware(Guard, access=access),
        Middleware(GZipMiddleware, minimum_size=_WORTH),
    ]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.bench = bench
    return app


async def _page(request: Request) -> Response:
    return FileResponse(_STATIC / "index.html")


async def _described(request: Request) -> Response:
    return JSONResponse(openapi())


async def _run_file(bench: Workbench, request: Request) -> Response:
    root = bench.tasks.runs.resolve()
    file = (root / request.path_params["path"]).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return _fault(RequestError("there is no such file of a run"), 404, bench)
    return FileResponse(file)


async def _answered(bench: Workbench, call: Call, request: Request) -> Response:
    """Answer a call in a thread, with faults in words."""
    try:
        asked = call.takes.model_validate(await _given(request))
        found = await asyncio.to_thread(call.answer, bench, asked)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        return _fault(RequestError(f"is no request: {first['msg']}", where=where), 400, bench)
    except ConflictError as error:
        now = {"text": error.text, "revision": error.revision}
        return JSONResponse({"fault": told(error, bench.folder.root), **now}, 409)
    except GraticuleError as error:
        return _fault(error, 400, bench)
    except OSError as error:
        return _fault(_refused(error, bench.folder.root), 400, bench)
    except asyncio.CancelledError:
        return _fault(RequestError("the server ends"), 503, bench)
    except Exception as error:
        what = f"fault in Graticule: {type(error).__name__}: {error}"
        return JSONResponse({"fault": {"what": what, "where": "", "hint": "report it"}}, 500)
    return found if isinstance(found, Response) else JSONResponse(found)


def _refused(error: OSError, root: Path) -> RequestError:
    """Return what the disk refuses, in words."""
    what = (error.strerror or type(error).__name__).lower()
    where = Path(error.filename) if isinstance(error.filename, str) else root
    inside = where.relative_to(root).as_posix() if where.is_relative_to(root) else where.name
    return RequestError(
        f"the disk refuses: {what}", where=inside,
        hint="is the folder writable, and has the disk room?",
    )  # fmt: skip


async def _given(request: Request) -> Mapping[str, Any]:
    """Return the query and the body of a request together."""
    query = dict(request.query_params)
    if request.method not in ("POST", "PUT"):
        return query
    try:
        body = await request.json()
    except (ValueError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RequestError("the request is no JSON object")
    return {**body, **query}


def _fault(error: GraticuleError, status: int, bench: Workbench) -> Response:
    return JSONResponse({"fault": told(error, bench.folder.root)}, status)
