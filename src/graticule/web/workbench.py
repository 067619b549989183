"""What the requests of all pages share: the folder, what is open of it, and what is under way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graticule.web.blamed import Blamed
from graticule.web.engine.process import EngineProcess
from graticule.web.folder import ServedFolder
from graticule.web.groupings import Groupings
from graticule.web.kept_views import KeptViews
from graticule.web.live import LiveSession
from graticule.web.parsed import Parsed
from graticule.web.tasks import Tasks

_THREADS = 256
"""Answers that are waited for at once."""


class Workbench:
    """What the requests of all pages share.

    Parameters
    ----------
    root : Path
        The folder that is served.
    """

    def __init__(self, root: Path) -> None:
        self.folder = ServedFolder(root)
        self.groupings = Groupings(self.folder)
        self.views = KeptViews(self.folder)
        self.sessions: set[LiveSession] = set()
        self.engine = EngineProcess(self.folder.root, self.tell_all)
        self.parsed = Parsed.of(self.folder)
        self.blamed = Blamed(self.parsed)
        self.tasks = Tasks(self.folder.own / "runs")
        self.workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="view")
        self.behind = ThreadPoolExecutor(1, thread_name_prefix="exact")

    @contextmanager
    def looked_at_by(self, session: LiveSession) -> Iterator[None]:
        """Let a page be told of what concerns all, in this block."""
        self.sessions.add(session)
        self.engine.note_pages(len(self.sessions))
        try:
            yield
        finally:
            self.sessions.discard(session)
            self.engine.note_pages(len(self.sessions))

    def tell_all(self, message: dict[str, Any]) -> None:
        """Tell all pages."""
        for session in list(self.sessions):
            session.tell(message)

    def close(self) -> None:
        """End all that is under way; a step that is, ends by itself."""
        self.tasks.close()
        for session in self.sessions:
            session.stop()
        self.engine.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.behind.shutdown(wait=False, cancel_futures=True)
