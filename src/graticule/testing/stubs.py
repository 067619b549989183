"""Stubs of op families, by which editors complete their ops and type checkers know them.

A family is found at run time, so its ops are told to them by a stub for each, made from the
registry with::

    python -m graticule.testing.stubs src/graticule/_families

A NumPy array in the first place leads to NumPy arrays, a DataArray to DataArrays.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graticule.core import Area, Duration, Kind, Length, Op, Quantity
from graticule.core.quantity import Amount
from graticule.core.registry import families, get_op
from graticule.learn.interchange.parameter import OnnxFile
from graticule.learn.model_file.parameter import ModelFile

WIDTH = 100
_ACCEPTED: dict[type, str] = {
    ModelFile: "Model | Path | str",
    OnnxFile: "Path | str | bytes",
    types.NoneType: "None",
}
_ACCEPTED |= {kind: f"{kind.__name__} | float | str" for kind in (Area, Duration, Length, Quantity)}
_TABLES = {Kind.TABLE: "DataFrame", Kind.RECORD: "DataFrame", Kind.MODEL: "Mapping[str, Any]"}
_IMPORTS = {
    "collections.abc": ["Mapping", "Sequence"],
    "pathlib": ["Path"],
    "typing": ["Any", "Generic", "Literal", "NamedTuple", "TypeAlias", "TypeVar"],
    "numpy.typing": ["NDArray"],
    "pandas": ["DataFrame"],
    "xarray": ["DataArray"],
    "graticule.core": ["Area", "Duration", "Length", "Quantity"],
    "graticule.learn.models.model": ["Model"],
}
_ALIASES = """
Data = TypeVar("Data", DataArray, NDArray[Any])
Array: TypeAlias = DataArray | NDArray[Any]

"""


def built_in_families() -> list[str]:
    """Return the names of the families that are part of Graticule."""
    found = families().items()
    return [name for name, ops in found if next(iter(ops.values())).startswith("graticule.")]


def stub(family: str) -> str:
    """Return the stub of a family.

    Examples
    --------
    >>> "def gaussian(image: Data, *, sigma: Length | float | str = 1.0" in stub("filters")
    True
    """
    ops = [get_op(f"{family}.{name}") for name in sorted(families()[family])]
    results = {op.result_type.__name__: _result(op) for op in ops if op.outputs[0].name}
    functions = [_function(op) for op in ops]
    body = _ALIASES + "".join([*(text for _, text in sorted(results.items())), *functions])
    head = f'"""The ops of `{family}`: made by ``python -m graticule.testing.stubs``."""\n\n'
    return head + _imports(set(re.findall(r"\w+", body))) + body


def _imports(used: set[str]) -> str:
    found = {module: [n for n in names if n in used] for module, names in _IMPORTS.items()}
    lines = [f"from {module} import {', '.join(n)}\n" for module, n in found.items() if n]
    return "".join(lines)


def _result(op: Op) -> str:
    """Return the class of several outputs, whose arrays are of the type that came in."""
    names = [f"    {output.name}: {_TABLES.get(output.kind, 'Data')}\n" for output in op.outputs]
    generic = ", Generic[Data]" if any(output.kind.is_array for output in op.outputs) else ""
    return f"class {op.result_type.__name__}(NamedTuple{generic}):\n{''.join(names)}\n"


def _function(op: Op) -> str:
    returned = _returned(op)
    words = list(_data(op, leads=bool(re.search(r"\bData\b", returned))))
    if op.parameters.names:
        words += ["*", *_parameters(op)]
    name = op.name.rpartition(".")[2]
    mark = "r" if "\\" in op.summary else ""
    return f'{_signature(name, words, returned)}\n    {mark}"""{op.summary}"""\n'


def _returned(op: Op) -> str:
    first = op.outputs[0]
    if not first.name:
        return _TABLES.get(first.kind, "Data")
    name: str = op.result_type.__name__
    return f"{name}[Data]" if any(output.kind.is_array for output in op.outputs) else name


def _data(op: Op, *, leads: bool) -> Iterator[str]:
    for number, given in enumerate(op.inputs):
        array = "Data" if leads and number == 0 else "Array"
        text = _TABLES.get(given.kind, array)
        yield f"{given.name}: {text}{' | None = None' if given.optional else ''}"


def _parameters(op: Op) -> Iterator[str]:
    hints = typing.get_type_hints(op.function)
    signature = inspect.signature(op.function).parameters
    for name in op.parameters.names:
        default = signature[name].default
        shown = default.canonical() if isinstance(default, Amount) else default
        given = "" if default is inspect.Parameter.empty else f" = {shown!r}"
        yield f"{name}: {_accepted(hints[name])}{given}"


def _accepted(annotation: Any) -> str:
    """Return the type of what a parameter takes, in words of the stub."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_accepted, arguments))
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"Sequence[{_accepted(arguments[0])}]"
    if origin in (tuple, dict, Mapping):
        name = "tuple" if origin is tuple else "Mapping"
        return f"{name}[{', '.join(map(_accepted, arguments))}]"
    return _ACCEPTED.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _signature(name: str, words: list[str], returned: str) -> str:
    """Return the head of a function, broken between arguments, and within those that are long."""
    whole = [word.replace(" ", "\0") if len(word) < WIDTH - 10 else word for word in words]
    text = f"def\0{name}({', '.join(whole)})\0->\0{returned}:"
    wrapped = textwrap.fill(text, WIDTH, subsequent_indent=" " * 8, break_on_hyphens=False)
    return wrapped.replace("\0", " ")


def write(folder: Path) -> None:
    """Write the stubs of the families that are part of Graticule."""
    for family in built_in_families():
        (folder / f"{family}.pyi").write_text(stub(family), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
