"""What a file of several images holds, and how each is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError, GraticuleError
from graticule.core.image import NUMERIC
from graticule.io.format import Address, Format, format_of, locate
from graticule.io.safety import guard

_OPENED = 100
_TITLES = ("name", "EXTNAME", "title", "long_name")


@dataclass(frozen=True)
class Content:
    """One of the images of a file.

    Attributes
    ----------
    name : str
        By which it is read: ``read(path / name)``.
    sizes : mapping
        Size by dim; empty where it cannot be read.
    dtype : str
        Of its values.
    title : str
        What the file calls it.
    trouble : str
        Why it cannot be read.

    Examples
    --------
    >>> Content("entry/data", {"y": 512, "x": 512}, "uint16").sizes["x"]
    512
    """

    name: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    dtype: str = ""
    title: str = ""
    trouble: str = ""


def contents(path: str | Path) -> list[Content]:
    """Return the images, arrays, series or extensions of a file that each have a name.

    Parameters
    ----------
    path : str or Path
        As for `read`.

    Returns
    -------
    list of Content
        In the order of the file; empty for a format whose files hold one image. Of the first
        100 it is said what they are, and of the others what they are called.

    Raises
    ------
    FormatError
        If there is no such file, it is damaged, or of no known format.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder) / "two.npz", a=np.zeros((4, 6)), b=np.zeros(3))
    ...     [(each.name, dict(each.sizes)) for each in contents(Path(folder) / "two.npz")]
    [('a', {'y': 4, 'x': 6}), ('b', {'x': 3})]
    """
    address = locate(path)
    known = format_of(address.path)
    if known.names is None:
        return []
    with guard(address):
        names = known.names(address)
    described = [_describe(known, address, name) for name in names[:_OPENED]]
    return described + [Content(name) for name in names[_OPENED:]]


def _describe(known: Format, address: Address, name: str) -> Content:
    try:
        inner = locate(Path(str(address)) / name)
        with guard(inner):
            image = known.open(inner, 0)
            if image.dtype.kind not in NUMERIC:
                raise FormatError(f"holds {image.dtype}, not numbers")
    except GraticuleError as error:
        return Content(name, trouble=error.what)
    sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
    return Content(name, sizes, str(image.dtype), _title(image.attrs.get("header") or {}))


def _title(header: Mapping[str, Any]) -> str:
    return next((str(header[key]) for key in _TITLES if header.get(key)), "")
