"""A stack of files: images that are alike, as slices of one that is read when it is needed."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from graticule.core.errors import FormatError, ImageError, RequestError, UnitsError
from graticule.core.image import Image, step_of
from graticule.core.typing import Array
from graticule.io.format import locate
from graticule.io.lazy import Box, FileArray, as_dask, source_of
from graticule.io.paths import as_path, matches
from graticule.io.safety import guard
from graticule.io.studies import study

Open = Callable[[Path], Image]
_NAMES = ("z", "t")
_PLACES = {"tof": ("TOF", "s")}
"""Keyword of a header that says where a file lies along a new dim, and its unit."""


@dataclass(frozen=True)
class Files:
    """What a list or a pattern stands for.

    Attributes
    ----------
    paths : tuple of Path
        In the order of a list, or the natural order of a pattern.
    notes : tuple of str
        What of a pattern was passed over.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def files_of(given: object) -> Files | None:
    """Return the files of a list or a pattern; None where the path is that of one file."""
    if isinstance(given, (list, tuple)):
        if not given:
            raise RequestError("a stack needs at least one file; none was given")
        return Files(tuple(as_path(each) for each in given))
    path = as_path(given)
    if matches(path) is None:
        return None
    found = study(path)
    passed_over = [f"{path.name} was passed over: {why}" for path, why in found.skipped]
    return Files(tuple(source.path for source in found), tuple(passed_over))


def stack(
    files: Files, open_image: Open, *, name: str | None = None, spaced: Collection[str] = ()
) -> Image:
    """Return the images of files as slices of one, along a new first dim.

    Parameters
    ----------
    files : Files
        At least one.
    open_image : callable
        ``open_image(path) -> image``: picklable, for slices are read by it anew when needed.
    name : str, optional
        Of the new dim; by default ``z``, or ``t`` where the files have a ``z`` of their own.
    spaced : collection of str
        Dims whose spacing the user gives, so that what the files say of it may differ.

    Raises
    ------
    FormatError
        If the files are not alike in dims, sizes, dtype, spacing or unit of the values.
    """
    import dask.array as da
    import xarray as xr

    first_path, *_ = files.paths
    first = open_image(first_path)
    notes = list(files.notes)
    if name is None:
        name = next((each for each in _NAMES if each not in first.dims), None)
        if name is None:
            raise FormatError(
                "the files have a z and a t of their own", where=str(first_path),
                hint="name all axes, the new one first, as dims=[...]",
            )  # fmt: skip
        notes.append(f"the files are slices along {name}, for nobody named their axis")
    if name in first.dims:
        raise ImageError(f"the files have a dim {name} of their own", where=str(first_path))
    slices, sources, places = [], [], []
    for path in files.paths:
        image = first if path is first_path else open_image(path)
        _require_alike(first, image, first_path, path, spaced)
        slices.append(image.data if image.chunks is not None else _lazy(path, image, open_image))
        sources.append(source_of(image) if image.chunks is not None else None)
        places.append((image.attrs.get("header") or {}).get(_PLACES.get(name, ("", ""))[0]))
        notes += image.attrs.get("notes") or ()
        moved = [dim for dim in first.coords if not first[dim].equals(image[dim])]
        notes += [f"the files lie at different places along {dim}; the first counts"
                  for dim in moved if dim not in spaced]  # fmt: skip
    data = _joined(sources)
    data = da.stack(slices) if data is None else data
    header = {**first.attrs.get("header", {}), "files": [path.name for path in files.paths]}
    attrs = {**first.attrs, "header": header, "source": _folder(files.paths)}
    if notes:
        attrs["notes"] = list(dict.fromkeys(notes))
    dims = (name, *first.dims)
    stacked = xr.DataArray(data, dims=dims, coords=first.coords, attrs=attrs)
    stacked.name = first.name  # else that of dask's array
    return _placed(stacked, name, places)


def _placed(stacked: Image, name: str, places: Sequence[Any]) -> Image:
    """Return a stack with the coordinate that the headers of its files give, where all do."""
    numbers = [place for place in places if isinstance(place, float) and math.isfinite(place)]
    if len(numbers) < len(places) or len(set(numbers)) < max(2, len(numbers)):
        return stacked
    key, unit = _PLACES[name]
    stacked = stacked.assign_coords({name: (name, numbers, {"units": unit})})
    told = f"the positions along {name} are those of {key} in the headers"
    return stacked.assign_attrs(notes=[*(stacked.attrs.get("notes") or ()), told])


def _folder(paths: Sequence[Path]) -> str:
    return os.path.commonpath([path.parent for path in paths])


@dataclass(frozen=True)
class _Pieces:
    """Reads a box of files that each hold a slice as it is: one opening and reading of each.

    Attributes
    ----------
    names : tuple of str
        Of the files, from the folder they have in common.
    fetches : tuple of callable
        What reads a slice of each; one where it is the same for all.
    states : str
        The sizes and times of the files when they were opened.
    """

    names: tuple[str, ...]
    fetches: tuple[Callable[[Path, Box], Array], ...]
    states: str
    in_place: ClassVar[bool] = True

    def __call__(self, folder: Path, box: Box) -> Array:
        out: Array | None = None
        for place, at in enumerate(range(box[0].start, box[0].stop)):
            path = folder / self.names[at]
            with guard(path):
                piece = self.fetches[at % len(self.fetches)](path, box[1:])
            if out is None:
                out = np.empty((box[0].stop - box[0].start, *piece.shape), piece.dtype)
            out[place] = piece
        assert out is not None
        return out


def _joined(sources: Sequence[FileArray | None]) -> Any:
    """Return slices that lie as they are in their files as one lazy array; None of any others.

    A box of many slices is then read file by file, without a task of dask for each.
    """
    arrays = [each for each in sources if each and getattr(each.fetch, "in_place", False)]
    if len(arrays) < max(2, len(sources)):
        return None
    folder = Path(_folder([each.path for each in arrays]))
    names = tuple(os.path.relpath(each.path, folder) for each in arrays)
    fetches = tuple(each.fetch for each in arrays)
    if len(set(fetches)) == 1:
        fetches = fetches[:1]
    stats = [each.path.stat() for each in arrays]
    states = hashlib.sha256(repr([(s.st_mtime_ns, s.st_size) for s in stats]).encode()).hexdigest()
    first = arrays[0]
    read = _Pieces(names, fetches, states)
    array = FileArray(folder, (len(arrays), *first.shape), first.dtype, read)
    return as_dask(array, (1, *(1 for _ in first.shape[1:]), *first.shape[-1:]))


@dataclass(frozen=True)
class _Again:
    """Reads a box of an image of a format that is only read whole."""

    path: Path
    open_image: Open

    def __call__(self, _: Path, box: Box) -> Array:
        values: Array = self.open_image(self.path).values[box]
        return values


def _lazy(path: Path, image: Image, open_image: Open) -> Any:
    array = FileArray(locate(path).path, image.shape, image.dtype, _Again(path, open_image))
    return as_dask(array, image.shape)


def _require_alike(
    first: Image, image: Image, first_path: Path, path: Path, spaced: Collection[str]
) -> None:
    for ours, theirs in zip(_kind(first), _kind(image), strict=True):
        if ours != theirs:
            raise _unlike(ours, theirs, first_path, path)
    for dim in first.dims:
        (step, unit), (other, other_unit) = _step(first, dim), _step(image, dim)
        is_alike = unit == other_unit and math.isclose(step, other, rel_tol=1e-6)
        if dim not in spaced and not is_alike:
            ours, theirs = (
                f"of {value:.6g} {name or 'px'} along {dim}"
                for value, name in ((step, unit), (other, other_unit))
            )
            raise _unlike(ours, theirs, first_path, path)


def _kind(image: Image) -> tuple[str, str, str]:
    sizes = ", ".join(f"{dim} {size}" for dim, size in image.sizes.items())
    return sizes, f"of {image.dtype}", f"in {image.attrs.get('units') or 'no unit'}"


def _step(image: Image, dim: Any) -> tuple[float, str]:
    try:
        return step_of(image, dim)
    except UnitsError:  # uneven, and told where the places of two files differ
        return 0.0, str(image[dim].attrs.get("units", ""))


def _unlike(ours: str, theirs: str, first_path: Path, path: Path) -> FormatError:
    return FormatError(
        f"is {theirs}, and {first_path} is {ours}; the files of a stack are alike",
        where=str(path),
        hint="read them one by one",
    )
