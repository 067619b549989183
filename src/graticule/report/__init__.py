"""The self-contained report of a run: one HTML file that needs no network and no Graticule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graticule.report.page import write

__all__ = ["write"]


def __getattr__(name: str) -> Any:
    if name == "write":  # its libraries are slow to import, and words are asked for without it
        from graticule.report.page import write

        return write
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
