"""The version of Graticule, of what it stands on and runs on, for whoever writes them down."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

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


def machine(packages: Iterable[str]) -> dict[str, object]:
    """Return the model of the processor, the number of cores and the versions of software.

    Examples
    --------
    >>> sorted(machine(["numpy"]))
    ['cores', 'processor', 'python', 'system', 'versions']
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": installed_versions(packages),
    }


def _processor() -> str:
    """Return the model, where the system says it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
