"""One image of a study: read, computed, checked, written, and what became of it set down."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.check import Evidence, Subject
from graticule.core.errors import GraticuleError
from graticule.core.image import Image, Kind, Table, is_image
from graticule.core.scope import Mapper
from graticule.core.units import split_quantity
from graticule.io import levels, read, write
from graticule.io.studies import StudyImage, printable
from graticule.pipeline.evaluate import Evaluation, make_rerun
from graticule.pipeline.folder import WORK, write_json
from graticule.pipeline.inputs import hash_of, notes_of, open_inputs
from graticule.pipeline.nodes import is_node, node_to_dask
from graticule.pipeline.parts import part_file, write_part
from graticule.pipeline.plan import make_plan
from graticule.pipeline.preview import save_previews
from graticule.pipeline.spec import CheckStep, Reference, Spec, digest, pipeline_key
from graticule.pipeline.store import StepStore
from graticule.pipeline.store_entry import plain_attrs

Report = Callable[[str], None]
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
    folder : Path
        The run folder.
    memory : int
        Bytes for arrays.
    workers : int
        Tiles under way at once.
    cache : tuple of Path and int, or None
        Folder and size of the step store.
    preview : bool
        Whether to keep small pictures of every step.
    """

    pipeline: Spec
    source: StudyImage
    folder: Path
    memory: int
    workers: int = 1
    cache: tuple[Path, int] | None = None
    preview: bool = True


@dataclass
class ImageResult:
    """What became of one image.

    Attributes
    ----------
    image, path : str
        Its name, and its file.
    status : str
        ``"done"`` or ``"failed"``.
    sha256, key : str
        Hash of the file's content, and of all that decides the result.
    seconds : float
        How long it took.
    cached : bool
        Whether an earlier call did it.
    error : mapping or None
        ``kind``, ``what``, ``where`` and ``hint`` of what went wrong.
    notes : list of str
        What of its files was not understood.
    row : mapping
        Its numbers, by column.
    evidence : mapping
        The columns of each check.
    units : mapping
        Unit by column of the row.
    tables : mapping
        Number of rows of each object table.
    arrays : list of str
        Files of written images, relative to the run folder.
    steps : mapping
        Seconds, tiles, and use of the step store of each step.
    checks : mapping
        Seconds each check took.
    tile : mapping or None
        Size of a tile by dim, where it was computed in tiles.
    of_run : list of str
        Notes that concern the run and not the image; not kept with it.
    """

    image: str
    path: str
    status: str = "done"
    sha256: str = ""
    key: str = ""
    seconds: float = 0.0
    cached: bool = False
    error: dict[str, str] | None = None
    notes: list[str] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    arrays: list[str] = field(default_factory=list)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    tile: dict[str, int] | None = None
    of_run: list[str] = field(default_factory=list)

    def folder(self, work: Path) -> Path:
        """Return the folder of what is finished of this image."""
        return work / self.key[:2] / self.key


def process_image(job: Job, mapper: Mapper = map, report: Report | None = None) -> ImageResult:
    """Process one image; whatever goes wrong with it is told by its result and ends no study."""
    started = time.perf_counter()
    result = ImageResult(job.source.name, printable(job.source.path))
    try:
        result.sha256 = hash_of(job.pipeline, job.source)
        inputs, keys = open_inputs(job.pipeline, job.source, result.sha256)
        result.notes = [printable(note) for note in notes_of(inputs)]
        result.key = digest("image", keys, pipeline_key(job.pipeline), job.source.name, job.preview)
        earlier = _earlier_result(result, job.folder)
        if earlier is not None:
            return earlier
        _process(job, result, inputs, keys, mapper, report or (lambda message: None), started)
    except GraticuleError as error:
        _fail(result, type(error).__name__, error.what, error.where, error.hint)
    except MemoryError:
        _fail(result, "MemoryError", "memory ran out", "", "lower --memory or --workers")
    except Exception as error:  # one image must not end the study, whatever is wrong with it
        what = str(error) or "no message"
        _fail(result, type(error).__name__, what, "", "see errors/ in the run, and report it")
        _write_traceback(job)
    result.seconds = time.perf_counter() - started
    return result


def _fail(result: ImageResult, kind: str, what: str, where: str, hint: str) -> None:
    result.status = "failed"
    told = {"kind": kind, "what": what, "where": where, "hint": hint}
    result.error = {key: printable(text) for key, text in told.items()}


def _write_traceback(job: Job) -> None:
    folder = job.folder / "errors"
    name = job.source.name.replace("/", "_")
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.txt").write_text(traceback.format_exc(), encoding="utf-8")


def _earlier_result(result: ImageResult, folder: Path) -> ImageResult | None:
    """Return the result set down earlier, if the arrays it names are there and its own."""
    try:
        file = result.folder(folder / WORK) / "fate.json"
        earlier = ImageResult(**{**json.loads(file.read_text(encoding="utf-8")), "cached": True})
        if earlier.arrays and _owner(result, folder).read_text(encoding="utf-8") != result.key:
            return None
    except (OSError, ValueError, TypeError):
        return None
    parts = [part_file(file.parent, name) for name in earlier.tables]
    held = all(path.exists() for path in [*parts, *(folder / name for name in earlier.arrays)])
    return earlier if held else None


def _owner(result: ImageResult, folder: Path) -> Path:
    """Return the file that holds the key by which an image's arrays were last written."""
    name = digest("arrays", result.image)
    return folder / WORK / "owners" / name[:2] / name


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
    plan = make_plan(
        pipeline, inputs, memory=job.memory, workers=job.workers, levels=_pyramid_readers(job)
    )
    result.tile = dict(plan.tile) if plan.tile else None
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
        for reference in job.pipeline.outputs:
            _put_output(job, result, reference, evaluation, draft)
        arrays, is_notable = _run_checks(job.pipeline, result, evaluation, report)
        if job.preview or is_notable:
            save_previews(plan, evaluation, arrays, draft / "preview.npz")
        report("done")
        result.steps = {name: dict(vars(facts)) for name, facts in evaluation.facts.items()}
        result.seconds = time.perf_counter() - started
        write_json(draft / "fate.json", vars(result), lossless=True)
        finished = result.folder(job.folder / WORK)
        finished.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(finished, ignore_errors=True)
        os.rename(draft, finished)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if store is not None and store.trouble:
            result.of_run.append(printable(store.trouble))


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
        evidence = _evidence(evaluation, check, report)
        result.evidence[name] = {key: _scalar(v) for key, v in evidence.columns.items()}
        result.checks[name] = time.perf_counter() - started
        arrays |= {f"check/{name}/{key}": value for key, value in evidence.arrays.items()}
        is_notable = is_notable or evidence.notable
    return arrays, is_notable


def _evidence(evaluation: Evaluation, step: CheckStep, report: Callable[[str], None]) -> Evidence:
    rerun = make_rerun(evaluation, step.at, step.of)
    count = 0

    def counted(image: Image) -> Any:
        nonlocal count
        count += 1
        if count % 25 == 0:
            report(f"{step.name}: {count} reruns")
        return rerun(image)

    against = evaluation.value(step.against) if step.against else None
    value, image = evaluation.value(step.of), evaluation.value(step.at)
    try:
        return step.check.function(Subject(value, image, counted, against), **step.params)
    except GraticuleError as error:
        raise error.at(f"check {step.name}") from None


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
            result.units[name] = str(units[column])


def _put_table(result: ImageResult, reference: Reference, table: Table, draft: Path) -> None:
    name = str(reference)
    full = table.copy(deep=False)
    full.insert(0, "image", result.image)
    full.attrs = dict(plain_attrs(table.attrs).items())
    write_part(part_file(draft, name), full)
    result.tables[name] = len(table)
    result.row[f"{name.replace('.', '_')}_count"] = len(table)


def _put_array(
    job: Job, result: ImageResult, reference: Reference, held: Any, evaluation: Evaluation
) -> None:
    image = node_to_dask(held, evaluation.tile or {}, evaluation.mapper) if is_node(held) else held
    kind = job.pipeline.kind_of(reference)
    suffix = suffix_for(image, tiled=evaluation.tile is not None)
    if suffix == ".fits" and image.dtype == np.bool_:
        image = image.astype(np.uint8)  # FITS has no bools
    name = f"{result.image}/{reference}{suffix}"
    target = job.folder / "arrays" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not result.arrays:
        owner = _owner(result, job.folder)
        owner.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(owner) as draft:
            draft.write_text(result.key)
    write(target, image, labels=kind in (Kind.LABELS, Kind.MASK))
    result.arrays.append(f"arrays/{name}")


def _scalar(value: Any) -> Any:
    """Return a number, bool or text as plain Python."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, (int, float, bool, str)) or plain is None else str(plain)


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
