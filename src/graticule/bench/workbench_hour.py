"""W10: an hour of random actions on twenty images, the server killed in it again and again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from graticule.bench.row import Row, row
from graticule.bench.workbench import write_large
from graticule.bench.workbench_page import why_not
from graticule.io import read

_IMAGES, _SIDE, _LARGEST = 20, 3000, 2000
_TEXT = """graticule: 1
inputs: {{image: {{}}, strokes: {{path: "graticule/labels/{{path}}.strokes.tif"}}}}
steps:
  level:  {{op: filters.background, width: {width}}}
  smooth: {{op: filters.gaussian, sigma: {sigma}}}
  bright: {{op: threshold.otsu}}
  cells:  {{op: segment.label}}
  basins: {{op: segment.watershed, input: smooth, markers: strokes}}
  table:  {{op: measure.regions, input: cells, intensity: level}}
outputs: [table, cells]
"""


class Server:
    """A served folder, to be killed and begun again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peak = 0.0
        self.begin()

    def begin(self) -> None:
        """Begin, and wait until the address is there."""
        command = [sys.executable, "-m", "graticule.cli", "serve", str(self.folder)]
        environment = {**os.environ, "GRATICULE_CACHE_DIR": str(self.folder.parent / "cache")}
        self.process = subprocess.Popen(
            [*command, "--port", "0", "--no-open"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = next(line for line in self.process.stdout if "http://" in line)
        found = re.search(r"http://\S+", line)
        assert found is not None
        parts = urlsplit(found[0])
        self.host, self.token = parts.netloc, parts.query.removeprefix("token=")

    def kill(self) -> None:
        """Kill it with its children, as a loss of power would."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def ask(self, path: str, content: Any = None, method: str | None = None) -> Any:
        """Return the answer to a request."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            f"http://{self.host}{path}", body, {"X-Graticule-Token": self.token}, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def measure(self) -> None:
        """Note the memory of the server and its children together."""
        import psutil

        with contextlib.suppress(psutil.Error):
            own = psutil.Process(self.process.pid)
            tree = [own, *own.children(recursive=True)]
            self.peak = max(self.peak, sum(each.memory_info().rss for each in tree) / 1e6)


def run_for(minutes: float, kills: int, seed: int = 0) -> tuple[int, int, float, list[str]]:
    """Return actions, kills, peak megabytes, and what was lost."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        folder.mkdir()
        first = write_large(folder / "a00.npy", _SIDE)
        for number in range(1, _IMAGES):
            values = np.roll(np.load(first, mmap_mode="r"), 97 * number, axis=0)
            np.save(folder / f"a{number:02}.npy", values)
        server, lost, actions, done = Server(folder), [], 0, 0
        kept = _Kept()
        started = time.monotonic()
        try:
            while (spent := time.monotonic() - started) < 60 * minutes or done < kills:
                with contextlib.suppress(OSError, urllib.error.URLError):
                    actions += _act(server, rng, kept)
                server.measure()
                if done < kills and spent >= 60 * minutes * (done + 1) / (kills + 1):
                    server.kill()
                    server.begin()
                    done += 1
                    lost += kept.lost(server)
        finally:
            server.kill()
    return actions, done, server.peak, lost


class _Kept:
    """What the server said that it has: it must have it for ever."""

    def __init__(self) -> None:
        self.texts: dict[str, tuple[str, str]] = {}
        self.strokes: dict[str, list[tuple[int, int, int]]] = {}

    def lost(self, server: Server) -> list[str]:
        """Return what a server that was killed and begun again does not have."""
        found = []
        for name, (text, _) in self.texts.items():
            told = server.ask(f"/api/pipeline?name={quote(name)}")
            if told["text"] != text:
                found.append(f"pipeline {name}")
            self.texts[name] = (told["text"], told["revision"])
        for path, places in self.strokes.items():
            server.ask("/api/layer", {"path": path, "layer": "strokes"})
            file = server.folder / f"graticule/labels/{Path(path).stem}.strokes.tif"
            labels = read(file).values
            last = {(y, x): value for value, y, x in places}
            found += [
                f"stroke in {path}" for (y, x), value in last.items() if labels[y, x] != value
            ]
        return found


def _act(server: Server, rng: random.Random, kept: _Kept) -> int:
    """Do a few things as a page does; return how many."""
    from websockets.sync.client import connect

    path = f"a{rng.randrange(_IMAGES):02}.npy"
    server.ask("/api/open", {"path": path})
    server.ask("/api/layer", {"path": path, "layer": "strokes"})
    url = f"ws://{server.host}/api/live?token={server.token}"
    with connect(url, max_size=None, open_timeout=60) as socket:
        for number in range(rng.randrange(3, 15)):
            text = _TEXT.format(width=rng.randrange(20, 60), sigma=rng.randrange(1, 6))
            kind = rng.choice(["view", "view", "view", "table", "stroke", "save"])
            if kind == "save":
                _save(server, rng, kept, text)
            elif kind == "stroke":
                _stroke(socket, rng, kept, path)
            else:
                level = rng.randrange(4)
                y, x = (rng.randrange(0, _SIDE // 2**level) for _ in range(2))
                of = rng.choice(["image", "level", "smooth", "bright", "cells", "basins"])
                message = {
                    "type": kind, "pane": rng.randrange(4), "id": number, "path": path,
                    "text": text, "of": "table" if kind == "table" else of, "level": level,
                    "region": {"y": [y, y + 600], "x": [x, x + 900]},
                }  # fmt: skip
                socket.send(json.dumps(message))
                with contextlib.suppress(TimeoutError):
                    socket.recv(timeout=rng.choice([0.01, 0.2, 2]))
    return number + 1


def _save(server: Server, rng: random.Random, kept: _Kept, text: str) -> None:
    name = f"pipeline {rng.randrange(5)}"
    _, revision = kept.texts.get(name, ("", ""))
    told = server.ask(
        f"/api/pipeline?name={quote(name)}", {"text": text, "revision": revision}, "PUT"
    )
    kept.texts[name] = (text, told["revision"])


def _stroke(socket: Any, rng: random.Random, kept: _Kept, path: str) -> None:
    value, y, x = rng.randrange(1, 4), rng.randrange(50, _SIDE - 50), rng.randrange(50, _SIDE - 50)
    message = {
        "type": "stroke", "path": path, "layer": "strokes", "value": value, "radius": 0.5,
        "points": [[y, x]],
    }  # fmt: skip
    socket.send(json.dumps(message))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = socket.recv(timeout=20)
        if isinstance(answer, str) and json.loads(answer)["type"] == "painted":
            kept.strokes.setdefault(path, []).append((value, y, x))
            return


@row("W10", deep=True)
def an_hour() -> Row:
    """Work for an hour at random, and kill the server fifty times."""
    bar = f"< {_LARGEST} MB, nothing lost"
    if reason := why_not():
        return Row("W10", f"an hour of random actions ({reason})", None, "MB", bar, None)
    return row_of(60, 50)


def row_of(minutes: float, kills: int) -> Row:
    """Return the row for a time of random actions."""
    actions, done, peak, lost = run_for(minutes, kills)
    what = (
        f"{minutes:g} minutes, {actions:,} random actions on {_IMAGES} images of {_SIDE} x "
        f"{_SIDE}, killed {done} times; lost: {', '.join(lost[:5]) or 'nothing'}; server with its "
        "children"
    )
    reached = peak < _LARGEST and not lost
    bar = f"< {_LARGEST} MB, nothing lost"
    return Row("W10", what, round(peak), "MB", bar, reached, peak_mb=round(peak), seeds=(0,))
