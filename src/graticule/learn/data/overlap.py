"""Whether images share content: equal, cut from one another, or parts of one mosaic."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import CheckError
from graticule.core.typing import Array

SIDE = 16
"""Side of the patches by which parts are known again, in samples."""
_PROBES = 64
_FEWEST_VALUES = 24
_ROWS_AT_ONCE = 256
_THUMBNAIL_SAMPLES = 4096
_LEAST_CORRELATION = 0.999
_HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def pixel_hash(image: xr.DataArray) -> str:
    """Return the SHA-256 of the values of an image, with its shape and dtype.

    Names, coordinates and headers are left out: the same picture under another name is the same.

    Examples
    --------
    >>> pixel_hash(xr.DataArray([1, 2])) == pixel_hash(xr.DataArray([1, 2], dims="x"))
    True
    """
    values = np.ascontiguousarray(image.values)
    digest = hashlib.sha256(f"{values.dtype.str}{values.shape}".encode())
    digest.update(values.data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Fingerprint:
    """What an image is known again by.

    Attributes
    ----------
    sha256 : str
        Of all values.
    constant : bool
        Whether all values are the same; such an image is like others by chance.
    probes : ndarray, (patches, SIDE, SIDE)
        Patches spread over the image, rich enough not to be anywhere else by chance.
    shape : tuple of int
        Of the image.
    thumbnail : ndarray
        A few thousand samples, less their mean, of length 1; empty of an image that has too few
        values to be known again by them.
    """

    sha256: str
    constant: bool
    probes: Array
    shape: tuple[int, ...]
    thumbnail: Array

    def is_rescaled(self, other: Fingerprint) -> bool:
        """Return whether another image is this one in other numbers."""
        if self.shape != other.shape or not self.thumbnail.size or not other.thumbnail.size:
            return False
        return bool(self.thumbnail @ other.thumbnail > _LEAST_CORRELATION)


def fingerprint_of(image: xr.DataArray) -> Fingerprint:
    """Return what an image is known again by."""
    values = image.values
    same = values.size == 0 or bool((values == values.ravel()[0]).all())
    thumbnail = np.zeros(0) if same else _thumbnail(values)
    return Fingerprint(pixel_hash(image), same, _probes(_planes(values)), values.shape, thumbnail)


def _thumbnail(values: Array) -> Array:
    """Return samples spread over an image, without its brightness and contrast."""
    step = [max(1, round(size / _THUMBNAIL_SAMPLES ** (1 / values.ndim))) for size in values.shape]
    few = values[tuple(slice(None, None, each) for each in step)].astype(float).ravel()
    few = np.where(np.isfinite(few), few, 0.0)
    if np.unique(few).size < _FEWEST_VALUES:
        return np.zeros(0)
    few -= few.mean()
    return np.asarray(few / np.linalg.norm(few))


def require_disjoint(train: Mapping[str, xr.DataArray], test: Mapping[str, xr.DataArray]) -> None:
    """Refuse images of which one is equal to, part of, or partly the same as another.

    Parameters
    ----------
    train, test : mapping of DataArray
        Images by name. They are looked at one by one, so they may be lazy.

    Raises
    ------
    CheckError
        Naming both.

    Notes
    -----
    Parts are found by patches of 16 x 16 samples with at least 24 values, spread over each
    image: an exact copy of any part that is wider than an eighth of the smaller image is found,
    wherever it lies. A whole image that was saved with another bit depth, brightness or
    contrast, or with small losses, is known by its samples, which are correlated by more than
    0.999. Copies that were resized or turned are not found, nor parts in other numbers.

    Examples
    --------
    >>> image = xr.DataArray(np.random.default_rng(0).normal(size=(64, 64)), dims=("y", "x"))
    >>> require_disjoint({"a": image}, {"b": image[10:50, 5:45]})
    Traceback (most recent call last):
    graticule.core.errors.CheckError: the image b (to be judged on) shares a part with a ...
    """
    both = {**train, **test}
    names = list(both)
    pairs = [
        (names.index(one), names.index(other)) for one in train for other in test if one != other
    ]
    _require_unshared(names, list(both.values()), pairs)


def require_distinct(names: Sequence[str], images: Sequence[xr.DataArray], groups: Any) -> None:
    """Refuse images of different groups that share content; those of one group may.

    Parameters
    ----------
    names : sequence of str
        One for each image.
    images : sequence of DataArray
        They may be lazy.
    groups : sequence
        One for each image.

    Raises
    ------
    CheckError
        Naming both.

    Examples
    --------
    >>> image = xr.DataArray(np.random.default_rng(0).normal(size=(64, 64)), dims=("y", "x"))
    >>> require_distinct(["a", "b"], [image, image], ["one", "one"])
    """
    pairs = itertools.permutations(range(len(images)), 2)
    _require_unshared(names, images, [(a, b) for a, b in pairs if groups[a] != groups[b]])


def require_unequal(names: Sequence[str], images: Sequence[xr.DataArray], groups: Any) -> None:
    """Refuse images of different groups that are equal, or one the other in other numbers.

    As `require_distinct`, but for parts of images; so thousands of images take seconds.

    Raises
    ------
    CheckError
        Naming both.

    Examples
    --------
    >>> one = xr.DataArray(np.arange(60.0).reshape(6, 10), dims=("y", "x"))
    >>> require_unequal(["a", "b"], [one, 2 * one + 1], [0, 1])
    Traceback (most recent call last):
        ...
    graticule.core.errors.CheckError: the image b (to be judged on) is a in other numbers...
    """
    seen: dict[str, int] = {}
    thumbnails: dict[tuple[int, ...], list[tuple[int, Array]]] = {}
    for number, image in enumerate(images):
        values = image.values
        if values.size == 0 or bool((values == values.ravel()[0]).all()):
            continue
        first = seen.setdefault(pixel_hash(image), number)
        if groups[first] != groups[number]:
            raise _shared(names[number], f"is equal to {names[first]}")
        thumbnail = _thumbnail(values)
        if thumbnail.size:
            thumbnails.setdefault(values.shape, []).append((number, thumbnail))
    for own in thumbnails.values():
        numbers = [number for number, _ in own]
        rows = np.stack([thumbnail for _, thumbnail in own]).astype(np.float32)
        for at, number in enumerate(numbers):
            for place in np.flatnonzero(rows[:at] @ rows[at] > _LEAST_CORRELATION):
                other = numbers[int(place)]
                if groups[other] != groups[number]:
                    raise _shared(names[number], f"is {names[other]} in other numbers")


def _require_unshared(
    names: Sequence[str], images: Sequence[xr.DataArray], pairs: list[tuple[int, int]]
) -> None:
    """Refuse pairs of images, by their numbers, that share content."""
    fingerprints = [fingerprint_of(image) for image in images]
    for one, other in pairs:
        a, b = fingerprints[one], fingerprints[other]
        if not a.constant and a.sha256 == b.sha256:
            raise _shared(names[other], f"is equal to {names[one]}")
        if a.is_rescaled(b):
            raise _shared(names[other], f"is {names[one]} in other numbers")
    for at, image in enumerate(images):
        others = dict.fromkeys(b if a == at else a for a, b in pairs if at in (a, b))
        hit = _find_probe(_planes(image.values), {n: fingerprints[n].probes for n in others})
        if hit is not None:
            one, other = (at, hit) if (at, hit) in pairs else (hit, at)
            raise _shared(names[other], f"shares a part with {names[one]}")


def _shared(name: str, how: str) -> CheckError:
    return CheckError(
        f"the image {name} (to be judged on) {how} (to be learned from)",
        hint="take one of them away, or put both into one group and split by group",
    )


def _planes(values: Array) -> Array:
    """Return an image as a stack of planes, or no plane where it is too small."""
    if values.ndim < 2 or min(values.shape[-2:]) < SIDE:
        return np.zeros((0, SIDE, SIDE), values.dtype)
    return values.reshape(-1, *values.shape[-2:])


def _probes(planes: Array) -> Array:
    """Return patches spread over an image that are rich in values."""
    if not planes.shape[0]:
        return planes
    depth, height, width = planes.shape
    side = int(np.sqrt(_PROBES // 4)) if depth > 1 else int(np.sqrt(_PROBES))
    counts = ((depth - 1, 4 if depth > 1 else 1), (height - SIDE, side), (width - SIDE, side))
    places = (np.unique(np.linspace(0, last, count).astype(int)) for last, count in counts)
    found = []
    for z, y, x in itertools.product(*places):
        patch = planes[z, y : y + SIDE, x : x + SIDE]
        if np.unique(patch).size >= _FEWEST_VALUES and len(np.unique(patch[0])) > 2:
            found.append(patch.copy())
    return np.array(found) if found else np.zeros((0, SIDE, SIDE), planes.dtype)


def _find_probe(planes: Array, probes: Mapping[int, Array]) -> int | None:
    """Return the first image of which a patch is in these planes; None where none is."""
    fitting = {number: p for number, p in probes.items() if p.dtype == planes.dtype and len(p)}
    if not fitting or not planes.shape[0]:
        return None
    numbers = [number for number, p in fitting.items() for _ in p]
    patches = np.concatenate(list(fitting.values()))
    wanted = _row_hashes(patches[:, :1, :])[:, 0, 0]
    for plane in planes:
        for top in range(0, plane.shape[0] - SIDE + 1, _ROWS_AT_ONCE):
            hashes = _row_hashes(plane[top : min(top + _ROWS_AT_ONCE, plane.shape[0] - SIDE + 1)])
            for y, x in np.argwhere(np.isin(hashes, wanted)):
                there = plane[top + y : top + y + SIDE, x : x + SIDE]
                for at in np.flatnonzero(wanted == hashes[y, x]):
                    if np.array_equal(there, patches[at]):
                        return numbers[at]
    return None


def _row_hashes(planes: Array) -> Array:
    """Return a hash of the run of `SIDE` samples along the last axis that starts at each."""
    values = np.ascontiguousarray(planes)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    elif values.dtype.kind == "f":
        values = np.ascontiguousarray(values, np.float64).view(np.uint64)
    bits = values.astype(np.uint64)
    count = bits.shape[-1] - SIDE + 1
    out = np.zeros((*bits.shape[:-1], count), np.uint64)
    for shift in range(SIDE):
        out = (out ^ bits[..., shift : shift + count]) * _HASH_FACTOR
        out ^= out >> np.uint64(29)
    return out
