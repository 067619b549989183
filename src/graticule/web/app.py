"""The server of the workbench: what may be asked over HTTP, and the websocket of views."""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from graticule.core.errors import GraticuleError, RequestError
from graticule.recipes import make_example, question_of, recipes
from graticule.version import __version__
from graticule.web.exact import ExactWorker
from graticule.web.folder import ConflictError, ServedFolder
from graticule.web.frames import plane_dims
from graticule.web.guard import RUNS, Access, Guard
from graticule.web.images import OpenImages
from graticule.web.layers import Layers, described, template_of
from graticule.web.live import LiveSession, told
from graticule.web.parsed import Parsed, described_ops
from graticule.web.tasks import Tasks

_STATIC = Path(__file__).parent / "static"
_THUMBNAIL = 160
_Answer = Callable[["Workbench", Request, dict[str, Any]], Any]


class Workbench:
    """What the requests of all pages share.

    Parameters
    ----------
    root : Path
        The folder that is served.
    """

    def __init__(self, root: Path) -> None:
        importlib.import_module("dask.array")  # threads that import it at once find half of it
        self.folder = ServedFolder(root)
        self._scratch = tempfile.TemporaryDirectory(prefix="graticule-")
        self.layers = Layers(self.folder)
        self.images = OpenImages(self.folder, self.layers, Path(self._scratch.name))
        self.parsed = Parsed(self.folder.own / "pipelines" / "pipeline.yaml")
        self.tasks = Tasks(self.folder.own / "runs")
        self.exact = ExactWorker()
        self.exact.warm()
        self.workers = ThreadPoolExecutor(2 + (os.cpu_count() or 1), thread_name_prefix="view")
        self.behind = ThreadPoolExecutor(1, thread_name_prefix="exact")
        self.sessions: set[LiveSession] = set()

    def tell_all(self, message: dict[str, Any]) -> None:
        """Tell all pages."""
        for session in list(self.sessions):
            session.tell(message)

    def close(self) -> None:
        """End all that is under way."""
        self.tasks.close()
        for session in self.sessions:
            session.stop()
        self.exact.close()
        self.workers.shutdown(wait=True, cancel_futures=True)
        self.behind.shutdown(wait=True, cancel_futures=True)
        self.layers.close()
        self._scratch.cleanup()


def _start(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    examples = [
        {"name": name, "title": title, "summary": summary}
        for name in recipes()
        for title, summary in [question_of(name)]
    ]
    images = [{"path": path, "name": Path(path).name} for path in bench.folder.images()]
    return {
        "version": __version__,
        "folder": bench.folder.root.name,
        "images": images,
        "pipelines": bench.folder.pipelines(),
        "examples": examples,
    }


def _ops(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    return described_ops()


def _thumbnail(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    return Response(thumbnail(bench, _text(request, "path")), media_type="image/png")


def _open(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    return bench.images.about(str(body.get("path", "")))


def _example(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    name = str(body.get("name", ""))
    known = recipes()
    if name not in known:
        raise RequestError("there is no such example", where=name[:100])
    folder = bench.folder.example_folder(name)
    if not folder.is_dir():
        make_example(name, folder)
    if name not in bench.folder.pipelines():
        bench.folder.save(name, (known[name] / "pipeline.yaml").read_text("utf-8"), "")
    first = bench.images.first_of(bench.parsed.pipeline(bench.folder.load(name).text), folder)
    return {"path": first.relative_to(bench.folder.root).as_posix(), "pipeline": name}


def _pipeline(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    name = _text(request, "name")
    if request.method == "GET":
        saved = bench.folder.load(name)
        return {"name": name, "text": saved.text, "revision": saved.revision}
    saved = bench.folder.save(name, str(body.get("text", "")), str(body.get("revision", "")))
    bench.tell_all({"type": "changed", "pipeline": name, "revision": saved.revision})
    return {"revision": saved.revision}


def _layer(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    path, name = str(body.get("path", "")), str(body.get("layer", ""))
    layer = bench.layers.open(path, name)
    return {"template": template_of(name), **described(layer, path, name)}


def _check(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    return bench.parsed.check(str(body.get("text", "")))


def _run(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    name, path = str(body.get("pipeline", "")), body.get("path")
    bench.folder.load(name)
    file = bench.folder.pipeline_file(name)
    images = [bench.folder.root if path is None else bench.folder.file(str(path))]
    if path is None:
        pipeline = bench.parsed.pipeline(bench.folder.load(name).text)
        if not pipeline.is_paired:
            own = bench.folder.images()
            images = [bench.folder.root / each for each in own if not each.startswith("graticule/")]
    out = bench.folder.run_folder(name)
    what = "all images" if path is None else Path(str(path)).name
    return {"task": bench.tasks.start(f"{name} on {what}", file, images, out).number}


def _tasks(bench: Workbench, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "DELETE":
        bench.tasks.cancel(_text(request, "id"))
    return bench.tasks.listed()


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def thumbnail(bench: Workbench, path: str) -> bytes:
    """Return a small picture of an image, as PNG."""
    from PIL import Image as Picture

    from graticule.pipeline import Pipeline

    about = bench.images.about(path)
    pipeline = Pipeline.loads("{graticule: 1, steps: {seen: {op: transform.negative}}}")
    opened = bench.images.opened(path, pipeline)
    live = opened.live
    drawn = plane_dims(about["sizes"])
    sides = [about["sizes"][dim] for dim in drawn]
    level = 0
    while max(sides, default=1) / 2**level > 2 * _THUMBNAIL and level < about["depth"]:
        level += 1
    sizes = live.sizes(pipeline, level, "image")
    middle = {dim: (n // 2, n // 2 + 1) for dim, n in sizes.items()
              if dim not in drawn and not (dim == "c" and n in (3, 4))}  # fmt: skip
    if level:
        opened.make_copies(is_wanted=lambda: True, report=lambda share: None)
    view = live.view(pipeline, middle, level, of="image")
    assert view.image is not None
    rows = [dim for dim in (*drawn, "c") if dim in view.image.dims and dim not in middle]
    values = view.image.isel(dict.fromkeys(middle, 0)).transpose(*rows, ...).values
    values = np.nan_to_num(np.atleast_2d(values).astype(np.float32))
    if values.ndim == 3 and values.shape[2] in (3, 4):
        values = values[..., :3]
    elif values.ndim > 2:
        values = values.reshape(*values.shape[:2], -1)[..., 0]
    low, high = np.percentile(values, [0.5, 99.5])
    shown = np.clip((values - low) / max(high - low, 1e-12), 0, 1) * 255
    picture = Picture.fromarray(shown.astype(np.uint8))
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


_ROUTES: dict[str, tuple[_Answer, list[str]]] = {
    "/api/start": (_start, ["GET"]),
    "/api/ops": (_ops, ["GET"]),
    "/api/thumbnail": (_thumbnail, ["GET"]),
    "/api/open": (_open, ["POST"]),
    "/api/example": (_example, ["POST"]),
    "/api/pipeline": (_pipeline, ["GET", "PUT"]),
    "/api/check": (_check, ["POST"]),
    "/api/layer": (_layer, ["POST"]),
    "/api/run": (_run, ["POST"]),
    "/api/tasks": (_tasks, ["GET", "DELETE"]),
}


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
            bench.images,
            bench.parsed,
            bench.exact,
            bench.workers,
            bench.behind,
            tell_all=bench.tell_all,
        )
        bench.sessions.add(session)
        try:
            await session.serve(socket)
        finally:
            bench.sessions.discard(session)

    routes: list[Any] = [Route("/", _page)]
    routes += [
        Route(path, partial(_answered, bench, answer), methods=methods)
        for path, (answer, methods) in _ROUTES.items()
    ]
    routes += [
        WebSocketRoute("/api/live", live),
        Mount("/static", StaticFiles(directory=_STATIC)),
        Route(f"{RUNS}{{path:path}}", partial(_run_file, bench)),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, access=access),
            Middleware(GZipMiddleware, minimum_size=2000),
        ],
        lifespan=lifespan,
    )


async def _page(request: Request) -> Response:
    return FileResponse(_STATIC / "index.html")


async def _run_file(bench: Workbench, request: Request) -> Response:
    root = bench.tasks.runs.resolve()
    file = (root / request.path_params["path"]).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return _fault(RequestError("there is no such file of a run"), 404, bench)
    return FileResponse(file)


async def _answered(bench: Workbench, answer: _Answer, request: Request) -> Response:
    """Answer in a thread, with faults in words."""
    try:
        body = await request.json() if request.method in ("POST", "PUT") else {}
        if not isinstance(body, dict):
            raise ValueError
    except (ValueError, UnicodeDecodeError, RecursionError):
        return _fault(RequestError("the request is no JSON object"), 400, bench)
    try:
        found = await asyncio.to_thread(answer, bench, request, body)
    except ConflictError as error:
        content = {
            "fault": told(error, bench.folder.root),
            "text": error.text,
            "revision": error.revision,
        }
        return JSONResponse(content, 409)
    except GraticuleError as error:
        return _fault(error, 400, bench)
    except Exception as error:
        what = f"fault in Graticule: {type(error).__name__}: {error}"
        return JSONResponse({"fault": {"what": what, "where": "", "hint": "report it"}}, 500)
    return found if isinstance(found, Response) else JSONResponse(found)


def _fault(error: GraticuleError, status: int, bench: Workbench) -> Response:
    return JSONResponse({"fault": told(error, bench.folder.root)}, status)
