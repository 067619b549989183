"""Pictures of ops on examples of their own, drawn once and kept on the disk."""

from __future__ import annotations

import threading

from graticule.core.atomic import atomic_path
from graticule.core.settings import settings

_drawing = threading.Lock()
"""One is drawn at a time: views go first."""


def illustrated(name: str) -> bytes | str:
    """Return what an op takes and makes of it on its own example, as PNG; or why it has no picture.

    Raises
    ------
    UnknownNameError
        If there is no such op.
    """
    from graticule.illustrations import WITHOUT, draw, illustration_of, picture_key

    illustration = illustration_of(name)
    if illustration is None:
        return WITHOUT[name]
    file = settings().cache_dir / "illustrations" / f"{picture_key(illustration)}.png"
    with _drawing:
        if not file.is_file():
            picture, _ = draw(illustration)
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(file) as place:
                place.write_bytes(picture)
        return file.read_bytes()
