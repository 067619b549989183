"""From positions in an image to coordinates on the sky."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Table, Whole, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.image import HEADER_AXIS
from graticule.core.typing import Array

_FROM_THE_MIDDLE = ("HPLN", "HGLN", "SOLX")
_KEYWORD = re.compile("[A-Z0-9_-]{1,8}")
# distortions by tables that other extensions of the file hold
_TABLES = re.compile("(CPDIS|CQDIS|CPERR|CQERR|DP|DQ|D2IM|AXISCOR)")


@op(version=1, scope=Whole("a table is small; of the image, the axes alone are used", memory=1))
def to_sky(
    table: Table,
    image: Image,
    *,
    position: Annotated[str, Field(title="Columns of the position, without the dim")] = "centroid",
    alternate: Annotated[
        str, Field(title="Letter of the alternate coordinates", pattern="^[A-Z]?$")
    ] = "",
) -> Table:
    """Add the celestial coordinates of objects to their table.

    The pixels that the positions lie in are found from the coordinates of the image, which
    crops, flips, strides and averages carry along, and taken to the sky by the world coordinate
    system of the header, with its projection and its distortions (SIP, TPV and the like) [1]_ [2]_.

    Parameters
    ----------
    table : Table
        One row for each object, with its position along both axes of the sky, as of
        `measure.regions` (``centroid_y``, ``centroid_x``) or `detect.peak` (``y``, ``x``).
    image : Image
        That the table was measured on, or its labels: with the header and the axes of a FITS file.
    position : str
        What the columns of the position are called: ``centroid``, ``weighted_centroid``, or
        nothing, where they have the names of the dims alone.
    alternate : str
        Letter of the world coordinates to use, ``A`` to ``Z``, where the header has several.

    Returns
    -------
    Table
        With two more columns in degrees, called as the axes of the header: ``ra`` and ``dec``,
        ``glon`` and ``glat``, ``hpln`` and ``hplt``, ...; NaN where a position is, or where it
        lies beyond the projection. Longitudes are 0 to 360, on the Sun -180 to 180 (``hpln``,
        ``hgln``). The frame of ``ra`` and ``dec`` is in ``attrs["frame"]``.

    Raises
    ------
    ImageError
        If the image has no place on the sky, its axes are no longer those of its header, or the
        table was measured on another.
    ParameterError
        If the table has no such columns, or the header no such alternate coordinates.

    See Also
    --------
    astropy.wcs.WCS.all_pix2world : from pixels to the sky.

    References
    ----------
    .. [1] Calabretta, M. R. and Greisen, E. W., "Representations of celestial coordinates in
       FITS", Astronomy & Astrophysics 395, 1077-1122, 2002. :doi:`10.1051/0004-6361:20021327`
    .. [2] Shupe, D. L. et al., "The SIP convention for representing distortion in FITS image
       headers", ASP Conference Series 347, 491, 2005.

    Examples
    --------
    >>> import graticule as gt
    >>> sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 60.0,
    ...        "CRPIX1": 2.0, "CRPIX2": 2.0, "CDELT1": -0.5, "CDELT2": 0.5}
    >>> axes = {"y": [2, 59.5, 0.5], "x": [1, 150.5, -0.5]}  # as the FITS reader leaves them
    >>> image = gt.core.as_image(np.eye(3, dtype=int)).assign_attrs(header=sky)
    >>> for dim, (number, first, step) in axes.items():
    ...     attrs = {"units": "deg", "header_axis": [number, first, step]}
    ...     image = image.assign_coords({dim: (dim, first + step * np.arange(3), attrs)})
    >>> table = gt.transform.to_sky(gt.measure.regions(image), image)
    >>> table[["label", "centroid_x", "ra", "dec"]]
       label  centroid_x     ra   dec
    0      1       150.0  150.0  60.0
    """
    system = _celestial(image.attrs.get("header"), alternate)
    pixels = [_pixels(table, image, number, position) for number in system.numbers]
    taken = [name for name in system.names if name in table.columns]
    if taken:
        raise ImageError(f"the table has a column {taken[0]!r} already", hint="drop it first")
    found = system.wcs.all_pix2world(*pixels, 1)
    lon = system.wcs.wcs.lng
    least = -180 if system.wcs.wcs.lngtyp.startswith(_FROM_THE_MIDDLE) else 0
    found[lon] = (found[lon] - least) % 360 + least
    result = table.assign(**{name: found[axis] for name, axis in system.names.items()})
    units = {**table.attrs.get("units", {}), **dict.fromkeys(system.names, "deg")}
    result.attrs = {**table.attrs, "units": units}
    if system.frame:
        result.attrs["frame"] = system.frame
    return result


class _Celestial(NamedTuple):
    """The two celestial axes of a header, ``names`` with the place of each in the result."""

    wcs: Any
    numbers: tuple[int, int]
    names: Mapping[str, int]
    frame: str


def _celestial(header: Any, alternate: str) -> _Celestial:
    from astropy.wcs import WCS

    cards = _cards(header if isinstance(header, Mapping) else {})
    if alternate and f"CTYPE1{alternate}" not in cards:
        raise ParameterError(
            f"the header has no coordinates {alternate!r}",
            where="alternate",
            hint="leave it out for the main ones",
        )
    with _in_silence():
        try:
            full = WCS(cards, key=alternate or " ")
            lon, lat = full.wcs.lng, full.wcs.lat
            wcs = full.celestial if full.naxis > 2 and min(lon, lat) >= 0 else full
        except (ValueError, TypeError, KeyError, AssertionError, MemoryError) as error:
            reason = " ".join(str(error).split())
            raise ImageError(
                f"the header gives no place on the sky that can be worked out: {reason}",
                hint="mend the world coordinates in the file (CTYPE, CRVAL, CRPIX, CD, ...)",
            ) from None
    if min(lon, lat) < 0:
        raise ImageError(
            "the image has no place on the sky: its header names no celestial axes (CTYPE)",
            hint="use the image as read from a FITS file with celestial coordinates",
        )
    kinds = {wcs.wcs.lngtyp: wcs.wcs.lng, wcs.wcs.lattyp: wcs.wcs.lat}
    names = {kind.strip().lower(): axis for kind, axis in kinds.items()}
    first, second = sorted((lon, lat))
    return _Celestial(wcs, (first + 1, second + 1), names, str(wcs.wcs.radesys).strip())


@contextmanager
def _in_silence() -> Iterator[None]:
    """Let astropy mend spellings and dates without a word: nothing of it moves a pixel."""
    log = logging.getLogger("astropy")
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.WARNING)
        try:
            yield
        finally:
            log.setLevel(level)


def _cards(header: Mapping[str, Any]) -> Any:
    """Return a header that was kept by keyword as astropy takes it."""
    from astropy.io import fits

    cards = fits.Header()
    for key, value in header.items():
        fitting = isinstance(value, (bool, int, float)) or (
            isinstance(value, str) and value.isascii() and value.isprintable()
        )
        if fitting and _KEYWORD.fullmatch(key) and not _TABLES.match(key):
            cards[key] = value
    return cards


def _pixels(table: Table, image: Image, number: int, position: str) -> Array:
    """Return positions along an axis of the header, in pixels counted from 1."""
    along = [str(d) for d, c in image.coords.items() if c.attrs.get(HEADER_AXIS, [0])[0] == number]
    if not along:
        raise ImageError(
            f"no axis of the image is known to be axis {number} of its header",
            hint="read it from the FITS file without spacing=, which takes the place of the "
            "header's axes",
        )
    dim = along[0]
    name = f"{position}_{dim}" if position else dim
    if name not in table.columns:
        raise ParameterError(
            f"the table has no column {name!r}; it has {', '.join(map(str, table.columns))}",
            where="position",
            hint="measure.regions gives centroid_<dim>",
        )
    given, unit = table.attrs.get("units", {}).get(name), image.coords[dim].attrs.get("units")
    if given and unit and given != unit:
        raise ImageError(
            f"{name} of the table is in {given}, and {dim} of the image in {unit}",
            hint="give the image that the table was measured on",
        )
    _, first, step = image.coords[dim].attrs[HEADER_AXIS]
    return np.asarray(1 + (table[name].to_numpy(dtype=float) - first) / step)
