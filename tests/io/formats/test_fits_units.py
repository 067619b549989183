"""Headers of FITS that claim what no file has: refused at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from graticule.core.errors import FormatError
from graticule.io import read
from graticule.io.contents import contents

VALUES = np.arange(48, dtype="i2").reshape(6, 8)
EMPTY = b"".join(
    card.ljust(80)
    for card in (b"XTENSION= 'IMAGE   '", b"BITPIX  = 8", b"NAXIS   = 0", b"PCOUNT  = 0",
                 b"GCOUNT  = 1", b"END")
).ljust(2880)  # fmt: skip


def image(path: Path) -> bytes:
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(5))])
    extension = fits.ImageHDU(VALUES, name="Sci")
    fits.HDUList([fits.PrimaryHDU(VALUES), table, extension]).writeto(path, overwrite=True)
    return path.read_bytes()


def with_card(content: bytes, keyword: str, value: object, unit: int) -> bytes:
    """Give a card of a unit another value, or put it before END if there is none."""
    begin = [0, content.index(b"XTENSION= 'BINTABLE"), content.index(b"XTENSION= 'IMAGE")][unit]
    card = f"{keyword:8}= {value!s:>20}".encode().ljust(80)
    name, end = keyword.encode().ljust(8), content.index(b"END".ljust(80), begin)
    place = content.find(name, begin, end)
    if place < 0:
        return content[:end] + card + b"END".ljust(80) + content[end + 160 :]
    return content[:place] + card + content[place + 80 :]


COUNTS = [
    *(("NAXIS", 0), ("NAXIS", 2), ("TFIELDS", 1), ("PCOUNT", 1), ("GCOUNT", 1)),
    *(("BITPIX", 0), ("NAXIS1", 0), ("NAXIS2", 2), ("PCOUNT", 2)),
]


@pytest.mark.parametrize("value", [-1, 2**31, 2**63 - 1, 2**64, "1.5", "T", "'two'", "9" * 20])
@pytest.mark.parametrize(("keyword", "unit"), COUNTS)
def test_a_count_that_no_file_has_is_refused_at_once(
    tmp_path: Path, keyword: str, unit: int, value: object
) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(with_card(image(path), keyword, value, unit))
    started, refused = time.process_time(), 0
    for name in ("0", "SCI"):
        try:
            np.testing.assert_array_equal(read(path / name).values, VALUES)
        except FormatError:
            refused += 1
    assert refused or (keyword, unit) == ("PCOUNT", 2), "only what no image lies behind may pass"
    assert time.process_time() - started < 3


def test_a_header_without_end(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    content = image(path)
    path.write_bytes(content.replace(b"END".ljust(80), b" " * 80, 1)[:2880])
    with pytest.raises(FormatError, match="no END"):
        read(path)
    path.write_bytes(content[:2880].replace(b"END".ljust(80), b" " * 80))
    os.truncate(path, 2**34)
    started = time.process_time()
    with pytest.raises(FormatError, match="no END in 50000 cards"):
        read(path)
    assert time.process_time() - started < 5


def test_thousands_of_extensions(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    content = image(path)
    path.write_bytes(content + EMPTY * 3000)
    started = time.process_time()
    np.testing.assert_array_equal(read(path / "sci").values, VALUES)
    assert [each.name for each in contents(path)] == ["0", "2"]
    assert time.process_time() - started < 5
    path.write_bytes(content + EMPTY * 10_000)
    with pytest.raises(FormatError, match="more than 10000 extensions"):
        read(path / "sci")


def test_a_file_of_a_thousand_images_is_listed_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    content = image(path)
    extension = content[content.index(b"XTENSION= 'IMAGE") :]
    path.write_bytes(content + extension * 1000)
    started = time.process_time()
    found = contents(path)
    assert len(found) == 1002
    assert found[1].sizes == {"y": 6, "x": 8}
    assert time.process_time() - started < 8
    with pytest.raises(FormatError, match="holds 1002 arrays"):
        read(path)


def test_a_file_that_changes_is_walked_again(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    image(path)
    assert [each.name for each in contents(path)] == ["0", "2"]
    fits.PrimaryHDU(VALUES + 1).writeto(path, overwrite=True)
    np.testing.assert_array_equal(read(path).values, VALUES + 1)


def test_what_follows_the_last_extension_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    fits.PrimaryHDU(VALUES).writeto(path)
    path.write_bytes(path.read_bytes() + b"more")
    assert read(path).attrs["notes"] == [
        "what follows the last extension is no extension, and left out"
    ]
    path.write_bytes(path.read_bytes()[:-4] + bytes(5000))
    assert "notes" not in read(path).attrs or not read(path).attrs["notes"]
