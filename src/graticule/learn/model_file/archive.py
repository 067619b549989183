"""The container of a model file: a zip of plain entries, the same bytes for the same content.

Its bytes are read whole, and written beside their place.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError, ParameterError, UnsafeFileError, suggest
from graticule.io.npy_header import read_header
from graticule.io.paths import obstacle

CARD = "card.json"
ESTIMATOR = "estimator.skops"
WEIGHTS = "weights.safetensors"
_NAMES = re.compile(
    r"card\.json|estimator\.skops|weights\.safetensors"
    r"|arrays/[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy|example/[a-z]+\.npy"
)
_FIRST = (1980, 1, 1, 0, 0, 0)
_MAX_CARD = 16 * 2**20
_MAX_ENTRIES = 10_000
_MAX_FILE = 16 * 2**30
_AGAIN = "copy or export the file again"


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def pack(card: Mapping[str, Any], entries: Mapping[str, bytes]) -> bytes:
    """Return a zip of entries and a card that lists them; equal content gives equal bytes.

    Nothing is compressed, so that the bytes depend on no library, and an archive can never
    unpack to more than its own size. The card comes first, for those who look with ``less``.
    """
    listed = {
        name: {"bytes": len(data), "sha256": digest(data)} for name, data in sorted(entries.items())
    }
    text = json.dumps(
        {**card, "entries": listed}, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [(CARD, text.encode()), *sorted(entries.items())]:
            if not _NAMES.fullmatch(name):
                raise ParameterError(
                    f"{name!r} is no entry of a model file",
                    hint="name arrays with letters, digits, _, - and .",
                )
            about = zipfile.ZipInfo(name, _FIRST)
            about.create_system = 3
            about.external_attr = 0o644 << 16
            archive.writestr(about, data)
    return out.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the card and the entries of an archive, each of the size and hash the card says.

    Raises
    ------
    FormatError
        If the bytes are no such archive, or damaged.
    UnsafeFileError
        If there are entries that do not belong, or compressed ones.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_plain(archive, len(data))
            entries = {about.filename: archive.read(about) for about in archive.infolist()}
    except FormatError:
        raise
    except Exception as error:  # zipfile fails on damaged bytes with whatever it meets
        raise FormatError(
            f"is damaged or no model file ({type(error).__name__}: {str(error)[:100]})", hint=_AGAIN
        ) from None
    if CARD not in entries:
        raise FormatError("is no model file: it has no card.json")
    card = _card(entries.pop(CARD))
    _require_listed(card, entries)
    return card, entries


def _require_plain(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse entries that do not belong, are compressed, encrypted, doubled or overlap."""
    infos = archive.infolist()
    names = [about.filename for about in infos]
    strange = next((name for name in names if not _NAMES.fullmatch(name)), None)
    if strange is not None and CARD not in names:
        raise FormatError(f"is a zip, but no model file: it holds {strange[:80]!r} and no card")
    if strange is not None:
        raise UnsafeFileError(f"holds {strange[:80]!r}, which is no entry of a model file")
    if len(set(names)) < len(names) or len(names) > _MAX_ENTRIES:
        raise UnsafeFileError("holds an entry twice, or more entries than a model has")
    for about in infos:
        if about.compress_type != zipfile.ZIP_STORED or about.flag_bits & 1:
            raise UnsafeFileError(
                f"{about.filename} is compressed or encrypted, as in no model file",
                hint="pack it with zip -0",
            )
    if sum(about.file_size for about in infos) > size:
        raise UnsafeFileError("declares more bytes than it has")


def _card(data: bytes) -> dict[str, Any]:
    if len(data) > _MAX_CARD:
        raise UnsafeFileError("has a card of over 16 MB")
    try:
        card = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"has a card that is no JSON ({str(error)[:100]})", hint=_AGAIN) from None
    if not isinstance(card, dict) or not isinstance(card.get("entries"), dict):
        raise FormatError("has a card that lists no entries", hint=_AGAIN)
    return card


def _require_listed(card: Mapping[str, Any], entries: Mapping[str, bytes]) -> None:
    listed = card["entries"]
    for name in sorted(set(listed) ^ set(entries)):
        what = "is missing" if name in listed else "is not listed in the card"
        raise FormatError(f"{name[:80]} {what}", hint=_AGAIN)
    for name, data in entries.items():
        said = listed[name]
        if not isinstance(said, dict) or said.get("sha256") != digest(data):
            raise FormatError(
                f"{name} is not what the card says, for its hash differs", hint=_AGAIN
            )


def to_npy(array: np.ndarray[Any, Any], name: str = "an array") -> bytes:
    """Return an array of numbers, bools or texts in NumPy's format.

    Raises
    ------
    ParameterError
        If it holds anything else.
    """
    values = np.ascontiguousarray(array).reshape(np.shape(array))
    if values.dtype.kind not in "biufcUS":
        raise ParameterError(f"{name} must hold numbers, bools or texts, not {values.dtype}")
    out = io.BytesIO()
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    np.lib.format.write_array(out, little, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def from_npy(data: bytes, name: str = "an array") -> np.ndarray[Any, Any]:
    """Return the array that bytes in NumPy's format hold; they must be as many as it says.

    Raises
    ------
    FormatError
        If they are no array of numbers, bools or texts.
    """
    stream = io.BytesIO(data)
    try:
        shape, fortran, dtype = read_header(stream, versions=((1, 0),))
    except FormatError as error:
        raise FormatError(f"{name} is no array: it {error.what[:100]}", hint=_AGAIN) from None
    if dtype.hasobject or dtype.kind not in "biufcUSV":
        raise UnsafeFileError(f"{name} holds {dtype}, and not numbers, bools or texts")
    start = stream.tell()
    if len(data) - start != math.prod(shape) * dtype.itemsize:
        raise FormatError(f"{name} has not as many bytes as it says", hint=_AGAIN)
    flat = np.frombuffer(data, dtype, offset=start) if dtype.itemsize else np.empty(shape, dtype)
    return flat.reshape(shape, order="F" if fortran else "C").copy()


def write_bytes(target: Path, content: bytes) -> None:
    """Write bytes beside a place and rename them into it."""
    if not target.parent.is_dir():
        raise FormatError("there is no such folder to write into", where=str(target.parent))
    try:
        with atomic_path(target) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", where=str(target)) from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    FormatError
        If it cannot be read.
    UnsafeFileError
        If it is larger than any model.
    """
    if in_the_way := obstacle(path):  # to open a pipe would be to wait for who writes into it
        raise FormatError(f"is {in_the_way}, and no file", where=str(path))
    try:
        if path.is_file() and path.stat().st_size > _MAX_FILE:
            raise UnsafeFileError("is over 16 GiB, which no model is", where=str(path))
        return path.read_bytes()
    except FileNotFoundError:
        near = sorted(file.name for file in path.parent.glob("*.model"))
        hint = suggest(path.name, near) if near else ""
        raise FormatError("there is no such file", where=str(path), hint=hint) from None
    except IsADirectoryError:
        raise FormatError("is a folder, and no model file", where=str(path)) from None
    except FormatError:
        raise
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", where=str(path)) from None
