"""What figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from graticule.version import installed_versions

_PACKAGES = ("graticule", "numpy", "scipy", "scikit-learn", "numba", "torch", "monai")


def machine() -> dict[str, object]:
    """Return the model of the processor, the number of cores and the versions of software.

    Examples
    --------
    >>> found = machine()
    >>> sorted(found)
    ['cores', 'processor', 'python', 'system', 'versions']
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": installed_versions(_PACKAGES),
    }


def _processor() -> str:
    """Return the model, where the system says it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
