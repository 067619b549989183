"""Reading a YAML mapping key by key, collecting what is wrong instead of stopping at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graticule.core.document import line_of, plain, text_of
from graticule.core.errors import Fault, suggest


class Faults:
    """The faults of one document, each with its line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Fault] = []

    def add(self, path: str, what: str, parent: Any, key: Any, hint: str = "") -> None:
        """Note a fault at a key of a mapping."""
        self.found.append(Fault(path, what, line_of(parent, key), hint))

    def unknown(self, path: str, name: str, known: Sequence[str], parent: Any, key: Any) -> None:
        """Note a name that is none of the known ones."""
        self.add(path, f"there is no {name!r}", parent, key, suggest(name, list(known)))

    def known(self, mapping: Mapping[Any, Any], names: Sequence[str], path: str = "") -> None:
        """Note every key that is none of the names."""
        for key in mapping:
            if key not in names:
                where = f"{path}.{key}" if path else str(key)
                self.add(where, "is not known here", mapping, key, suggest(str(key), list(names)))

    def mapping(self, parent: Any, key: str, path: str = "") -> Any:
        """Return a mapping; an empty one where there is none."""
        value = parent.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.add(path or key, f"must be a mapping, not {plain(value)!r}", parent, key)
            return {}
        return value

    def named(self, document: Any, key: str) -> dict[str, Any]:
        """Return the mappings of a section by their names."""
        section = self.mapping(document, key)
        good = {}
        for name, body in section.items():
            label = text_of(name)
            if not isinstance(label, str) or not label.replace("-", "_").isidentifier():
                what = "must be a name of letters, digits, - and _, and start with a letter"
                self.add(f"{key}.{label}", what, section, name)
            elif not isinstance(body, dict):
                self.add(f"{key}.{label}", "must be a mapping", section, name)
            else:
                good[label] = body
        return good

    def one_of(
        self, parent: Any, key: str, names: Sequence[str], default: Any, path: str = ""
    ) -> Any:
        """Return one of some names."""
        value = parent.get(key, default)
        if value in names:
            return value
        shown = ", ".join(names[:-1]) + f" or {names[-1]}"
        self.add(path or key, f"must be {shown}, not {plain(value)!r}", parent, key)
        return default

    def whole(
        self, parent: Any, key: str, default: int, least: int, path: str, more: str = ""
    ) -> int:
        """Return a whole number that is not too small."""
        value = parent.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return int(value)
        if key in parent:
            way = f" {more}" if more else ""
            what = f"must be a whole number of {least} or more{way}, not {plain(value)!r}"
            self.add(path, what, parent, key)
        return default

    def text(self, parent: Any, key: str, default: str, path: str = "") -> str:
        """Return a text."""
        value = parent.get(key, default)
        if not isinstance(value, str):
            self.add(path or key, f"must be text, not {plain(value)!r}", parent, key)
            return default
        return str(value)
