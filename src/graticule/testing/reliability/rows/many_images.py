"""A8: a run of many images takes no more for the last than for the first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from graticule.testing.reliability.row import Effort, row
from graticule.testing.trial import Trial

_RECIPE = """
graticule: 1
name: spots
steps:
  bright: {op: threshold.otsu}
  spots:  {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table]
"""
_PAUSE = 1.0
_FIRST, _LAST = (0.1, 0.35), (0.7, 0.95)
"""Parts of the images that are compared: nothing is loaded any more, nothing written yet."""
_MORE_MEMORY, _SOME_BYTES = 1.05, 4 * 2**20
_MORE_TIME = 1.10
_LARGEST_PAGE = 10 * 2**20


@dataclass(frozen=True)
class _Sample:
    """How a run stands: images that are done, and what its processes hold."""

    done: int
    parent: int
    worker: int
    handles: int
    seconds: float
    yardstick: float


@row(
    "A8",
    "in a run of 20,000 images memory of the parent and of its workers, open handles and processor "
    "time per image (within 10 %) are the same at the end as at the start; the page opens",
)
def many_images(effort: Effort) -> Iterator[Trial]:
    """Run a study of many small images, and look at its processes all the while."""
    count = effort.count(full=20_000, quick=1500)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_study(folder, count, effort.seed)
        samples, status = _watched(folder, effort.processes)
        lines = (folder / "out" / "images.csv").read_bytes().count(b"\n") - 1
        yield _trial("every image is done", lines == count and not status, f"{lines} of {count}")
        size = (folder / "out" / "report.html").stat().st_size
        yield _trial("the page is small", size < _LARGEST_PAGE, f"{size} bytes")
    first, last = (_within(samples, count, part) for part in (_FIRST, _LAST))
    if min(len(first), len(last)) < 2:
        yield _trial("samples", False, f"{len(samples)} are too few")
        return
    yield _held("memory of the parent", first, last, lambda each: each.parent)
    yield _held("memory of the largest worker", first, last, lambda each: each.worker)
    yield _trial(
        "open handles",
        max(each.handles for each in last) <= max(each.handles for each in first) + 2,
        f"{max(each.handles for each in first)}, then {max(each.handles for each in last)}",
    )
    before, after = _per_image(first), _per_image(last)
    said = f"{before:.3f} of the yardstick an image, then {after:.3f}"
    yield _trial("processor time", after <= _MORE_TIME * before, said)


def _trial(kind: str, is_right: bool, said: str) -> Trial:
    return Trial(kind, said, "right" if is_right else "wrong", said)


def _write_study(folder: Path, count: int, seed: int) -> None:
    (folder / "recipe.yaml").write_text(_RECIPE)
    (folder / "study").mkdir()
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    for number in range(count):
        image = rng.normal(10, 2, (64, 64))
        for row_at, column, width in rng.uniform((6, 6, 2), (58, 58, 5), (6, 3)):
            image += 100 * np.exp(-((y - row_at) ** 2 + (x - column) ** 2) / (2 * width**2))
        np.save(folder / "study" / f"{number:05}.npy", image.clip(0, 255).astype(np.uint8))


def _watched(folder: Path, processes: int) -> tuple[list[_Sample], int]:
    """Run the study by the command line; return how it stood each second, and its exit status."""
    command = [sys.executable, "-m", "graticule.cli", "run", "recipe.yaml", "study", "-o", "out"]
    command += ["--workers", str(max(2, processes))]
    samples = []
    with (folder / "said.txt").open("wb") as said:
        running = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        try:
            while running.poll() is None:
                time.sleep(_PAUSE)
                if (sample := _sample(psutil.Process(running.pid), folder / "out")) is not None:
                    samples.append(sample)
        finally:
            running.kill()
            status = running.wait()
    return samples, status


def _sample(parent: psutil.Process, out: Path) -> _Sample | None:
    """Return how a run stands; None where a process has just ended or begun."""
    try:
        workers = parent.children(recursive=True)
        if not workers:
            return None
        states = [each.memory_full_info().uss for each in [parent, *workers]]
        handles = sum(each.num_fds() for each in [parent, *workers])
        seconds = sum(sum(each.cpu_times()[:2]) for each in [parent, *workers])
        shelves = [entry for entry in os.scandir(out / ".work") if len(entry.name) == 2]
        done = sum(len(os.listdir(shelf.path)) for shelf in shelves)
    except (psutil.Error, OSError):
        return None
    return _Sample(done, states[0], max(states[1:]), handles, seconds, _yardstick())


def _yardstick() -> float:
    """Return the processor time of a fixed piece of work: more where others use the machine."""
    started = time.process_time()
    table = {str(number): number for number in range(20_000)}
    values = np.random.default_rng(len(table)).normal(size=200_000)
    values.sort()
    return time.process_time() - started


def _within(samples: Sequence[_Sample], count: int, part: tuple[float, float]) -> list[_Sample]:
    return [each for each in samples if part[0] * count <= each.done <= part[1] * count]


def _per_image(samples: Sequence[_Sample]) -> float:
    """Return the processor time of an image, measured by that of the yardstick."""
    one = sum(each.yardstick for each in samples) / len(samples)
    return (samples[-1].seconds - samples[0].seconds) / (samples[-1].done - samples[0].done) / one


def _held(
    kind: str,
    first: Sequence[_Sample],
    last: Sequence[_Sample],
    of: Callable[[_Sample], int],
) -> Trial:
    """Try that memory at the end is that at the start, as far as it can be told."""
    before, after = max(map(of, first)), max(map(of, last))
    said = f"{before / 1e6:.1f} MB, then {after / 1e6:.1f} MB"
    return _trial(kind, after <= _MORE_MEMORY * before + _SOME_BYTES, said)
