"""How images were looked at, kept as plain files: they are found again as they were left."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError
from graticule.web.folder import ServedFolder

_LARGEST = 2**20
"""Bytes of a view."""


class KeptViews:
    """The views of a folder: one of each image with each pipeline, and what they share.

    A view is a mapping whose values belong to the page. It is kept in
    ``graticule/views/IMAGE/PIPELINE.json``, what all share in ``graticule/views/folder.json``.

    Parameters
    ----------
    folder : ServedFolder
        Where they are kept.
    """

    def __init__(self, folder: ServedFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def load(self, path: str = "", pipeline: str = "") -> dict[str, Any]:
        """Return a view, or without an image what all share; empty of one that was never kept.

        Raises
        ------
        RequestError
            If there is no such image, or what was kept is none.
        """
        file = self._file(path, pipeline)
        try:
            found = json.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise RequestError(
                "is no view", where=file.relative_to(self._folder.root).as_posix(),
                hint="remove the file: it is made anew",
            )  # fmt: skip
        return found

    def change(self, values: Mapping[str, Any], path: str = "", pipeline: str = "") -> None:
        """Keep some values of a view beside those it has; one that is None is forgotten.

        Raises
        ------
        RequestError
            As `load`, or if the view grows too large.
        """
        file = self._file(path, pipeline)
        with self._lock:
            merged = {**self.load(path, pipeline), **values}
            kept = {key: value for key, value in merged.items() if value is not None}
            text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
            if len(text.encode()) > _LARGEST:
                raise RequestError(f"the view is larger than {_LARGEST:,} bytes")
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(file) as draft:
                draft.write_text(text + "\n", "utf-8")

    def _file(self, path: str, pipeline: str) -> Path:
        views = self._folder.own / "views"
        if not path:
            file = views / "folder.json"
        else:
            self._folder.file(path)
            file = views / path / self._folder.pipeline_file(pipeline).with_suffix(".json").name
        if not file.resolve().is_relative_to(views.resolve()):
            raise RequestError("is no path from the folder that is served", where=path[:200])
        return file
