"""docs/formats.md says what is so: every row of its tables is written, read and compared."""

from __future__ import annotations

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import imagecodecs
import numpy as np
import pytest
import roifile
import scipy.io
import scipy.sparse
import tifffile
import xarray as xr
import zarr
from astropy.io import fits
from PIL import Image

from graticule.core import step_of
from graticule.core.errors import FormatError
from graticule.io import read, write
from graticule.io.format import formats
from graticule.io.unread import MARKS

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
GREY = np.arange(600, dtype=np.uint16).reshape(20, 30)
BYTES = (GREY % 256).astype(np.uint8)
COLOUR = np.dstack([BYTES, 255 - BYTES, BYTES // 2])
LABELS = BYTES % 3
EXAMPLES: dict[tuple[str, str], Callable[[Path], Any]] = {}


def example(section: str, row: str) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register what writes the file of a row; it may return what else to pass to `read`."""

    def register(write: Callable[[Path], Any]) -> Callable[[Path], Any]:
        EXAMPLES[section, row] = write
        return write

    return register


@example("FITS", "16-bit integers")
def _(path: Path) -> None:
    fits.writeto(path, GREY.astype(np.int16))


@example("FITS", "unsigned integers, as `BZERO = 32768`")
def _(path: Path) -> None:
    fits.writeto(path, GREY)


@example("FITS", "integers with `BSCALE`, and a `BLANK`")
def _(path: Path) -> None:
    hdu = fits.PrimaryHDU(BYTES.astype(float))
    hdu.scale("int16", bscale=0.5, bzero=1)
    hdu.header["BLANK"] = -2
    hdu.writeto(path)


@example("FITS", "`CDELT`, `CUNIT` and `BUNIT`")
def _(path: Path) -> None:
    header = fits.Header(
        {"CDELT1": 0.25, "CUNIT1": "mm", "CDELT2": 0.5, "CUNIT2": "mm", "BUNIT": "K"}
    )
    fits.writeto(path, GREY.astype(np.float32), header)


@example("FITS", "a `CD` matrix, turned and slanted")
def _(path: Path) -> None:
    sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 20.0,
           "CD1_1": -0.003, "CD1_2": 0.0, "CD2_1": 0.004, "CD2_2": 0.005}  # fmt: skip
    fits.writeto(path, GREY, fits.Header(sky))


@example("FITS", "a step of 0")
def _(path: Path) -> None:
    fits.writeto(path, GREY, fits.Header({"CDELT1": 0.0, "CDELT2": 0.5, "CUNIT2": "mm"}))


@example("FITS", "two image extensions")
def _(path: Path) -> None:
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(GREY), fits.ImageHDU(GREY)]).writeto(path)


@example("FITS", "the second of them, as `scan.fits/2`")
def _(path: Path) -> dict[str, Any]:
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(GREY), fits.ImageHDU(GREY)]).writeto(path)
    return {"inside": "2"}


@example("FITS", "a table alone")
def _(path: Path) -> None:
    fits.BinTableHDU.from_columns([fits.Column("a", "E", array=np.zeros(3))]).writeto(path)


@example("TIFF", "OME-TIFF with `PhysicalSizeX`, `Y`, `Z`")
def _(path: Path) -> None:
    about = {
        "axes": "ZYX",
        **{f"PhysicalSize{axis}": size for axis, size in (("X", 0.5), ("Y", 0.5), ("Z", 2.0))},
        **{f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"},
    }
    tifffile.imwrite(path, np.stack([GREY] * 4), ome=True, metadata=about)


@example("TIFF", "ImageJ's hyperstack of channels")
def _(path: Path) -> None:
    about = {"axes": "TCYX", "unit": "um", "finterval": 5.0}
    stack = np.broadcast_to(GREY, (3, 2, 20, 30))
    tifffile.imwrite(path, stack, imagej=True, resolution=(2, 2), metadata=about)


@example("TIFF", "pixels per centimetre")
def _(path: Path) -> None:
    tifffile.imwrite(path, GREY, resolution=(100, 100), resolutionunit="CENTIMETER")


@example("TIFF", "pixels per inch, which is a printer's")
def _(path: Path) -> None:
    tifffile.imwrite(path, GREY, resolution=(300, 300), resolutionunit="INCH")


@example("TIFF", "red, green and blue")
def _(path: Path) -> None:
    tifffile.imwrite(path, COLOUR)


@example("TIFF", "a palette")
def _(path: Path) -> None:
    palette = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256) // 2]) * 257
    options = {"photometric": "palette", "colormap": palette.astype(np.uint16)}
    tifffile.imwrite(path, BYTES, **options)


@example("TIFF", "CMYK inks")
def _(path: Path) -> None:
    tifffile.imwrite(path, np.dstack([COLOUR, BYTES]), photometric="separated")


@example("TIFF", "grey with opacity")
def _(path: Path) -> None:
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
    tifffile.imwrite(path, COLOUR[..., :2], planarconfig="contig", **options)


@example("TIFF", "a page that lies on its side")
def _(path: Path) -> None:
    tifffile.imwrite(path, GREY, extratags=[(274, "H", 1, 6, True)])


@example("TIFF", "integers with GDAL's missing value")
def _(path: Path) -> None:
    tifffile.imwrite(path, GREY, extratags=[(42113, "s", 0, "0", True)])


@example("TIFF", "a slide of Aperio")
def _(path: Path) -> None:
    tifffile.imwrite(path, COLOUR, tile=(16, 16), description="Aperio x|MPP = 0.5", metadata=None)


@example("TIFF", "four pages that nothing names")
def _(path: Path) -> None:
    tifffile.imwrite(path, np.stack([GREY] * 4), photometric="minisblack", metadata=None)


@example("TIFF", "two images in one OME-TIFF")
def _(path: Path) -> None:
    with tifffile.TiffWriter(path, ome=True) as file:
        for _ in range(2):
            file.write(GREY, metadata={"axes": "YX"})


@example("picture", "PNG, grey, 4 bits")
def _(path: Path) -> None:
    rows = (BYTES % 16)[:, ::2] * 16 + (BYTES % 16)[:, 1::2]
    size = struct.pack(">2I", 30, 20)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = {b"IHDR": size + bytes([4, 0, 0, 0, 0]), b"IDAT": packed, b"IEND": b""}
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts.items()
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


@example("picture", "PNG, grey, 16 bits")
def _(path: Path) -> None:
    Image.fromarray(GREY).save(path, "PNG")


@example("picture", "PNG, RGB, 16 bits")
def _(path: Path) -> None:
    path.write_bytes(imagecodecs.png_encode(COLOUR.astype(np.uint16) * 257))


@example("picture", "PNG of 300 dpi, which is a printer's")
def _(path: Path) -> None:
    Image.fromarray(BYTES).save(path, "PNG", dpi=(300, 300))


def _palette(path: Path) -> None:
    picture = Image.fromarray(LABELS, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.save(path, "PNG")


@example("picture", "a palette (PNG, GIF, BMP), as an image")
def _(path: Path) -> None:
    _palette(path)


@example("picture", "the same, as labels, a mask or the truth")
def _(path: Path) -> dict[str, Any]:
    _palette(path)
    return {"labels": True}


@example("picture", "grey and opacity")
def _(path: Path) -> None:
    Image.new("LA", (30, 20), (100, 7)).save(path, "PNG")


@example("picture", "JPEG of CMYK")
def _(path: Path) -> None:
    Image.new("CMYK", (30, 20)).save(path, "JPEG")


@example("picture", "JPEG of 12 bits")
def _(path: Path) -> None:
    path.write_bytes(imagecodecs.jpeg8_encode(GREY, bitspersample=12))


@example("picture", "JPEG 2000 of 12 bits, signed")
def _(path: Path) -> None:
    path.write_bytes(imagecodecs.jpeg2k_encode(GREY.astype(np.int16) - 300, bitspersample=12))


@example("picture", "JPEG with EXIF orientation 6")
def _(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(BYTES).save(path, "JPEG", exif=exif)


@example("picture", "a phone's JPEG, with a gain map")
def _(path: Path) -> None:
    further = [Image.fromarray(BYTES)]
    Image.fromarray(COLOUR).save(path, "MPO", save_all=True, append_images=further)


@example("picture", "PGM of maximum 5")
def _(path: Path) -> None:
    path.write_bytes(b"P5\n4 1\n5\n" + bytes([0, 1, 4, 5]))


@example("picture", "animated GIF, WebP, PNG")
def _(path: Path) -> None:
    frames = [Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)]
    frames[0].save(path, "WEBP", save_all=True, append_images=frames[1:])


@example("HDF5", "the only image among datasets")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["entry/frames"], file["entry/exposure"] = GREY, np.zeros(5)


@example("HDF5", "NeXus: `signal`, `axes`, `units`")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs.update({"NX_class": "NXentry", "default": "data"})
        data = entry.create_group("data")
        data.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": ["y", "x"]})
        data["counts"], data["y"], data["x"] = GREY, np.arange(20) * 0.5, np.arange(30) * 0.25
        data["y"].attrs["units"] = data["x"].attrs["units"] = "mm"


@example("HDF5", "two images")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["one"], file["two"] = GREY, GREY


@example("HDF5", "the second of them, as `scan.h5/two`")
def _(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file["one"], file["two"] = GREY, GREY
    return {"inside": "two"}


@example("HDF5", "values that lie in another file")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        raw = [(str(path.with_suffix(".raw")), 0, 1200)]
        file.create_dataset("image", (20, 30), "u2", external=raw)


@example("HDF5", "`axistags` of ilastik and vigra")
def _(path: Path) -> None:
    tags = [
        {"key": key, "resolution": step} for key, step in zip("zyx", (2, 0.5, 0.5), strict=True)
    ]
    with h5py.File(path, "w") as file:
        file["exported_data"] = np.zeros((3, 4, 5), np.uint16)
        file["exported_data"].attrs["axistags"] = json.dumps({"axes": tags})
        file["exported_data"].attrs["axis_units"] = json.dumps(dict.fromkeys("zyx", "um"))


@example("HDF5", "edges of bins along an axis")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["image"], file["energy"] = GREY, np.arange(GREY.shape[1] + 1) * 0.5
        file["energy"].attrs["units"] = "keV"
        file.attrs["signal"], file.attrs["axes"] = "image", ["y", "energy"]


@example("HDF5", "netCDF: `scale_factor`, `add_offset`, `_FillValue`")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["t"] = np.append(np.arange(299), -1).astype(np.int16).reshape(20, 15)
        file["t"].attrs.update(scale_factor=0.1, add_offset=5.1, _FillValue=np.int16(-1), units="K")
        file["lat"], file["lon"] = np.arange(20) * 2.0, np.zeros(15, ">f4")
        file["lat"].attrs["units"] = "degrees_north"
        for axis, name in enumerate(("lat", "lon")):
            none = "This is a netCDF dimension but not a netCDF variable.        15"
            file[name].make_scale(name if name == "lat" else none)
            file["t"].dims[axis].attach_scale(file[name])


@example("HDF5", "`.ims` of Imaris")
def _(path: Path) -> None:
    def letters(text: object) -> Any:
        return np.array(list(str(text)), "S1")

    with h5py.File(path, "w") as file:
        file["DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"] = np.zeros((3, 4, 5), "u2")
        about = file.create_group("DataSetInfo/Image").attrs
        for axis, (size, step) in enumerate(((5, 0.5), (4, 0.5), (3, 1))):
            about[f"ExtMin{axis}"], about[f"ExtMax{axis}"] = letters(0), letters(size * step)
        about["Unit"] = letters("um")


@example("HDF5", "stacks of BigDataViewer")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["s00/resolutions"] = [[1.0, 1, 1]]
        for name in ("t00000", "t00001"):
            file[f"{name}/s00/0/cells"] = np.zeros((3, 4, 5), np.int16)


@example("HDF5", "an enumeration of false and true")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["mask"] = GREY > 9


@example("HDF5", "text")
def _(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file["title"] = "a scan"
    return {"inside": "title"}


@example("HDF5", "a filter that is missing")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((3, 4))
        plist.set_filter(32099, h5py.h5z.FLAG_OPTIONAL, ())
        space, kind = h5py.h5s.create_simple((3, 4)), h5py.h5t.NATIVE_INT16
        h5py.h5d.create(file.id, b"image", kind, space, plist)


@example("HDF5", 'the same, with `links="beside"`')
def _(path: Path) -> dict[str, Any]:
    raw = path.with_name("a.raw")
    raw.write_bytes(GREY.tobytes())
    with h5py.File(path, "w") as file:
        file.create_dataset("image", GREY.shape, GREY.dtype, external=raw.name)
    return {"links": "beside"}


@example("HDF5", "NeXus: time of flight, in bins")
def _(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs.update({"NX_class": "NXentry", "default": "data"})
        data = entry.create_group("data")
        axes = ["time_of_flight", "y", "x"]
        data.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": axes})
        data["counts"], data["time_of_flight"] = np.stack([GREY] * 4), np.arange(5) * 10.0
        data["time_of_flight"].attrs["units"] = "microsecond"


@example("FITS", "a spectral axis (`CTYPE3 = 'WAVE'`)")
def _(path: Path) -> None:
    cards = {"CTYPE3": "WAVE", "CUNIT3": "Angstrom", "CDELT3": 0.1, "CRVAL3": 1.0}
    fits.writeto(path, np.stack([GREY] * 4), fits.Header(cards))


@example("FITS", "a spectral axis by a table (`WAVE-TAB`)")
def _(path: Path) -> None:
    cards = {"CTYPE3": "WAVE-TAB", "CUNIT3": "Angstrom", "CRVAL3": 1.0, "CDELT3": 1.0}
    fits.writeto(path, np.stack([GREY] * 4), fits.Header(cards))


def _frames(path: Path, bins: int = 4) -> None:
    path.mkdir()
    for number in range(4):
        fits.writeto(path / f"run_{number:05d}.fits", GREY)
    lines = (f"{1e-6 + 1e-5 * number:.7g}\t{number}\n" for number in range(bins))
    (path / "run_Spectra.txt").write_text("".join(lines))


@example("time-of-flight frames", "frames with their `..._Spectra.txt`")
def _(path: Path) -> None:
    _frames(path)


@example("time-of-flight frames", "frames and a spectrum of more bins")
def _(path: Path) -> None:
    _frames(path, 5)


@example("time-of-flight frames", "a frame that is missing")
def _(path: Path) -> None:
    _frames(path)
    (path / "run_00002.fits").unlink()


@example("time-of-flight frames", "two runs in a folder")
def _(path: Path) -> None:
    _frames(path)
    (path / "other_Spectra.txt").write_text("1e-6 1\n")


def _envi(path: Path, stored: Any, lines: int = 20, bands: int = 1, **keys: object) -> None:
    big = int(stored.dtype.byteorder == ">")
    path.with_suffix(".img").write_bytes(stored.tobytes())
    said = {"samples": 30, "lines": lines, "bands": bands, "data type": 12, "byte order": big,
            **{key.replace("_", " "): value for key, value in keys.items()}}  # fmt: skip
    path.write_text("ENVI\n" + "\n".join(f"{key} = {value}" for key, value in said.items()))


@example("ENVI", "band after band (bsq), most significant byte first")
def _(path: Path) -> None:
    _envi(path, np.stack([GREY] * 3).astype(">u2"), bands=3, interleave="bsq")


@example("ENVI", "line after line (bil), with wavelengths")
def _(path: Path) -> None:
    places = {"wavelength": "{450, 460, 470}", "wavelength_units": "Nanometers"}
    _envi(path, np.stack([GREY] * 3, axis=1), bands=3, interleave="bil", **places)


@example("ENVI", "pixel after pixel (bip), with `data ignore value`")
def _(path: Path) -> None:
    _envi(path, np.stack([GREY] * 3, axis=2), bands=3, interleave="bip", data_ignore_value=0)


@example("ENVI", "one band, placed on a map")
def _(path: Path) -> None:
    _envi(path, GREY, map_info="{UTM, 1, 1, 500000, 4000000, 30, 20, 33, North, WGS-84}")


@example("ENVI", "a header of more lines than the file has")
def _(path: Path) -> None:
    _envi(path, GREY, lines=40)


@example("ENVI", "a header alone")
def _(path: Path) -> None:
    _envi(path, GREY)
    path.with_suffix(".img").unlink()


@example("MATLAB", "two fields of a struct")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"data": {"image": GREY, "truth": GREY}}, appendmat=False)


@example("MATLAB", "a stack, as rows, columns and slices")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"stack": np.zeros((4, 5, 6), np.uint16)}, appendmat=False)


@example("MATLAB", "a logical matrix")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"mask": GREY > 9}, appendmat=False)


@example("MATLAB", "a sparse matrix")
def _(path: Path) -> dict[str, Any]:
    eye = scipy.sparse.eye_array(3, format="csc")
    scipy.io.savemat(path, {"matrix": eye}, appendmat=False)
    return {"inside": "matrix"}


@example("MATLAB", "a file of version 4")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"image": GREY}, appendmat=False, format="4")


@example("MATLAB", "a matrix")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"image": GREY})


@example("MATLAB", "a field of a struct, as `scan.mat/data/image`")
def _(path: Path) -> dict[str, Any]:
    scipy.io.savemat(path, {"data": {"image": GREY}})
    return {"inside": "data/image"}


@example("MATLAB", "two matrices")
def _(path: Path) -> None:
    scipy.io.savemat(path, {"one": GREY, "two": GREY})


@example("NumPy", "`.npy` of any order of bytes and axes")
def _(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.asfortranarray(GREY.astype(">u2")))


@example("NumPy", "the only image of an `.npz`")
def _(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, image=GREY, scale=np.array(0.5))


@example("NumPy", "two images in an `.npz`")
def _(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, one=GREY, two=GREY)


@example("NumPy", "the second of them, as `arrays.npz/two`")
def _(path: Path) -> dict[str, Any]:
    with path.open("wb") as file:
        np.savez(file, one=GREY, two=GREY)
    return {"inside": "two"}


@example("NumPy", "Python objects")
def _(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([[{}]], object), allow_pickle=True)


@example("NumPy", "records")
def _(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros((3, 4), [("red", "f4"), ("blue", "f4")]))


AXES = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def _multiscales(path: Path, scale: list[float], **attrs: Any) -> None:
    placed = [{"type": "scale", "scale": scale}]
    datasets = [{"path": "0", "coordinateTransformations": placed}]
    said = {"version": "0.5", "multiscales": [{"axes": AXES, "datasets": datasets}], **attrs}
    zarr.create_group(path, attributes={"ome": said}).create_array("0", data=GREY)


@example("OME-Zarr", "axes, `scale` and units")
def _(path: Path) -> None:
    _multiscales(path, [0.5, 0.25])


@example("OME-Zarr", "a `scale` that none can be")
def _(path: Path) -> None:
    _multiscales(path, [0.0, 0.25])


@example("OME-Zarr", "labels beside the image")
def _(path: Path) -> None:
    _multiscales(path, [0.5, 0.25])
    zarr.create_group(path / "labels", attributes={"ome": {"labels": ["cells"]}})


@example("OME-Zarr", "a plate")
def _(path: Path) -> None:
    plate = {"wells": [{"path": "A/1"}, {"path": "B/2"}]}
    zarr.create_group(path, attributes={"ome": {"plate": plate}})


@example("OME-Zarr", "several images, as bioformats2raw writes")
def _(path: Path) -> None:
    zarr.create_group(path, attributes={"bioformats2raw.layout": 3})
    for name in "01":
        _multiscales(path / name, [0.5, 0.25])


@example("OME-Zarr", "one of them, as `plate.zarr/1`")
def _(path: Path) -> dict[str, Any]:
    _multiscales(path / "1", [0.5, 0.25])
    zarr.create_group(path)
    return {"inside": "1"}


@example("OME-Zarr", "what xarray wrote, packed in integers")
def _(path: Path) -> None:
    coords = {"y": ("y", np.arange(20) * 0.5, {"units": "degree"})}
    image = xr.DataArray(GREY / 10, dims=["y", "x"], coords=coords, attrs={"units": "K"})
    packing = {"dtype": "i2", "scale_factor": 0.1, "_FillValue": -1}
    image.to_dataset(name="t").to_zarr(path, encoding={"t": packing}, consolidated=False)


@example("OME-Zarr", "Python objects, or a codec that runs code")
def _(path: Path) -> None:
    zarr.create_array(path, shape=(4, 4), dtype="f4", zarr_format=2)
    said = (path / ".zarray").read_text().replace('"<f4"', '"|O"')
    (path / ".zarray").write_text(said)


DRAWN = xr.DataArray(
    (GREY // 250).astype(np.uint8),
    dims=["y", "x"],
    coords={
        dim: (dim, np.arange(size) * 0.5, {"units": "um"}) for dim, size in (("y", 20), ("x", 30))
    },
)
BOX = [[1, 1], [5, 1], [5, 4], [1, 4], [1, 1]]


def _drawn(path: Path, ending: str) -> None:
    write(path.with_name(f"made{ending}"), DRAWN).replace(path)


def _rois(path: Path, *rois: Any) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, roi in enumerate(rois):
            archive.writestr(f"{number}.roi", roi.tobytes())


def _traced(name: str, at: int = 0, **place: int) -> Any:
    roi = roifile.ImagejRoi.frompoints(np.array(BOX[:-1]) + at, name=name, **place)
    roi.roitype = roifile.ROI_TYPE.TRACED
    return roi


@example("ImageJ ROI", "a ZIP of what Graticule wrote")
def _(path: Path) -> None:
    _drawn(path, ".roi.zip")


@example("ImageJ ROI", "a ZIP of the ROI Manager, named by hand")
def _(path: Path) -> None:
    _rois(path, _traced("cell"), _traced("other cell", 8))


@example("ImageJ ROI", "outlines on two slices")
def _(path: Path) -> None:
    _rois(path, _traced("3", z=0), _traced("7", z=1))


@example("ImageJ ROI", "a rectangle, an oval and a line")
def _(path: Path) -> None:
    kinds = roifile.ROI_TYPE
    boxes = [
        roifile.ImagejRoi(roitype=kind, left=at, top=2, right=at + 5, bottom=8, name=str(number))
        for number, (kind, at) in enumerate([(kinds.RECT, 1), (kinds.OVAL, 9)], start=1)
    ]
    _rois(path, *boxes, roifile.ImagejRoi(roitype=kinds.LINE, x2=9.0, y2=9.0, name="3"))


def _features(*geometries: Any) -> list[Any]:
    return [{"type": "Feature", "geometry": each, "properties": {}} for each in geometries]


@example("GeoJSON", "what Graticule wrote")
def _(path: Path) -> None:
    _drawn(path, ".geojson")


@example("GeoJSON", "cells of QuPath, a list of features")
def _(path: Path) -> None:
    shifted = [[x + 8, y] for x, y in BOX]
    boxes = ({"type": "Polygon", "coordinates": [box]} for box in (BOX, shifted))
    path.write_text(json.dumps(_features(*boxes)))


@example("GeoJSON", "objects on two slices (`plane`)")
def _(path: Path) -> None:
    box = {"type": "Polygon", "coordinates": [BOX]}
    planes = ({**box, "plane": {"c": -1, "z": z, "t": 0}} for z in (0, 2))
    path.write_text(json.dumps({"type": "FeatureCollection", "features": _features(*planes)}))


@example("GeoJSON", "its classes, as `a.geojson/class:cell,ground`")
def _(path: Path) -> dict[str, Any]:
    boxes = ([[x + shift, y] for x, y in BOX] for shift in (0, 8, 16))
    features = _features(*({"type": "Polygon", "coordinates": [box]} for box in boxes))
    features[0]["properties"]["classification"] = {"name": "ground", "color": [0, 0, 0]}
    features[1]["properties"]["classification"] = {"name": "cell", "colorRGB": -1}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return {"inside": "class:cell,ground"}


@example("GeoJSON", "areas and points")
def _(path: Path) -> None:
    held = ({"type": "Polygon", "coordinates": [BOX]}, {"type": "Point", "coordinates": [1, 2]})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": _features(*held)}))


@example("GeoJSON", "a point that is no number")
def _(path: Path) -> None:
    held = {"type": "Polygon", "coordinates": [[[0, 0], [4, "x"], [2, 2]]]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": _features(held)}))


@example("COCO", "what Graticule wrote")
def _(path: Path) -> None:
    _drawn(path, ".coco.json")


def _coco(path: Path, *segmentations: Any) -> None:
    images = [{"id": at, "file_name": f"{at}.png", "width": 30, "height": 20} for at in (1,)]
    annotations = [
        {"id": at, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 3], **each}
        for at, each in enumerate(segmentations, start=1)
    ]
    categories = [{"id": 1, "name": "cell", "supercategory": ""}]
    held = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(held))


@example("COCO", "polygons, and runs packed into text")
def _(path: Path) -> None:
    polygon = [number for point in BOX[:-1] for number in point]
    # 200 pixels that are none, 3 that are, and 397 that are none
    packed = {"size": [20, 30], "counts": "X63]<"}
    _coco(path, {"segmentation": [polygon]}, {"segmentation": packed})


@example("COCO", "a box without an outline")
def _(path: Path) -> None:
    _coco(path, {"segmentation": []})


def _two_images(path: Path) -> None:
    images = [
        {"id": name, "file_name": name, "width": 30, "height": 20} for name in ("a.png", "b.png")
    ]
    path.write_text(json.dumps({"licenses": [], "images": images, "annotations": []}))


@example("COCO", "two images")
def _(path: Path) -> None:
    _two_images(path)


@example("COCO", "the second of them, as `instances.json/b.png`")
def _(path: Path) -> dict[str, Any]:
    _two_images(path)
    return {"inside": "b.png"}


@example("COCO", "runs for another image")
def _(path: Path) -> None:
    _coco(path, {"segmentation": {"size": [2, 2], "counts": [4]}})


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _rows(section: str) -> dict[str, str]:
    lines = re.findall(r"^\| (.+?) \| (.+?) \|$", _sections()[section], flags=re.M)
    return {what: outcome for what, outcome in lines if what != "file" and "---" not in what}


def _outcome(image: xr.DataArray) -> list[str]:
    """Return in the words of the page what a file comes out as."""
    parts = [f"`{' '.join(map(str, image.dims))}` {image.dtype}"]
    for dim in image.dims:
        if dim in image.coords and image[dim].dtype.kind in "iuf":
            step, unit = step_of(image, str(dim))
            parts.append(f"{dim} {step:g} {unit}")
    return [*parts, f"in {image.attrs['units']}"] if image.attrs.get("units") else parts


@pytest.mark.parametrize(("section", "row"), EXAMPLES, ids=lambda text: re.sub(r"\W+", "-", text))
def test_every_row_is_so(tmp_path: Path, section: str, row: str) -> None:
    options = EXAMPLES[section, row](tmp_path / "a") or {}
    path = tmp_path / "a" / options.pop("inside", "")
    said = _rows(section)[row]
    if said.startswith("refused: "):
        with pytest.raises(FormatError, match=re.escape(said.removeprefix("refused: "))):
            read(path, **options)
        return
    image = read(path, **options)
    parts = said.split("; ")
    notes = [part.removeprefix("noted: ") for part in parts if part.startswith("noted: ")]
    ranges = [part for part in parts if re.fullmatch(r"-?[\d.]+ to -?[\d.]+", part)]
    plain = [part for part in parts if part not in ranges and not part.startswith("noted: ")]
    assert plain == _outcome(image)
    told = image.attrs.get("notes") or []
    assert all(any(note in each for each in told) for note in notes), told
    least, largest = float(image.min(skipna=True)), float(image.max(skipna=True))
    assert ranges in ([], [f"{least:g} to {largest:g}"])


def test_every_row_has_an_example() -> None:
    rows = {(each.name, row) for each in formats() for row in _rows(each.name)}
    assert rows == set(EXAMPLES)


def test_every_format_has_a_section_with_its_endings() -> None:
    known = {each.name: each for each in formats()}
    assert set(known) <= set(_sections())
    for name, each in known.items():
        for word, endings in (
            ("Endings", each.suffixes),
            ("Written as", (each.write_suffixes or each.suffixes) if each.write else ()),
        ):
            line = re.search(rf"^{word}: (.*)$", _sections()[name], flags=re.M)
            assert line is not None
            assert sorted(re.findall(r"`(\S+)`", line[1])) == sorted(endings)


def test_all_that_is_not_read_is_named() -> None:
    text = " ".join(_sections()["Not read"].split())
    assert all(name in text and way in text for _, _, name, way in MARKS)
