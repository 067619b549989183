"""A folder of frames with its spectrum file is one cube, with the times of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from astropy.io import fits

from graticule.core import step_of
from graticule.core.errors import FormatError
from graticule.core.image import is_lazy
from graticule.io import read
from graticule.io.studies import study

FRAMES = np.arange(6 * 4 * 5).reshape(6, 4, 5).astype(np.uint16)
TIMES = [1e-6 + 1e-5 * bin_ for bin_ in range(6)]


def run(
    folder: Path, times: list[float] = TIMES, *, name: str = "run", ending: str = ".fits"
) -> Path:
    """Write six frames and a spectrum file."""
    folder.mkdir(exist_ok=True)
    for number, frame in enumerate(FRAMES):
        path = folder / f"{name}_{number:05d}{ending}"
        if ending == ".fits":
            fits.writeto(path, frame)
        else:
            tifffile.imwrite(path, frame)
    lines = (f"{time:.7g}\t{1000 + number}\n" for number, time in enumerate(times))
    (folder / f"{name}_Spectra.txt").write_text("".join(lines))
    return folder


@pytest.mark.parametrize("ending", [".fits", ".tif"])
def test_the_folder_is_one_lazy_cube(tmp_path: Path, ending: str) -> None:
    folder = run(tmp_path / "a", ending=ending)
    fits.writeto(folder / "run_SummedImg.fits", FRAMES.sum(axis=0))
    (folder / "notes.md").write_text("what we did")
    image = read(folder)
    assert image.dims == ("tof", "y", "x")
    assert is_lazy(image)
    np.testing.assert_array_equal(image.values, FRAMES)
    np.testing.assert_allclose(image.tof.values, 6 + 10.0 * np.arange(6))
    assert step_of(image, "tof") == (pytest.approx(10), "us")
    assert "tof_left" not in image.coords
    assert image.counts.values.tolist() == list(range(1000, 1006))
    assert [each.path for each in study(folder)] == [folder]


def test_one_file_of_pages_is_a_cube_too(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    for path in folder.glob("*.fits"):
        path.unlink()
    tifffile.imwrite(folder / "run.tif", FRAMES, photometric="minisblack")
    image = read(folder)
    assert image.dims == ("tof", "y", "x")
    np.testing.assert_allclose(image.tof.values, 6 + 10.0 * np.arange(6))
    np.testing.assert_array_equal(image.values, FRAMES)


def test_openings_of_the_shutter_are_coordinates(tmp_path: Path) -> None:
    """A line of the times is the pause since the last opening and the length of the next one."""
    times = [1e-3, 1.1e-3, 1.2e-3, 2e-3, 2.4e-3, 2.8e-3]
    folder = run(tmp_path / "a", times)
    (folder / "run_ShutterTimes.txt").write_text("0\t.001\t.0003\n1\t.00069\t.0012\n2\t0\t0\n")
    (folder / "run_ShutterCount.txt").write_text("0\t7000\n1\t6900\n2\t0\n")
    image = read(folder)
    assert image.shutter.values.tolist() == [0, 0, 0, 1, 1, 1]
    assert image.triggers.values.tolist() == [7000] * 3 + [6900] * 3
    np.testing.assert_allclose(image.tof_left.values, np.array(times) * 1e6)
    width = image.tof_right.values - image.tof_left.values
    np.testing.assert_allclose(width, [100, 100, 100, 400, 400, 400])
    np.testing.assert_allclose(image.tof.values, image.tof_left.values + width / 2)


@pytest.mark.parametrize("count", [5, 7])
def test_a_spectrum_of_another_length_is_refused_by_name(tmp_path: Path, count: int) -> None:
    folder = run(tmp_path / "a", [1e-5 * n for n in range(1, count + 1)])
    with pytest.raises(FormatError) as told:
        read(folder)
    assert f"has {count} bins, and run_00000.fits to run_00005.fits are 6 frames" in str(told.value)
    assert "run_Spectra.txt" in str(told.value)
    assert 'read("folder/*.fits", dims=["tof", "y", "x"])' in str(told.value)


def test_a_missing_frame_is_named(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    (folder / "run_00003.fits").unlink()
    with pytest.raises(FormatError, match=r"run_00005\.fits \(3 missing\) are 5 frames"):
        read(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no numbers"),
        ("1e-6 1\nx 2\n", "line 2 is no row of numbers: 'x 2'"),
        ("1e-6 1\nnan 2\n", "line 2 is no row"),
        ("1e-6 1\n2e-6\n", "rows of different lengths"),
        ("1e-6\n3e-6\n2e-6\n4e-6\n5e-6\n6e-6\n", "line 3 is 2e-06 s after 3e-06 s"),
    ],
)
def test_a_damaged_spectrum_is_refused(tmp_path: Path, text: str, words: str) -> None:
    folder = run(tmp_path / "a")
    (folder / "run_Spectra.txt").write_text(text)
    with pytest.raises(FormatError, match=words):
        read(folder)


def test_names_of_columns_and_commas_are_read(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    lines = "\n".join(f"{time},{n}" for n, time in enumerate(TIMES))
    (folder / "run_Spectra.txt").write_text(f"shutter_time,counts\n{lines}\n")
    np.testing.assert_allclose(read(folder).tof.values, 6 + 10.0 * np.arange(6))


def test_shutter_files_of_another_run_are_refused(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    (folder / "run_ShutterTimes.txt").write_text("0\t1e-6\t1e-5\n1\t5\t1\n2\t5\t1\n")
    with pytest.raises(FormatError, match="3 openings of the shutter, and some hold no bin"):
        read(folder)
    (folder / "run_ShutterTimes.txt").write_text("0\t1e-6\t3e-5\n1\t0\t3e-5\n")
    (folder / "run_ShutterCount.txt").write_text("0\t100\n1\t0\n")
    with pytest.raises(FormatError, match=r"has 1 openings.*ShutterTimes\.txt 2"):
        read(folder)


def test_two_runs_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = run(run(tmp_path / "a"), name="other")
    with pytest.raises(FormatError, match="holds 2 spectrum files"):
        read(folder)
    (folder / "run_Spectra.txt").unlink()
    assert read(folder).sizes["tof"] == 6, "the other run is dated by its own file"
    (folder / "other_Spectra.txt").rename(folder / "third_Spectra.txt")
    with pytest.raises(FormatError, match="frames of 2 kinds"):
        read(folder)


def test_frames_under_another_name_are_noted(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    (folder / "run_Spectra.txt").rename(folder / "raw_Spectra.txt")
    notes = read(folder).attrs["notes"]
    assert "the frames run... are dated by raw_Spectra.txt" in notes


def test_a_pattern_takes_the_times_of_the_headers(tmp_path: Path) -> None:
    for number in (7, 8, 9):
        header = fits.Header({"TOF": 1e-3 * number})
        fits.writeto(tmp_path / f"a_{number}.fits", FRAMES[0], header)
    image = read(str(tmp_path / "a_*.fits"), dims=["tof", "y", "x"])
    np.testing.assert_allclose(image.tof.values, [7e-3, 8e-3, 9e-3])
    assert image.tof.attrs["units"] == "s"
    assert "tof" not in read(str(tmp_path / "a_*.fits"), dims=["t", "y", "x"]).coords


def test_real_frames_of_a_camera(data_dir: Path, tmp_path: Path) -> None:
    """The file of times that is kept beside them is of ten other frames, and is refused."""
    with pytest.raises(FormatError, match=r"Image019_Spectra\.txt: has 10 bins.*are 3 frames"):
        read(data_dir / "neutron_tof")
    by_header = read(str(data_dir / "neutron_tof" / "*.fits"), dims=["tof", "y", "x"])
    times = by_header.tof.values
    for path in (data_dir / "neutron_tof").glob("*.fits"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "Image019_Spectra.txt").write_text("".join(f"{time:.9g}\t0\n" for time in times))
    image = read(tmp_path)
    assert image.shape == (3, 512, 512)
    np.testing.assert_allclose(image.tof.values, times * 1e6 + 5.12, rtol=1e-6)
    np.testing.assert_array_equal(image.values, by_header.values)
