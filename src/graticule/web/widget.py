"""The workbench as a notebook shows it: the page in a frame, answered by the kernel."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from graticule.pipeline import Pipeline
from graticule.web.relay import Answer, Relay

_STATIC = Path(__file__).parent / "static"


class Explorer(anywidget.AnyWidget):  # type: ignore[misc]
    """A pipeline on an image, seen and tuned in a notebook.

    Parameters
    ----------
    folder : Path
        The folder that is served.
    place : str
        What the page opens with, as in the address of the workbench.
    file : Path
        Where the pipeline is kept.
    height : int
        Of the frame, in pixels.
    temporary : TemporaryDirectory, optional
        Removed with it.
    """

    _esm = _STATIC / "notebook.js"
    place = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        folder: Path,
        place: str,
        file: Path,
        height: int,
        temporary: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        super().__init__(place=place, height=height)
        self.file, self._temporary = file, temporary
        self._relay = Relay(folder)
        self.on_msg(self._heard)
        weakref.finalize(self, self._relay.close)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as it is now, with all that was tuned."""
        return Pipeline.load(self.file)

    def _heard(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        kind, number = content.get("kind"), content.get("id", 0)
        if kind == "page":
            self.send({"kind": "answer", "id": number, **_page()})
        elif kind == "fetch":

            def answered(answer: Answer) -> None:
                about = {"status": answer.status, "type": answer.type}
                self.send({"kind": "answer", "id": number, **about}, [answer.content])

            body = str(content.get("body") or "").encode()
            self._relay.ask(str(content["method"]), str(content["path"]), body, answered)
        elif kind == "open":
            self._relay.open(self._say)
        elif kind == "message":
            self._relay.say(str(content["text"]))
        elif kind == "close":
            self._relay.close_socket()

    def _say(self, message: bytes | str) -> None:
        if isinstance(message, bytes):
            self.send({"kind": "message"}, [message])
        else:
            self.send({"kind": "message", "text": message})


def _page() -> dict[str, Any]:
    """Return the script of the page, what it loads later by its name, and its style."""
    scripts = {path.name: path.read_text("utf-8") for path in _STATIC.glob("*.js")}
    script = scripts.pop("app.js")
    del scripts["notebook.js"]
    parts = {f"./{name}": text for name, text in scripts.items()}
    return {"script": script, "parts": parts, "style": (_STATIC / "app.css").read_text("utf-8")}
