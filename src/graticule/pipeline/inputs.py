"""The inputs of one image: opened, and keyed by what they hold."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError
from graticule.io import content_hash, read
from graticule.io.companions import companion_path
from graticule.io.format import locate
from graticule.io.outlines import UNSIZED, as_large_as
from graticule.io.studies import Study, StudyImage
from graticule.pipeline.spec import Spec, digest


def open_inputs(
    pipeline: Spec, source: StudyImage, sha256: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return every input and its key; the images stay lazy where their format allows.

    ``sha256`` is the content hash of the source, by `hash_of`.

    Raises
    ------
    FormatError
        If an input is missing, or cannot be read.
    """
    inputs: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for name, spec in pipeline.inputs.items():
        is_further = name != pipeline.first_input
        path = source.path
        if is_further:
            path = source.files.get(name) or companion_path(source, spec.path)
        try:
            path = spec.within(path)
            address = locate(path)
        except FormatError as error:
            raise FormatError(
                f"the input {name!r} is missing", where=str(path), hint=error.hint
            ) from None
        labels = pipeline.holds_labels(name)
        image = read(
            path, dims=spec.dims, spacing=spec.spacing or None, labels=labels, links=spec.links
        )
        is_unsized = bool(image.attrs.get(UNSIZED)) and is_further
        if is_unsized:
            image = as_large_as(image, inputs[pipeline.first_input])
        image = spec.with_default_spacing(image)
        inputs[name] = image.drop_attrs(deep=False).assign_attrs(
            {key: value for key, value in image.attrs.items() if key != "source"}
        )
        file_hash = content_hash(path, links=spec.links) if is_further else sha256
        keys[name] = digest(
            "file",
            file_hash,
            spec.dims,
            dict(spec.spacing),
            dict(spec.default_spacing),
            address.inside,
            *(["labels"] if labels else []),
            *([list(image.shape)] if is_unsized else []),
        )
    return inputs, keys


def hash_of(pipeline: Spec, source: StudyImage) -> str:
    """Return the content hash of an image of a study as the pipeline reads it."""
    name = pipeline.first_input
    spec = pipeline.inputs[name]
    if source.files and not os.path.lexists(source.path):
        raise FormatError(f"the input {name!r} is missing", where=str(source.path))
    return content_hash(spec.within(source.path), links=spec.links)


def notes_of(inputs: Mapping[str, Any]) -> list[str]:
    """Return what of the files was not understood: of a further input with its name."""
    told = []
    for number, (name, image) in enumerate(inputs.items()):
        told += [f"{name}: {n}" if number else n for n in image.attrs.get("notes") or ()]
    return told


def images_of(pipeline: Spec, sources: Study) -> Study:
    """Return the images of a study that the pipeline is for.

    Where its first input has a path, those are the files whose names fit this pattern. An open
    beam or a mask that lies beside the images is no image to be analysed, and no file that could
    not be used: files that are further inputs are left out.

    Raises
    ------
    FormatError
        If no name fits.
    """
    pattern = pipeline.inputs[pipeline.first_input].path
    if not pattern:
        return _without_companions(pipeline, sources)
    fits = {source: fnmatch(_file_name(source.path), pattern) for source in sources}
    others = [(source.path, f"not {pattern}") for source in sources if not fits[source]]
    if len(others) == len(sources):
        raise FormatError(
            f"no image of the study is {pattern}, which the first input asks for",
            where=str(sources[0].path.parent),
            hint="change its path, or leave it out to take every image",
        )
    chosen = Study([s for s in sources if fits[s]], [*sources.skipped, *others])
    return _without_companions(pipeline, chosen)


def _file_name(path: Path) -> str:
    with contextlib.suppress(FormatError):
        return locate(path).path.name
    return path.name


def _without_companions(pipeline: Spec, sources: Study) -> Study:
    further_inputs = list(pipeline.inputs.values())[1:]
    templates = [spec.path for spec in further_inputs if spec.path]
    further: dict[Path, set[str]] = {}
    for source in sources if templates else ():
        for template in templates:
            with contextlib.suppress(FormatError):
                further.setdefault(companion_path(source, template), set()).add(source.name)
    kept = [source for source in sources if not further.get(source.path, set()) - {source.name}]
    folders = {folder for path in further for folder in (path, *path.parents)}
    skipped = [(path, why) for path, why in sources.skipped if path not in folders]
    return Study(kept or sources.sources, skipped)
