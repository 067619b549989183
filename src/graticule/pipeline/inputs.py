"""The inputs of one image: opened, and keyed by what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError
from graticule.io import content_hash, read
from graticule.io.format import locate
from graticule.io.studies import Source, stem
from graticule.pipeline.key import digest
from graticule.pipeline.spec import Spec


def opened(pipeline: Spec, source: Source, sha256: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return every input and its key; the images stay lazy where their format allows.

    ``sha256`` is the content hash of the source's file.

    Raises
    ------
    FormatError
        If an input is missing, or cannot be read.
    """
    inputs: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for name, spec in pipeline.inputs.items():
        path = beside(source, spec.path) if spec.path else source.path
        try:
            address = locate(path)
        except FormatError as error:
            raise FormatError(
                f"the input {name!r} is missing", where=str(path), hint=error.hint
            ) from None
        image = spec.completed(read(path, dims=spec.dims, spacing=spec.spacing or None))
        inputs[name] = image.drop_attrs(deep=False).assign_attrs(
            {key: value for key, value in image.attrs.items() if key != "source"}
        )
        own = sha256 if path == source.path else content_hash(path)
        keys[name] = digest(
            "file", own, spec.dims, dict(spec.spacing), dict(spec.default_spacing), address.inside
        )
    return inputs, keys


def beside(source: Source, template: str) -> Path:
    """Return the path of a further input, relative to the folder of the image's file."""
    name = source.path.name
    filled = template.format(stem=stem(name), name=name)
    return locate(source.path).path.parent / filled
