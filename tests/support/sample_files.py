"""One small file of every kind that is read, with the values it must give."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

VALUES = (np.arange(60 * 40).reshape(60, 40) * 7 % 251).astype(np.uint8)
STACK = (np.arange(3 * 20 * 30).reshape(3, 20, 30) * 11 % 4093).astype(np.uint16)
Maker = Callable[[Path], Any]


def npy(path: Path) -> Any:
    with path.open("wb") as file:
        np.save(file, STACK)
    return STACK


def npz(path: Path) -> Any:
    with path.open("wb") as file:
        np.savez_compressed(file, a=VALUES)
    return VALUES


def fits(path: Path) -> Any:
    from astropy.io import fits

    fits.PrimaryHDU(STACK).writeto(path)
    return STACK


def fits_packed(path: Path) -> Any:
    from astropy.io import fits

    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(STACK.astype(np.int16))]).writeto(path)
    return STACK.astype(np.int16)


def fits_zipped(path: Path) -> Any:
    from astropy.io import fits

    plain = path.with_suffix(".plain")
    fits.PrimaryHDU(VALUES).writeto(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return VALUES


def tiff(path: Path) -> Any:
    import tifffile

    tifffile.imwrite(path, STACK, photometric="minisblack")
    return STACK


def tiff_pages(path: Path) -> Any:
    import tifffile

    with tifffile.TiffWriter(path) as writer:
        for page in STACK:
            writer.write(page, contiguous=False, compression="zlib", rowsperstrip=7, metadata=None)
    return STACK


def tiff_tiles(path: Path) -> Any:
    import tifffile

    tifffile.imwrite(path, VALUES, tile=(16, 32), compression="lzw")
    return VALUES


def ome_tiff(path: Path) -> Any:
    import xarray as xr

    from graticule.io.formats._tiff_write import write

    write(path, xr.DataArray(STACK, dims=("z", "y", "x")), False)
    return STACK


def imagej(path: Path) -> Any:
    import tifffile

    tifffile.imwrite(path, STACK, imagej=True, metadata={"axes": "ZYX", "unit": "um"})
    return STACK


def _picture(form: str, **options: Any) -> Maker:
    def make(path: Path) -> Any:
        from PIL import Image

        with path.open("wb") as file:
            Image.fromarray(VALUES).save(file, form, **options)
        with Image.open(path) as picture:
            return np.asarray(picture)

    make.__name__ = form.lower()
    return make


def _coded(name: str, bits: int, **options: Any) -> Maker:
    def make(path: Path) -> Any:
        import imagecodecs

        coder = getattr(imagecodecs, f"{name}_encode")
        values = np.dstack([STACK[0]] * 3) if name in ("png", "avif") else STACK[0]
        content = coder(values, **options)
        path.write_bytes(content)
        return getattr(imagecodecs, f"{name}_decode")(content)

    make.__name__ = f"{name}_{bits}"
    return make


def npy_columns(path: Path) -> Any:
    with path.open("wb") as file:
        np.save(file, np.asfortranarray(STACK.astype(">u2")))
    return STACK.astype(">u2")


def zarr_packed(path: Path) -> Any:
    import xarray as xr
    import zarr

    attrs = {"_ARRAY_DIMENSIONS": ["t", "y", "x"], "scale_factor": 0.5, "add_offset": 3.0}
    group = zarr.create_group(path, zarr_format=2)
    group.create_array("a", data=STACK, attributes=attrs, chunks=(1, 7, 30))
    group.create_array("t", data=np.arange(3.0), attributes={"_ARRAY_DIMENSIONS": ["t"]})
    return xr.DataArray(STACK * 0.5 + 3.0).where(STACK != 0).values


def hdf5(path: Path) -> Any:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("entry/data", data=STACK, chunks=(1, 7, 9), compression="gzip")
    return STACK


def hdf5_plain(path: Path) -> Any:
    import h5py

    with h5py.File(path, "w") as file:
        file["data"] = STACK
    return STACK


def hdf5_netcdf(path: Path) -> Any:
    """Packed values with a scale and a fill value."""
    import h5py

    with h5py.File(path, "w") as file:
        packed = file.create_dataset("t", data=VALUES.astype(">i2"), chunks=(9, 40), shuffle=True)
        packed.attrs.update(scale_factor=0.5, add_offset=3.0, _FillValue=np.int16(7))
    return np.where(VALUES == 7, np.nan, VALUES * 0.5 + 3).astype(np.float32)


def hdf5_nexus(path: Path) -> Any:
    """Edges of bins, complex numbers, and a soft link to the data.

    Texts have a fixed length: HDF5 2.0 never returns from some damaged heaps of others.
    """
    import h5py

    values = (STACK + 1j).astype(np.complex64)
    with h5py.File(path, "w") as file:
        file.attrs["default"] = np.bytes_("entry/data")
        data = file.create_group("entry/data")
        data.attrs.update({"signal": np.bytes_("counts"), "tof_indices": 2})
        data.attrs["axes"] = np.array([b"z", b"y", b"tof"])
        file["entry/detector"] = values
        data["counts"], data["tof"] = h5py.SoftLink("/entry/detector"), np.arange(31.0)
    return values


def hdf5_imaris(path: Path) -> Any:
    """Two channels, in blocks that are filled up at their ends."""
    import h5py

    with h5py.File(path, "w") as file:
        for channel in range(2):
            group = file.create_group(f"DataSet/ResolutionLevel 0/TimePoint 0/Channel {channel}")
            padded = np.pad(STACK + channel, ((0, 1), (0, 12), (0, 2)))
            group.create_dataset("Data", data=padded, chunks=(2, 8, 8), compression="gzip")
            for axis, size in zip("ZYX", STACK.shape, strict=True):
                group.attrs[f"ImageSize{axis}"] = np.array(list(str(size)), "S1")
        about = file.create_group("DataSetInfo/Image").attrs
        for axis in range(3):
            about[f"ExtMin{axis}"], about[f"ExtMax{axis}"] = np.bytes_("0"), np.bytes_("12.5")
    return np.stack([STACK, STACK + 1])


def mat_4(path: Path) -> Any:
    from scipy.io import savemat

    with path.open("wb") as file:
        savemat(file, {"text": "abc", "a": VALUES}, format="4")
    return VALUES


def mat_73(path: Path) -> Any:
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("a", data=VALUES.T, chunks=(7, 9), compression="gzip")
        file["a"].attrs["MATLAB_class"] = np.bytes_("uint8")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    return VALUES


def mat(path: Path) -> Any:
    from scipy.io import savemat

    with path.open("wb") as file:
        savemat(file, {"a": VALUES}, do_compression=True)
    return VALUES


def mat_plain(path: Path) -> Any:
    from scipy.io import savemat

    with path.open("wb") as file:
        savemat(file, {"a": VALUES})
    return VALUES


def omezarr(path: Path) -> Any:
    import xarray as xr

    from graticule.io.formats._zarr_write import write

    write(path, xr.DataArray(STACK, dims=("z", "y", "x")), False)
    return STACK


def omezarr_levels(path: Path) -> Any:
    import xarray as xr

    from graticule.io.formats._zarr_write import write

    values = np.arange(4100 * 3, dtype=np.int32).reshape(4100, 3)
    write(path, xr.DataArray(values, dims=("y", "x")), False)
    return values


PICTURES = (
    _picture("PNG"),
    _picture("JPEG", quality=95),
    _picture("BMP"),
    _picture("GIF"),
    _picture("WEBP", lossless=True),
    _picture("PPM"),
    _coded("png", 16),
    _coded("jpeg8", 12, bitspersample=12, level=95),
    _coded("jpeg8", 16, bitspersample=16, lossless=True),
    _coded("jpegls", 16),
    _coded("jpeg2k", 16, level=0),
    _coded("avif", 12, bitspersample=12, level=100),
)


def _envi(interleave: str, dtype: str, *, order: int = 0, offset: int = 0) -> Maker:
    axes = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}[interleave]
    code = {"u2": 12, "f4": 4}[dtype]

    def make(path: Path) -> Any:
        stored = STACK.astype("<>"[order] + dtype).transpose(axes)
        path.with_suffix(".img").write_bytes(bytes(offset) + stored.tobytes())
        path.write_text(
            f"ENVI\nsamples = 30\nlines = 20\nbands = 3\ndata type = {code}\n"
            f"header offset = {offset}\ninterleave = {interleave}\nbyte order = {order}\n"
            "wavelength units = Nanometers\nwavelength = {450.0, 550.0,\n 680.5}\n"
        )
        return STACK.astype(dtype)

    make.__name__ = f"envi_{interleave}"
    return make


ENVI = (
    _envi("bsq", "u2"),
    _envi("bil", "f4", order=1, offset=7),
    _envi("bip", "u2", order=1),
)


def tof_frames(path: Path) -> Any:
    from astropy.io import fits

    path.mkdir()
    for number, frame in enumerate(STACK):
        fits.PrimaryHDU(frame).writeto(path / f"run_{number:05d}.fits")
    (path / "run_Spectra.txt").write_text("1e-06\t10\n1.1e-05\t20\n2.1e-05\t30\n")
    (path / "run_ShutterTimes.txt").write_text("0\t1e-06\t3e-05\n1\t0\t0\n")
    (path / "run_ShutterCount.txt").write_text("0\t5000\n1\t0\n")
    return STACK


_GRID = np.array([[0, 7, 7, 7], [3, 7, 0, 7], [3, 7, 7, 7]])
OBJECTS = np.kron(_GRID, np.ones((5, 6), int)).astype(np.int32)
"""Two objects that touch, one with a hole."""


def _outlines(path: Path, ending: str, values: Any) -> Any:
    from graticule.io import write

    write(path.with_name(f"made{ending}"), values).replace(path)
    return values


def geojson(path: Path) -> Any:
    return _outlines(path, ".geojson", OBJECTS)


def geojson_stack(path: Path) -> Any:
    return _outlines(path, ".geojson", np.stack([OBJECTS, 0 * OBJECTS, OBJECTS[::-1]]))


def coco(path: Path) -> Any:
    return _outlines(path, ".coco.json", OBJECTS)


def roi_zip(path: Path) -> Any:
    return _outlines(path, ".roi.zip", OBJECTS.astype(np.uint8))


def roi(path: Path) -> Any:
    import roifile

    ring = roifile.ImagejRoi.frompoints([[0, 0], [4, 0], [4, 3], [0, 3]], name="5")
    ring.roitype = roifile.ROI_TYPE.TRACED
    path.write_bytes(ring.tobytes())
    return np.full((3, 4), 5, np.int32)


OUTLINES = (geojson, geojson_stack)
ROIS = (roi_zip, roi)
