"""A run: a pipeline over a study, into a folder; cut off at any moment, it goes on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from graticule.core.atomic import atomic_path, bring_to_disk, flushed_later, remove
from graticule.core.errors import RequestError
from graticule.core.image import Table
from graticule.core.memory import give_back_what_is_freed, process_bytes
from graticule.core.progress import Progress, no_progress
from graticule.core.registry import load_group
from graticule.core.settings import array_budget, memory_limited, parse_bytes, settings
from graticule.core.threads import working_alone
from graticule.interrupts import raise_if_asked
from graticule.io.escaping import escaped
from graticule.io.paths import as_path
from graticule.io.studies import Study
from graticule.pipeline.budget import too_little
from graticule.pipeline.crate import write_crate
from graticule.pipeline.finished import ARRAYS, PREVIEW
from graticule.pipeline.folder import (
    CRATE,
    locked_run_folder,
    sweep,
    table_files,
    table_of,
    write_json,
)
from graticule.pipeline.html import of_run
from graticule.pipeline.job import Job, process_image, trace_name
from graticule.pipeline.names import file_names
from graticule.pipeline.processes import are_many_and_small, processes_share
from graticule.pipeline.provenance import peak_bytes, provenance
from graticule.pipeline.result import ImageResult
from graticule.pipeline.results import Results
from graticule.pipeline.spec import Spec, digest
from graticule.pipeline.studies import study_of
from graticule.pipeline.tables import study_tables, with_facts, write_table
from graticule.pipeline.workers import Workers

_LEAST = 20_000_000
"""Bytes for arrays below which no image is worth a try."""
_AMPLE = 4 * 10**9
PREVIEWS = 12
NOTABLE_PREVIEWS = 24


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run folder.
    results : sequence of ImageResult
        What became of each image, in the order of the study; each is read when it is asked for.
    images : DataFrame
        One row per image that was done.
    tables : mapping
        Object tables by name.
    skipped : tuple of (Path, str)
        Files and folders beside the images that were passed over, with the reason.
    notes : tuple of str
        What went otherwise than was meant without harm to any result.

    Examples
    --------
    >>> import os, tempfile, skimage
    >>> import graticule as gt
    >>> from graticule.recipes import pipeline_path
    >>> coins = os.path.join(skimage.data_dir, "coins.png")
    >>> with tempfile.TemporaryDirectory() as out:
    ...     run = gt.Pipeline.load(pipeline_path("coins")).run(coins, out, cache=False)
    >>> run.images["image"].tolist(), sorted(run.tables), run.failed
    (['coins'], ['objects'], ())
    """

    folder: Path
    results: Sequence[ImageResult]
    images: Table
    tables: Mapping[str, Table] = field(default_factory=dict)
    skipped: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[ImageResult, ...]:
        """The images that were set aside."""
        return tuple(result for result in self.results if result.status != "done")

    def _repr_html_(self) -> str:
        tables = {"images": self.images, **self.tables}
        failed = len(self.failed)
        return of_run(self.folder, len(self.results) - failed, failed, tables)


def run(
    pipeline: Spec,
    images: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    workers: int | None = None,
    memory: int | str | None = None,
    cluster: str | None = None,
    overwrite: bool = False,
    cache: bool = True,
    processes: bool = False,
    command: Sequence[str] = (),
    progress: Progress = no_progress,
    tell: Callable[[str], None] | None = None,
) -> Run:
    """Run a pipeline on files, a folder or a pattern, and write a run folder.

    Parameters
    ----------
    pipeline : Spec
        What is run; as a method of a `Pipeline` it is that one.
    images : path, pattern or sequence of them
        The study.
    out : path
        The run folder. If it holds this run, cut off, the run goes on; the result has the
        same bytes as if it had not been.
    workers : int, optional
        Threads; by default as `settings` say.
    memory : int or str, optional
        Bytes for the process (on a cluster, for each worker), as ``"4GB"``; images are cut
        into tiles to keep to it.
    cluster : str, optional
        Address of a dask.distributed scheduler that sees the same files.
    overwrite : bool
        Replace another run in the folder.
    cache : bool
        Keep costly steps in the step store, for this and other runs.
    processes : bool
        Whether many small images may be worked on in processes and not in threads, which is
        faster; for programs whose main module can be imported again without harm, as those
        that begin with ``if __name__ == "__main__"``.
    command : sequence of str
        How to repeat it, for the record.
    progress : callable
        Called after each step and image.
    tell : callable, optional
        Told, before anything is computed, what images and the sheet do not have in common.

    Returns
    -------
    Run
        Its tables, and what became of each image.

    Raises
    ------
    RequestError, StoreError, FormatError
        If the request cannot be carried out. What goes wrong with one image does not end
        the run: see `Run.failed`.

    Examples
    --------
    >>> import os, tempfile, skimage
    >>> from graticule.pipeline import Pipeline
    >>> bright = Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
    >>> coins = os.path.join(skimage.data_dir, "coins.png")
    >>> with tempfile.TemporaryDirectory() as out:
    ...     results = bright.run(coins, out, cache=False).results
    >>> results[0].image, results[0].status
    ('coins', 'done')
    """
    started = datetime.now(UTC)
    clock = time.perf_counter()
    sources = study_of(pipeline, images)
    if tell is not None:
        for note in sources.notes:
            tell(note)
    count = _count(workers)
    budget = settings().memory if memory is None else parse_bytes(memory)
    folder = as_path(out)
    identity = {
        "pipeline": pipeline.key,
        "images": [[source.name, escaped(source.path)] for source in sources],
    }
    _prepare_memory(budget)
    held = locked_run_folder(folder, {"run": digest(identity)}, overwrite=overwrite)
    with held as work, memory_limited(budget):
        (work / "scratch").mkdir(exist_ok=True)
        in_processes = processes and cluster is None and count > 1
        in_processes = in_processes and are_many_and_small(source.path for source in sources)
        in_processes = in_processes and processes_share(budget, count) > process_bytes()
        results = Results(work)
        with Workers(count, processes=in_processes, cluster=cluster) as pool:
            jobs = _jobs(pipeline, sources, folder, pool, budget=budget, cache=cache)
            for result in _results(jobs, pool, progress):
                results.append(result)
                raise_if_asked()
        del jobs
        for name in ("scratch", "drafts"):
            remove(work / name)
        rows, tables = study_tables(pipeline, results, work)
        rows, tables = with_facts(sources, rows, tables)
        remove(folder / CRATE)  # that of an earlier call would tell of other files
        with flushed_later():
            _write_tables(folder, rows, tables)
            _sweep(folder, results)
            previews = _write_previews(folder, results, work)
        bring_to_disk(folder)
        about = provenance(pipeline, results, sources, rows, tables, previews, command)
        about |= {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 3),
            "memory": {"budget": budget, "peak": peak_bytes()},
        }
        notes = (*sources.notes, *about["notes"])
        about["notes"] = list(notes)
        raise_if_asked()
        write_json(folder / "run.json", about)
        for finish in load_group("graticule.finishers").values():
            progress(len(results), len(results), "report")
            finish(folder)
        write_crate(folder, about, results, settings().attribution)
    return Run(folder, results, rows, tables, sources.skipped, notes)


def _count(workers: int | None) -> int:
    count = settings().workers if workers is None else workers
    if type(count) is not int or not 1 <= count <= 4096:
        raise RequestError(f"workers must be from 1 to 4096, not {count!r}")
    return count


def _prepare_memory(budget: int) -> None:
    """Refuse a run whose libraries alone take all its memory; have one of little waste none."""
    taken = process_bytes()
    if taken >= budget:
        raise too_little({"the smallest image": _LEAST}, budget - taken, lambda size: taken + size)
    if budget < _AMPLE:
        give_back_what_is_freed()


def _jobs(
    pipeline: Spec, sources: Study, folder: Path, workers: Workers, *, budget: int, cache: bool
) -> list[Job]:
    """Return what is to be done with each image, and with which part of the memory."""
    alone = len(sources) == 1
    places = file_names([source.name for source in sources])
    images = 1 if alone or workers.is_remote or workers.has_processes else workers.count
    limit = processes_share(budget, workers.count) if workers.has_processes else budget
    store = (settings().cache_dir.absolute(), settings().cache_size) if cache else None
    return [
        Job(
            pipeline.bound(source.facts, sources.units),
            source,
            place,
            folder,
            memory=array_budget(limit) // images,
            workers=workers.count if alone else 1,
            limit=limit,
            images=images,
            cache=store,
            preview=number < PREVIEWS,
        )
        for number, (source, place) in enumerate(zip(sources, places, strict=True))
    ]


def _results(jobs: Sequence[Job], workers: Workers, progress: Progress) -> Iterator[ImageResult]:
    """Give each image's result, in order; many images in parallel, or one in parallel tiles."""
    total = len(jobs)
    results: Iterator[ImageResult]
    if workers.are_forks:
        results = _forked_results(jobs, workers)
    else:
        progress(0, total, jobs[0].source.name)
        if total == 1:
            yield process_image(jobs[0], workers.map, lambda message: progress(0, total, message))
            return
        work = process_image
        if not (workers.is_remote or workers.has_processes):
            work = partial(process_image, report=workers.raise_if_stopped)
        results = workers.map(work, jobs, lost=_lost)
    for number, result in enumerate(results, start=1):
        progress(number, total, result.image)
        yield result


def _lost(job: Job) -> ImageResult:
    """Return what became of an image whose work ended every worker of a cluster that tried."""
    result = ImageResult(job.source.name, escaped(job.source.path), job.place)
    what = "the work on it ended every worker of the cluster that tried, maybe for want of memory"
    result.fail("KilledWorker", what, hint="give workers more memory; the same command tries again")
    return result


def _forked_results(jobs: Sequence[Job], workers: Workers) -> Iterator[ImageResult]:
    """Give results where processes begin with what the first image made this one import.

    Before they are begun nobody is told of it, who may show it by a thread.
    """
    with working_alone():
        first = process_image(jobs[0])
    further = workers.map(process_image, jobs[1:])
    second = next(further)
    yield first
    yield second
    yield from further


def _write_tables(out: Path, rows: Table, tables: Mapping[str, Table]) -> None:
    """Write all tables, and remove those of an earlier call that are no more."""
    for name, table in {"images": rows, **tables}.items():
        write_table(out, name, table)
    for file in table_files(out):
        if table_of(file) not in {"images", *tables}:
            remove(file)


def _sweep(out: Path, results: Sequence[ImageResult]) -> None:
    """Clear away what an earlier call left of images that failed now or went well."""
    arrays: list[str] = []
    traces: list[str] = []
    for result in results:
        arrays += [name.removeprefix(f"{ARRAYS}/") for name in result.arrays]
        if result.status != "done":
            traces.append(trace_name(result.place))
    sweep(out / ARRAYS, arrays)
    sweep(out / "errors", traces)


def _write_previews(out: Path, results: Sequence[ImageResult], work: Path) -> dict[str, str]:
    """Put the pictures of the first images beside the report; return their files by image."""
    with_preview = (r for r in results if r.status == "done" and PREVIEW in r.seals)
    kept = list(islice(with_preview, PREVIEWS + NOTABLE_PREVIEWS))
    files = {r.image: f"previews/{r.place}.npz" for r in kept}
    for result in kept:
        target = out / files[result.image]
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target) as draft:
            shutil.copyfile(result.folder(work) / PREVIEW, draft)
    sweep(out / "previews", [name.removeprefix("previews/") for name in files.values()])
    return files
