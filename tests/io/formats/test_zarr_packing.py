"""Chunks of Zarr that unpack to more than memory holds are refused before they are unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io import read, safety
from graticule.io.formats import _zarr_packing
from graticule.io.formats._zarr_metadata import COPIES
from graticule.io.formats._zarr_packing import Packing

ROOM = 3 * 2**20
PACKERS: dict[str, Any] = {
    "gzip": numcodecs.GZip(),
    "zlib": numcodecs.Zlib(),
    "bz2": numcodecs.BZ2(),
    "lzma": numcodecs.LZMA(),
    "zstd": numcodecs.Zstd(),
    "blosc": numcodecs.Blosc(),
    "lz4": numcodecs.LZ4(),
}


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (safety, _zarr_packing):
        monkeypatch.setattr(module, "decoding_room", lambda: ROOM)


def good_array(folder: Path, codec: str, layout: str) -> np.ndarray[Any, Any]:
    values = np.arange(64 * 64, dtype="u2").reshape(64, 64)
    if layout == "2":
        options: dict[str, Any] = {"zarr_format": 2, "compressors": PACKERS[codec]}
    else:
        named = codec if codec in ("gzip", "zstd", "blosc") else f"numcodecs.{codec}"
        options = {"zarr_format": 3, "compressors": {"name": named, "configuration": {}}}
        options |= {"shards": (64, 64)} if layout == "shards" else {}
    array = zarr.create_array(
        store=str(folder), shape=(64, 64), chunks=(32, 32), dtype="u2", **options
    )
    array[:] = values
    return values


def chunk_files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and "z" not in file.name]


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning")
@pytest.mark.parametrize("layout", ["2", "3", "shards"])
@pytest.mark.parametrize("codec", PACKERS)
@pytest.mark.usefixtures("little_room")
def test_a_chunk_that_fits_is_read(codec: str, layout: str, tmp_path: Path) -> None:
    values = good_array(tmp_path / "a.zarr", codec, layout)
    assert np.array_equal(read(tmp_path / "a.zarr").values, values)


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning")
@pytest.mark.parametrize("layout", ["2", "3", "shards"])
@pytest.mark.parametrize("codec", PACKERS)
@pytest.mark.usefixtures("little_room")
def test_a_chunk_that_unpacks_to_more_than_there_is_room_for_is_refused(
    codec: str, layout: str, tmp_path: Path
) -> None:
    good_array(tmp_path / "a.zarr", codec, layout)
    packed = bytes(PACKERS[codec].encode(np.zeros(8 * 2**20, np.uint8)))
    files = chunk_files(tmp_path / "a.zarr")
    assert files
    for file in files:
        content = packed
        if layout == "shards":  # four chunks, then where they are and a checksum of that
            index = np.array([[0, len(packed)]] * 4, "<u8").tobytes()
            content += index + bytes(numcodecs.CRC32C(location="end").encode(index))[-4:]
        file.write_bytes(content)
    with pytest.raises(UnsafeFileError, match=r"a chunk would take .* of memory to unpack"):
        _ = read(tmp_path / "a.zarr").values
    with pytest.raises(UnsafeFileError, match="to unpack"):  # a part of the image alone
        _ = read(tmp_path / "a.zarr")[:8, :8].values


@pytest.mark.usefixtures("little_room")
def test_what_is_packed_twice_is_refused(tmp_path: Path) -> None:
    zarr.create_array(
        store=str(tmp_path / "a.zarr"), shape=(8, 8), chunks=(8, 8), dtype="u1", zarr_format=2,
        filters=[numcodecs.Zlib()], compressors=numcodecs.GZip(),
    )[:] = 1  # fmt: skip
    with pytest.raises(UnsafeFileError, match="packed twice, by zlib and gzip"):
        _ = read(tmp_path / "a.zarr").values


@pytest.mark.usefixtures("little_room")
def test_a_shard_whose_chunks_lie_beyond_its_end_is_refused(tmp_path: Path) -> None:
    good_array(tmp_path / "a.zarr", "blosc", "shards")
    (file,) = chunk_files(tmp_path / "a.zarr")
    file.write_bytes(file.read_bytes()[200:])
    with pytest.raises(FormatError):
        _ = read(tmp_path / "a.zarr").values


@given(
    codec=st.sampled_from(sorted(PACKERS)),
    size=st.integers(1, 2**21),
    values=st.integers(1, 256),
    seed=st.integers(0, 9),
)
def test_the_size_is_never_told_too_small(codec: str, size: int, values: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(0, values, size, np.uint8)
    packed = memoryview(bytes(PACKERS[codec].encode(samples)))
    with pytest.MonkeyPatch.context() as patch:
        for module in (safety, _zarr_packing):
            patch.setattr(module, "decoding_room", lambda: COPIES * size - 1)
        with pytest.raises(UnsafeFileError):
            Packing(codec).require_room(packed, is_part=False)
        for module in (safety, _zarr_packing):
            patch.setattr(module, "decoding_room", lambda: COPIES * (size + 2**18))
        Packing(codec).require_room(packed, is_part=False)


def test_frames_of_zstandard_without_a_size_are_bounded_by_their_blocks() -> None:
    block = 2**17
    frame = b"\x28\xb5\x2f\xfd" + bytes([0, 0x50])  # no size, a window, no checksum
    middle = (block << 3 | 1 << 1).to_bytes(3, "little") + b"\0"  # a byte, 128 kB of it
    last = (block << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
    content = frame + 9 * middle + last
    assert len(numcodecs.Zstd().decode(content)) == 10 * block
    assert _zarr_packing._SIZES["zstd"](memoryview(content)) == 10 * block
    assert _zarr_packing._SIZES["zstd"](memoryview(content * 3)) == 30 * block
