"""One figure of the bench: what was measured, on what, and whether it reaches its bar.

A module of `graticule.bench` whose name does not start with ``_`` holds functions decorated with
`row`; adding a figure is adding one such function.
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any, TypeVar

from graticule import version
from graticule.core.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes
    ----------
    id : str
        Name of the row, as ``F5``; several figures may share one.
    what : str
        What was measured, in words.
    value : float or None
        The figure; None where it could not be measured (``what`` says why).
    unit : str
        Its unit.
    baseline : float or None
        The peer's figure in the same run.
    ratio : float or None
        How many times better than the baseline.
    bar : str
        What it must be, as ``>= 300``.
    reached : bool or None
        Whether it is; None where it was not measured.
    peak_mb : float or None
        Peak resident memory of the process, in megabytes.
    seeds : tuple of int
        Seeds that the figure depends on; empty where nothing is drawn or one is said in ``what``.
    others : float or None
        Part of the time of all processors that other programs took meanwhile; None where that is
        not known. A time measured beside other work is too long, a ratio is about right.
    """

    id: str
    what: str
    value: float | None
    unit: str
    bar: str
    reached: bool | None
    baseline: float | None = None
    ratio: float | None = None
    peak_mb: float | None = None
    seeds: tuple[int, ...] = ()
    others: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON values, in the order of ``bench.json``."""
        order = ("id", "what", "value", "unit", "baseline", "ratio", "peak_mb", "bar", "reached")
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        ordered = {name: plain[name] for name in order}
        if self.seeds:
            ordered["seeds"] = list(self.seeds)
        return ordered if self.others is None else {**ordered, "others": round(self.others, 2)}


def _plain(value: Any) -> Any:
    """Return a figure that came out of an array as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else value


Measure = Callable[[], Row | Sequence[Row]]


@dataclass(frozen=True)
class Benchmark:
    """A function that measures the rows of one id; a deep one takes many minutes."""

    id: str
    measure: Measure
    deep: bool = False

    def rows(self) -> list[Row]:
        """Measure, and note the peak memory and what else ran."""
        before = _spent()
        measured = self.measure()
        own, busy, idle = (after - then for after, then in zip(_spent(), before, strict=True))
        others = max(busy - own, 0.0) / (busy + idle) if busy + idle else None
        found = [measured] if isinstance(measured, Row) else list(measured)
        return [
            replace(each, others=others, peak_mb=each.peak_mb or peak_mb())
            if each.value is not None
            else each
            for each in found
        ]


def _spent() -> tuple[float, float, float]:
    """Return the processor time so far of this program and its children, of all, and of none."""
    import psutil

    own, all_of_them = os.times(), psutil.cpu_times()
    idle = all_of_them.idle + getattr(all_of_them, "iowait", 0.0)
    busy = sum(all_of_them[:]) - idle
    return own.user + own.system + own.children_user + own.children_system, busy, idle


def row(id: str, *, deep: bool = False) -> Callable[[Measure], Benchmark]:
    """Make a benchmark of a function that returns one `Row` or several.

    Parameters
    ----------
    id : str
        Name of the row.
    deep : bool
        Whether it is measured by ``graticule bench --deep`` alone.
    """
    return lambda measure: Benchmark(id, measure, deep)


def _declared(module: ModuleType) -> tuple[Benchmark, ...]:
    return tuple(value for value in vars(module).values() if isinstance(value, Benchmark))


_MODULES: Registry[tuple[Benchmark, ...]] = Registry(
    "module of rows", "graticule.bench", load=_declared
)


def benchmarks(*, deep: bool = False) -> list[Benchmark]:
    """Return the benchmarks that train networks, or all others, sorted by id."""
    known = [each for declared in _MODULES.values() for each in declared]
    return sorted((each for each in known if each.deep is deep), key=lambda each: each.id)


def compile_modules() -> None:
    """Compile the modules of Graticule, as installers do and every new process might do again."""
    compileall.compile_dir(Path(__file__).parents[1], quiet=2)


def processes(count: int | None = None) -> ProcessPoolExecutor:
    """Return a pool of fresh processes, by default one for each processor.

    They are not forked: a fork of a process with threads may wait for a lock for ever.
    """
    return ProcessPoolExecutor(count or os.cpu_count(), mp_context=get_context("spawn"))


def in_a_process(function: Callable[..., T], *arguments: Any) -> T:
    """Return what a function gives in a process of its own, whose peak memory is its alone."""
    with processes(1) as pool:
        return pool.submit(function, *arguments).result()


def run_pipeline(
    folder: Path, pipeline: str, image: Path, out: str, *options: str
) -> tuple[float, float]:
    """Run a pipeline without a cache, by the command; return seconds and peak megabytes."""
    document = folder / "pipeline.yaml"
    document.write_text(pipeline, encoding="utf-8")
    command = [sys.executable, "-m", "graticule.cli", "run", str(document), str(image)]
    command += ["-o", str(folder / out), "--no-cache", *options]
    spent, done = timed(
        lambda: subprocess.run(command, capture_output=True, text=True, check=False)
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    about = json.loads((folder / out / "run.json").read_text("utf-8"))
    return spent, about["memory"]["peak"] / 1e6


def timed(function: Callable[[], T]) -> tuple[float, T]:
    """Return how long one call of a function takes, in seconds, and what it gives."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def seconds(function: Callable[[], Any], *, repeat: int = 5) -> float:
    """Return the median time of calls of a function, after one call that is not counted."""
    function()
    return median(timed(function)[0] for _ in range(repeat))


def speedup(
    id: str,
    what: str,
    ours: float,
    theirs: float,
    least: float | None,
    *,
    also: str = "",
    holds: bool = True,
    unit: str = "s",
    peak_mb: float | None = None,
) -> Row:
    """Return the row of a time beside the peer's, both in seconds.

    Parameters
    ----------
    id, what, peak_mb
        As of a `Row`.
    ours, theirs : float
        Times.
    least : float or None
        How many times faster it must be; None where it is not judged.
    also : str
        What must hold besides, as ``equal``.
    holds : bool
        Whether that does.
    unit : str
        ``s`` or ``ms``, that both times are told in.
    """
    ratio, scale = theirs / ours, {"s": 1, "ms": 1000}[unit]
    value, baseline, shown = (float(f"{x:.4g}") for x in (ours * scale, theirs * scale, ratio))
    bar = f">= {least:g} times{f', {also}' if also else ''}" if least else ""
    reached = ratio >= least and holds if least else None
    return Row(id, what, value, unit, bar, reached, baseline, shown, peak_mb)


def peak_mb() -> float:
    """Return the largest resident memory of this process so far, in megabytes."""
    from graticule.pipeline.provenance import peak_bytes

    return round(peak_bytes() / 1e6, 1)


def data_folder(name: str) -> Path | None:
    """Return a folder of real images, from ``GRATICULE_DATA``; None where it is absent."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("GRATICULE_DATA", root.parent / "shared" / "data")) / name
    return folder if folder.is_dir() else None


def absent(id: str, what: str, bar: str) -> Row:
    """Return the row of a figure whose images are absent."""
    what = f"{what}: not measured, set GRATICULE_DATA to the folder of real images"
    return Row(id, what, None, "", bar, None)


_PACKAGES = (
    "graticule", "numpy", "scipy", "scikit-image", "scikit-learn", "opencv-python-headless", "dask",
    "dask-image", "numba", "torch", "monai",
)  # fmt: skip


def machine() -> dict[str, object]:
    """Return the model of the processor, the number of cores and the versions of software.

    Examples
    --------
    >>> here = machine()
    >>> sorted(here)
    ['cores', 'processor', 'python', 'system', 'versions']
    """
    return version.machine(_PACKAGES)
