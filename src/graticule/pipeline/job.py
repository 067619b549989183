"""One image of a study: read, computed, checked, written, and what became of it set down."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import flushed_later
from graticule.core.errors import GraticuleError
from graticule.core.image import Image, Kind, Table, is_image, variable_of
from graticule.core.scope import Mapper
from graticule.core.settings import enough_bytes, memory_limited
from graticule.core.units import split_quantity
from graticule.interrupts import raise_if_asked
from graticule.io import levels, read, write
from graticule.io.escaping import escaped, printable
from graticule.io.lazy import filling_threads
from graticule.io.studies import StudyImage
from graticule.io.writing import written_unit
from graticule.pipeline.appearance import appearance_of
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.evidence import evidence_of
from graticule.pipeline.finished import ARRAYS, PREVIEW, commit, earlier_result
from graticule.pipeline.folder import WORK, refusal
from graticule.pipeline.inputs import hash_of, notes_of, open_inputs
from graticule.pipeline.nodes import is_node, node_to_dask
from graticule.pipeline.parts import part_name, write_part
from graticule.pipeline.plan import Plan, make_plan
from graticule.pipeline.preview import save_previews
from graticule.pipeline.result import ImageResult
from graticule.pipeline.seals import seal_of
from graticule.pipeline.spec import Reference, Spec, digest
from graticule.pipeline.store import StepStore

Report = Callable[[str], None]
_WRITING = 3.5
"""Bytes that are taken, for one of a piece, to write it: samples, and twice what they pack to."""
_OME_DIMS = {"t", "c", "z", "y", "x"}


@dataclass(frozen=True)
class Job:
    """What is to be done with one image.

    Attributes
    ----------
    pipeline : Spec
        What to compute.
    source : StudyImage
        The image.
    place : str
        Name of its own files in the run folder.
    folder : Path
        The run folder.
    memory : int
        Bytes for arrays.
    limit : int
        Bytes of the process that works on it; of those, ``memory`` are for arrays of this image
        and of each other that is worked on at the same time.
    workers : int
        Tiles under way at once.
    images : int
        Images that it works on at the same time.
    cache : tuple of Path and int, or None
        Folder and size of the step store.
    preview : bool
        Whether to keep small pictures of every step.
    """

    pipeline: Spec
    source: StudyImage
    place: str
    folder: Path
    memory: int
    limit: int
    workers: int = 1
    images: int = 1
    cache: tuple[Path, int] | None = None
    preview: bool = True

    def setting(self, arrays: int) -> int:
        """Return the limit that gives so many bytes for arrays."""
        return self.limit + self.images * (arrays - self.memory)


def process_image(job: Job, mapper: Mapper = map, report: Report | None = None) -> ImageResult:
    """Process one image; whatever goes wrong with it is told by its result and ends no study."""
    with memory_limited(job.limit, besides=job.setting(0)):
        return _processed(job, mapper, report)


def _processed(job: Job, mapper: Mapper, report: Report | None) -> ImageResult:
    started = time.perf_counter()
    result = ImageResult(job.source.name, escaped(job.source.path), job.place)
    try:
        result.sha256 = hash_of(job.pipeline, job.source)
        inputs, keys = open_inputs(job.pipeline, job.source, result.sha256)
        result.notes = [printable(note) for note in notes_of(inputs)]
        key = job.pipeline.key
        result.key = digest("image", keys, key, result.image, result.place, job.preview)
        earlier = earlier_result(result, job.folder)
        if earlier is not None:
            return earlier
        with flushed_later():  # a loss of power leaves what has another hash than is set down
            _process(job, result, inputs, keys, mapper, report or (lambda message: None), started)
    except Exception as error:  # one image must not end the study, whatever is wrong with it
        raise_if_asked()  # of which compiled code may have made this error
        _set_down(job, result, error)
    result.seconds = time.perf_counter() - started
    return result


def _set_down(job: Job, result: ImageResult, error: Exception) -> None:
    """Tell of an error: ours, one of the disk, or a fault, with where it arose."""
    known = error if isinstance(error, GraticuleError) else None
    if isinstance(error, OSError):
        known = known or refusal(error, job.folder)
    if known is not None:
        result.fail(type(known).__name__, known.what, known.where, known.hint)
        return
    if isinstance(error, MemoryError):
        result.fail("MemoryError", "memory ran out", "", "lower --memory or --workers")
        return
    what = str(error) or "no message"
    result.fail(type(error).__name__, what, "", "see errors/ in the run, and report it")
    _write_traceback(job)


def _write_traceback(job: Job) -> None:
    folder = job.folder / "errors"
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        text = printable(traceback.format_exc())
        (folder / trace_name(job.place)).write_text(text, encoding="utf-8")


def trace_name(place: str) -> str:
    """Return the name of the file under ``errors/`` that says where a fault of ours arose."""
    return f"{place.replace('/', '_')}.txt"


def _process(
    job: Job,
    result: ImageResult,
    inputs: Mapping[str, Any],
    keys: Mapping[str, str],
    mapper: Mapper,
    report: Report,
    started: float,
) -> None:
    pipeline = job.pipeline.without_unused()
    writing = _writing_bytes(pipeline, inputs)
    plan = make_plan(
        pipeline,
        inputs,
        memory=job.memory,
        workers=job.workers,
        writing=writing,
        setting=job.setting,
    )
    if plan.tile:
        result.tile = dict(plan.tile)
        plan = replace(plan, levels=_pyramid_readers(job))
    store = StepStore(job.cache[0], max_bytes=job.cache[1]) if job.cache else None
    scratch = job.folder / WORK / "scratch"
    evaluation = plan.evaluation(input_keys=keys, mapper=mapper, store=store, scratch=scratch)
    (job.folder / WORK / "drafts").mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=job.folder / WORK / "drafts"))
    try:
        for name in pipeline.steps:
            report(name)
            evaluation.outputs_of(name)
        report("outputs")
        with filling_threads(plan.threads):
            for reference in job.pipeline.outputs:
                _put_output(job, result, reference, evaluation, draft)
        result.appearance = appearance_of(evaluation)
        arrays, is_notable = _run_checks(job.pipeline, result, evaluation, report)
        if job.preview or is_notable:
            with filling_threads(plan.threads):
                seal = save_previews(plan, evaluation, arrays, draft / PREVIEW)
            result.seals[PREVIEW] = seal
        report("done")
        result.steps = {name: dict(vars(facts)) for name, facts in evaluation.facts.items()}
        result.seconds = time.perf_counter() - started
        commit(result, draft, job.folder)
        result.advice = _advice(plan)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if store is not None and store.trouble:
            result.of_run.append(printable(store.trouble))


def _advice(plan: Plan) -> tuple[int, str] | None:
    """Return what is said of tiles that take long because little memory is allowed."""
    if plan.advice is None or plan.tile is None:
        return None
    import psutil

    memory, share = plan.advice
    if memory > psutil.virtual_memory().total:
        return None
    size = " x ".join(map(str, plan.tile.values()))
    return memory, (
        f"the memory allowed is little: tiles of {size}, {plan.threads} at a time; with "
        f"--memory {enough_bytes(memory)} it takes about {share:.0%} of the time"
    )


def _pyramid_readers(job: Job) -> dict[int, Callable[[], Image]]:
    name = job.pipeline.first_input
    spec, labels = job.pipeline.inputs[name], job.pipeline.holds_labels(name)
    path = spec.within(job.source.path)

    def opener(level: int) -> Callable[[], Image]:
        scaled = {dim: _coarser_spacing(step, level) for dim, step in spec.spacing.items()}
        return lambda: read(
            path,
            dims=spec.dims,
            spacing=scaled or None,
            level=level,
            labels=labels,
            links=spec.links,
        )

    return {level: opener(level) for level in range(1, len(levels(path, links=spec.links)))}


def _coarser_spacing(step: float | str, level: int) -> str:
    value, unit = split_quantity(step)
    return f"{value * 2**level!r} {unit}".strip()


def _run_checks(
    pipeline: Spec, result: ImageResult, evaluation: Evaluation, report: Report
) -> tuple[dict[str, np.ndarray[Any, Any]], bool]:
    """Set down what the checks find; return their arrays, and whether the image is notable."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    is_notable = False
    for name, check in pipeline.checks.items():
        started = time.perf_counter()
        evidence = evidence_of(check, evaluation, report)
        result.evidence[name] = {key: _scalar(v) for key, v in evidence.columns.items()}
        result.checks[name] = time.perf_counter() - started
        arrays |= {f"check/{name}/{key}": value for key, value in evidence.arrays.items()}
        is_notable = is_notable or evidence.notable
    return arrays, is_notable


def _put_output(
    job: Job, result: ImageResult, reference: Reference, evaluation: Evaluation, draft: Path
) -> None:
    import pandas as pd

    held = evaluation.lazy_value(reference)
    if isinstance(held, pd.DataFrame):
        if job.pipeline.kind_of(reference) is Kind.RECORD:
            _put_record(result, reference, held)
        else:
            _put_table(result, reference, held, draft)
    elif is_node(held) or is_image(held):
        _put_array(job, result, reference, held, evaluation)
    else:
        result.row[str(reference)] = _scalar(held)


def _put_record(result: ImageResult, reference: Reference, record: Table) -> None:
    units = record.attrs.get("units", {})
    for column in record.columns:
        name = str(column) if column not in result.row else f"{reference.name}_{column}"
        result.row[name] = _scalar(record[column].iloc[0])
        if units.get(column):
            result.units[name] = printable(str(units[column]))


def _put_table(result: ImageResult, reference: Reference, table: Table, draft: Path) -> None:
    name = str(reference)
    seal = write_part(draft / part_name(name), result.image, table)
    result.seals[part_name(name)] = seal
    result.tables[name] = len(table)
    result.row[f"{name.replace('.', '_')}_count"] = len(table)


def _writing_bytes(pipeline: Spec, inputs: Mapping[str, Any]) -> int:
    """Return what writing a piece of a result in tiles takes, for the largest of the results."""
    import xarray as xr

    image = inputs[pipeline.first_input]
    most = 0
    for reference in pipeline.outputs:
        step = pipeline.steps.get(reference.name)
        kind = pipeline.kind_of(reference)
        if kind is None or not kind.is_array:
            continue
        dtype = (step.op.dtype_of(image.dtype) if step else None) or np.dtype(np.float32)
        zeros = np.broadcast_to(np.zeros((), dtype), image.shape)
        like = xr.DataArray(variable_of(zeros, image.dims))
        sizes = written_unit(Path(f"result{suffix_for(like, tiled=True)}"), like)
        most = max(most, math.prod(sizes.values()) * dtype.itemsize if sizes else 0)
    return int(most * _WRITING)


def _put_array(
    job: Job, result: ImageResult, reference: Reference, held: Any, evaluation: Evaluation
) -> None:
    kind = job.pipeline.kind_of(reference)
    template = held.template if is_node(held) else held
    suffix = suffix_for(template, tiled=evaluation.tile is not None)
    unit = written_unit(Path(f"result{suffix}"), template)
    image = node_to_dask(held, evaluation.tile or {}, unit) if is_node(held) else held
    if suffix == ".fits" and image.dtype == np.bool_:
        image = image.astype(np.uint8)  # FITS has no bools
    name = f"{ARRAYS}/{result.place}/{reference}{suffix}"
    target = job.folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, image, labels=kind in (Kind.LABELS, Kind.MASK))
    result.arrays.append(name)
    result.seals[name] = seal_of(target)


def _scalar(value: Any) -> Any:
    """Return a number, bool or text as plain Python that can be written."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str):
        return printable(plain)
    return plain if isinstance(plain, (int, float, bool)) or plain is None else str(plain)


def suffix_for(image: Image, *, tiled: bool) -> str:
    """Return the ending of the format that keeps an image's dims and units.

    OME-Zarr for what was computed in tiles, OME-TIFF for other images with the dims of
    microscopy, FITS for any other dims.

    Examples
    --------
    >>> import xarray as xr
    >>> suffix_for(xr.DataArray(np.zeros((2, 2)), dims=("time", "distance")), tiled=False)
    '.fits'
    """
    if not set(map(str, image.dims)) <= _OME_DIMS or image.ndim < 2:
        return ".fits"
    return ".ome.zarr" if tiled else ".ome.tif"
