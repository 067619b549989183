"""Formulas over named values, as ``nucleus.intensity_mean / ring.intensity_mean``, with units.

A formula is read with Python's own grammar and walked node by node: numbers, quantities in quotes
(``"20 um2"``), names, the operators of arithmetic, comparison and logic, and the functions below.
Nothing else can be said in it, and nothing of it is ever run as Python.
"""

from __future__ import annotations

import ast
import contextlib
import keyword
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from pydantic import AfterValidator

from graticule.core.errors import ParameterError, UnitsError, suggest
from graticule.core.typing import Array
from graticule.core.units import is_unit, split_quantity, unit_factor, unit_product

_LONGEST = 2000
_DEEPEST = 150
_RESERVED = frozenset(keyword.kwlist) - {"and", "or", "not", "if", "else", "True", "False"}
"""Words of Python's grammar that a formula has no use for, and a column may be called by."""
_QUOTED = re.compile(r"`([^`]*)`")
_TEXTS = "OUSTV"
"""Kinds of dtype that hold texts."""


class Value(NamedTuple):
    """Numbers, bools or texts of one unit; ``literal`` where they are a number of the formula.

    ``text`` is how a quantity was written, which beside texts is one.
    """

    data: Any
    unit: str = ""
    literal: bool = False
    text: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether there are texts."""
        return np.asarray(self.data).dtype.kind in _TEXTS


Lookup: TypeAlias = Callable[[str], Value]


def _safe(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that gives NaN where there is no number, as of the logarithm of 0."""

    def guarded(*arguments: Any) -> Any:
        found = np.asarray(function(*arguments), dtype=float)
        known = np.True_
        for each in arguments:
            known = known & np.isfinite(np.asarray(each, float))
        return np.where(known & ~np.isfinite(found), np.nan, found)

    return guarded


_NUMBER = {name: _safe(getattr(np, name)) for name in ("exp", "log", "log2", "log10", "log1p")}
_ANGLE = {name: getattr(np, name) for name in ("sin", "cos", "tan")}
_TO_ANGLE = {name: _safe(getattr(np, f"arc{name[1:]}")) for name in ("asin", "acos", "atan")}
_KEEPING: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
}
_SAME: Mapping[str, Callable[..., Any]] = {
    "min": lambda *each: np.minimum.reduce(np.broadcast_arrays(*each)),
    "max": lambda *each: np.maximum.reduce(np.broadcast_arrays(*each)),
    "clip": lambda value, low, high: np.clip(value, low, high),
    "hypot": np.hypot,
}
STATISTICS: Mapping[str, Callable[[Array], Any]] = {
    "mean": np.nanmean,
    "median": np.nanmedian,
    "std": lambda each: np.nanstd(each, ddof=1) if np.isfinite(each).sum() > 1 else np.nan,
    "sum": np.nansum,
    "smallest": np.nanmin,
    "largest": np.nanmax,
    "count": lambda each: np.isfinite(each).sum(),
}
"""Functions of a whole column, that give one number; a formula over samples has none of these."""
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_COMPARISONS: Mapping[type, Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_COUNTS = {"clip": (3, 3), "hypot": (2, 2), "where": (3, 3), "atan2": (2, 2)}
FUNCTIONS = (
    *_NUMBER, *_ANGLE, *_TO_ANGLE, *_KEEPING, *_SAME, "sqrt", "atan2", "where", "isnan"
)  # fmt: skip
"""Functions of a formula."""


@dataclass(frozen=True)
class Expression:
    """A formula that has been read.

    Parameters
    ----------
    text : str
        As ``"major_axis / minor_axis"``. A name that is no plain word stands between backticks:
        ``"`intensity_mean_wavelength=550 nm` / 2"``.
    statistics : bool
        Whether it may use the functions of a whole column, as ``area / median(area)``.

    Raises
    ------
    ParameterError
        If it is no formula; the error says where.

    Examples
    --------
    >>> ratio = Expression("nucleus.mean / ring.mean")
    >>> ratio.names
    ('nucleus.mean', 'ring.mean')
    >>> known = {"nucleus.mean": Value(6.0, "mm"), "ring.mean": Value(3.0, "um")}
    >>> found = ratio.value(known.__getitem__)
    >>> float(found.data), found.unit
    (2000.0, '')
    """

    text: str
    statistics: bool = False

    def __post_init__(self) -> None:
        self._require(self._tree, 0)

    @cached_property
    def _quoted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_QUOTED.findall(self.text)))

    @cached_property
    def _mark(self) -> str:
        """What a name between backticks is called while it is read; not in the formula."""
        mark = "_quoted_"
        while mark in self.text:
            mark += "_"
        return mark

    @cached_property
    def _plain(self) -> str:
        names = self._quoted

        def marked(found: re.Match[str]) -> str:
            return f" {self._mark}{names.index(found[1])} "

        return _QUOTED.sub(marked, self.text).strip()

    @cached_property
    def _tree(self) -> ast.expr:
        if not self.text.strip() or len(self.text) > _LONGEST:
            raise self._fault(f"must be a formula of 1 to {_LONGEST} characters")
        plain = self._plain
        try:
            return ast.parse(plain, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            said = error.msg if isinstance(error, SyntaxError) else "it is nested too deep"
            words = [each for each in re.findall(r"\w+", plain) if each in _RESERVED]
            hint = f"a column {words[0]} stands between backticks" if words else "as a / (a + b)"
            raise self._fault(f"is no formula: {said}", hint) from None

    def _fault(self, what: str, hint: str = "") -> ParameterError:
        shown = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        return ParameterError(f"{shown!r} {what}", hint=hint)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names it asks for, in their order."""
        return tuple(dict.fromkeys(self._walk(self._tree)))

    def _walk(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield self._name(node)
            return
        parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
        for part in parts:
            yield from self._walk(part)

    def _name(self, node: ast.expr) -> str:
        # as it is written: the grammar would take other letters for some, as for the sign of micro
        written = ast.get_source_segment(self._plain, node) or ""
        if isinstance(node, ast.Attribute):
            return f"{self._name(node.value)}.{self._own(written.rpartition('.')[2].strip())}"
        if not isinstance(node, ast.Name):
            raise self._fault("takes a part of what is no name", "as nucleus.area")
        return self._own(written)

    def _own(self, written: str) -> str:
        number = written.removeprefix(self._mark)
        return written if number == written else self._quoted[int(number)]

    def _require(self, node: ast.AST, depth: int) -> None:
        """Raise unless the node and all below it are of the language."""
        if depth > _DEEPEST:
            raise self._fault("is nested too deep", "write it in several steps")
        if isinstance(node, (ast.Name, ast.Attribute)):
            self._name(node)
            return
        below: Sequence[ast.AST]
        match node:
            case ast.Constant(value=bool() | int() | float() | str()):
                below = ()
            case ast.BinOp(left, operator, right) if isinstance(
                operator, (*_ARITHMETIC, ast.BitAnd, ast.BitOr)
            ):
                below = (left, right)
            case ast.UnaryOp(ast.USub() | ast.UAdd() | ast.Not() | ast.Invert(), operand):
                below = (operand,)
            case ast.BoolOp(_, values):
                below = values
            case ast.Compare(left, operators, others) if all(
                type(each) in _COMPARISONS for each in operators
            ):
                below = (left, *others)
            case ast.IfExp(test, body, otherwise):
                below = (test, body, otherwise)
            case ast.Call(ast.Name(name), arguments, []):
                self._require_call(name, len(arguments))
                below = arguments
            case _:
                what = "only names, numbers, arithmetic, comparisons and the functions listed"
                raise self._fault(
                    f"holds {ast.unparse(node)[:40]!r}, which no formula may",
                    f"{what}: {', '.join(self._functions)}",
                )
        for part in below:
            self._require(part, depth + 1)

    @property
    def _functions(self) -> tuple[str, ...]:
        return (*FUNCTIONS, *(STATISTICS if self.statistics else ()))

    def _require_call(self, name: str, count: int) -> None:
        if name not in self._functions:
            raise self._fault(f"calls {name!r}", suggest(name, self._functions))
        least, most = _COUNTS.get(name, (1, 9) if name in ("min", "max") else (1, 1))
        if not least <= count <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self._fault(f"gives {name} {count} arguments; it takes {wanted}")

    def value(self, lookup: Lookup) -> Value:
        """Return what it comes to, given what its names stand for.

        Numbers are computed as float64. A division by zero, and whatever else is no number, gives
        NaN; what is infinite already stays so.

        Raises
        ------
        UnitsError
            If units of different kinds are added or compared, or a function takes no unit.
        """
        with np.errstate(all="ignore"):
            found = self._of(self._tree, lookup)
        return Value(found.data, found.unit)

    def _of(self, node: ast.AST, lookup: Lookup) -> Value:
        match node:
            case ast.Name() | ast.Attribute():
                return lookup(self._name(node))
            case ast.Constant(value):
                return _constant(value)
            case ast.BinOp(left, operator, right):
                return self._binary(operator, self._of(left, lookup), self._of(right, lookup))
            case ast.UnaryOp(ast.Not() | ast.Invert(), operand):
                return Value(~self._logical(self._of(operand, lookup)))
            case ast.UnaryOp(operator, operand):
                held = self._of(operand, lookup)
                sign = -1.0 if isinstance(operator, ast.USub) else 1.0
                return held._replace(data=sign * self._numbers(held))
            case ast.BoolOp(operator, parts):
                rule = np.logical_and if isinstance(operator, ast.And) else np.logical_or
                each = [self._logical(self._of(part, lookup)) for part in parts]
                return Value(rule.reduce(np.broadcast_arrays(*each)))
            case ast.Compare(left, operators, others):
                values = [self._of(part, lookup) for part in (left, *others)]
                pairs = zip(values, operators, values[1:], strict=False)
                each = [self._compared(a, operator, b) for a, operator, b in pairs]
                return Value(np.logical_and.reduce(np.broadcast_arrays(*each)))
            case ast.IfExp(test, body, otherwise):
                return self._called("where", [self._of(p, lookup) for p in (test, body, otherwise)])
            case ast.Call(ast.Name(name), arguments):
                return self._called(name, [self._of(part, lookup) for part in arguments])
        raise AssertionError(ast.dump(node))  # refused when it was read

    def _numbers(self, held: Value) -> Array:
        data = np.asarray(held.data)
        if data.dtype.kind == "O" and not any(isinstance(each, str) for each in data.flat):
            with contextlib.suppress(TypeError, ValueError):
                return data.astype(float)
        if data.dtype.kind not in "biuf":
            raise self._fault("calculates with what is no number, as a text")
        return data.astype(float)

    def _texts(self, values: Sequence[Value]) -> list[Array]:
        """Return texts, where some are; a quantity in quotes is one beside them."""
        for each in values:
            if not each.is_text and each.text is None:
                raise self._fault(
                    "puts a text and a number together", "a text is written in quotes, as '7'"
                )
        return [np.asarray(e.data if e.is_text else e.text, dtype=object) for e in values]

    def _logical(self, held: Value) -> Array:
        data = np.asarray(held.data)
        if data.dtype.kind != "b":
            raise self._fault("joins what is neither true nor false", "compare first, as area > 20")
        return data

    def _together(self, values: Sequence[Value]) -> tuple[list[Array], str]:
        """Return numbers in the unit of the first that has one."""
        unit = next((each.unit for each in values if each.unit), "")
        brought = []
        for each in values:
            data = self._numbers(each)
            pixels = each.literal and re.fullmatch(r"px\d?", unit)
            if each.unit == unit or pixels or (each.literal and not np.any(data)):
                brought.append(data)
                continue
            factor = unit_factor(each.unit, unit)
            if factor is None:
                said = [v.unit or "no unit" for v in (values[0], each)]
                raise UnitsError(
                    f"{self.text!r} puts {' and '.join(dict.fromkeys([unit, *said]))} together",
                    hint=f'a number with a unit is written in quotes, as "20 {unit}"',
                )
            brought.append(data * factor)
        return brought, unit

    def _binary(self, operator: ast.operator, left: Value, right: Value) -> Value:
        if isinstance(operator, (ast.BitAnd, ast.BitOr)):
            rule = np.logical_and if isinstance(operator, ast.BitAnd) else np.logical_or
            return Value(rule(self._logical(left), self._logical(right)))
        literal = left.literal and right.literal
        if isinstance(operator, (ast.Add, ast.Sub, ast.FloorDiv, ast.Mod)):
            (one, two), unit = self._together((left, right))
            if isinstance(operator, (ast.Add, ast.Sub)):
                data = one + two if isinstance(operator, ast.Add) else one - two
                return Value(data, unit, literal)
            floors = isinstance(operator, ast.FloorDiv)
            data = np.floor(_ratio(one, two)) if floors else one - two * np.floor(_ratio(one, two))
            return Value(data, "" if floors else unit, literal)
        one, two = self._numbers(left), self._numbers(right)
        if isinstance(operator, ast.Pow):
            return self._power(left, one, right, two)
        divides = isinstance(operator, ast.Div)
        factor, unit = unit_product(left.unit, right.unit, -1 if divides else 1)
        data = _ratio(one, two) if divides else one * two
        return Value(data * factor, unit, literal)

    def _power(self, left: Value, base: Array, right: Value, power: Array) -> Value:
        if right.unit:
            raise UnitsError(f"{self.text!r} raises to a power with the unit {right.unit}")
        data = _safe(np.power)(base, power)
        if not left.unit:
            return Value(data, "", left.literal and right.literal)
        if power.ndim:
            raise UnitsError(
                f"{self.text!r} raises {left.unit} to a power that differs from row to row",
                hint="divide by a unit first",
            )
        factor, unit = unit_product("", left.unit, float(power))
        return Value(data * factor, unit)

    def _compared(self, left: Value, operator: ast.cmpop, right: Value) -> Array:
        rule = _COMPARISONS[type(operator)]
        if left.is_text or right.is_text:
            if not isinstance(operator, (ast.Eq, ast.NotEq)):
                raise self._fault("orders texts", "compare them with == or !=")
            return np.asarray(rule(*self._texts((left, right))), dtype=bool)
        (one, two), _ = self._together((left, right))
        return np.asarray(rule(one, two))

    def _called(self, name: str, values: Sequence[Value]) -> Value:
        if name == "where":
            return self._where(*values)
        if name in _SAME or name == "atan2":
            held, unit = self._together(values)
            if name == "atan2":
                return Value(np.arctan2(*held), "rad")
            return Value(_SAME[name](*held), unit)
        (value,) = values
        data = self._numbers(value)
        if name == "isnan":
            return Value(np.isnan(data))
        if name in STATISTICS:
            finite = np.isfinite(data)
            one = STATISTICS[name](data) if finite.any() else 0.0 if name == "count" else np.nan
            return Value(np.float64(one), "" if name == "count" else value.unit)
        if name in _KEEPING:
            return Value(_KEEPING[name](data), value.unit)
        if name == "sqrt":
            return self._power(value, data, Value(0.5), np.asarray(0.5))
        if name in _ANGLE:
            factor = unit_factor(value.unit, "rad") if value.unit else 1.0
            if factor is None:
                raise UnitsError(f"{self.text!r} takes the {name} of {value.unit}, no angle")
            return Value(_ANGLE[name](data * factor))
        factor = unit_factor(value.unit, "") if value.unit else 1.0
        if factor is None:
            raise UnitsError(
                f"{self.text!r} takes the {name} of a number with the unit {value.unit}",
                hint=f'divide by a unit first, as {name}(... / "1 {value.unit}")',
            )
        rule = _NUMBER.get(name) or _TO_ANGLE[name]
        return Value(rule(data * factor), "rad" if name in _TO_ANGLE else "")

    def _where(self, test: Value, one: Value, two: Value) -> Value:
        chosen = self._logical(test)
        if one.is_text or two.is_text:
            return Value(np.where(chosen, *self._texts((one, two))))
        logical = [np.asarray(each.data).dtype.kind == "b" for each in (one, two)]
        if all(logical):
            return Value(np.where(chosen, one.data, two.data))
        (first, second), unit = self._together((one, two))
        return Value(np.where(chosen, first, second), unit)


def _constant(value: Any) -> Value:
    """Return a number, a quantity with a known unit, or a text."""
    if isinstance(value, bool):
        return Value(np.bool_(value))
    if not isinstance(value, str):
        try:
            return Value(np.float64(value), "", True)
        except OverflowError:
            return Value(np.float64(np.inf), "", True)
    try:
        number, unit = split_quantity(value)
    except UnitsError:
        return Value(value)
    known = not unit or re.fullmatch(r"px\d", unit) or is_unit(unit)
    return Value(np.float64(number), unit, text=value) if known else Value(value)


def _ratio(one: Array, two: Array) -> Array:
    """Return a quotient; NaN where the divisor is zero."""
    return np.asarray(np.where(two == 0, np.nan, one / np.where(two == 0, 1.0, two)))


@lru_cache(maxsize=512)
def _read(text: str, statistics: bool) -> Expression:
    return Expression(text, statistics)


def read_expression(text: str, *, statistics: bool = False) -> Expression:
    """Return a formula, read once however often it is asked for."""
    return _read(text, statistics)


def _checked(text: str) -> str:
    read_expression(text)
    return text


def _checked_of_columns(text: str) -> str:
    read_expression(text, statistics=True)
    return text


Formula = Annotated[str, AfterValidator(_checked)]
"""The type of a parameter that is a formula over samples."""
ColumnFormula = Annotated[str, AfterValidator(_checked_of_columns)]
"""The type of a parameter that is a formula over the columns of a table."""
