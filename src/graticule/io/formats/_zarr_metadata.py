"""The metadata of Zarr 2 and 3, read as the JSON it is before any codec is set up from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.safety import require_modest

_CODECS = frozenset(
    (
        *("bytes", "transpose", "sharding_indexed", "crc32c", "gzip", "zstd", "blosc"),
        *("zlib", "bz2", "lzma", "lz4", "zfpy", "pcodec", "shuffle", "delta", "astype"),
        *("fixedscaleoffset", "quantize", "bitround", "packbits"),
        *("crc32", "adler32", "fletcher32", "jenkins_lookup3"),
    )
)
"""Codecs that only move numbers; above all not ``pickle``, which runs code."""
EXTENSION = "numcodecs."
"""Begins the names of codecs of Zarr 2 in an array of Zarr 3."""
COPIES = 3
"""Copies of a chunk at the peak: as it is stored, unpacked, and where it is wanted."""
_ENTRY = 64
"""Bytes of an entry of the list of a shard, its copies included."""
_LARGEST = 64 * 2**20


def attributes(folder: Path) -> dict[str, Any]:
    """Return the attributes of a group or array; those of OME-Zarr 0.5 as in 0.4."""
    if (folder / "zarr.json").is_file():
        attrs = document(folder, "zarr.json").get("attributes") or {}
    elif (folder / ".zattrs").exists():
        attrs = document(folder, ".zattrs")
    else:
        return {}
    ome = attrs.get("ome")
    return {**attrs, **ome} if isinstance(ome, Mapping) else dict(attrs)


def is_array(folder: Path) -> bool:
    """Whether a folder is an array, and not a group."""
    if (folder / "zarr.json").is_file():
        return document(folder, "zarr.json").get("node_type") == "array"
    return (folder / ".zarray").is_file()


def array_document(folder: Path) -> dict[str, Any]:
    """Return the metadata of an array that is safe to open.

    Raises
    ------
    UnsafeFileError
        If it holds objects, names a codec that could run code, or has enormous chunks.
    """
    version3 = (folder / "zarr.json").is_file()
    said = document(folder, "zarr.json" if version3 else ".zarray")
    if not version3 and "O" in str(said.get("dtype")):
        raise UnsafeFileError("holds Python objects", hint="export it as numbers")
    names = codec_names(said)
    unknown = [name for name in names if name.removeprefix(EXTENSION) not in _CODECS]
    if unknown:
        raise UnsafeFileError(
            f"is packed with {', '.join(unknown)}, which is not among the codecs known as safe",
            hint="write it again with zstd or blosc",
        )
    return said


def require_modest_chunks(said: Mapping[str, Any], itemsize: int) -> None:
    """Raise `UnsafeFileError` if one chunk, or the list of those of a shard, takes too much."""
    inner = inner_chunks(said)
    require_modest(inner, COPIES * itemsize, what="a chunk")
    if "chunks" in said:
        return
    outer = tuple(map(int, said["chunk_grid"]["configuration"]["chunk_shape"]))
    listed = [n // max(1, m) for n, m in zip(outer, inner, strict=True)]
    require_modest(listed, _ENTRY, what="the list of the chunks of a shard")


def codec_names(said: Mapping[str, Any]) -> list[str]:
    """Return the names of all codecs of an array, those within shards included."""
    return [_name(codec) for codec in _every_codec(_codecs(said))]


def codecs_within(said: Mapping[str, Any]) -> list[str]:
    """Return the names of what a chunk goes through, those within shards first."""
    return list(_within(_codecs(said)))


def _within(codecs: list[dict[str, Any]]) -> Iterator[str]:
    for codec in codecs:
        yield from _within((codec.get("configuration") or {}).get("codecs", []))
        yield _name(codec)


def _codecs(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "codecs" in said:
        return list(said["codecs"])
    return [*(said.get("filters") or []), *filter(None, [said.get("compressor")])]


def _name(codec: Mapping[str, Any]) -> str:
    return str(codec["name"] if "name" in codec else codec["id"])


def document(folder: Path, name: str) -> dict[str, Any]:
    """Return a JSON file of a Zarr folder; raise if it is no object or lies elsewhere."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UnsafeFileError(f"{name} is a link that leads out of the folder")
    if path.stat().st_size > _LARGEST:
        raise UnsafeFileError(f"{name} has {path.stat().st_size} bytes, which no metadata has")
    said = json.loads(path.read_text("utf-8"))
    if not isinstance(said, dict):
        raise FormatError(f"{name} must hold a JSON object")
    return said


def below(root: Path, name: str) -> Path:
    """Return the folder of a name below another; raise if it leads out of it."""
    parts = PurePosixPath(name).parts
    folder = root.joinpath(*parts)
    outside = ".." in parts or PurePosixPath(name).is_absolute()
    if outside or not folder.resolve().is_relative_to(root.resolve()):
        raise UnsafeFileError(f"{name} leads out of the folder")
    if not folder.is_dir():
        raise FormatError(f"names the array {name}, which is not there")
    return folder


def _every_codec(codecs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for codec in codecs:
        yield codec
        inner = codec.get("configuration") or {}
        yield from _every_codec([*inner.get("codecs", []), *inner.get("index_codecs", [])])


def inner_chunks(said: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape that a read decodes at once: of the chunks in a shard, if it is sharded."""
    if "chunks" in said:
        return tuple(map(int, said["chunks"]))
    shards = [codec for codec in said["codecs"] if codec["name"] == "sharding_indexed"]
    holder = shards[0] if shards else said["chunk_grid"]
    return tuple(map(int, holder["configuration"]["chunk_shape"]))
