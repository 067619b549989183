"""Finding ops, checks, formats and recipes, built in or plugged in, by entry points.

An entry point of the group ``graticule.ops`` names a family and the package whose modules are
its ops, one module an op. Names are listed without importing anything; an op is imported when
it is first asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from graticule.core.errors import UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.core.check import Check
    from graticule.core.op import Op

_registered: dict[str, Op] = {}


@cache
def families() -> dict[str, dict[str, str]]:
    """Return the module of every op by family and name, without importing them."""
    found: dict[str, dict[str, str]] = {}
    for point in sorted(entry_points(group="graticule.ops"), key=lambda point: point.name):
        modules = found.setdefault(point.name, {})
        for name in _public_modules(point.value):
            modules.setdefault(name, f"{point.value}.{name}")
    return found


def _public_modules(package: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    places = [str(Path(place)) for place in spec.submodule_search_locations]
    return sorted(m.name for m in pkgutil.iter_modules(places) if not m.name.startswith("_"))


def op_names() -> list[str]:
    """Return the names of all ops, as ``filters.gaussian``, sorted."""
    built = {f"{family}.{name}" for family, modules in families().items() for name in modules}
    return sorted(built | set(_registered))


def get_op(name: str) -> Op:
    """Return the op of a name.

    Raises
    ------
    UnknownNameError
        If there is none; the message suggests the closest.

    Examples
    --------
    >>> get_op("filters.gaussian").name
    'filters.gaussian'
    """
    if name in _registered:
        return _registered[name]
    family, _, function = name.partition(".")
    module = families().get(family, {}).get(function)
    if module is None:
        raise UnknownNameError(f"there is no op {name!r}", hint=suggest(name, op_names()))
    found: Op = getattr(importlib.import_module(module), function)
    return found


def register(op: Op) -> Op:
    """Make an op defined in a notebook or script known by its name, in this process."""
    _registered[op.name] = op
    return op


@cache
def _checks() -> dict[str, Check]:
    from graticule.core.check import Check

    found: dict[str, Check] = {}
    for point in entry_points(group="graticule.checks"):
        package = point.load()
        for module in _modules(package):
            found |= {v.name: v for v in vars(module).values() if isinstance(v, Check)}
    return found


def _modules(package: ModuleType) -> list[ModuleType]:
    if not hasattr(package, "__path__"):
        return [package]
    names = _public_modules(package.__name__)
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def check_names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(_checks())


def get_check(name: str) -> Check:
    """Return the check of a name; raise `UnknownNameError` if there is none."""
    if name not in _checks():
        raise UnknownNameError(f"there is no check {name!r}", hint=suggest(name, check_names()))
    return _checks()[name]


class Family:
    """The ops of one family as attributes, imported when first used.

    Examples
    --------
    >>> "gaussian" in dir(Family("filters"))
    True
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Op:
        if name.startswith("__") or name not in dir(self):
            hint = suggest(name, dir(self))
            raise AttributeError(f"the family {self._name} has no op {name!r} ({hint})")
        return get_op(f"{self._name}.{name}")

    def __dir__(self) -> list[str]:
        prefix = f"{self._name}."
        return [name.removeprefix(prefix) for name in op_names() if name.startswith(prefix)]

    def __repr__(self) -> str:
        return f"<family {self._name}: {', '.join(dir(self))}>"


def load_group(group: str) -> dict[str, Any]:
    """Return what the entry points of a group load to, by name."""
    return {point.name: point.load() for point in entry_points(group=group)}
