"""YAML documents (pipelines, training): read, validated by pydantic models, and written.

Comments stay, and everything that is wrong is a `Fault` with its line and its path.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from graticule.core.errors import (
    Fault,
    FormatError,
    GraticuleError,
    ParameterError,
    PipelineError,
    suggest,
)
from graticule.core.parameters import message_of

_MAX_BYTES = 1_000_000
_MAX_ALIASES = 1000
_MAX_VALUES = 100_000
_MAX_KEYS = 2000
_MAX_DEPTH = 64
_MAX_PROBLEMS = 500
"""Faults that are traced to their line; more of them are counted."""

_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What ruamel.yaml raises over text that it does not foresee."""

Location: TypeAlias = tuple[str | int, ...]
"""The keys and positions that lead to a value of a document."""

_Model = TypeVar("_Model", bound=BaseModel)
_CONTAINERS = {
    "missing": "must be given",
    "model": "must be a mapping",
    "dict": "must be a mapping",
    "list": "must be a list",
    "tuple": "must be a list",
}
_SCALARS = {
    "string": "must be text",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
}


def read_text(path: Path) -> str:
    """Return the text of a document's file.

    Raises
    ------
    FormatError
        If it cannot be read, or is larger than any document.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FormatError("is over 1 MB, which no such document is", where=str(path))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FormatError("is not UTF-8 text", where=str(path)) from None
    except FormatError:
        raise
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", where=str(path)) from None


def dump(document: Any) -> str:
    """Return a document as text, comments included."""
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    yaml.width = 100
    yaml.max_depth = _MAX_DEPTH + 1  # the document itself is the first
    return yaml


def parse_document(text: str, source: str, *, holds: str = "steps") -> Any:
    """Return the mapping a text holds; raise `PipelineError` where it is not one."""
    from ruamel.yaml.composer import MaxDepthExceededError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    def fault(what: str, path: str = "document", line: int = 0) -> PipelineError:
        return PipelineError([Fault(path, what.partition("\n")[0], line)], source=source)

    if len(text) > _MAX_BYTES:
        raise fault("is over 1 MB, which no such document is")
    if text.count("*") > _MAX_ALIASES:
        raise fault(f"has more than {_MAX_ALIASES} aliases")
    try:
        document = _yaml().load(text)
    except MaxDepthExceededError as error:
        line = error.problem_mark.line + 1
        raise fault(f"is nested deeper than {_MAX_DEPTH} levels", "YAML", line) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        what = str(error.problem or error.context or error)
        raise fault(what, "YAML", mark.line + 1 if mark else 0) from None
    except (
        YAMLError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise fault(str(error) or type(error).__name__, "YAML") from None
    _require_bounded(document, fault)
    if not isinstance(document, dict):
        raise fault(f"must be a mapping with {holds}")
    return document


def _require_bounded(document: Any, fault: Callable[..., PipelineError]) -> None:
    """Raise a fault if a document, its aliases written out, is of a size that none has."""
    count, frontier = 0, [(document, 0)]
    while frontier:
        value, depth = frontier.pop()
        count += 1
        if count > _MAX_VALUES:
            raise fault(f"an alias leads back to itself, or to more than {_MAX_VALUES:,} values")
        if depth > _MAX_DEPTH:
            what = f"an alias leads back to itself, or it is nested deeper than {_MAX_DEPTH} levels"
            raise fault(what)
        if isinstance(value, dict):
            if len(value) > _MAX_KEYS:
                what = f"a mapping has {len(value):,} keys; at most {_MAX_KEYS:,} are read"
                raise fault(what, line=line_of(value, None))
            frontier.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, (list, tuple, set)):
            frontier.extend((item, depth + 1) for item in value)


def line_of(parent: Any, key: Any) -> int:
    """Return the line of a key of a YAML mapping or list, from 1; of the parent if it is absent."""
    position = getattr(parent, "lc", None)
    if position is None:
        return 0
    data = getattr(position, "data", None) or {}
    line = data[key][0] if key in data else position.line
    return int(line) + 1


def plain(value: Any, *, int_keys: bool = False) -> Any:
    """Return a YAML value as plain Python, without the marks of its place.

    Keys of mappings become texts; with ``int_keys``, whole numbers stay what they are.
    """
    if isinstance(value, dict):
        names = [plain(as_written(key)) for key in value]
        return {
            name if int_keys and type(name) is int else str(name): plain(item, int_keys=int_keys)
            for name, item in zip(names, value.values(), strict=True)
        }
    if isinstance(value, list):
        return [plain(item, int_keys=int_keys) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    kind = int if isinstance(value, int) else float if isinstance(value, float) else str
    return kind(value)


def as_written(value: Any) -> Any:
    """Return a name as it was written: YAML reads the name ``null`` as nothing."""
    return "null" if value is None else value


def section_names(document: Any, section: str) -> list[str]:
    """Return the names in a section as they were written, of what is faulty too."""
    named = document.get(section)
    return [str(as_written(name)) for name in named] if isinstance(named, dict) else []


def _method_name(value: Any) -> str:
    name = as_written(value)
    if isinstance(name, str) and name.replace("-", "_").isidentifier():
        return name
    raise ParameterError("must be a name of letters, digits, - and _, and start with a letter")


MethodName: TypeAlias = Annotated[str, BeforeValidator(_method_name)]
"""What a method, or further images, of a document may be called."""


def _one_of_the_methods(name: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get("methods", (name,))
    if name and name not in known:
        raise ParameterError(f"there is no {name!r}", hint=suggest(name, known))
    return name


MethodOfDocument: TypeAlias = Annotated[str, AfterValidator(_one_of_the_methods)]
"""The name of a method that the document holds, or nothing."""


def is_list_of_texts(value: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def array_name(value: Any) -> str:
    """Return the name of an array within a file, as ``entry/data`` or 1; as a validator.

    Examples
    --------
    >>> array_name("/entry/data"), array_name(1)
    ('entry/data', '1')
    """
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text.strip("/") or ".." in text.split("/"):
        raise ParameterError("must be the name of an array within a file, as entry/data")
    return text.strip("/")


def whole_number(least: int, also: str = "") -> PlainValidator:
    """Return a validator of whole numbers from one on; ``also`` says what else there may be.

    Examples
    --------
    >>> whole_number(1).func(0)
    Traceback (most recent call last):
    graticule.core.errors.ParameterError: must be a whole number of 1 or more, not 0
    """

    def validated(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        way_out = f" {also}" if also else ""
        raise ParameterError(f"must be a whole number of {least} or more{way_out}, not {value!r}")

    return PlainValidator(validated)


or_empty = BeforeValidator(lambda value: {} if value is None else value)
"""Takes a key without a value for an empty mapping."""


class Section(BaseModel):
    r"""A mapping of a document, declared as a pydantic model; a key that is no field is a fault.

    A validator of a field raises a `GraticuleError` that is a ValueError, whose text and hint
    become those of the fault. One that finds several keys below its value at fault raises a
    `PipelineError`, whose paths are these keys.

    Examples
    --------
    >>> class Blur(Section):
    ...     sigma: float = 1.0
    >>> print(*validate(Blur, parse_document("{sigma: much, sgima: 2}", "text"))[1], sep="\n")
    line 1: sgima: is not known here (did you mean sigma?)
    line 1: sigma: must be a number, not 'much'
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _require_known(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        named = {str(key): value for key, value in values.items()}
        if cls.model_config.get("extra") != "allow":
            fields = list(cls.model_fields)
            unknown = [key for key in named if key not in fields]
            if unknown:
                what = "is not known here"
                raise PipelineError([Fault(k, what, hint=suggest(k, fields)) for k in unknown])
        return named


class Document(Section):
    """The top of a document: a `Section` that says its version.

    Attributes
    ----------
    graticule : int
        The version of the grammar, which is 1; it must be given.
    """

    graticule: Any = None


class WrittenDocument(Document):
    """A `Document` that knows how it was written, and where."""

    _text: str = PrivateAttr("")
    _source: str = PrivateAttr("<text>")

    @property
    def text(self) -> str:
        """The document as it was written."""
        return self._text

    @property
    def source(self) -> str:
        """Its file, or ``<text>``."""
        return self._source

    @property
    def folder(self) -> Path:
        """What paths of the document are relative to."""
        path = Path(self._source)
        return path.parent if path.is_file() else Path()


def validate(
    model: type[_Model], document: Any, *, context: Mapping[str, Any] | None = None
) -> tuple[_Model | None, list[Fault]]:
    """Return the model of what is sound in a document, and a fault for everything that is not.

    What is at fault is left out and the rest validated again, until it is sound; so every fault
    is found at once, also those that only show between fields that are sound themselves.

    Parameters
    ----------
    model : type of Section
        What the document must be.
    document : mapping
        As `parse_document` gives it, with the lines of its keys.
    context : mapping, optional
        What validators are told as ``info.context``.

    Returns
    -------
    model or None
        None where a key that has no default is missing at the top, or faults are very many.
    list of Fault
        In no particular order.
    """
    values, faults = plain(document, int_keys=True), []
    version = document.get("graticule")
    if issubclass(model, Document) and (version is True or version != 1):
        faults.append(fault_at(document, ("graticule",), "must be 1, the version of the grammar"))
    while True:
        try:
            return model.model_validate(values, context=dict(context or {})), faults
        except ValidationError as error:
            problems = list(_problems(error))
        if len(problems) > _MAX_PROBLEMS:
            faults += [fault_at(document, *problem) for problem in problems[:_MAX_PROBLEMS]]
            more = f"there are {len(problems) - _MAX_PROBLEMS:,} faults more"
            return None, [*faults, Fault("document", more)]
        known = [f"{fault.path}." for fault in faults]
        found = [fault_at(document, *problem) for problem in problems]
        # what only fails because a faulty part of it was left out is no fault of its own
        faults += [
            fault
            for fault in found
            if not any(path.startswith((f"{fault.path}.", f"{fault.path}[")) for path in known)
        ]
        holders = [_holder(values, location) for location, _, _ in problems]
        if not any(holders):
            return None, faults
        for mapping, key in filter(None, holders):
            mapping.pop(key, None)


def fault_at(document: Any, location: Location, what: str, hint: str = "") -> Fault:
    r"""Return the fault at a location of a document, with its path and its line.

    Examples
    --------
    >>> str(fault_at(parse_document("a: 1\nb: [2, 3]", "text"), ("b", 1), "must be 2"))
    'line 2: b[1]: must be 2'
    """
    path, line, parent = "", line_of(document, None), document
    for part in location:
        if not isinstance(parent, dict | list):
            break  # the rest names one of several types that a value may have
        if isinstance(parent, list) and not str(part).isdecimal():
            continue  # the key that the list stands for where it is given alone
        key = _key(parent, part)
        path += f"[{part}]" if isinstance(parent, list) else f"{'.' if path else ''}{part}"
        line = line_of(parent, key) or line
        parent = parent[key] if isinstance(parent, list) else parent.get(key)
    return Fault(path or "document", what, line, hint)


def _problems(error: ValidationError) -> Iterator[tuple[Location, str, str]]:
    """Give the location, text and hint of each problem pydantic found."""
    for detail in error.errors(include_url=False):
        location = tuple(part for part in detail["loc"] if part != "[key]")
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, PipelineError):
            yield from (((*location, f.path), f.what, f.hint) for f in cause.faults)
        elif isinstance(cause, GraticuleError):
            yield location, cause.what, cause.hint
        else:
            yield location, _text(detail), ""


def _text(detail: Any) -> str:
    kind = detail["type"].partition("_")[0]
    if kind in _CONTAINERS:
        return _CONTAINERS[kind]
    if kind == "literal":
        wanted = f"must be {detail['ctx']['expected'].replace(chr(39), '')}"
    elif kind in _SCALARS:
        wanted = _SCALARS[kind]
    else:
        return message_of(detail)
    return f"{wanted}, not {detail['input']!r}"


def _key(parent: Any, part: str | int) -> Any:
    """Return the key of a mapping or list that a part of a location stands for."""
    if isinstance(parent, list):
        return int(part)
    if isinstance(part, str) and part in parent:
        return part
    return next((key for key in parent if str(as_written(key)) == str(part)), part)


def _holder(values: Any, location: Location) -> tuple[dict[Any, Any], Any] | None:
    """Return the innermost mapping that has a value on the way to a location, and its key."""
    holder, value = None, values
    for part in location:
        if not isinstance(value, dict) or (key := _key(value, part)) not in value:
            break
        holder, value = (value, key), value[key]
    return holder
