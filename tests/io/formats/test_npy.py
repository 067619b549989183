"""NumPy's files, and the lies they can tell."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io import read


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(UnsafeFileError, match="Python objects"):
            read(tmp_path / name)


def test_a_header_that_claims_more_than_there_is(tmp_path: Path) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)}
    with (tmp_path / "a").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(FormatError, match="ends early"):
        read(tmp_path / "a")


def test_columns_first(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    np.save(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(read(tmp_path / "a.npy")[1:, :2].values, values[1:, :2])


def test_several_arrays_need_a_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.ones((2, 2)), two=np.zeros((3, 3)))
    with pytest.raises(FormatError, match=r"holds 2 arrays: one \(2 x 2\), two \(3 x 3\)"):
        read(tmp_path / "a.npz")
    assert read(tmp_path / "a.npz" / "two").shape == (3, 3)
    with pytest.raises(FormatError, match=r"no array 'too' .*did you mean two"):
        read(tmp_path / "a.npz" / "too")


def test_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros((1000, 1000), np.uint8))
    monkeypatch.setenv("GRATICULE_MEMORY", "1999998")
    settings.cache_clear()
    with pytest.raises(UnsafeFileError, match="GRATICULE_MEMORY"):
        read(tmp_path / "a.npz")


def test_a_member_shorter_than_it_claims(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (1000, 1000)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", head.getvalue() + bytes(10))
    with pytest.raises(FormatError, match="ends early"):
        read(tmp_path / "a.npz")


def test_real_files(data_dir: Path) -> None:
    image = read(data_dir / "neutron_tof" / "tof_components.npz" / "average")
    assert dict(image.sizes) == {"y": 128, "x": 128}
    assert read(data_dir / "qbi" / "shellN.npy").ndim == 2


def test_objects_beside_an_image_hinder_nobody(tmp_path: Path) -> None:
    about = np.array({"a": 1}, object)
    np.savez(tmp_path / "a.npz", image=np.eye(3), scale=np.array(0.5), about=about)
    image = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(image.values, np.eye(3))
    assert image.attrs["notes"] == ["holds further arrays, by name: scale, about"]
    assert read(tmp_path / "a.npz" / "scale.npy").values == 0.5
    with pytest.raises(UnsafeFileError, match="Python objects"):
        read(tmp_path / "a.npz" / "about")


def test_records_are_refused_with_their_fields(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 4), [("red", "f4"), ("ä", "f4")]))
    with pytest.raises(FormatError, match=r"records of red, .*array\['red'\]"):
        read(tmp_path / "a.npy")


def test_a_second_array_after_the_first_is_told(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        for _ in range(2):
            np.save(file, np.eye(3))
    assert read(tmp_path / "a.npy").attrs["notes"] == [
        "holds 200 bytes after its array, which are not read"
    ]


@pytest.mark.parametrize("order", ["C", "F"])
def test_4_gigabytes_are_opened_without_a_value(tmp_path: Path, order: str) -> None:
    shape = (512, 2048, 2048)
    header = {"descr": ">u2", "fortran_order": order == "F", "shape": shape}
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 2**32)
    tracemalloc.start()
    image = read(tmp_path / "a.npy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 100
    assert image.shape == shape
    assert 100 < image.data.npartitions < 200
    piece = image.data.chunksize
    assert piece == ((4, 2048, 2048) if order == "C" else (512, 2048, 16))
