"""``graticule docs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

_SOURCES = Path(__file__).parents[3]
"""The clone that this package is used from, if it is used from one."""


def docs(
    topic: str | None = None,
    /,
    *,
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = True,
) -> int:
    """Open the documentation in the browser: its first page, or what it says of a topic.

    The pages are files of this machine and ask nothing of another. They are built in a clone of
    the repository by make docs. Exit status: 0 opened, 2 they are not built.

    Examples: graticule docs; graticule docs segment.watershed; graticule docs "false discovery"

    Try: graticule docs segment.watershed --no-open

    Parameters
    ----------
    topic
        An operation, as filters.gaussian, or words to look for.
    open_browser
        Open the page in the browser; otherwise its address is shown alone.
    """
    import webbrowser

    from graticule.core.errors import RequestError

    pages = _SOURCES / "docs" / "_build" / "html"
    if not (pages / "index.html").is_file():
        here = "graticule ops NAME and graticule COMMAND --help show much of it here"
        if (_SOURCES / "docs" / "conf.py").is_file():
            what, way_out = f"there are no built pages in {pages}", f"make docs in {_SOURCES}"
        else:
            what, way_out = (
                "the pages are not in the package",
                "clone the repository, then make docs",
            )
        raise RequestError(what, hint=f"{way_out}; {here}")
    address = _address(topic, pages)
    print(address)
    if open_browser:
        webbrowser.open(address)
    return 0


def _address(topic: str | None, pages: Path) -> str:
    """Return the address of the page of a topic; where none is of it alone, of a search."""
    if topic is None:
        return (pages / "index.html").as_uri()
    page = pages / "reference" / "ops" / f"{Path(topic).name}.html"
    if page.is_file():
        return page.as_uri()
    return f"{(pages / 'search.html').as_uri()}?q={quote(topic)}"
