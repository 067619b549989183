"""Which array of a file that holds several is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graticule.core.errors import FormatError, suggest


def choose(arrays: Mapping[str, Sequence[int]], inside: str) -> str:
    """Return the name of the array that is asked for, or of the only one that is an image.

    Parameters
    ----------
    arrays : mapping
        Shape by name.
    inside : str
        The name asked for; empty for the only array, or the only one with two axes or more.

    Raises
    ------
    FormatError
        If there is none, or more than one; the message lists them.

    Examples
    --------
    >>> choose({"frames": (5, 8, 8), "exposure": (5,)}, "")
    'frames'
    """
    if inside:
        if inside not in arrays:
            raise FormatError(f"holds no array {inside!r}", hint=suggest(inside, list(arrays)))
        return inside
    images = [name for name, shape in arrays.items() if len(shape) >= 2 and min(shape) > 1]
    for names in (images, list(arrays)):
        if len(names) == 1:
            return names[0]
    if not arrays:
        raise FormatError("holds no array of numbers")
    shown = [f"{name} ({' x '.join(map(str, arrays[name]))})" for name in images or arrays]
    raise FormatError(
        f"holds {len(shown)} arrays: {', '.join(shown[:12])}{', ...' if shown[12:] else ''}",
        hint=f"name one after the path, as .../{next(iter(images or arrays))}",
    )
