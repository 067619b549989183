"""Old names of the parameters of a U-Net, which model cards and documents may use for one release.

They also stay in what a training is known by, so that a checkpoint written under them is gone on
with.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from graticule.core.document import line_of

_NEW_NAMES = {
    "rate": "learning_rate",
    "decay": "weight_decay",
    "average": "ema_decay",
    "rare": "class_balanced_fraction",
    "flips": "tta",
}
_shown: dict[str, dict[str | tuple[str, type[Warning], int], int]] = {}
"""Where Python notes which warnings of a file have been shown."""


def with_new_names(parameters: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return parameters by their new names; warn, naming the file, if there are old ones.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as shown:
    ...     warnings.simplefilter("always")
    ...     with_new_names({"base": 16, "rate": 0.01}, "cells.model")
    {'base': 16, 'learning_rate': 0.01}
    >>> str(shown[0].message)
    'parameters of the U-Net have new names, say learning_rate for rate; ...'
    """
    _warn([name for name in parameters if name in _NEW_NAMES], source, 1)
    return {_NEW_NAMES.get(name, name): value for name, value in parameters.items()}


def with_old_names(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by their old names."""
    old = {new: name for name, new in _NEW_NAMES.items()}
    return {old.get(name, name): value for name, value in parameters.items()}


def rename_in_document(document: Any, source: str) -> None:
    """Give the U-Nets of a training document their new names in place; warn if there are old ones.

    Where both names are there, both stay, and the old one is found to be unknown.
    """
    methods = document.get("methods")
    bodies = methods.values() if isinstance(methods, dict) else ()
    networks: list[Any] = [body.get("unet") for body in bodies if isinstance(body, dict)]
    found, line = [], 0
    for network in networks:
        for name, new in _NEW_NAMES.items() if isinstance(network, dict) else ():
            if name not in network or new in network:
                continue
            line = line or line_of(network, name)
            found.append(name)
            place, mark = list(network).index(name), network.lc.data[name]
            network.insert(place, new, network.pop(name))
            network.lc.data[new] = mark
    _warn(list(dict.fromkeys(found)), source, line)


def _warn(names: list[str], source: str, line: int) -> None:
    if names:
        said = ", ".join(f"{_NEW_NAMES[name]} for {name}" for name in names)
        what = f"parameters of the U-Net have new names, say {said}; the old ones are read until "
        what += "the next release"
        registry = _shown.setdefault(source, {})
        warnings.warn_explicit(what, FutureWarning, source, line, registry=registry)
