"""Finding things by name: built in, plugged in by entry points, or registered in this process.

An entry point names a package; each of its public modules is one entry, called as the module.
Names are listed without importing anything; an entry is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from graticule.core.errors import RequestError, UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.core.check import Check
    from graticule.core.op import Op

T = TypeVar("T")


def _namesake(module: ModuleType) -> Any:
    return getattr(module, module.__name__.rpartition(".")[2])


class Registry(Generic[T]):
    """Things of one type by name.

    Parameters
    ----------
    noun : str
        What one is called in messages, as ``op``.
    group : str
        Group of entry points that name packages; a plain module is a package of one entry.
    load : callable, optional
        ``load(module) -> T``: what a module declares; by default what is called as the module.
    in_families : bool
        Whether the name of the entry point is part of the name, as in ``filters.gaussian``.
    package : str
        A package of Graticule whose modules are entries beside those of entry points, so that one
        more file is one more entry without installing anew.

    Examples
    --------
    >>> kinds = Registry[type]("kind of error", "example.errors")
    >>> kinds.register("format", OSError)
    <class 'OSError'>
    >>> kinds.names(), "format" in kinds
    (['format'], True)
    """

    def __init__(
        self,
        noun: str,
        group: str,
        *,
        load: Callable[[ModuleType], T] = _namesake,
        in_families: bool = False,
        package: str = "",
    ) -> None:
        self.noun = noun
        self.group = group
        self._load = load
        self._in_families = in_families
        self._package = package
        self._values: dict[str, T] = {}

    @cached_property
    def modules(self) -> dict[str, str]:
        """The module of every installed entry by name, without importing it.

        Raises
        ------
        RequestError
            If two packages have an entry of the same name.
        """
        points = [(point.name, point.value) for point in entry_points(group=self.group)]
        points += [("", self._package)] if self._package else []
        modules: dict[str, str] = {}
        for point, package in sorted(points):
            for module in _public_modules(package):
                name = module.rpartition(".")[2]
                name = f"{point}.{name}" if self._in_families else name
                if modules.setdefault(name, module) != module:
                    raise RequestError(
                        f"there are two of the {self.noun} {name!r}",
                        where=module,
                        hint=f"the other is {modules[name]}; rename or uninstall one",
                    )
        return modules

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return sorted({*self.modules, *self._values})

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self.modules

    def get(self, name: str) -> T:
        """Return the entry of a name.

        Raises
        ------
        UnknownNameError
            If there is none; the message suggests the closest.
        """
        if name not in self:
            hint = suggest(name, self.names())
            raise UnknownNameError(f"there is no {self.noun} {name!r}", hint=hint)
        if name not in self._values:
            module = importlib.import_module(self.modules[name])
            try:
                self._values[name] = self._load(module)
            except AttributeError as error:
                raise TypeError(f"{module.__name__} declares no {self.noun}: {error}") from None
        return self._values[name]

    def values(self) -> list[T]:
        """Return all entries, in the order of their names."""
        return [self.get(name) for name in self.names()]

    def register(self, name: str, value: T) -> T:
        """Make something known in this process; it replaces what was registered before.

        Raises
        ------
        RequestError
            If an installed package has an entry of this name.
        """
        if name in self.modules:
            raise RequestError(
                f"there is a {self.noun} {name!r} already",
                where=self.modules[name],
                hint="choose another name",
            )
        self._values[name] = value
        return value


def _public_modules(package: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [package]
    found = pkgutil.iter_modules(list(spec.submodule_search_locations))
    return sorted(f"{package}.{m.name}" for m in found if not m.name.startswith("_"))


_OPS: Registry[Op] = Registry("op", "graticule.ops", in_families=True)
_CHECKS: Registry[Check] = Registry("check", "graticule.checks")


def families() -> dict[str, dict[str, str]]:
    """Return the module of every installed op by family and name, without importing them."""
    by_family: dict[str, dict[str, str]] = {}
    for full, module in _OPS.modules.items():
        family, _, name = full.partition(".")
        by_family.setdefault(family, {})[name] = module
    return by_family


def op_names() -> list[str]:
    """Return the names of all ops, as ``filters.gaussian``, sorted."""
    return _OPS.names()


def family_names() -> set[str]:
    """Return the families of all ops, those registered in this process too."""
    return {name.partition(".")[0] for name in op_names()}


def get_op(name: str) -> Op:
    """Return the op of a name.

    Parameters
    ----------
    name : str
        ``family.function``.

    Returns
    -------
    Op
        Imported when it is first asked for.

    Raises
    ------
    UnknownNameError
        If there is none; the message suggests the closest.

    Examples
    --------
    >>> get_op("filters.gaussian").name
    'filters.gaussian'
    """
    return _OPS.get(name)


def register(op: Op) -> Op:
    """Make an op defined in a notebook or script known by its name, in this process.

    Parameters
    ----------
    op : Op
        As `graticule.core.op` makes it.

    Returns
    -------
    Op
        The same.

    Raises
    ------
    RequestError
        If an installed package has an op of its name.

    Examples
    --------
    >>> from graticule.core import Image, Pointwise, op
    >>> @op(version=1, scope=Pointwise(), dtype="same", name="example.negate")
    ... def negate(image: Image) -> Image:
    ...     '''Change the sign.'''
    ...     return -image
    >>> register(negate)
    <op example.negate v1 Pointwise>
    >>> get_op("example.negate")([1, -2])
    array([-1,  2])
    """
    return _OPS.register(op.name, op)


def check_names() -> list[str]:
    """Return the names of all checks, sorted."""
    return _CHECKS.names()


def get_check(name: str) -> Check:
    """Return the check of a name; raise `UnknownNameError` if there is none."""
    return _CHECKS.get(name)


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
    """Return what the entry points of a group load to, sorted by name."""
    points = sorted(entry_points(group=group), key=lambda point: point.name)
    return {point.name: point.load() for point in points}
