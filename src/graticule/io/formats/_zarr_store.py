"""A Zarr store that reads nothing outside its folder."""

from __future__ import annotations

from typing import Any

from zarr.storage import LocalStore

from graticule.core.errors import FormatError, UnsafeFileError


class InsideStore(LocalStore):  # type: ignore[misc]
    """A folder of which every key must be a file within it, wherever links lead."""

    def _require_sound(self, key: str) -> None:
        file = self.root / key
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

    async def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Return the content of a key."""
        self._require_sound(key)
        return await super().get(key, *args, **kwargs)

    async def get_partial_values(self, prototype: Any, key_ranges: Any) -> Any:
        """Return parts of the content of keys."""
        ranges = list(key_ranges)
        for key, _ in ranges:
            self._require_sound(key)
        return await super().get_partial_values(prototype, ranges)

    def get_sync(self, key: str, **kwargs: Any) -> Any:
        """Return the content of a key."""
        self._require_sound(key)
        return super().get_sync(key, **kwargs)
