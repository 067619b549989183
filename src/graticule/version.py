"""The version of Graticule, and of the packages it stands on, for whoever writes them down."""

from __future__ import annotations

from collections.abc import Iterable

__version__ = "0.1.0"


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each package that is there.

    Examples
    --------
    >>> installed_versions(["no-such-package"])
    {}
    """
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
