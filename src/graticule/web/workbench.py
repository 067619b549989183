"""What the requests of all pages share: the folder, what is open of it, and what is under way."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.web.exact import ExactWorker
from graticule.web.folder import ServedFolder
from graticule.web.images import OpenImages
from graticule.web.layers import Layers
from graticule.web.live import LiveSession
from graticule.web.parsed import Parsed
from graticule.web.starting import Starting
from graticule.web.tasks import Tasks

if TYPE_CHECKING:
    from graticule.web.classifiers import Classifiers


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
        self.workers = ThreadPoolExecutor(6 + (os.cpu_count() or 1), thread_name_prefix="view")
        self.behind = ThreadPoolExecutor(1, thread_name_prefix="exact")
        self.sessions: set[LiveSession] = set()
        self.starting = Starting(
            self.images,
            self.parsed,
            self.exact,
            self.behind.submit,
            tell=self.tell_all,
            is_wanted=lambda: bool(self.sessions),
        )

    @cached_property
    def classifiers(self) -> Classifiers:
        """What learns from painted labels; made when first asked for, as it takes a second."""
        from graticule.web.classifiers import Classifiers

        return Classifiers(self.folder, self.layers, self.tell_all)

    def tell_all(self, message: dict[str, Any]) -> None:
        """Tell all pages."""
        for session in list(self.sessions):
            session.tell(message)

    def close(self) -> None:
        """End all that is under way; a step that is, ends by itself."""
        self.tasks.close()
        for session in self.sessions:
            session.stop()
        self.exact.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.behind.shutdown(wait=False, cancel_futures=True)
        if "classifiers" in self.__dict__:
            self.classifiers.close()
        self.layers.write_pending()
        with contextlib.suppress(OSError):  # something may be written to it still
            self._scratch.cleanup()
