"""``graticule serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def serve(
    folder: Path = Path(),
    /,
    *,
    port: int | None = None,
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = True,
) -> int:
    """Open the workbench: see every step of a pipeline on the images of a folder, and tune it.

    A page of this machine opens in the browser. Pipelines that are made in it are kept in
    FOLDER/graticule/pipelines and give the same numbers with graticule run. Nothing else of the
    folder is written, and nothing is asked of another machine. End it with Ctrl-C.

    Example: graticule serve images

    Try: graticule demo coins -o tried; graticule serve tried/coins-images --no-open

    Parameters
    ----------
    folder
        The folder of images; by default the one you are in.
    port
        Of the page: that of the last time, or 8765; another is taken where it is in use.
    open_browser
        Open the page in the browser.
    """
    from graticule.core.errors import RequestError

    try:
        from graticule.web.serving import serve_folder
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "websockets"):
            raise
        raise RequestError(
            f"the workbench needs the package {error.name}", hint="pip install 'graticule[web]'"
        ) from None
    serve_folder(folder, port=port, opens=open_browser)
