"""What can be asked of the engine: views, exact results, painted labels, what an image is."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.errors import MemoryBudgetError, RequestError
from graticule.core.settings import format_bytes, settings
from graticule.pipeline.live.work import Superseded, reporting, working_at
from graticule.web.checking import ScreenChecks, check_key
from graticule.web.corrections import correction_news
from graticule.web.engine.views import reply, viewed
from graticule.web.exact import Dropped, ExactWorker
from graticule.web.exact_job import unpack
from graticule.web.folder import ServedFolder
from graticule.web.illustrated import illustrated
from graticule.web.images import Opened, OpenImages
from graticule.web.layers import Layers, described, template_of
from graticule.web.object_edits import ObjectEdit
from graticule.web.parsed import Parsed
from graticule.web.probes import probed
from graticule.web.requests import EditRequest, ProbeRequest, StrokeRequest, ViewRequest
from graticule.web.starting import Start, Starting
from graticule.web.strokes import Stroke
from graticule.web.thumbnails import thumbnail

if TYPE_CHECKING:
    from graticule.pipeline import Pipeline
    from graticule.web.classifier_settings import Settings
    from graticule.web.classifiers import Classifiers


@dataclass(frozen=True)
class Work:
    """An order, as what carries it out sees it.

    Attributes
    ----------
    is_wanted : callable
        Asked between pieces of work.
    report : callable
        Told what a thread works at.
    tell : callable
        Sends something to the page before the answer.
    """

    is_wanted: Callable[[], bool]
    report: Callable[[str], None]
    tell: Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Viewed:
    """The answer to a view.

    Attributes
    ----------
    reply : bytes or dict
        As the page reads it.
    is_exact, has_copies : bool
        Whether nothing is left to be computed behind.
    """

    reply: bytes | dict[str, Any]
    is_exact: bool
    has_copies: bool


class Engine:
    """Images of a folder, and all that was computed of them.

    Parameters
    ----------
    root : Path
        The folder.
    scratch : Path
        Where complete results are put that memory has no room for.
    tell_all : callable
        Tells all pages.

    Attributes
    ----------
    pages : int
        How many pages there are.
    """

    def __init__(
        self, root: Path, scratch: Path, tell_all: Callable[[dict[str, Any]], None]
    ) -> None:
        importlib.import_module("dask.array")  # threads that import it at once find half of it
        self.folder = ServedFolder(root)
        self.layers = Layers(self.folder)
        self.images = OpenImages(self.folder, self.layers, scratch)
        self.parsed = Parsed.of(self.folder)
        self.exact = ExactWorker()
        self.exact.warm()
        self.pages, self._tell_all = 0, tell_all
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="beginning")
        self.starting = Starting(
            self.images,
            self.parsed,
            self.exact,
            self._behind.submit,
            tell=tell_all,
            is_wanted=lambda: self.pages > 0,
        )

    @cached_property
    def classifiers(self) -> Classifiers:
        """What learns from painted labels; made when first asked for, as it takes a second."""
        from graticule.web.classifiers import Classifiers

        return Classifiers(self.folder, self.layers, self._tell_all)

    def view(self, work: Work, request: ViewRequest) -> Viewed:
        """Return what a pane asks for."""
        started = time.perf_counter()
        with reporting(work.report), _bounded():
            parsed = self.parsed.pipeline(request.text)
            opened = self._opened(work, request.path, request.text)
            if request.level > 0:
                self._copy(work, opened, request.path)  # else each sample is read for it
            if request.type == "checks":
                return self._judged(work, opened, parsed, request)
            view, kind, region = viewed(opened, opened.bound(parsed), request, work.is_wanted)
        if not work.is_wanted():
            raise Superseded
        spent = round(1e3 * (time.perf_counter() - started), 1)
        named = {
            "pane": request.pane, "id": request.id, "of": request.of, "milliseconds": spent
        }  # fmt: skip
        answer = reply(view, kind, request, region, named)
        return Viewed(answer, view.is_exact, opened.has_copies)

    def _judged(self, work: Work, opened: Opened, parsed: Pipeline, request: ViewRequest) -> Viewed:
        """Return what the checks find of what is on screen."""
        pipeline = opened.bound(parsed)
        screen = ScreenChecks(opened.live, pipeline, request, opened.checked, work.is_wanted)
        named = {"pane": request.pane, "id": request.id, "of": request.of}
        answer = {"type": "checks", **named, "checks": screen.told()}
        return Viewed(answer, screen.is_exact(), opened.has_copies)

    def probe(self, work: Work, request: ProbeRequest) -> Viewed:
        """Return the values of a step under probes."""
        with reporting(work.report), _bounded():
            parsed = self.parsed.pipeline(request.text)
            opened = self._opened(work, request.path, request.text)
            copy = partial(self._copy, work, opened, request.path)
            found = probed(opened, opened.bound(parsed), request, work.is_wanted, copy)
        named = {"pane": request.pane, "id": request.id, "of": request.of}
        return Viewed({"type": "probe", **named, **found}, is_exact=True, has_copies=True)

    def copies(self, work: Work, path: str, text: str) -> None:
        """Make the coarser copies of an image, unless they are there."""
        with reporting(work.report), _bounded():
            self._copy(work, self._opened(work, path, text), path)

    def complete(self, work: Work, path: str, text: str, of: str) -> bool:
        """Compute what a result needs of the whole image; return whether it is there now."""
        return self._completed(work, path, text, of, f"exact {of}")

    def judge(self, work: Work, path: str, text: str) -> bool:
        """Make the checks of a pipeline on the whole image; return whether that was done."""
        checks = tuple(self.parsed.pipeline(text).checks)
        return self._completed(work, path, text, "", "exact checks", checks)

    def _completed(
        self, work: Work, path: str, text: str, of: str, title: str, checks: tuple[str, ...] = ()
    ) -> bool:
        parsed = self.parsed.pipeline(text)
        opened = self._opened(work, path, text)
        keys, pipeline = opened.live.keys, opened.bound(parsed)
        started = time.monotonic()
        names, faults = list(pipeline.steps), []

        def take(message: tuple[Any, ...]) -> None:
            if message[0] == "fault":
                faults.append(message[1]["what"])
            elif message[0] == "known" and opened.live.keys == keys:
                opened.live.take_exact(pipeline, {message[1]: unpack(message[2])})
            elif message[0] == "check":
                step = pipeline.checks[message[1]]
                opened.checked[check_key(pipeline, step, keys)] = message[2]
            elif message[0] == "step":
                work.tell(_progress(title, names.index(message[1]) / len(names), started))

        def is_wanted() -> bool:
            return work.is_wanted() and opened.live.keys == keys

        try:
            self.exact.run(opened.exact_job(parsed, of, checks), take, is_wanted)
        except Dropped:
            faults.append("")
        said = f"{title}: {faults[0]}" if faults and faults[0] else title
        work.tell(_progress(said, 1.0, started))
        return not faults

    def paint(self, work: Work, request: StrokeRequest) -> dict[str, Any]:
        """Draw a stroke, or take the last drag back or make it again; return what is told of it."""
        layer = self.layers.open(request.path, request.layer)
        if request.type == "unstroke":
            layer.take_back()
        elif request.type == "restroke":
            layer.make_again()
        else:
            stroke = Stroke(
                request.value, request.radius, request.points, request.at, request.shape,
                request.plane, request.stretch,
            )  # fmt: skip
            layer.paint(stroke, begins=request.begins)
        return {"type": "painted", **described(layer, request.path, request.layer)}

    def edit(self, work: Work, request: EditRequest) -> dict[str, Any]:
        """Edit corrected objects; return what a page is told of them."""
        correction = self.layers.corrected(request.path)
        if correction is None:
            raise RequestError("there are no labels to be corrected", where=request.path[:200])
        if request.kind == "undo":
            correction.take_back(request.name)
        elif request.kind == "redo":
            correction.make_again(request.name)
        else:
            edit = ObjectEdit(
                request.kind, request.labels, request.points, request.radius, request.at,
                request.plane, request.stretch,
            )  # fmt: skip
            with _bounded():
                correction.edit(edit, request.name)
        return correction_news(correction, request.path, request.name)

    def correct(self, work: Work, start: Start, anew: bool) -> dict[str, Any]:
        """Open corrected labels of an image, or have them begun from the result of a step."""
        known = None if anew else self.layers.corrected(start.path)
        if known is not None and not self.starting.is_under_way(start.path):
            return correction_news(known, start.path)
        if not start.of:
            return {"type": "correction", "path": start.path, "edit": "", "state": "none"}
        return self.starting.begin(start)

    def classifier(self, work: Work, name: str) -> dict[str, Any]:
        """Return what a classifier is, how a pipeline takes its model, and if there is one."""
        return self.classifiers.about(name)

    def choose(self, work: Work, name: str, layer: str, settings: Settings) -> dict[str, Any]:
        """Change the features or the estimator of a classifier."""
        self.classifiers.choose(name, layer, settings)
        return self.classifiers.about(name)

    def train(
        self, work: Work, name: str, layer: str, classes: Mapping[int, str]
    ) -> dict[str, Any]:
        """Let a classifier learn from all that is painted in the folder, and write its model."""
        with _bounded():
            return self.classifiers.train(name, layer, classes)

    def written(self, work: Work, name: str) -> Path:
        """Return the training document of a classifier, with all that is painted on the disk."""
        return self.classifiers.written(name)

    def layer(self, work: Work, path: str, name: str) -> dict[str, Any]:
        """Open painted labels beside an image, and say how a pipeline reads them."""
        layer = self.layers.open(path, name)
        return {"template": template_of(name), **described(layer, path, name)}

    def about(self, work: Work, path: str) -> dict[str, Any]:
        """Return what a page must know of an image before it shows it."""
        work.report(path)
        return self.images.about(path)

    def thumbnail(self, work: Work, path: str) -> bytes:
        """Return a small picture of an image, as PNG."""
        work.report(path)
        return thumbnail(self.images, path)

    def illustration(self, work: Work, name: str) -> bytes | str:
        """Return what an op makes of its own example, as PNG; or why it has no picture."""
        work.report(name)
        return illustrated(name)

    def first_of(self, work: Work, text: str, folder: Path) -> Path:
        """Return the first image of a folder that a pipeline is for."""
        return self.images.first_of(self.parsed.pipeline(text), folder)

    def before_run(self, work: Work, text: str, images: Sequence[Path]) -> None:
        """Write what was painted; raise `RequestError` if a run would read outside the folder."""
        self.layers.write_pending()
        self.images.require_reads(self.parsed.pipeline(text), images)

    def close(self) -> None:
        """End the process of exact results, and write what is not written yet."""
        self.exact.close()
        if "classifiers" in self.__dict__:
            self.classifiers.close()
        self.layers.write_pending()

    def _opened(self, work: Work, path: str, text: str) -> Opened:
        work.report(path)
        try:
            return self.images.opened(path, self.parsed.pipeline(text))
        finally:
            work.report("")

    def _copy(self, work: Work, opened: Opened, path: str) -> None:
        if opened.has_copies:
            return
        title, started = f"coarser copies of {path}", time.monotonic()
        with suppress(OSError), working_at(path):
            opened.make_copies(
                is_wanted=work.is_wanted,
                report=lambda share: work.tell(_progress(title, share, started)),
            )
        work.tell(_progress(title, 1.0, started))


@contextmanager
def _bounded() -> Iterator[None]:
    """Say in words that memory was not enough."""
    try:
        yield
    except MemoryError as error:
        raise MemoryBudgetError(
            f"needs more than the {format_bytes(settings().memory)} that views may take",
            where=getattr(error, "where", ""),
            hint="zoom in, change the step, or set GRATICULE_MEMORY higher",
        ) from None


def _progress(title: str, share: float, started: float) -> dict[str, Any]:
    spent = time.monotonic() - started
    left = spent * (1 - share) / share if share > 0.02 else None
    return {"type": "progress", "title": title, "share": share, "left": left}
