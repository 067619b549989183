"""The content of a file as a short text: equal exactly where the bytes are."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from graticule.io.format import Address, Links, locate, sniff
from graticule.io.safety import guard, require_inside


def content_hash(path: str | Path, *, links: Links = "never") -> str:
    """Return the SHA-256 of what a file holds, in hexadecimal.

    Of a folder that is one image (Zarr) it covers the sorted relative names and the contents;
    of ``file.h5/dataset`` the whole file, and the files it links to where these are followed; of a
    header of ENVI the file of values too.

    Parameters
    ----------
    path : str or Path
        A file, a Zarr folder, or a name within a file.
    links : str
        Whether links to other files are followed, as `graticule.io.read` has it.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    FormatError
        If there is no such file, or it cannot be read.
    UnsafeFileError
        If the folder holds links that lead out of it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.txt").write_bytes(b"abc")
    ...     content_hash(Path(folder) / "a.txt")[:8]
    'ba7816bf'
    """
    address = replace(locate(path), links=links)
    target = address.path
    digest = hashlib.sha256()
    with guard(target):
        if target.is_file():
            _feed(digest, target)
            further = _further(address)
        else:
            further = tree(target)
        folder = target.parent if target.is_file() else target
        for file in further:
            name = os.path.relpath(file, folder).encode()
            digest.update(b"%d:%b:%d:" % (len(name), name, file.stat().st_size))
            _feed(digest, file)
    return digest.hexdigest()


def _further(address: Address) -> list[Path]:
    """Return the files that an image lies in beside its own: part of it, or linked."""
    known = sniff(address.path)
    if known is None or known.neighbours is None:
        return []
    is_followed = known.whole_of is not None or address.links != "never"
    return known.neighbours(address) if is_followed else []


def tree(folder: Path) -> list[Path]:
    """Return the files of a folder that is one image, sorted by relative name."""
    require_inside(folder)
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(files, key=lambda file: file.relative_to(folder).as_posix())


def _feed(digest: hashlib._Hash, file: Path) -> None:
    with file.open("rb") as stream:
        hashlib.file_digest(stream, lambda: digest)
