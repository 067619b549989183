"""Reading an image from any file that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from graticule.core.errors import FormatError, GraticuleError, ImageError, ParameterError
from graticule.core.image import NUMERIC, Image, as_image
from graticule.io.axes import GUESSED, UNNAMED
from graticule.io.format import Address, Format, Links, Sizes, format_of, locate
from graticule.io.safety import guard
from graticule.io.stacking import files_of, stack


def read(
    path: str | Path | Sequence[str | Path],
    *,
    dims: Sequence[str] | None = None,
    spacing: Mapping[str, float | str] | None = None,
    level: int = 0,
    labels: bool = False,
    links: Links = "never",
) -> Image:
    """Read an image; its format is known by the content and not by the name.

    Formats that allow it are opened lazily: the image then holds a dask array whose blocks are
    read from the file, by its path, when they are needed.

    Parameters
    ----------
    path : str or Path or sequence of these
        A file, a Zarr folder, or an array within a file: ``scan.h5/entry/data``,
        ``image.fits/1``, ``image.fits/SCI``, ``arrays.npz/name``. A list, or a pattern
        (``frames/*.tif``, in natural order), is always a stack: its files, which must be alike,
        are slices along a new first dim, ``z`` unless ``dims`` names it; one is read when it is
        needed.
    dims : sequence of str, optional
        A name per axis, in place of those the file gives.
    spacing : mapping, optional
        Distance between samples by dim, in place of what the file says: a number (pixels), or
        a quantity such as ``"0.5 um"``.
    level : int
        Pyramid level; 0 is the full resolution.
    labels : bool
        Whether values are names of objects or classes: of a file with a palette the indices
        that are stored are then read, and not the colours they stand for.
    links : str
        Whether links of an HDF5 file to other files are followed: ``"never"``, or ``"beside"``
        to files in its folder and below it.

    Returns
    -------
    DataArray
        With dims, coordinates (``attrs["units"]`` on each that has a unit) and, in its
        ``attrs``, ``units`` of the values, ``header`` (what else the file says, as JSON can
        hold it) and ``source`` (the path).

    Raises
    ------
    FormatError
        If there is no such file, it is damaged, or of no known format.
    UnsafeFileError
        If it could harm: a decompression bomb, a pickle, a link out of its tree.

    Examples
    --------
    >>> import os, skimage
    >>> image = read(os.path.join(skimage.data_dir, "coins.png"), spacing={"x": "0.1 mm"})
    >>> image.dims, image.shape, image.x.attrs["units"]
    (('y', 'x'), (303, 384), 'mm')
    """
    if links not in ("never", "beside"):
        raise ParameterError(f"links must be never or beside, not {links!r}")
    files = files_of(path)
    if files is None:
        given = cast("str | Path", path)
        return _read_one(given, dims=dims, spacing=spacing, level=level, labels=labels, links=links)
    name, rest = (dims[0], dims[1:]) if dims else (None, None)
    open_image = partial(_read_one, dims=rest, level=level, labels=labels, links=links)
    return as_image(stack(files, open_image, name=name, spaced=spacing or ()), spacing=spacing)


def _read_one(
    path: str | Path,
    *,
    dims: Sequence[str] | None = None,
    spacing: Mapping[str, float | str] | None = None,
    level: int,
    labels: bool,
    links: Links,
) -> Image:
    address = replace(locate(path), links=links)
    known = format_of(address.path)
    with guard(address):
        if level and not 0 <= level < (count := len(_levels(known, address))):
            raise FormatError(f"there is no pyramid level {level}; it has {count}, from 0")
        open_image = (known.open_labels if labels else None) or known.open
        image = open_image(address, level)
        if image.dtype.kind not in NUMERIC:
            raise FormatError(f"holds {image.dtype}; an image holds numbers or bools")
    if dims is None and any(str(dim).startswith(UNNAMED) for dim in image.dims):
        raise FormatError(
            f"the file does not name its {image.ndim} axes, of sizes {image.shape}",
            where=str(address),
            hint='name them when reading, as dims=["t", "z", "y", "x"]',
        )
    try:
        image = as_image(image, dims=dims, spacing=spacing)
    except GraticuleError as error:
        raise error.at(str(address)) from None
    if dims is not None and "notes" in image.attrs:
        kept = [note for note in image.attrs["notes"] if not str(note).endswith(GUESSED)]
        attrs = {name: held for name, held in image.attrs.items() if name != "notes"}
        image = image.drop_attrs(deep=False).assign_attrs(attrs | ({"notes": kept} if kept else {}))
    return image.assign_attrs(source=str(address))


def levels(path: str | Path, *, links: Links = "never") -> list[Sizes]:
    """Return the pyramid levels a file has, the full resolution first.

    Parameters
    ----------
    path : path
        As for `read`.
    links : str
        As for `read`.

    Returns
    -------
    list of dict
        The sizes of each level by dim; one level for a file without a pyramid.

    Raises
    ------
    FormatError
        If there is no such file, it is damaged, or of no known format.

    Examples
    --------
    >>> import os, skimage
    >>> levels(os.path.join(skimage.data_dir, "coins.png"))
    [{'y': 303, 'x': 384}]
    """
    address = replace(locate(path), links=links)
    known = format_of(address.path)
    with guard(address):
        return _levels(known, address)


def _levels(known: Format, address: Address) -> list[Sizes]:
    if known.levels is not None:
        return known.levels(address)
    image = known.open(address, 0)
    return [{str(dim): int(size) for dim, size in image.sizes.items()}]


def read_single_channel(path: Path) -> Image:
    """Read a mask, labels or scores, without dims of one sample and without equal channels.

    Raises
    ------
    ImageError
        If its channels differ.
    """
    image = read(path, labels=True).compute(scheduler="synchronous")
    return single_channel(image.squeeze(drop=True) if image.ndim > 2 else image, path)


def single_channel(image: Image, path: Path) -> Image:
    """Return a mask, labels or scores without channels; ``path`` is where they were read.

    Raises
    ------
    ImageError
        If its channels differ, or its opacity from place to place: a colour is no number.
    """
    if "c" not in image.dims:
        return image
    channels = _without_opacity(image)
    if not bool((channels == channels.isel(c=0)).all()):
        raise ImageError(
            "has channels; a mask, labels or scores have none",
            where=str(path),
            hint="save it with one number a sample, or as a picture with a palette",
        )
    return channels.isel(c=0, drop=True)


def _without_opacity(image: Image) -> Image:
    """Return an image without a last channel that is an opacity, the same everywhere."""
    named = "c" in image.coords and image["c"].values[-1] == "opacity"
    if not named and image.sizes["c"] != 4:
        return image
    opacity = image.isel(c=-1)
    return image.isel(c=slice(0, -1)) if bool(opacity.min() == opacity.max()) else image
