"""Comparing on files: every variant on every image, into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.compare.comparison import Comparison, ImageTrials, compare_trials
from graticule.compare.page import page
from graticule.compare.trial import try_variants
from graticule.compare.variants import Variant, find_step, make_variants
from graticule.core.atomic import atomic_path
from graticule.core.csv import csv_text
from graticule.core.errors import GraticuleError, ImageError, RequestError
from graticule.core.image import as_image
from graticule.core.progress import Progress, no_progress
from graticule.core.settings import parse_bytes, settings
from graticule.io import read
from graticule.io.format import is_one_image
from graticule.io.outlines import as_large_as
from graticule.io.pairing import partners
from graticule.io.reading import single_channel
from graticule.io.studies import StudyImage, stem
from graticule.pipeline.inputs import hash_of, open_inputs
from graticule.pipeline.spec import Reference, Spec, digest, step_keys
from graticule.pipeline.studies import study_of

FILES = ("compare.html", "compare.csv", "agreement.csv", "best.yaml")
_OTHER = "name another folder with -o"
Bounds = Mapping[str, tuple[int, int]]


def compare(
    pipeline: Spec,
    step: str,
    images: str | Path | Sequence[str | Path],
    out: Path,
    *,
    ops: Sequence[str] = (),
    grid: Mapping[str, Sequence[Any]] | None = None,
    of: str | None = None,
    truth: Path | None = None,
    region: Bounds | None = None,
    memory: int | str | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Comparison:
    """Compare ways to do a step of a pipeline on images, and write a page, tables and the best.

    Parameters
    ----------
    pipeline : Spec
        As it is.
    step : str
        The step that is looked at: its name, or the family of ops it alone is of.
    images : path, pattern or sequence of them
        What to compare on.
    out : Path
        Folder for ``compare.html``, ``compare.csv``, ``agreement.csv`` and ``best.yaml``.
    ops : sequence of str
        Ops, or families of ops, to try for the step.
    grid : mapping
        Values to try by ``step.parameter``.
    of : str, optional
        A later step to look at instead, as ``labels`` or ``spots.mask``.
    truth : Path, optional
        A file with the truth for one image, or a folder with a file of the same name (its ending
        apart) for each.
    region : mapping, optional
        Start and stop by dim: the part of each image to work on.
    memory : int or str, optional
        Bytes for the process.
    overwrite : bool
        Replace what an earlier comparison left in the folder.
    command : sequence of str
        How to repeat it, for the record.
    progress : callable
        Told how far it is.

    Returns
    -------
    Comparison
        What was found.

    Raises
    ------
    RequestError, UnknownNameError, MemoryBudgetError
        If it cannot be carried out as asked.
    ImageError
        If truth and result differ in size.
    """
    _require_room(out, overwrite=overwrite)
    name = find_step(pipeline, step)
    variants = make_variants(pipeline, name, ops=ops, grid=grid)
    target = _target(pipeline, of or name)
    _require_difference(variants, target)
    budget = settings().memory if memory is None else parse_bytes(memory)
    sources = study_of(pipeline, images)
    truths = _truths(truth, sources)
    tried = []
    for number, source in enumerate(sources):
        told = partial(progress, number, len(sources))
        tried.append(_try_on(pipeline, source, variants, target, truths, region, budget, told))
    comparison = compare_trials(tried)
    chosen = next(v.pipeline for v in variants if v.name == comparison.best)
    assert chosen is not None
    title = f"{pipeline.name}: {len(variants)} ways to do {name}"
    html = page(title, comparison, tried, text=chosen.text, command=command)
    agreement = comparison.agreement.reset_index(names="", allow_duplicates=True)
    texts = {
        "compare.csv": csv_text(comparison.rows),
        "agreement.csv": csv_text(agreement),
        "best.yaml": chosen.text,
        "compare.html": html,
    }
    _write(out, texts)
    return comparison


def _write(out: Path, texts: Mapping[str, str]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            f"cannot make the folder: {error.strerror}", where=str(out), hint=_OTHER
        ) from None
    for file, text in texts.items():
        with atomic_path(out / file) as draft:
            draft.write_text(text, encoding="utf-8")


def _require_room(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds anything, but for an earlier comparison to be replaced."""
    held = [path.name for path in out.iterdir()] if out.is_dir() else []
    if out.exists() and not out.is_dir():
        raise RequestError("is a file", where=str(out), hint=_OTHER)
    if held and not (overwrite and set(held) <= set(FILES)):
        raise RequestError(
            f"the folder is not empty: {', '.join(sorted(held)[:3])}",
            where=str(out),
            hint="choose another folder, or --overwrite to replace an earlier comparison",
        )
    above = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise RequestError("no folder can be made there", where=str(above), hint=_OTHER)


def _require_difference(variants: Sequence[Variant], target: Reference) -> None:
    """Refuse to look at a result that comes before all that the variants differ in."""
    keys = {
        step_keys(variant.pipeline, dict.fromkeys(variant.pipeline.inputs, ""))[target.name]
        for variant in variants
        if variant.pipeline is not None
    }
    if len(variants) > 1 and len(keys) == 1:
        raise RequestError(
            f"{target} is the same in all ways: what is tried comes after it",
            hint="look --of a later step, or try something before it",
        )


def _target(pipeline: Spec, text: str) -> Reference:
    """Return the result that is looked at: of a step with several, the first image."""
    name, _, part = text.partition(".")
    name = find_step(pipeline, name)
    outputs = pipeline.steps[name].op.outputs
    arrays = [output for output in outputs if output.kind.is_array]
    if not arrays or (part and part not in [output.name for output in arrays]):
        later = [s for s, step in pipeline.steps.items() if step.op.outputs[0].kind.is_array]
        raise RequestError(f"{text} gives no image", hint=f"look --of {', '.join(later)}")
    return Reference(name, part or arrays[0].name)


def _try_on(
    pipeline: Spec,
    source: StudyImage,
    variants: Sequence[Variant],
    target: Reference,
    truths: Mapping[str, Path],
    region: Bounds | None,
    memory: int,
    progress: Callable[[str], None],
) -> ImageTrials:
    inputs, keys = open_inputs(pipeline, source, hash_of(pipeline, source))
    if region:
        inputs = {name: _cut(value, region) for name, value in inputs.items()}
        keys = {name: digest(key, sorted(region.items())) for name, key in keys.items()}
    try:
        trials = try_variants(variants, target, inputs, keys, memory=memory, progress=progress)
    except GraticuleError as error:
        raise error.at(source.name) from None
    image = inputs[pipeline.first_input]
    true = _truth(truths.get(source.name), image, region)
    return ImageTrials(source.name, image, trials, true)


def _cut(value: Any, region: Bounds) -> Any:
    if not isinstance(value, xr.DataArray):
        return value
    for dim, (start, stop) in region.items():
        if dim not in value.dims:
            raise ImageError(f"--region names the dim {dim!r}; the image has {list(value.dims)}")
        if not 0 <= start < stop <= value.sizes[dim]:
            raise ImageError(f"--region {dim}={start}:{stop} is no part of 0:{value.sizes[dim]}")
    return value.isel({dim: slice(*bounds) for dim, bounds in region.items()})


def _truths(truth: Path | None, sources: Sequence[StudyImage]) -> dict[str, Path]:
    """Return the file with the truth of each image by the image's name."""
    if truth is None:
        return {}
    if not truth.exists():
        raise RequestError(
            "there is no such truth", where=str(truth), hint="a file, or a folder of files"
        )
    if len(sources) == 1 and is_one_image(truth):
        return {sources[0].name: truth}
    by_stem = partners((stem(source.path.name) for source in sources), truth)
    missing = [source.name for source in sources if stem(source.path.name) not in by_stem]
    if missing:
        raise RequestError(
            f"there is no truth for {', '.join(missing[:3])}",
            where=str(truth),
            hint="it must be a file of the same name, but for the ending",
        )
    return {source.name: by_stem[stem(source.path.name)] for source in sources}


def _truth(path: Path | None, image: xr.DataArray, region: Bounds | None) -> xr.DataArray | None:
    """Return the truth with the dims of the image, channels apart; named ``truth``."""
    if path is None:
        return None
    true = single_channel(read(path, labels=True), path)
    dims = [str(dim) for dim in image.dims if dim != "c"]
    if true.ndim == len(dims):
        true = as_image(true, dims=dims)
    true = as_large_as(true, image)
    sizes = {dim: image.sizes[dim] for dim in dims}
    true = _cut(true, region).compute() if region else true.compute()
    if dict(true.sizes) != sizes:
        raise ImageError(
            f"the truth has the sizes {dict(true.sizes)}, the image {sizes}", where=str(path)
        )
    return true.rename("truth")
