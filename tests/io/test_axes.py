"""Spacings that are none, and units in whatever spelling, in every format alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from astropy.io import fits
from PIL import Image, PngImagePlugin

import graticule as gt
from graticule.core import step_of
from graticule.core.errors import UnitsError
from graticule.core.units import is_unit, unit_scale
from graticule.io.axes import short_unit

VALUES = np.zeros((4, 6), np.uint8)


def imagej(path: Path, step: float, unit: str) -> Path:
    metadata = {"axes": "ZYX", "unit": unit, "spacing": step}
    tifffile.imwrite(path, np.stack([VALUES] * 3), imagej=True, resolution=(2, 2),
                     metadata=metadata)  # fmt: skip
    return path


def ome(path: Path, step: float, unit: str) -> Path:
    metadata = {"axes": "YX", "PhysicalSizeX": step, "PhysicalSizeXUnit": unit}
    tifffile.imwrite(path, VALUES, ome=True, metadata=metadata)
    return path


def flexible(path: Path, step: float, unit: str) -> Path:
    hdu = fits.PrimaryHDU(VALUES)
    if np.isfinite(step):
        hdu.header["CDELT1"] = step
    else:
        hdu.header["CDELT1"] = str(step)
    hdu.header["CUNIT1"] = unit
    hdu.writeto(path)
    return path


def scales(path: Path, step: float, unit: str) -> Path:
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", data=VALUES)
        axis = file.create_dataset("x", data=[0.0, *(np.arange(1, 6) * step)])
        axis.attrs["units"] = unit
        axis.make_scale("x")
        data.dims[1].attach_scale(axis)
    return path


def zarr(path: Path, step: float, unit: str) -> Path:
    gt.write(path, gt.core.as_image(VALUES, spacing={"y": "1 um", "x": "1 um"}))
    file = path / "zarr.json"
    about = json.loads(file.read_text())
    said = about["attributes"]["ome"]["multiscales"][0]
    said["axes"][1]["unit"] = unit
    said["datasets"][0]["coordinateTransformations"][0]["scale"][1] = step
    file.write_text(json.dumps(about))
    return path


def png(path: Path, step: float, unit: str) -> Path:
    axes = {"x": {"step": step, "origin": 0, "units": unit}}
    notes = PngImagePlugin.PngInfo()
    notes.add_text("graticule", json.dumps({"dims": ["y", "x"], "axes": axes, "units": ""}))
    Image.fromarray(VALUES).save(path, pnginfo=notes)
    return path


WRITERS: dict[str, Callable[[Path, float, str], Path]] = {
    "a.tif": imagej,
    "a.ome.tif": ome,
    "a.fits": flexible,
    "a.h5": scales,
    "a.ome.zarr": zarr,
    "a.png": png,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("step", [0.0, float("nan"), float("inf")])
def test_a_spacing_that_is_none_is_told_and_given_way(
    tmp_path: Path, name: str, step: float
) -> None:
    dim = "z" if name == "a.tif" else "x"
    path = WRITERS[name](tmp_path / name, step, "um")
    image = gt.read(path)
    assert step_of(image, dim) == (1.0, "")
    assert image.attrs.get("notes") or name == "a.tif", "nothing told"
    told = gt.read(path, spacing={dim: "0.5 um"})
    assert step_of(told, dim) == (0.5, "um")


@pytest.mark.parametrize("name", WRITERS)
def test_what_the_user_gives_comes_before_what_the_file_says(tmp_path: Path, name: str) -> None:
    dim = "z" if name == "a.tif" else "x"
    path = WRITERS[name](tmp_path / name, 3.0, "um")
    assert step_of(gt.read(path), dim)[0] == 3.0
    assert step_of(gt.read(path, spacing={dim: "2 mm"}), dim) == (2.0, "mm")


def test_an_uneven_spacing_gives_way(tmp_path: Path) -> None:
    path = scales(tmp_path / "a.h5", 1.0, "um")
    with h5py.File(path, "r+") as file:
        file["x"][...] = np.arange(6) ** 2
    with pytest.raises(UnitsError, match="evenly"):
        step_of(gt.read(path), "x")
    assert step_of(gt.read(path, spacing={"x": "2 um"}), "x") == (2.0, "um")


@pytest.mark.parametrize("step", ["0 um", 0, float("nan"), "-1 um"])
def test_what_the_user_gives_must_be_a_spacing(tmp_path: Path, step: float | str) -> None:
    path = gt.write(tmp_path / "a.npy", VALUES)
    with pytest.raises(UnitsError, match=r"a\.npy: spacing along x must be positive"):
        gt.read(path, spacing={"x": step})


@pytest.mark.parametrize("name", WRITERS)
def test_a_unit_that_is_not_known_is_told_and_kept(tmp_path: Path, name: str) -> None:
    path = WRITERS[name](tmp_path / name, 3.0, "cubit")
    image = gt.read(path)
    dim = "z" if name == "a.tif" else "x"
    assert step_of(image, dim) == (3.0, "cubit")
    note = "the unit 'cubit' of {} is not known: it is kept, and not converted"
    assert note.format(dim) in image.attrs["notes"]
    with pytest.raises(UnitsError, match="cubit"):  # a length is not turned into it by guess
        gt.transform.crop(image, start={dim: "2 um"})


def test_areas_stay_in_a_unit_that_is_not_known() -> None:
    labels = gt.core.as_image(np.ones((4, 6), int), spacing={"y": "2 cubit", "x": "3 cubit"})
    table = gt.measure.regions(labels)
    assert table["area"].iloc[0] == 4 * 6 * 2 * 3
    assert table.attrs["units"]["area"] == "cubit2"
    mixed = gt.core.as_image(np.ones((4, 6), int), spacing={"y": "2 um", "x": "3 cubit"})
    assert gt.measure.regions(mixed).attrs["units"]["area"] == "px2"
    inverse = gt.core.as_image(np.ones((4, 6), int), spacing={"y": "2 1/nm", "x": "3 1/nm"})
    assert gt.measure.regions(inverse).attrs["units"]["area"] == "1 / nm2"


SPELLINGS = {
    "um": "um µm μm micron Microns micrometre micrometers mum um/px µm/pixel Âµm \\u00B5m &micro;m",
    "nm": "nm nanometers Nanometres nm/px",
    "mm": "mm millimeter millimetres mm/pixel",
    "Angstrom": "A Å \u212b angstrom Angstroms ångström ang",
    "inch": "inch inches in Inch",
    "s": "s sec secs seconds Second",
    "ms": "ms msec millisecond",
    "us": "usec microseconds",
    "min": "min mins minute Minutes",
    "h": "h hr hrs hour hours",
    "deg": "deg degs degree Degrees °",
    "arcsec": 'arcsec arcseconds asec " arcsecs',
    "rad": "rad radian radians",
    "": "px pixel Pixels pix voxels sample none null",
    "Mm": "Mm megameter",
    "keV": "keV",
    "Hz": "Hz",
}


@pytest.mark.parametrize(("unit", "spellings"), SPELLINGS.items())
def test_spellings(unit: str, spellings: str) -> None:
    assert {short_unit(text) for text in spellings.split()} == {unit}
    assert short_unit(unit) == unit
    assert not unit or is_unit(unit)


def test_an_inch_is_an_inch() -> None:
    scale, base = unit_scale("inch")
    assert base == "m"
    assert scale == pytest.approx(0.0254)
