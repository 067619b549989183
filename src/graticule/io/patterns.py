"""Patterns of file names with named fields, as ``{plate}/{well}_*_w{channel}.tif``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from graticule.core.errors import ParameterError
from graticule.io.paths import natural

_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_TOKENS = re.compile(r"\{[^{}]*\}|\*\*/|\*|\?|\[[^\]]*\]")
_NO_RANGE = re.compile(r"[^\w-]|(?<!\w)-|-(?!\w)")
"""Within brackets, what stands for itself."""
_DIGITS = "d"
_COLUMNS = ("image", "label")
"""Columns of every table, of which no field may have the name."""


@dataclass(frozen=True)
class FilePattern:
    """Which files of a folder are meant, and what their names say.

    ``{field}`` stands for one or more characters but ``/``, as few as fit; twice the same field for
    the same text. ``{field:d}`` is made of digits. ``*`` stands for any characters but ``/``, ``?``
    for one, ``[abc]`` for one of some, and ``**/`` for folders as deep as there are.

    Parameters
    ----------
    text : str
        Relative to a folder, with ``/`` between names.

    Raises
    ------
    ParameterError
        If braces are not closed, a field has no proper name, or a range in brackets goes down.

    Examples
    --------
    >>> pattern = FilePattern("Channel2-*-{row}-{col:d}.tif")
    >>> pattern.fields, pattern.match("Channel2-01-A-12.tif")
    (('row', 'col'), {'row': 'A', 'col': '12'})
    """

    text: str

    def __post_init__(self) -> None:
        fields_of(self.text)
        if self.text.startswith("/") or ".." in self.text.split("/"):
            raise ParameterError(f"must be relative to the folder of the study: {self.text}")
        try:
            _ = self._expression
        except re.error as error:
            raise ParameterError(
                f"has brackets that cannot be read: {self.text} ({error.msg})",
                hint="[a-z] goes upwards",
            ) from None

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, each once."""
        return fields_of(self.text)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        parts: list[str] = []
        seen: set[str] = set()
        at = 0
        for token in _TOKENS.finditer(self.text):
            parts.append(re.escape(self.text[at : token.start()]))
            parts.append(_as_regex(token.group(), seen))
            at = token.end()
        parts.append(re.escape(self.text[at:]))
        return re.compile("".join(parts), re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the fields of a path relative to the folder; None if it does not fit."""
        found = self._expression.fullmatch(path)
        return None if found is None else found.groupdict()

    def filled(self, fields: Mapping[str, str]) -> str:
        """Return the pattern with fields filled in, for messages."""
        return _FIELD.sub(lambda found: fields.get(found[1], found[0]), self.text)

    def files(self, root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
        """Give the files of a folder that fit, in natural order, with their fields.

        No deeper folder is looked into than the pattern says, and no hidden one.
        """
        deep = None if "**/" in self.text else self.text.count("/")
        for path in files_below(root, deep):
            fields = self.match(path.relative_to(root).as_posix())
            if fields is not None:
                yield path, fields


def fields_of(text: str) -> tuple[str, ...]:
    """Return the names in braces of a text, each once.

    Raises
    ------
    ParameterError
        If braces are not closed, or a field has no proper name.
    """
    left = _FIELD.sub("", text)
    if "{" in left or "}" in left:
        raise ParameterError(f"has a brace that is not closed: {text}")
    for name, way in _FIELD.findall(text):
        if not name.isidentifier():
            hint = "letters, digits and _, as {well}"
            raise ParameterError(f"{{{name}}} is no name of a field", hint=hint)
        if name in _COLUMNS:
            raise ParameterError(
                f"{{{name}}} is a column of its own", hint="call the field otherwise"
            )
        if way not in ("", _DIGITS):
            raise ParameterError(
                f"{{{name}:{way}}} is not known", hint=f"{{{name}:d}} is made of digits"
            )
    return tuple(dict.fromkeys(name for name, _ in _FIELD.findall(text)))


def _as_regex(token: str, seen: set[str]) -> str:
    if token.startswith("{"):
        name, _, way = token[1:-1].partition(":")
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>{r'[0-9]+' if way else '[^/]+?'})"
    if token.startswith("["):
        inner = token[1:-1].removeprefix("!")
        if not inner:
            return re.escape(token)
        negation = "^" if token.startswith("[!") else ""
        return f"[{negation}{_NO_RANGE.sub(lambda one: re.escape(one[0]), inner)}]"
    return {"*": "[^/]*", "?": "[^/]", "**/": "(?:[^/]+/)*"}[token]


def files_below(folder: Path, deep: int | None) -> Iterator[Path]:
    """Give what lies in a folder and in its folders, as many levels deep as is asked for.

    What is hidden is left out; links to folders are given and not followed.
    """
    with os.scandir(folder) as entries:
        found = sorted((Path(entry.path) for entry in entries), key=natural)
    for path in found:
        if path.name.startswith("."):
            continue
        yield path
        if deep != 0 and path.is_dir() and not path.is_symlink():
            yield from files_below(path, None if deep is None else deep - 1)
