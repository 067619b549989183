"""A Zarr store that reads nothing outside its folder, and no chunk that its codec must not see."""

from __future__ import annotations

from typing import Any

from zarr.abc.store import RangeByteRequest, SuffixByteRequest
from zarr.storage import LocalStore

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.formats._zarr_packing import Packing
from graticule.io.paths import obstacle

_METADATA = (".json", ".zarray", ".zattrs", ".zgroup")


class InsideStore(LocalStore):  # type: ignore[misc]
    """A folder of which every key must be a file within it, wherever links lead.

    Attributes
    ----------
    packing : Packing, optional
        Of the chunks: those are refused that are cut short or unpack to more than memory holds.
    """

    packing: Packing | None = None

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

    def _checked(self, key: str, content: Any, byte_range: Any) -> Any:
        """Return the content of a key that can be unpacked."""
        of_chunks = content is not None and not key.endswith(_METADATA)
        if of_chunks and self.packing is not None and not self._is_index(byte_range):
            view = memoryview(content.as_numpy_array())
            self.packing.require_room(view, is_part=byte_range is not None)
        return content

    def _is_index(self, byte_range: Any) -> bool:
        """Whether the list of the chunks of a shard is asked for."""
        if isinstance(byte_range, RangeByteRequest) and self.packing is not None:
            at_start = self.packing.index_at_start and byte_range.start == 0
            return at_start and byte_range.end == self.packing.index_size
        return isinstance(byte_range, SuffixByteRequest)

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return the content of a key."""
        self._require_sound(key)
        return self._checked(key, await super().get(key, prototype, byte_range), byte_range)

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
        return self._checked(key, content, byte_range)
