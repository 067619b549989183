"""The page that leads to all others of the reference."""

from __future__ import annotations

from collections.abc import Iterator

from reference.page import Page, heading, joined, toctree

_PAGES = (
    "ops/index", "checks/index", "figures/index", "recipes/index", "commands/index",
    "documents/index", "formats/index", "methods/index", "clustering/index", "api/index",
    "/run-folder", "errors", "settings", "papers", "/glossary",
)  # fmt: skip


def pages() -> Iterator[Page]:
    """Give the page."""
    about = "Made from the code, so that it says what is so."
    yield Page("index", joined(heading("Reference"), about, toctree(_PAGES)))
