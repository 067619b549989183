"""Formats that are known by their mark and not read, with the way to one that is."""

from __future__ import annotations

_VENDOR = "export it as OME-TIFF with the maker's program, or with bioformats2raw as OME-Zarr"
_PICTURE = "save it as PNG or TIFF"
_PACKED = "unpack it first"
MARKS = (
    (0, b"ZISRAWFILE", "Zeiss CZI", _VENDOR),
    (0, b"\xda\xce\xbe\x0a", "Nikon ND2", _VENDOR),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE file, as Zeiss ZVI and Olympus OIB", _VENDOR),
    (128, b"DICM", "DICOM", "export it as TIFF"),
    (344, b"n+1\0", "NIfTI", "save its array as .npy or TIFF"),
    (0, b"NRRD", "NRRD", "save it as TIFF"),
    (208, b"MAP ", "MRC", "save its array as TIFF"),
    (0, b"\xff\x0a", "JPEG XL", _PICTURE),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL", _PICTURE),
    (4, b"ftyphei", "HEIC", _PICTURE),
    (4, b"ftyphev", "HEIC", _PICTURE),
    (4, b"ftypmif1", "HEIF", _PICTURE),
    (0, b"II\xbc\x01", "JPEG XR", _PICTURE),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", "save it as a TIFF of floats"),
    (0, b"#?R", "Radiance HDR", "save it as a TIFF of floats"),
    (0, b"qoif", "QOI", _PICTURE),
    (0, b"8BPS", "Photoshop PSD", _PICTURE),
    (0, b"DDS ", "DDS", _PICTURE),
    (0, b"%PDF", "PDF", _PICTURE),
    (0, b"%!PS", "PostScript", _PICTURE),
    (0, b"<svg", "SVG", _PICTURE),
    (0, b"PK\x03\x04", "a ZIP without NumPy arrays", _PACKED),
    (0, b"\x1f\x8b", "a gzip file of something other than FITS", _PACKED),
    (0, b"BZh", "a bzip2 file", _PACKED),
    (0, b"\xfd7zXZ\0", "an xz file", _PACKED),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z file", _PACKED),
    (257, b"ustar", "a tar file", _PACKED),
)


def unread(head: bytes) -> tuple[str, str] | None:
    """Return the name of a format that is not read and the way out; None of all others.

    Examples
    --------
    >>> unread(b"8BPS" + bytes(20))
    ('Photoshop PSD', 'save it as PNG or TIFF')
    """
    for at, mark, name, way in MARKS:
        if head[at : at + len(mark)] == mark:
            return name, way
    return None
