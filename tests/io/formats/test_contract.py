"""Every built-in format keeps the contract of formats."""

from __future__ import annotations

import sample_files as files

from graticule.io.formats import (
    coco,
    envi,
    fits,
    geojson,
    hdf5,
    mat,
    npy,
    omezarr,
    picture,
    roi,
    tiff,
    tof_frames,
)
from graticule.testing.format_contract import FormatContract


class TestEnvi(FormatContract):
    """Each interleave, both orders of bytes, and values that begin somewhere in their file."""

    format = envi.FORMAT
    samples = files.ENVI
    lazy = files.ENVI


class TestTofFrames(FormatContract):
    """A folder of frames with its spectrum, shutter counts and times."""

    format = tof_frames.FORMAT
    samples = (files.tof_frames,)
    lazy = (files.tof_frames,)


class TestFits(FormatContract):
    """Plain, compressed in tiles, and zipped."""

    format = fits.FORMAT
    samples = (files.fits, files.fits_packed, files.fits_zipped)
    lazy = (files.fits, files.fits_packed)
    ending = ".fits"
    dtypes = "u1 u2 u4 u8 i1 i2 i4 i8 f4 f8"


class TestHdf5(FormatContract):
    """In chunks and in one piece, with axes and scales, and as many data sets."""

    format = hdf5.FORMAT
    samples = (
        files.hdf5,
        files.hdf5_plain,
        files.hdf5_netcdf,
        files.hdf5_nexus,
        files.hdf5_imaris,
    )
    lazy = samples


class TestMat(FormatContract):
    """Version 5, packed and plain, and versions 4 and 7.3."""

    format = mat.FORMAT
    samples = (files.mat, files.mat_plain, files.mat_4, files.mat_73)
    lazy = (files.mat_plain, files.mat_4, files.mat_73)


class TestNpy(FormatContract):
    """One array, and an archive of them."""

    format = npy.FORMAT
    samples = (files.npy, files.npy_columns, files.npz)
    lazy = (files.npy, files.npy_columns)
    ending = ".npy"
    dtypes = "bool u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8 c8 c16"
    keeps_axes = False


class TestOmeZarr(FormatContract):
    """With and without a pyramid."""

    format = omezarr.FORMAT
    samples = (files.omezarr, files.omezarr_levels, files.zarr_packed)
    lazy = samples
    ending = ".ome.zarr"
    dtypes = "bool u1 u2 u4 u8 i1 i2 i4 i8 f4 f8 c8"


class TestPicture(FormatContract):
    """What Pillow reads; PNG is written."""

    format = picture.FORMAT
    samples = files.PICTURES
    ending = ".png"
    dtypes = "bool u1 u2"
    dims = (("y", "x"), ("time", "distance"))


class TestTiff(FormatContract):
    """Plain, in pages and tiles, of OME and of ImageJ."""

    format = tiff.FORMAT
    samples = (
        files.tiff,
        files.tiff_pages,
        files.tiff_tiles,
        files.ome_tiff,
        files.imagej,
    )
    lazy = samples
    ending = ".ome.tif"
    dtypes = "bool u1 u2 u4 i1 i2 i4 f4 f8 c8"


class TestGeojson(FormatContract):
    """Outlines in a plane and in a stack."""

    format = geojson.FORMAT
    samples = files.OUTLINES


class TestCoco(FormatContract):
    """Outlines and runs of pixels."""

    format = coco.FORMAT
    samples = (files.coco,)


class TestRoi(FormatContract):
    """One outline, and a ZIP of them."""

    format = roi.FORMAT
    samples = files.ROIS
