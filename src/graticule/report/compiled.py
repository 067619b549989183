"""Compiled templates kept between runs: to compile them takes longer than to fill them."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from graticule.core.atomic import atomic_path

_HASH = hashlib.sha256().digest_size


class CompiledTemplates(BytecodeCache):
    """A folder of compiled templates; what is damaged is compiled anew, and no error ever comes.

    Python would run damaged bytecode, so each file begins with the hash of what follows.

    Parameters
    ----------
    folder : Path
        Made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a bucket the code of its template, if it is there and whole."""
        with contextlib.suppress(OSError):
            content = (self.folder / bucket.key).read_bytes()
            if content[:_HASH] == _digest(bucket, content[_HASH:]):
                bucket.bytecode_from_string(content[_HASH:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a bucket, if the disk allows."""
        code = bucket.bytecode_to_string()
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(self.folder / bucket.key) as draft:
                draft.write_bytes(_digest(bucket, code) + code)


def _digest(bucket: Bucket, code: bytes) -> bytes:
    """Return the hash of a template's name, its text and its code."""
    return hashlib.sha256(f"{bucket.key} {bucket.checksum} ".encode() + code).digest()
