"""The op contract: one pure, registered function in one file.

Positional arguments are data, annotated `Image`, `Mask`, `Labels`, `Probability`, `Table` or
`NoiseModel`; keyword-only arguments are parameters. From the annotations come validation, schema,
command line and form. The body sees DataArrays, whatever the caller passed.
"""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from graticule.core.errors import GraticuleError, ImageError
from graticule.core.image import Image, Kind, as_image, is_image, is_lazy
from graticule.core.parameters import Parameters
from graticule.core.scope import Neighbourhood, Pointwise, Reduction, Region, Scope, Stitched

T = TypeVar("T")
DtypeRule: TypeAlias = str | Callable[[np.dtype[Any]], np.dtype[Any]] | None


@dataclass(frozen=True)
class Input:
    """One piece of data an op takes."""

    name: str
    kind: Kind
    optional: bool = False


@dataclass(frozen=True)
class RowsOf:
    """A note on a table that an op gives: whose objects its rows are, by ``label``.

    A table that is the only output and has no note has the rows of the first table or labels the
    op takes; any other without a note those of nothing that is known.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Labels, or tables of the same objects, that the op takes and gives.

    Examples
    --------
    >>> from typing import Annotated
    >>> from graticule.core import Table
    >>> TracksOfLabels = Annotated[Table, RowsOf(inputs=("labels",))]
    """

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """One piece of data an op gives.

    ``name`` is empty where it is the only one; ``rows_of`` says whose objects the rows of a table
    are.
    """

    name: str
    kind: Kind
    rows_of: RowsOf = RowsOf()


class Op:
    """A registered operation; call it like the function it was made from.

    Parameters
    ----------
    function : callable
        The body, from DataArrays and validated parameters to the result.
    name : str
        ``family.function``.
    version : int
        Raised whenever the output changes for the same input and parameters.
    scope : Scope
        What the result at a place depends on.
    dtype : str or callable or None
        Dtype of the result; None for tables and models.
    tolerance : float
        How far a result in tiles may be from the whole, relative to the largest absolute value.

    Attributes
    ----------
    inputs, outputs : tuple
        The data it takes and gives; several outputs come as a ``result_type`` (a NamedTuple).
    parameters : Parameters
        Validation and schema of the keyword-only arguments.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> label = gt.op("segment.label")
    >>> label.scope_name, [item.name for item in label.inputs], label.parameters.names[0]
    ('Stitched', ['mask'], 'connectivity')
    >>> label(np.array([True, False, True]))
    array([1, 0, 2], dtype=int32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str,
        version: int,
        scope: Scope,
        dtype: DtypeRule,
        tolerance: float,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = name
        self.version = version
        self.scope = scope
        self.tolerance = tolerance
        self._dtype = dtype
        hints = typing.get_type_hints(function, include_extras=True)
        self.inputs = _inputs(function, hints, name)
        self.outputs = _outputs(hints.get("return"), self.inputs, name)
        self.result_type: Any = hints.get("return")
        self.parameters = Parameters(function, name)
        if isinstance(scope, (Reduction, Stitched)) and len(self.outputs) != 1:
            raise TypeError(f"{name}: a {self.scope_name} gives one output")

    def __call__(self, *data: Any, **params: Any) -> Any:
        """Validate, run, and give back arrays of the type that came in."""
        names = {item.name for item in self.inputs}
        named = {key: params.pop(key) for key in list(params) if key in names}
        validated = self.parameters.validate(params)
        prepared = self.prepare(self._bound(data, named))
        result = self.run(prepared, validated)
        first = next((item for item in (*data, *named.values()) if item is not None), None)
        return result if is_image(first) else _unwrapped(result)

    def __repr__(self) -> str:
        return f"<op {self.name} v{self.version} {self.scope_name}>"

    def __reduce__(self) -> str:
        return self.function.__qualname__

    def _bound(self, data: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        if len(data) > len(self.inputs):
            raise ImageError(
                f"takes {len(self.inputs)} positional argument(s) of data, not {len(data)}",
                where=self.name,
                hint=f"pass parameters by keyword: {', '.join(self.parameters.names)}",
            )
        bound: list[Any] = []
        for position, item in enumerate(self.inputs):
            value = data[position] if position < len(data) else named.get(item.name)
            if position < len(data) and item.name in named:
                raise ImageError(f"{item.name} is given twice", where=self.name)
            if value is None and not item.optional:
                raise ImageError(f"the {item.kind} {item.name!r} is missing", where=self.name)
            bound.append(value)
        return bound

    def prepare(self, data: Sequence[Any]) -> list[Any]:
        """Return the data as the body wants it: DataArrays of the right kind that agree.

        Raises
        ------
        ImageError
            If a piece is of the wrong kind, empty, or of another size than the rest, or if all
            are single numbers without an axis and the op does not take each sample by itself.
        """
        prepared = []
        for item, value in zip(self.inputs, data, strict=True):
            try:
                prepared.append(None if value is None else _as_kind(value, item))
                self._require_real(prepared[-1])
            except GraticuleError as error:
                raise error.at(f"{self.name}: {item.name}") from None
        self._require_same_sizes(prepared)
        self._require_axes(prepared)
        return prepared

    def _require_real(self, value: Any) -> None:
        """Refuse complex numbers, which have no order, unless samples are only moved about."""
        moves = isinstance(self.scope, Pointwise) and self.scope.index is not None
        if is_image(value) and value.dtype.kind == "c" and not moves:
            raise ImageError(
                f"must be real numbers, not {value.dtype}",
                hint="take the magnitude or a part first",
            )

    def _require_same_sizes(self, prepared: Sequence[Any]) -> None:
        sizes: dict[Any, tuple[int, str]] = {}
        for item, value in zip(self.inputs, prepared, strict=True):
            if not is_image(value):
                continue
            for dim, size in value.sizes.items():
                known, owner = sizes.setdefault(dim, (size, item.name))
                if known != size:
                    raise ImageError(
                        f"{owner} and {item.name} must agree; along {dim} they have "
                        f"{known} and {size} samples",
                        where=self.name,
                        hint="crop or bin one of them to the other; if axes are named in another "
                        "order than they have, name them with dims=[...] when reading",
                    )

    def _require_axes(self, prepared: Sequence[Any]) -> None:
        """Refuse numbers without an axis, unless each sample is taken by itself."""
        images = [value for value in prepared if is_image(value)]
        if isinstance(self.scope, Pointwise) or not images or any(each.ndim for each in images):
            return
        raise ImageError(
            "is a single number without an axis, and no image",
            where=f"{self.name}: {self.inputs[0].name}",
            hint='give it one of one sample: image.expand_dims("x")',
        )

    def run(
        self, data: Sequence[Any], params: Mapping[str, Any], region: Region | None = None
    ) -> Any:
        """Run the body on prepared data and validated parameters.

        What is beyond the largest number of the result's dtype is infinite there, without a
        warning: such values mark missing data as a rule.

        Parameters
        ----------
        data : sequence
            One piece for each input.
        params : mapping
            Parameters.
        region : Region, optional
            The part of the data that the result is wanted for; by default all of it.
        """
        try:
            with np.errstate(over="ignore"):
                if region is not None:
                    return self._run_region(data, params, region)
                return self.function(*data, **params)
        except GraticuleError as error:
            raise (error if self.name in error.where else error.at(self.name)) from None

    def _run_region(self, data: Sequence[Any], params: Mapping[str, Any], region: Region) -> Any:
        if not isinstance(self.scope, Neighbourhood) or self.scope.compute_region is None:
            out = self.function(*data, **params)
            return tuple(map(region.cut, out)) if len(self.outputs) > 1 else region.cut(out)
        known = {dim for item in data if is_image(item) for dim in item.dims}
        of_data = {dim: span for dim, span in region.bounds.items() if dim in known}
        of_result = {dim: span for dim, span in region.bounds.items() if dim not in known}
        return Region(of_result).cut(
            self.scope.compute_region(*data, region=Region(of_data), **params)
        )

    def dtype_of(self, dtype: np.dtype[Any]) -> np.dtype[Any] | None:
        """Return the dtype of the result for a dtype of the first input; None for tables."""
        if self._dtype is None:
            return None
        if callable(self._dtype):
            return np.dtype(self._dtype(dtype))
        return dtype if self._dtype == "same" else np.dtype(self._dtype)

    @property
    def scope_name(self) -> str:
        """What kind of scope it has, as ``Reduction``."""
        kinds: tuple[type, ...] = typing.get_args(Scope)
        return next(kind.__name__ for kind in kinds if isinstance(self.scope, kind))

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


def op(
    *,
    version: int,
    scope: Scope,
    dtype: DtypeRule = None,
    name: str | None = None,
    tolerance: float = 0.0,
    doc: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Op]:
    """Make an op of a function.

    Parameters
    ----------
    version : int
        Raise it whenever the output changes for the same input and parameters.
    scope : Scope
        `Pointwise`, `Neighbourhood`, `Reduction`, `Stitched` or `Whole`.
    dtype : str or callable, optional
        Dtype of the result: a name, ``"same"``, or a function of the first input's dtype. To be
        left out for tables and models.
    name : str, optional
        ``family.function``; by default the last two parts of the module's name.
    tolerance : float
        How far a result in tiles may be from the whole, relative to the largest absolute value.
        0 means equal bit by bit, as it must be for integers and bools.
    doc : mapping, optional
        Paragraphs that the docstrings of several ops share: a line that is no more than
        ``%(name)s`` is replaced by ``doc["name"]``, indented like it.

    Returns
    -------
    callable
        Decorator that gives an `Op`.

    Examples
    --------
    >>> from graticule.core import Image, Pointwise, op
    >>> @op(version=1, scope=Pointwise(), dtype="same", name="example.negate")
    ... def negate(image: Image) -> Image:
    ...     '''Change the sign.'''
    ...     return -image
    >>> negate(np.array([[1, -2]]))
    array([[-1,  2]])
    """

    def decorate(function: Callable[..., Any]) -> Op:
        full_name = name or ".".join(function.__module__.split(".")[-2:])
        if function.__doc__:
            function.__doc__ = with_paragraphs(function.__doc__, doc or {}, full_name)
        return Op(
            function, name=full_name, version=version, scope=scope, dtype=dtype, tolerance=tolerance
        )

    return decorate


def with_paragraphs(docstring: str, paragraphs: Mapping[str, str], owner: str) -> str:
    r"""Return a docstring with every line ``%(name)s`` replaced by the paragraph of that name.

    Examples
    --------
    >>> with_paragraphs("Head.\n\n  %(seed)s", {"seed": "seed : int\n    Fixed."}, "f")
    'Head.\n\n  seed : int\n      Fixed.'
    """

    def paragraph(line: re.Match[str]) -> str:
        indent, name = line.groups()
        if name not in paragraphs:
            known = ", ".join(sorted(paragraphs)) or "none"
            raise TypeError(f"{owner}: the docstring asks for %({name})s; there are {known}")
        return textwrap.indent(paragraphs[name], indent)

    return re.sub(r"^( *)%\((\w+)\)s$", paragraph, docstring, flags=re.MULTILINE)


def _inputs(
    function: Callable[..., Any], hints: Mapping[str, Any], owner: str
) -> tuple[Input, ...]:
    inputs = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            continue
        kind = _kind_of(hints.get(name))
        if kind is None:
            raise TypeError(f"{owner}: {name} is data and must be an Image, Mask, Table, ...")
        inputs.append(Input(name, kind, parameter.default is None))
    if not inputs:
        raise TypeError(f"{owner}: an op takes at least one piece of data")
    return tuple(inputs)


def _outputs(annotation: Any, inputs: Sequence[Input], owner: str) -> tuple[Output, ...]:
    hints = {"": annotation}
    if _kind_of(annotation) is None and hasattr(annotation, "_fields"):
        hints = typing.get_type_hints(annotation, include_extras=True)
    kinds = {name: kind for name, hint in hints.items() if (kind := _kind_of(hint))}
    if len(kinds) < len(hints):
        raise TypeError(
            f"{owner}: the result must be an Image, Mask, Table, ... or a NamedTuple of them"
        )
    first = [each.name for each in inputs if each.kind in (Kind.TABLE, Kind.LABELS)][:1]
    alone = RowsOf(inputs=tuple(first)) if kinds.get("") is Kind.TABLE else RowsOf()
    taken = {each.name for each in inputs}
    outputs = []
    for name, kind in kinds.items():
        rows = _note(hints[name], RowsOf) or alone
        unknown = {*rows.inputs} - taken | {*rows.outputs} - kinds.keys()
        if unknown:
            raise TypeError(f"{owner}: has no {', '.join(sorted(unknown))} for rows to be of")
        outputs.append(Output(name, kind, rows))
    return tuple(outputs)


def _kind_of(annotation: Any) -> Kind | None:
    kind = _note(annotation, Kind)
    if kind is not None:
        return kind
    for part in typing.get_args(annotation):
        kind = _kind_of(part)
        if kind is not None:
            return kind
    return None


def _note(annotation: Any, wanted: type[T]) -> T | None:
    """Return what an annotation is marked with, of one type."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return None
    return next((each for each in annotation.__metadata__ if isinstance(each, wanted)), None)


def _as_kind(value: Any, item: Input) -> Any:
    import pandas as pd

    if not item.kind.is_array:
        wanted = Mapping if item.kind is Kind.MODEL else pd.DataFrame
        if not isinstance(value, wanted):
            raise ImageError(f"must be {item.kind.with_article}, not {type(value).__name__}")
        return value
    if isinstance(value, (str, bytes, pd.DataFrame)):
        raise ImageError(f"must be {item.kind.with_article}, not {type(value).__name__}")
    image = as_image(value)
    empty = [str(dim) for dim, size in image.sizes.items() if size == 0]
    if empty:
        raise ImageError(f"is empty: the dim {empty[0]} has no sample")
    _require_kind(image, item.kind)
    return image.compute() if is_lazy(image) else image


def _require_kind(image: Image, kind: Kind) -> None:
    dtype = image.dtype
    if kind is Kind.MASK and dtype != np.bool_:
        raise ImageError(
            f"must be a mask of bools, not {dtype}", hint="threshold it, or compare with > 0"
        )
    if kind is Kind.LABELS:
        if dtype.kind not in "iu":
            raise ImageError(f"must be labels (integers), not {dtype}", hint="label a mask first")
        if dtype.kind == "i" and not is_lazy(image) and int(image.values.min()) < 0:
            raise ImageError("labels must be 0 (background) or positive")
    if kind is Kind.PROBABILITY and dtype.kind != "f":
        raise ImageError(f"must be probabilities (floats), not {dtype}")


def _unwrapped(result: Any) -> Any:
    if is_image(result):
        return result.values
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(_unwrapped(item) for item in result))
    return result
