"""Who answers for what was made, and under what terms it may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graticule.core.errors import ParameterError

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Attribution:
    """Who answers for what was made; what is not known is empty.

    Attributes
    ----------
    author : str
        Name of a person.
    orcid : str
        Number of that person, as ``0000-0002-1825-0097``.
    license : str
        Address of the licence of the data, as ``https://creativecommons.org/licenses/by/4.0/``.
    """

    author: str = ""
    orcid: str = ""
    license: str = ""


def orcid_number(text: str) -> str:
    """Return a number of ORCID, given as such or as an address; what is empty stays so.

    Raises
    ------
    ParameterError
        If it is none: its last sign is that of its digits by ISO 7064, mod 11-2.

    Examples
    --------
    >>> orcid_number("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    """
    found = _ORCID.fullmatch(text)
    if found is not None:
        total = 0
        for digit in found[1].replace("-", "")[:-1]:
            total = (total + int(digit)) * 2 % 11
        if "0123456789X"[(12 - total) % 11] == found[1][-1]:
            return found[1]
    if text:
        raise ParameterError(f"must be a number of ORCID, as 0000-0002-1825-0097, not {text!r}")
    return ""


def license_address(text: str) -> str:
    """Return the address of a licence; what is empty stays so.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if text and not _ADDRESS.fullmatch(text):
        raise ParameterError(
            f"must be the address of a licence, not {text!r}",
            hint="as https://creativecommons.org/licenses/by/4.0/",
        )
    return text
