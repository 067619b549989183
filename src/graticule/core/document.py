"""YAML documents (pipelines, training): every key with its place, and comments that stay."""

from __future__ import annotations

import io
import math
import string
from pathlib import Path
from typing import Any

from graticule.core.errors import Fault, FormatError, PipelineError

_MAX_BYTES = 1_000_000
_MAX_ALIASES = 1000
_MAX_VALUES = 100_000


def read_text(path: Path) -> str:
    """Return the text of a document's file.

    Raises
    ------
    FormatError
        If it cannot be read, or is larger than any document.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FormatError("is over 1 MB, which no such document is", where=str(path))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FormatError("is not UTF-8 text", where=str(path)) from None
    except FormatError:
        raise
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", where=str(path)) from None


def dump(document: Any) -> str:
    """Return a document as text, comments included."""
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    yaml.width = 100
    return yaml


def document_of(text: str, source: str, *, holds: str = "steps") -> Any:
    """Return the mapping a text holds; raise `PipelineError` where it is not one."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if text.count("*") > _MAX_ALIASES:
        raise PipelineError(
            [Fault("document", f"has more than {_MAX_ALIASES} aliases")], source=source
        )
    try:
        document = _yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        problem = str(error.problem or error.context or error).partition("\n")[0]
        raise PipelineError([Fault("YAML", problem, line)], source=source) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise PipelineError([Fault("YAML", str(error).partition("\n")[0])], source=source) from None
    if _size(document) > _MAX_VALUES:
        what = f"an alias leads back to itself, or to more than {_MAX_VALUES:,} values"
        raise PipelineError([Fault("document", what)], source=source)
    if not isinstance(document, dict):
        raise PipelineError([Fault("document", f"must be a mapping with {holds}")], source=source)
    return document


def _size(document: Any) -> int:
    """Return how many values a document has with its aliases written out, or that it is many."""
    count, front = 0, [document]
    while front and count <= _MAX_VALUES:
        value = front.pop()
        count += 1
        if isinstance(value, dict):
            front.extend(value.values())
        elif isinstance(value, (list, tuple)):
            front.extend(value)
    return count


def line_of(parent: Any, key: Any) -> int:
    """Return the line of a key of a YAML mapping or list, from 1; of the parent if it is absent."""
    position = getattr(parent, "lc", None)
    if position is None:
        return 0
    data = getattr(position, "data", None) or {}
    line = data[key][0] if key in data else position.line
    return int(line) + 1


def plain(value: Any) -> Any:
    """Return a YAML value as plain Python, without the marks of its place."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else value
    return str(value)


def text_of(value: Any) -> Any:
    """Return a name as it was written: YAML reads the name ``null`` as nothing."""
    return "null" if value is None else value


def is_texts(value: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_template(value: Any) -> bool:
    """Whether a value is a path in which only ``{stem}`` and ``{name}`` are left to fill."""
    if not isinstance(value, str):
        return False
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError:
        return False
    return all(
        name in (None, "stem", "name") and not spec and not conversion
        for _, name, spec, conversion in parts
    )
