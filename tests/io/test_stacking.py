"""Stacks of files: a list or a pattern is one image, lazily, of files that are alike."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image, step_of
from graticule.core.errors import FormatError, GraticuleError, ImageError, RequestError

VALUES = np.arange(12 * 8 * 6).reshape(12, 8, 6)


def frames(folder: Path, ending: str, dtype: str = "u1", spacing: Any = None) -> list[Path]:
    """Write twelve frames that are called ``f1`` to ``f12``."""
    return [
        gt.write(folder / f"f{n}{ending}", as_image(frame.astype(dtype), spacing=spacing))
        for n, frame in enumerate(VALUES, start=1)
    ]


@pytest.mark.parametrize("ending", [".tif", ".png", ".npy", ".fits", ".ome.zarr"])
def test_a_pattern_is_a_stack_in_natural_order(tmp_path: Path, ending: str) -> None:
    paths = frames(tmp_path, ending)
    image = gt.read(str(tmp_path / f"*{ending}"))
    assert image.dims == ("z", "y", "x")
    assert image.chunks is not None
    np.testing.assert_array_equal(image.values, VALUES.astype("u1"))
    assert image.attrs["header"]["files"] == [path.name for path in paths]
    assert "the files are slices along z, for nobody named their axis" in image.attrs["notes"]
    again = pickle.loads(pickle.dumps(image))  # noqa: S301
    np.testing.assert_array_equal(again[3:5, 2:4, ::2].values, VALUES[3:5, 2:4, ::2].astype("u1"))


def test_a_list_is_in_its_own_order(tmp_path: Path) -> None:
    paths = frames(tmp_path, ".tif")
    chosen: list[str | Path] = [paths[5], str(paths[0]), paths[5]]
    image = gt.read(chosen, dims=["t", "y", "x"], spacing={"t": "2 s"})
    assert image.dims == ("t", "y", "x")
    assert step_of(image, "t") == (2.0, "s")
    assert "notes" not in image.attrs
    np.testing.assert_array_equal(image.values, VALUES[[5, 0, 5]].astype("u1"))


def test_only_what_is_needed_is_read(tmp_path: Path) -> None:
    paths = frames(tmp_path, ".png")
    image = gt.read(str(tmp_path / "*.png"))
    for path in paths[1:]:
        path.unlink()
    np.testing.assert_array_equal(image[0].values, VALUES[0].astype("u1"))
    with pytest.raises(FormatError, match=r"f2\.png"):
        image[1].compute(scheduler="synchronous")


def test_one_file_of_a_pattern_is_a_stack_too(tmp_path: Path) -> None:
    gt.write(tmp_path / "a1.tif", VALUES[0].astype("u1"))
    assert gt.read(str(tmp_path / "a*.tif")).dims == ("z", "y", "x")
    assert gt.read([tmp_path / "a1.tif"]).shape == (1, 8, 6)


def test_a_name_with_brackets_is_that_file(tmp_path: Path) -> None:
    gt.write(tmp_path / "a1.tif", VALUES[0].astype("u1"))
    path = gt.write(tmp_path / "a[1].tif", VALUES[1].astype("u1"))
    np.testing.assert_array_equal(gt.read(path).values, VALUES[1].astype("u1"))
    path.unlink()
    assert gt.read(path).dims == ("z", "y", "x")


def test_spacing_and_names_within_files(tmp_path: Path) -> None:
    frames(tmp_path, ".ome.tif", spacing={"y": "2 um", "x": "3 um"})
    image = gt.read(str(tmp_path / "*.tif"), spacing={"z": "5 um", "x": "1 um"})
    assert [step_of(image, dim) for dim in "zyx"] == [(5.0, "um"), (2.0, "um"), (1.0, "um")]
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", one=VALUES[0], two=VALUES[1])
    inside = gt.read([tmp_path / "a.npz" / "one", tmp_path / "b.npz" / "two"])
    np.testing.assert_array_equal(inside.values, VALUES[:2])


def test_files_of_stacks_are_frames(tmp_path: Path) -> None:
    for n in range(2):
        gt.write(tmp_path / f"{n}.ome.tif", as_image(VALUES.astype("u1"), dims=["z", "y", "x"]))
    assert gt.read(str(tmp_path / "*.tif")).sizes == {"t": 2, "z": 12, "y": 8, "x": 6}


def test_what_is_passed_over_is_told(tmp_path: Path) -> None:
    frames(tmp_path, ".tif")
    (tmp_path / "f99.txt").write_text("x")
    notes = gt.read(str(tmp_path / "f*")).attrs["notes"]
    assert "f99.txt was passed over: of no known format" in notes


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (as_image(np.zeros((8, 7), np.uint8)), "is y 8, x 7, and .*a.ome.tif is y 8, x 6"),
        (as_image(np.zeros((8, 6), np.uint16)), "is of uint16, and .*a.ome.tif is of uint8"),
        (as_image(np.zeros((8, 6), np.uint8), spacing={"x": "2 um", "y": "1 um"}),
         "is of 2 um along x, and .*a.ome.tif is of 1 um along x"),
        (as_image(np.zeros((8, 6), np.uint8), spacing={"x": "1 nm", "y": "1 um"}),
         "is of 1 nm along x"),
        (as_image(np.zeros((8, 6), np.uint8), units="K",
                  spacing={"x": "1 um", "y": "1 um"}), "is in K, and .* is in no unit"),
        (as_image(np.zeros((3, 8, 6), np.uint8)), "is z 3, y 8, x 6"),
    ],
    ids=range(6),
)  # fmt: skip
def test_files_that_are_not_alike_are_named(tmp_path: Path, other: Any, says: str) -> None:
    first = as_image(np.zeros((8, 6), np.uint8), spacing={"x": "1 um", "y": "1 um"})
    paths = [gt.write(tmp_path / "a.ome.tif", first), gt.write(tmp_path / "b.ome.tif", other)]
    with pytest.raises(FormatError, match=rf"b\.ome\.tif: {says}.*one by one"):
        gt.read(paths)
    if "along x" in says:  # what the user gives comes first
        assert gt.read(paths, spacing={"x": "1 um"}).sizes["z"] == 2


def test_places_that_differ_are_told(tmp_path: Path) -> None:
    first = as_image(np.zeros((8, 6), np.uint8), spacing={"x": "1 um"})
    paths = [gt.write(tmp_path / "a.ome.zarr", first),
             gt.write(tmp_path / "b.ome.zarr", first.assign_coords(x=first.x + 100))]  # fmt: skip
    told = "the files lie at different places along x; the first counts"
    assert told in gt.read(paths).attrs["notes"]


def test_what_is_no_stack_is_said(tmp_path: Path) -> None:
    paths = frames(tmp_path, ".tif")
    cases: list[tuple[Any, dict[str, Any], type[GraticuleError], str]] = [
        ([], {}, RequestError, "none was given"),
        (str(tmp_path / "*.gif"), {}, FormatError, "matches no file"),
        ([paths[0], tmp_path / "nowhere.tif"], {}, FormatError, r"nowhere\.tif: there is no such"),
        ([paths[0], 5], {}, RequestError, "not an int"),
        (paths, {"dims": ["x", "y", "x"]}, ImageError, "a dim x of their own"),
        (paths, {"dims": ["y", "x"]}, ImageError, "2 axes need 2 different dims"),
        (paths, {"level": 1}, FormatError, "no pyramid level 1"),
        (paths, {"spacing": {"q": 1}}, ImageError, "names the dim 'q'"),
    ]
    for given, options, kind, says in cases:
        with pytest.raises(kind, match=says):
            gt.read(given, **options)


@pytest.mark.parametrize("ending", [".fits", ".npy"])
def test_files_that_hold_values_as_they_are_cost_no_task_each(tmp_path: Path, ending: str) -> None:
    paths = frames(tmp_path, ending)
    image = gt.read(str(tmp_path / f"*{ending}"))
    assert image.data.npartitions == 1
    assert len(pickle.dumps(image)) < 5_000
    np.testing.assert_array_equal(image[3:9:2, 4, ::-1].values, VALUES.astype("u1")[3:9:2, 4, ::-1])
    before = image.data.name
    paths[7].unlink()
    with pytest.raises(FormatError, match=rf"f8\{ending}"):
        image.compute(scheduler="synchronous")
    np.testing.assert_array_equal(image[6].values, VALUES[6].astype("u1"))
    gt.write(paths[7], as_image(VALUES[7].astype("u1") + 1))
    assert gt.read(str(tmp_path / f"*{ending}")).data.name != before
