"""A run: a pipeline over a study, into a folder; cut off at any moment, it goes on."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Protocol

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError
from graticule.core.image import Table
from graticule.core.registry import load_group
from graticule.core.settings import parse_bytes, settings
from graticule.io import study
from graticule.io.studies import Study
from graticule.pipeline.budget import for_arrays
from graticule.pipeline.folder import (
    WORK,
    claimed,
    sweep,
    write_json,
    write_table,
)
from graticule.pipeline.gathering import gathered
from graticule.pipeline.inputs import own_images
from graticule.pipeline.job import Fate, Job, do
from graticule.pipeline.key import digest, pipeline_key
from graticule.pipeline.provenance import peak_bytes, provenance
from graticule.pipeline.spec import Spec
from graticule.pipeline.workers import Workers

PREVIEWS = 12
NOTABLE_PREVIEWS = 24


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, done: int, total: int, message: str) -> None:
        """Take note: ``done`` of ``total`` images, and what is going on."""
        ...


def _silent(done: int, total: int, message: str) -> None:
    return


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run folder.
    fates : tuple of Fate
        What became of each image, in the order of the study.
    images : DataFrame
        One row per image that was done.
    tables : mapping
        Object tables by name.
    """

    folder: Path
    fates: tuple[Fate, ...]
    images: Table
    tables: Mapping[str, Table] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Fate, ...]:
        """The images that were set aside."""
        return tuple(fate for fate in self.fates if fate.status != "done")


def run(
    pipeline: Spec,
    images: str | Path | Sequence[str | Path],
    out: Path,
    *,
    workers: int | None = None,
    memory: int | str | None = None,
    cluster: str | None = None,
    overwrite: bool = False,
    cache: bool = True,
    command: Sequence[str] = (),
    progress: Progress = _silent,
) -> Run:
    """Run a pipeline over a study.

    Parameters
    ----------
    pipeline : Spec
        What to compute.
    images : path, pattern or sequence of them
        The study.
    out : Path
        The run folder. If it holds this run, cut off, the run goes on; the result has the same
        bytes as if it had not been.
    workers : int, optional
        Threads; by default as `settings` say.
    memory : int or str, optional
        Bytes for the process (on a cluster, for each worker), as ``"4GB"``; images are cut into
        tiles to keep to it.
    cluster : str, optional
        Address of a dask.distributed scheduler that sees the same files.
    overwrite : bool
        Replace another run in the folder.
    cache : bool
        Keep costly steps in the step store, for this and other runs.
    command : sequence of str
        How to repeat it, for the record.
    progress : callable
        Called after each step and image.

    Raises
    ------
    RequestError, StoreError, FormatError
        If the request cannot be carried out. What goes wrong with one image does not end the
        run: see `Run.failed`.
    """
    started = datetime.now(UTC)
    clock = time.perf_counter()
    sources = own_images(pipeline, study(images))
    count = _count(workers)
    budget = settings().memory if memory is None else parse_bytes(memory)
    out = out.absolute()
    identity = {
        "pipeline": pipeline_key(pipeline),
        "images": [[source.name, str(source.path)] for source in sources],
    }
    with claimed(out, {"run": digest(identity)}, overwrite=overwrite) as work:
        fates = list(_fates(pipeline, sources, out, count, budget, cluster, cache, progress))
        rows, tables = _tables(pipeline, fates, work)
        _write(out, rows, tables, fates, work)
        about = provenance(pipeline, fates, sources, rows, tables, command)
        about |= {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 3),
            "memory": {"budget": budget, "peak": peak_bytes()},
        }
        write_json(out / "run.json", about)
        for finish in load_group("graticule.finishers").values():
            progress(len(fates), len(fates), "report")
            finish(out)
    return Run(out, tuple(fates), rows, tables)


def _count(workers: int | None) -> int:
    count = settings().workers if workers is None else workers
    if type(count) is not int or not 1 <= count <= 4096:
        raise RequestError(f"workers must be from 1 to 4096, not {count!r}")
    return count


def _fates(
    pipeline: Spec,
    sources: Study,
    out: Path,
    count: int,
    budget: int,
    cluster: str | None,
    cache: bool,
    progress: Progress,
) -> Iterator[Fate]:
    """Give each image's fate, in order; many images in parallel, or one in parallel tiles."""
    total = len(sources)
    (out / WORK / "scratch").mkdir(exist_ok=True)
    with Workers(count, cluster=cluster) as workers:
        alone = total == 1
        room = for_arrays(budget)
        share = room if alone or workers.is_remote else room // workers.count
        store = (settings().cache_dir.absolute(), settings().cache_size) if cache else None
        jobs = [
            Job(
                pipeline,
                source,
                out,
                memory=share,
                workers=workers.count if alone else 1,
                cache=store,
                preview=number < PREVIEWS,
            )
            for number, source in enumerate(sources)
        ]
        progress(0, total, sources[0].name)
        if alone:
            yield do(jobs[0], workers.map, partial(_step, progress, total))
        else:
            work = do if workers.is_remote else partial(do, report=workers.require_going)
            for number, fate in enumerate(workers.map(work, jobs), start=1):
                progress(number, total, fate.image)
                yield fate
    for name in ("scratch", "drafts"):
        shutil.rmtree(out / WORK / name, ignore_errors=True)


def _step(progress: Progress, total: int, message: str) -> None:
    progress(0, total, message)


def _tables(pipeline: Spec, fates: Sequence[Fate], work: Path) -> tuple[Table, dict[str, Table]]:
    """Put the rows of all images together, and let each check conclude over the study.

    The columns of a check have its name in front where another is of the same kind, so that no
    one has to know which of the two came first.
    """
    import pandas as pd

    done = [fate for fate in fates if fate.status == "done"]
    rows = _rows(done)
    kinds = Counter(step.check.name for step in pipeline.checks.values())
    for name, step in pipeline.checks.items():
        alone = kinds[step.check.name] == 1
        own = pd.DataFrame([fate.evidence[name] for fate in done])
        if done:
            own = step.check.conclude(own, step.params)
        for column in own.columns:
            label = str(column) if alone and column not in rows else f"{name}_{column}"
            rows[label] = own[column].to_numpy()
    names = sorted({name for fate in done for name in fate.tables})
    tables: dict[str, Table] = {}
    for name in names:
        parts = [pd.read_parquet(fate.place(work) / f"{name}.parquet") for fate in done]
        tables[_table_name(name, names, tables)] = gathered(parts)
    return rows, tables


def _table_name(name: str, names: Sequence[str], taken: Collection[str]) -> str:
    """Return what a table's files are called: the only one, or that of ``objects``, is plain."""
    plain = name.replace(".", "_")
    found = "objects" if len(names) == 1 or plain == "objects" else f"objects_{plain}"
    while found in taken:
        found += "_"
    return found


def _rows(done: Sequence[Fate]) -> Table:
    """Return one row for each image, before the checks conclude."""
    import pandas as pd

    parts = []
    for units, alike in groupby(done, key=lambda fate: fate.units):
        part = pd.DataFrame([{"image": fate.image, **fate.row} for fate in alike])
        part.attrs["units"] = units
        parts.append(part)
    return gathered(parts or [pd.DataFrame({"image": pd.Series([], dtype=str)})])


def _write(
    out: Path,
    rows: Table,
    tables: Mapping[str, Table],
    fates: Sequence[Fate],
    work: Path,
) -> None:
    """Write tables and pictures, and clear away what an earlier call left of failed images."""
    write_table(out, "images", rows)
    for name, table in tables.items():
        write_table(out, name, table)
    for stale in out.glob("objects*"):
        if stale.name.removesuffix("-metadata.json").rpartition(".")[0] not in tables:
            stale.unlink()
    arrays = [name.removeprefix("arrays/") for fate in fates for name in fate.arrays]
    sweep(out / "arrays", arrays)
    kept = [fate for fate in fates if fate.status == "done" and _preview(fate, work).exists()]
    for fate in kept[: PREVIEWS + NOTABLE_PREVIEWS]:
        target = out / "previews" / f"{fate.image}.npz"
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError), atomic_path(target) as draft:
            shutil.copyfile(_preview(fate, work), draft)


def _preview(fate: Fate, work: Path) -> Path:
    return fate.place(work) / "preview.npz"
