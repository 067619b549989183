"""OME-Zarr damaged by the keys of its metadata, its chunks and the codecs they go through."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from graticule.testing.attack.damage import HOSTILE, flip, overwrite
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_JSON = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
_OLD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
"""The head of what gzip packed, at the beginning of time."""
_ODD: tuple[Any, ...] = (
    *(None, True, "", "x", [], {}, [[]], -1, 0, 1, 3, 0.5, 1e308, "NaN", "9" * 400, [1, 2, 3]),
    *("../..", "/etc", "|O", "<f8", ">u2", "<U9", "float16", "r64", "gzip", "pickle", "crc32c"),
    *("bytes", "blosc", "zstd", "lzma", "bz2", "lz4", [{"id": "delta", "dtype": "<f8"}]),
    *({"name": "gzip", "configuration": {"level": 5}}, [{"name": "bytes"}], ["a"] * 300),
)


def _places(said: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every key and item of a JSON document."""
    if isinstance(said, dict):
        pairs: Any = said.items()
    elif isinstance(said, list):
        pairs = enumerate(said)
    else:
        return []
    return [each for key, value in pairs for each in [(*path, key), *_places(value, (*path, key))]]


def _key(draw: Draw, files: Files) -> Files | None:
    """Put something else in the place of one key or item after the other, or leave it out."""
    names = [name for name in sorted(files) if name.rpartition("/")[2] in _JSON]
    places = [(name, path) for name in names for path in _places(json.loads(files[name]))]
    if not places:
        return None
    name, path = draw.turn(places)
    said = json.loads(files[name])
    holder = said
    for part in path[:-1]:
        holder = holder[part]
    kind = draw.choice(("odd", "odd", "number", "drop", "deep", "same"))
    if kind == "drop":
        del holder[path[-1]]
    elif kind == "deep":
        text = json.dumps(said).replace(json.dumps(path[-1]), "[" * 3000, 1)
        return {**files, name: text.encode()}
    elif kind == "same":
        others = [at for where, at in places if where == name]
        other = said
        for part in draw.choice(others):
            other = other[part]
        holder[path[-1]] = other
        try:
            return {**files, name: json.dumps(said).encode()}
        except ValueError:  # it would hold itself
            return {**files, name: b"{"}
    else:
        holder[path[-1]] = draw.choice(_ODD) if kind == "odd" else draw.choice(HOSTILE)
    return {**files, name: json.dumps(said).encode()}


def _chunk(draw: Draw, files: Files) -> Files | None:
    """Damage one chunk: its head, its end, its length; or put another file there."""
    names = [name for name in sorted(files) if name.rpartition("/")[2] not in _JSON]
    if not names:
        return None
    name = draw.turn(names)
    content = files[name]
    part = draw.turn(("head", "bits", "cut", "longer", "number", "other", "bomb", "tail"))
    if part == "head":
        content = overwrite(draw, content[:20]) + content[20:]
    elif part == "bits":
        content = flip(draw, content)
    elif part == "cut":
        content = content[: draw.choice((0, 1, 4, 15, 16, 17, len(content) // 2, -1))]
    elif part == "longer":
        content += draw.randbytes(draw.choice((1, 16, 4096)))
    elif part == "number":
        at, width = draw.randrange(max(1, min(24, len(content)))), draw.choice((2, 4, 8))
        fresh = (draw.choice(HOSTILE) % (1 << 8 * width)).to_bytes(width, "little")
        content = content[:at] + fresh + content[at + width :]
    elif part == "other":
        content = files[draw.choice(sorted(files))]
    elif part == "bomb":
        content = gzip.compress(bytes(2**26), 1)
    else:  # of a shard the list of its chunks stands there
        at = max(0, len(content) - draw.randrange(1, 80))
        fresh = (draw.choice(HOSTILE) % 2**64).to_bytes(8, "little")
        content = content[:at] + fresh + content[at + 8 :]
    return {**files, name: content}


def _file(draw: Draw, files: Files) -> Files | None:
    """Leave a file out, or put what is another's in its place."""
    if len(files) < 2:
        return None
    name = draw.turn(sorted(files))
    if draw.random() < 0.5:
        return {each: content for each, content in files.items() if each != name}
    return {**files, name: files[draw.choice(sorted(files))]}


def _seeds(folder: Path) -> None:
    import zarr
    from numcodecs import LZ4, Blosc, Delta, GZip, Zlib, Zstd

    from graticule.io import write

    values = (np.arange(24 * 20) % 251).astype(np.uint16).reshape(24, 20)
    write(folder / "ours.ome.zarr", values, labels=False)
    write(folder / "stack.ome.zarr", np.stack([values] * 3).astype("f4"), labels=False)
    for name, packed in (("blosc", Blosc()), ("zlib", Zlib()), ("gzip", GZip()), ("lz4", LZ4()),
                         ("zstd", Zstd()), ("plain", None)):  # fmt: skip
        array = zarr.create_array(folder / f"two-{name}.zarr", shape=(24, 20), dtype="<u2",
                                  chunks=(8, 10), zarr_format=2, compressors=packed,
                                  filters=[Delta("<u2")] if name == "zstd" else None)  # fmt: skip
        array[:] = values
    for name, codec in (("gzip", zarr.codecs.GzipCodec()), ("zstd", zarr.codecs.ZstdCodec()),
                        ("blosc", zarr.codecs.BloscCodec()), ("plain", None)):  # fmt: skip
        for shards in (None, (16, 20)):
            place = folder / f"three-{name}{'-shards' if shards else ''}.zarr"
            array = zarr.create_array(place, shape=(24, 20), dtype="float32", chunks=(8, 10),
                                      shards=shards, compressors=codec, zarr_format=3)  # fmt: skip
            array[:] = values
    for file in folder.rglob("*"):
        if file.is_file():  # gzip tells the time, which would make each attack another one
            file.write_bytes(re.sub(rb"(?s)\x1f\x8b\x08\x00....", _OLD, file.read_bytes()))


MUTATOR = Mutator(
    "OME-Zarr",
    _seeds,
    {
        "key": Way(_key, weight=8),
        "chunk": Way(_chunk, weight=6),
        "file": Way(_file, weight=2),
    },
)
