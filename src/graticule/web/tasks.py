"""Long work in processes of its own: runs of pipelines, with how far they are."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graticule.core.errors import RequestError

_GRACE = 5.0


@dataclass
class Task:
    """Something that is done, and how far it is; its report is a page in the folder ``out``."""

    number: str
    title: str
    out: Path
    page: str = "report.html"
    state: str = "running"
    done: int = 0
    total: int = 0
    fault: dict[str, str] | None = None
    started: float = field(default_factory=time.monotonic)
    process: subprocess.Popen[str] | None = None

    def about(self, root: Path) -> dict[str, Any]:
        """Return what a page shows of it."""
        report = self.out / self.page
        spent = time.monotonic() - self.started
        left = None
        if self.state == "running" and self.done:
            left = spent / self.done * (self.total - self.done)
        return {
            "task": self.number,
            "title": self.title,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "left": left,
            "report": f"/runs/{report.relative_to(root).as_posix()}" if report.exists() else None,
            "fault": self.fault,
        }


class Tasks:
    """The runs of this server."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._tasks: dict[str, Task] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def start(self, title: str, pipeline: Path, images: Sequence[Path], out: Path) -> Task:
        """Start a run; one of the same folder that is under way is refused."""
        return self._start(title, ["run", str(pipeline), str(out), *map(str, images)], out)

    def evaluate(self, title: str, document: Path, images: Path, out: Path) -> Task:
        """Start to judge the methods of a training document."""
        command = ["evaluate", str(document), str(out), str(images)]
        return self._start(title, command, out, "evaluation.html")

    def cluster(self, title: str, document: Path, given: Sequence[Path], out: Path) -> Task:
        """Start to group images as a clustering document says."""
        return self._start(title, ["cluster", str(document), str(out), *map(str, given)], out)

    def _start(
        self, title: str, arguments: list[str], out: Path, page: str = "report.html"
    ) -> Task:
        with self._lock:
            if any(t.out == out and t.state == "running" for t in self._tasks.values()):
                raise RequestError("is running already", where=title, hint="cancel it first")
            task = Task(str(next(self._numbers)), title, out, page)
            self._tasks[task.number] = task
        out.parent.mkdir(parents=True, exist_ok=True)
        task.process = subprocess.Popen(
            [sys.executable, "-m", "graticule.web.worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._follow, args=(task,), daemon=True).start()
        return task

    def _follow(self, task: Task) -> None:
        assert task.process is not None
        assert task.process.stdout is not None
        with task.process.stdout as lines:
            for line in lines:
                _note(task, line)
        code = task.process.wait()
        if task.state == "running":
            task.state = "done" if code == 0 else "failed"
        if task.state == "failed" and task.fault is None:
            what = f"the process ended with {code}"
            task.fault = {"what": what, "where": task.title, "hint": "run it again: it goes on"}

    def listed(self) -> list[dict[str, Any]]:
        """Return what a page shows of all."""
        return [task.about(self.runs) for task in self._tasks.values()]

    def cancel(self, number: str) -> None:
        """End a task; what it had done is kept, and is taken up by the next."""
        task = self._tasks.get(number)
        if task is None:
            raise RequestError("there is no such task", where=number[:20])
        if task.state == "running" and task.process is not None:
            task.state = "cancelled"
            _end(task.process)

    def close(self) -> None:
        """End all."""
        for number in list(self._tasks):
            self.cancel(number)


def _note(task: Task, line: str) -> None:
    with contextlib.suppress(ValueError):
        told = json.loads(line)
        if "what" in told:
            task.fault = told
        task.done, task.total = told.get("done", task.done), told.get("total", task.total)


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
