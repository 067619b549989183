"""Checks: how far an answer can be trusted, as part of the pipeline.

A check looks at one value of a pipeline on one image (its `Subject`) and gives `Evidence`:
columns for that image's row, and arrays for the report. Where the study as a whole adds
something (a false discovery rate), its ``study`` function adds columns to all rows at once.
What it means in words, what a report says of it first, and how it is drawn are declared with it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import TYPE_CHECKING, Any

from graticule.core.image import Image, Table
from graticule.core.op import with_paragraphs
from graticule.core.parameters import Parameters, column_of
from graticule.core.quantity import Amount
from graticule.core.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Subject:
    """What a check looks at.

    Attributes
    ----------
    value : Any
        The value of the pipeline named by ``of``: a number, a table, an image.
    image : DataArray
        The value at the step named by ``at`` (the pipeline's first input by default): what
        surrogates are made from.
    rerun : callable
        From another image in the place of ``image`` to the value of ``of`` it leads to.
    against : Any
        The value named by ``against``: the truth, where there is one.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> image = as_image([1.0, 5.0])
    >>> subject = Subject(float(image.max()), image, rerun=lambda other: float(other.max()))
    >>> subject.value, subject.rerun(-image)
    (5.0, -1.0)
    """

    value: Any
    image: Image
    rerun: Callable[[Image], Any]
    against: Any = None


@dataclass(frozen=True)
class Evidence:
    """What a check found on one image.

    Attributes
    ----------
    columns : mapping
        Numbers, bools and texts for the row of the image.
    arrays : mapping
        What a figure needs, as the null distribution.
    notable : bool
        Whether the image may be one the study is about, so that its pictures are kept however
        many images there are.

    Examples
    --------
    >>> import numpy as np
    >>> evidence = Evidence({"p": 0.02}, {"null": np.array([1.5, 0.5, 2.5])}, notable=True)
    >>> evidence.columns["p"], float(evidence.arrays["null"].max())
    (0.02, 2.5)
    """

    columns: Mapping[str, float | int | bool | str]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    notable: bool = False


@dataclass(frozen=True)
class Measure:
    """A column that the first lines of a report say.

    Attributes
    ----------
    column, title : str
        The column, and what it is called in words; ``{parameter}`` stands for its value.
    unit_column : str
        The column that holds the unit of it, if it has one.

    Examples
    --------
    >>> Measure("recall_at_{distance}", "found within {distance}").title.format(distance="2 um")
    'found within 2 um'
    """

    column: str
    title: str
    unit_column: str = ""


@dataclass(frozen=True)
class Bar:
    """What a column of an image must be for the image to pass a check.

    Attributes
    ----------
    column, title : str
        The column, and what it is called in words.
    at_least, at_most : float, str or None
        A number, or the name of the parameter that has it. A column with neither is a text that
        must say nothing: it says why an image does not pass.

    Examples
    --------
    >>> Bar("recall", "objects found", at_least=0.9).is_cleared(0.95)
    True
    >>> Bar("why", "nothing found against it").is_cleared("cut by the border")
    False
    """

    column: str
    title: str
    at_least: float | str | None = None
    at_most: float | str | None = None

    def is_cleared(self, value: Any) -> bool:
        """Whether a value passes; what is no number does not. The bar has its numbers."""
        if self.at_least is None and self.at_most is None:
            return not value
        number = float(value)
        low = -math.inf if self.at_least is None else float(self.at_least)
        high = math.inf if self.at_most is None else float(self.at_most)
        return low <= number <= high


@dataclass(frozen=True)
class CheckFigure:
    """How the evidence of a check is drawn.

    Attributes
    ----------
    name : str
        What an entry ``{figure: name, of: check}`` of a pipeline's ``report`` calls it.
    title : str
        Shown above it.
    draw : callable
        ``draw(axes, evidence) -> caption``. It draws on Matplotlib axes and touches nothing else;
        ``evidence`` holds the arrays of each check to be drawn by the check's name.
    size : tuple of float
        Width and height in inches.
    legend : str
        Where the legend stands, if anything that is drawn has a label.

    Examples
    --------
    >>> def draw(axes, evidence):
    ...     (arrays,) = evidence.values()
    ...     axes.hist(arrays["null"])
    ...     return f"The largest of {arrays['null'].size} surrogates is {arrays['null'].max():g}."
    >>> figure = CheckFigure("null_distribution", "Values without a signal", draw)
    >>> figure.size
    (5.6, 3.6)
    """

    name: str
    title: str
    draw: Callable[[Axes, Mapping[str, Mapping[str, Array]]], str]
    size: tuple[float, float] = (5.6, 3.6)
    legend: str = "best"


class Check:
    """A registered check, as `check` makes it; called on a subject, it gives evidence.

    Parameters
    ----------
    function : callable
        ``function(subject, *, parameters) -> Evidence``; its name is that of the check.
    version : int
        Raised whenever its outcome changes.
    study : callable or None
        Adds columns over all images.
    meaning : str or callable
        What its columns mean, in words.
    measures : sequence of Measure
        The columns that the first lines of a report say.
    bars : sequence of Bar
        What an image must be to pass.
    figure : CheckFigure or None
        How its evidence is drawn.

    Attributes
    ----------
    name : str
        Its name in a pipeline.
    parameters : Parameters
        Validation and schema of the keyword-only arguments.

    Examples
    --------
    >>> from graticule.core.registry import get_check
    >>> surrogate = get_check("surrogate")
    >>> surrogate.name, surrogate.figure.name, "n" in surrogate.parameters.names
    ('surrogate', 'null_distribution', True)
    """

    def __init__(
        self,
        function: Callable[..., Evidence],
        *,
        version: int,
        study: Callable[..., Table] | None,
        meaning: str | Callable[..., str],
        measures: Sequence[Measure],
        bars: Sequence[Bar],
        figure: CheckFigure | None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.name = function.__name__
        self.version = version
        self.function = function
        self.study = study
        self.figure = figure
        self._meaning = meaning
        self._measures = tuple(measures)
        self._bars = tuple(bars)
        self.parameters = Parameters(function, f"check {self.name}")

    def __call__(self, subject: Subject, **params: Any) -> Evidence:
        """Make the check on one image."""
        return self.function(subject, **self.parameters.validate(params))

    def __reduce__(self) -> str:
        return self.name

    def conclude(self, rows: Table, params: Mapping[str, Any]) -> Table:
        """Return the rows of all images with what only the study can give; params are validated."""
        return rows if self.study is None else self.study(rows, **params)

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return inspect.cleandoc(self.__doc__ or "").partition("\n")[0]

    @property
    def of_study(self) -> frozenset[str]:
        """Parameters that are one for all images: of the study, and in names of columns."""
        named = {
            str(field).partition("[")[0]
            for measure in self._measures
            for _, field, _, _ in Formatter().parse(measure.column)
            if field
        }
        asked = inspect.signature(self.study).parameters if self.study else ()
        return frozenset({*named, *asked} & {*self.parameters.names})

    def meaning(self, params: Mapping[str, Any]) -> str:
        """Return in words what its columns mean; raise `ParameterError` for an unknown name.

        A parameter may be ``{column: NAME}``, of each image another.
        """
        if callable(self._meaning):
            asked = inspect.signature(self._meaning).parameters
            if any(name in asked and column_of(value) for name, value in params.items()):
                return self.summary
            return self._meaning(**self._shown(params))
        return self._meaning.format_map(self._shown(params, _in_words))

    def measures(self, params: Mapping[str, Any]) -> list[Measure]:
        """Return what a report says of it first; raise `ParameterError` as `meaning` does."""
        shown = self._shown(params, _in_words)
        return [
            replace(m, column=m.column.format_map(shown), title=m.title.format_map(shown))
            for m in self._measures
        ]

    def bars(self, params: Mapping[str, Any]) -> list[Bar]:
        """Return what an image must clear to pass it, with numbers; params are validated."""

        def number(limit: float | str | None) -> float | str | None:
            return params[limit] if isinstance(limit, str) else limit

        return [
            replace(bar, at_least=number(bar.at_least), at_most=number(bar.at_most))
            for bar in self._bars
        ]

    def _shown(
        self, params: Mapping[str, Any], shown: Callable[[Any], Any] = lambda value: value
    ) -> dict[str, Any]:
        """Return all parameters for a sentence; of one that is from a column, which."""
        columns = {name: column for name, v in params.items() if (column := column_of(v))}
        own = {name: value for name, value in params.items() if name not in columns}
        known = self.parameters.without(columns).validate(own)
        words = {name: _OfColumn(f"that of the column {columns[name]}") for name in columns}
        return {**{name: shown(value) for name, value in known.items()}, **words}


class _OfColumn(str):
    """What stands for a parameter from a column, and for every item of it."""

    def __getitem__(self, key: Any) -> str:
        return self


def _in_words(value: Any) -> Any:
    """Return a parameter as a sentence says it; of a sequence, every item."""
    if isinstance(value, Amount):
        return str(value) if value.base else f"{value.value:g} pixels"
    if isinstance(value, (list, tuple)):
        return [_in_words(item) for item in value]
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def check(
    *,
    version: int,
    study: Callable[..., Table] | None = None,
    meaning: str | Callable[..., str],
    measures: Sequence[Measure] = (),
    bars: Sequence[Bar] = (),
    figure: CheckFigure | None = None,
    doc: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Evidence]], Check]:
    """Make a check of a function ``function(subject, *, parameters) -> Evidence``.

    Parameters
    ----------
    version : int
        Raise it whenever the outcome changes for the same subject and parameters.
    study : callable, optional
        ``study(rows, **parameters) -> rows``: adds columns over all images, in row order.
    meaning : str or callable
        What its columns mean and how to read them, for the report. ``{parameter}`` stands for the
        value of a parameter; where words depend on one, ``meaning(**parameters) -> str``.
    measures : sequence of Measure
        The columns that the first lines of a report say, as means over the images.
    bars : sequence of Bar
        What an image must clear to pass; without any, the check measures and does not judge.
    figure : CheckFigure, optional
        How its evidence is drawn.
    doc : mapping, optional
        Paragraphs that the docstrings of several checks share, as those of an `op`.

    Returns
    -------
    callable
        Decorator that gives a `Check`.

    Examples
    --------
    >>> from graticule.core import Evidence, Subject, check
    >>> @check(version=1, meaning="The largest value, and whether it is above {limit}.")
    ... def brightest(subject: Subject, *, limit: float = 1.0) -> Evidence:
    ...     largest = float(subject.image.max())
    ...     return Evidence({"largest": largest, "above": largest > limit})
    >>> brightest.meaning({"limit": 2})
    'The largest value, and whether it is above 2.'
    """

    def decorate(function: Callable[..., Evidence]) -> Check:
        if function.__doc__:
            function.__doc__ = with_paragraphs(function.__doc__, doc or {}, function.__name__)
        return Check(
            function,
            version=version,
            study=study,
            meaning=meaning,
            measures=measures,
            bars=bars,
            figure=figure,
        )

    return decorate
