"""A Zarr store that reads nothing outside its folder, and no chunk that is cut short."""

from __future__ import annotations

from typing import Any

from zarr.storage import LocalStore

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.paths import obstacle
from graticule.io.safety import require_complete

_METADATA = (".json", ".zarray", ".zattrs", ".zgroup")
_BLOSC_HEADER = 16


class InsideStore(LocalStore):  # type: ignore[misc]
    """A folder of which every key must be a file within it, wherever links lead.

    Attributes
    ----------
    is_of_blosc : bool
        Whether chunks end in what Blosc packed. It reads as many bytes as its header promises,
        beyond the end of what there is if need be.
    """

    is_of_blosc = False

    def _require_sound(self, key: str) -> None:
        file = self.root / key
        if in_the_way := obstacle(file):
            raise FormatError(f"{key} is {in_the_way}, and no file", where=str(self.root))
        if file.is_file() and not file.stat().st_size:
            # Zarr would take it for a chunk that was never written, and give zeros
            raise FormatError(
                f"{key} is empty", where=str(self.root), hint="fetch or export the file again"
            )
        if not file.resolve().is_relative_to(self.root.resolve()):
            raise UnsafeFileError(
                f"{key} is a link that leads out of the folder",
                where=str(self.root),
                hint="copy what it points to into the folder",
            )

    def _complete(self, key: str, content: Any, byte_range: Any) -> Any:
        """Return the content of a key that is whole; raise if Blosc promises more."""
        is_chunk = byte_range is None and not key.endswith(_METADATA)
        if self.is_of_blosc and content is not None and is_chunk:
            promised = content[:_BLOSC_HEADER].to_bytes()[12:]
            require_complete(len(content), int.from_bytes(promised, "little"))
        return content

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return the content of a key."""
        self._require_sound(key)
        return self._complete(key, await super().get(key, prototype, byte_range), byte_range)

    async def get_partial_values(self, prototype: Any, key_ranges: Any) -> Any:
        """Return parts of the content of keys."""
        ranges = list(key_ranges)
        for key, _ in ranges:
            self._require_sound(key)
        return await super().get_partial_values(prototype, ranges)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return the content of a key."""
        self._require_sound(key)
        content = super().get_sync(key, prototype=prototype, byte_range=byte_range)
        return self._complete(key, content, byte_range)
