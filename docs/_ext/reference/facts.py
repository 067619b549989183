"""Pages of what is said once in the code: errors and settings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from graticule.core import errors
from graticule.core.settings import Settings
from reference.documents import described
from reference.page import Page, code, heading, joined, literal, table


def pages() -> Iterator[Page]:
    """Give the pages."""
    yield Page("errors", _errors())
    yield Page("settings", _settings())


def _errors() -> str:
    tree = inspect.cleandoc(errors.__doc__ or "")
    kinds = [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, errors.GraticuleError)
    ]
    rows = [
        (
            literal(kind.__name__),
            inspect.cleandoc(kind.__doc__ or "").partition("\n")[0],
            ", ".join(literal(base.__name__) for base in kind.__bases__),
        )
        for kind in kinds
    ]
    return joined(
        heading("Errors"),
        tree,
        "``error.what`` is what is wrong, ``error.where`` the file, step or key, and "
        "``error.hint`` the way out. On the command line each is one line and the exit status 2.",
        table(("error", "what it means", "is also a"), rows),
    )


def _settings() -> str:
    said = described(Settings)
    rows = [
        (literal(f"GRATICULE_{name.upper()}"), said[name], literal(_default(name)))
        for name in Settings.model_fields
    ]
    return joined(
        heading("Settings"),
        "What this machine allows; each is a variable of the environment. Options of a command "
        "go before them.",
        table(("variable", "what it is", "default"), rows),
        code("GRATICULE_MEMORY=4GB graticule run coins photo.png -o out", "console"),
    )


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    return "of the machine" if name in ("cache_dir", "memory", "workers") else str(field.default)
