"""Names of our own files and folders, made from the names of images.

Files of images may have any name: of bytes that are no text, as long as the disk allows, of signs
that a page, a shell or another system takes for something else, alike but for case. Ours have none
of this, and differ where the images do.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

_MOST = 120
"""Bytes of a name, so that an ending fits behind it on every disk, an encrypted one included."""
_UNSAFE = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
_EDGES = re.compile(r"^[\s.~-]|[\s.]$|~[0-9a-f]{12}$")
_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def file_names(images: Sequence[str]) -> list[str]:
    """Return the name of each image's own files and folder, relative where the image's name is.

    A name that is fit to be one stays as it is. Others are shortened, or have ``_`` for what is
    unsafe, and end with a part of the hash of the whole name; so do names that differ in nothing
    but case or in how Unicode composes their letters, as not every disk tells them apart.

    Examples
    --------
    >>> file_names(["coins", "day 1/coins", "a|b", "Cell", "cell"])[:2]
    ['coins', 'day 1/coins']
    >>> file_names(["a|b", "Cell", "cell"])
    ['a_b~0eab8a0a3380', 'Cell~75fa386342e8', 'cell~39d02b42938b']
    """
    alike = Counter(map(_folded, images))
    return [
        name if alike[_folded(name)] == 1 and _is_fit(name) else _hashed(name) for name in images
    ]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _is_fit(name: str) -> bool:
    parts = name.split("/")
    return len(name.encode(errors="replace")) <= _MOST and not any(
        not part or _UNSAFE.search(part) or _EDGES.search(part) or _DEVICE.match(part)
        for part in parts
    )


def _hashed(name: str) -> str:
    number = sha256(name.encode(errors="backslashreplace")).hexdigest()[:12]
    start = _UNSAFE.sub("_", name.replace("/", "_")).lstrip("-.~ \t")
    start = start.encode(errors="replace")[: _MOST - 13].decode(errors="ignore")
    return f"{start}~{number}"
