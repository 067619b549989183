"""``graticule inspect``."""

from __future__ import annotations

from typing import Any


def inspect(file: str, /) -> int:
    """Show what a file holds: dims, sizes, spacing, units, levels, header and value range.

    Parameters
    ----------
    file
        An image, a dataset within one (scan.h5/entry/data), or a Zarr folder.
    """
    from graticule.io import content_hash, levels, read

    image = read(file)
    print(f"{file}\n  {'dtype':10} {image.dtype}   sha256 {content_hash(file)[:16]}...")
    for dim, size in image.sizes.items():
        print(f"  {dim!s:10} {size:>8} samples{_axis(image, dim)}")
    for number, sizes in enumerate(levels(file)):
        if number:
            print(f"  level {number:<4} {' x '.join(str(size) for size in sizes.values())}")
    if image.attrs.get("units"):
        print(f"  {'values in':10} {image.attrs['units']}")
    print(f"  {'range':10} {_range(image)}")
    for key, value in list((image.attrs.get("header") or {}).items())[:60]:
        print(f"    {key} = {str(value)[:100]}")
    return 0


def _axis(image: Any, dim: Any) -> str:
    from graticule.core import step_of
    from graticule.core.errors import UnitsError

    if dim not in image.coords:
        return ""
    try:
        step, unit = step_of(image, dim)
    except UnitsError:
        return ", unevenly spaced"
    first = float(image.coords[dim].values[0])
    return f" of {step:.6g} {unit or 'px'}, the first at {first:.6g}"


def _range(image: Any) -> str:
    """Return least and largest value, read block by block."""
    if image.size == 0 or image.dtype.kind not in "buif":
        return "no numbers"
    low, high = image.min(skipna=True), image.max(skipna=True)
    return f"{float(low.compute()):.6g} to {float(high.compute()):.6g}"
