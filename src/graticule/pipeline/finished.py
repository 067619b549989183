"""What is finished of an image: put into its place in one move, and taken up again if all is whole.

::

    .work/ab/<key>/fate.json       what became of it, with the seals of all that was made of it
    .work/ab/<key>/<table>.arrow   its rows
    .work/ab/<key>/preview.npz     small pictures of every step
    arrays/<image>/<output>...     written images
"""

from __future__ import annotations

from pathlib import Path

from graticule.core.atomic import replace
from graticule.core.errors import StoreError
from graticule.pipeline.folder import WORK
from graticule.pipeline.result import ImageResult
from graticule.pipeline.seals import is_intact, read_sealed, write_sealed

ARRAYS = "arrays"
PREVIEW = "preview.npz"
_FATE = "fate.json"


def commit(result: ImageResult, draft: Path, run: Path) -> None:
    """Put what was made of an image into its place in a run folder."""
    write_sealed(draft / _FATE, vars(result))
    finished = result.folder(run / WORK)
    finished.parent.mkdir(parents=True, exist_ok=True)
    replace(draft, finished)


def earlier_result(result: ImageResult, run: Path) -> ImageResult | None:
    """Return the result set down earlier, if all that was made of the image is as it was then."""
    own = result.folder(run / WORK)
    try:
        earlier = ImageResult(**{**read_sealed(own / _FATE), "cached": True})
    except (StoreError, TypeError):
        return None
    if (earlier.key, earlier.image, earlier.place) != (result.key, result.image, result.place):
        return None
    files = (
        ((run if name.startswith(f"{ARRAYS}/") else own) / name, seal)
        for name, seal in earlier.seals.items()
    )
    return earlier if all(is_intact(path, seal) for path, seal in files) else None
