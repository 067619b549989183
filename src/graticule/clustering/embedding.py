"""An embedding that is learned from the images of a collection, and kept until they change."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from graticule.core.atomic import atomic_path, flushed_later
from graticule.core.errors import FormatError, GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.io import content_hash, read
from graticule.learn.models.image_rows import ImageRows
from graticule.pipeline.spec import digest

_BATCH = 2**24
"""Samples of images that are handed over at once."""
_CARD = "card"


def fitted(
    made: ImageRows,
    files: Sequence[Path],
    kept_in: Path,
    seed: int = 0,
    progress: Progress = no_progress,
) -> ImageRows:
    """Return an embedding fitted to images; one that was fitted to the same before is kept.

    Parameters
    ----------
    made : ImageRows
        One that is learned, for images of a size.
    files : sequence of Path
        The images; one that cannot be read or is of another size is passed over, and met again
        when its row is made.
    kept_in : Path
        Folder of what is kept.
    seed : int
        Of all that is drawn.
    progress : callable
        Told of images.

    Raises
    ------
    ImageError, RequestError
        If it cannot be fitted to these.
    """
    most = made.parameters["fit_images"]
    count = len(files) if most is None else min(most, len(files))
    chosen = [files[n] for n in np.unique(np.linspace(0, len(files) - 1, count).astype(int))]
    name = digest("embedding", made.state(), seed, [content_of(file) for file in chosen])[:32]
    kept = kept_in / f"{name}.npz"
    found = _kept(made, kept)
    if found is None:
        found = made.fit(_batches(made, chosen, progress), seed)
        kept_in.mkdir(parents=True, exist_ok=True)
        card = np.array(json.dumps(found.state()))
        with flushed_later(), atomic_path(kept) as draft, draft.open("wb") as file:
            np.savez(file, **{**found.arrays, _CARD: card})  # type: ignore[arg-type]
    for stale in kept_in.glob("*.npz"):
        if stale != kept:
            stale.unlink(missing_ok=True)
    return found


def _batches(made: ImageRows, files: Sequence[Path], progress: Progress) -> Iterator[Array]:
    """Give stacks of images, of as many as memory is well used by."""
    most = together(made)
    held: list[Array] = []
    for number, file in enumerate(files, start=1):
        try:
            held.append(made.sample(read(file)))
        except Exception:  # told when its row is made, whatever is wrong with it
            continue
        if len(held) == most:
            yield np.stack(held)
            held = []
        if number % most == 0 or number == len(files):
            progress(number, len(files), f"learning {made.name}")
    if held:
        yield np.stack(held)


def together(made: ImageRows) -> int:
    """Return how many images are worked on well at once."""
    size = int(np.prod(made.shape)) * max(1, made.channels)
    return int(np.clip(_BATCH // max(size, 1), 1, 256))


def content_of(file: Path | None) -> str:
    """Return a hash of what a file holds, or why it cannot be read."""
    try:
        return "" if file is None else content_hash(file)
    except (GraticuleError, OSError) as error:
        return str(error)


def _kept(made: ImageRows, path: Path) -> ImageRows | None:
    """Return what was kept, if it is there and whole."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != _CARD}
            return made.from_state(json.loads(str(file[_CARD])), arrays)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, FormatError):
        return None
