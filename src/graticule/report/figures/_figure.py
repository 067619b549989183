"""What a figure is: a function of what a run folder holds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from graticule.core.errors import ParameterError, UnknownNameError, suggest
from graticule.report.preview import Picture, Preview
from graticule.report.record import RunRecord
from graticule.report.style import Drawing
from graticule.report.tables import StudyTable


@dataclass(frozen=True)
class FigureContext:
    """What a figure may look at.

    Attributes
    ----------
    record : RunRecord
        What ``run.json`` says.
    tables : mapping
        The tables of the study by name.
    image : str
        The image it is drawn for; empty for a figure of the study.
    preview : Preview or None
        The pictures of that image.
    row : Series or None
        The row of that image.
    """

    record: RunRecord
    tables: Mapping[str, StudyTable]
    image: str = ""
    preview: Preview | None = None
    row: pd.Series[Any] | None = None

    @property
    def pictures(self) -> Preview:
        """The pictures of this image; raises `UnknownNameError` where none were kept."""
        if self.preview is None:
            raise UnknownNameError("no pictures were kept of this image")
        return self.preview

    def picture(self, step: str) -> Picture:
        """Return the picture of a step of this image; raise `UnknownNameError` without one."""
        return self.pictures.picture(step).flat()

    def value(self, step: str, column: str) -> tuple[float, str]:
        """Return a number of a step's record, with its unit; raise `UnknownNameError` without."""
        for name in (f"{step}_{column}", f"{step}.{column}", column):
            if self.row is not None and name in self.row.index and pd.notna(self.row[name]):
                return float(self.row[name]), self.record.unit("images", name)
        raise UnknownNameError(
            f"the row of the image holds no {column!r} of {step!r}",
            hint=f"name {step} among the outputs of the pipeline",
        )

    def table(self, name: str) -> StudyTable:
        """Return a table by its file or the step that made it; raise `UnknownNameError` without."""
        is_step = name.partition(".")[0] in (self.record.pipeline.get("steps") or {})
        alone = ["objects"] if is_step else []  # the only table of a run is not named after a step
        for each in (name, f"objects_{name.replace('.', '_')}", *alone):
            if each in self.tables:
                return self.tables[each]
        raise UnknownNameError(
            f"the run has no table {name!r}", hint=suggest(name, list(self.tables))
        )


@dataclass(frozen=True)
class Figure:
    """A kind of figure.

    Attributes
    ----------
    name : str
        What an entry of a pipeline's ``report`` calls it.
    function : callable
        From a `FigureContext`, and by keyword what the entry names, to a `Drawing`.
    per : {"image", "study"}
        Whether it is drawn for each image that is shown, or once for all images.
    """

    name: str
    function: Callable[..., Drawing]
    per: Literal["image", "study"] = "image"

    def __call__(self, context: FigureContext, **options: Any) -> Drawing:
        """Draw it; raise `ParameterError` if it takes no such option, or needs another."""
        _, *parameters = inspect.signature(self.function).parameters.values()
        known = [parameter.name for parameter in parameters]
        for name in options:
            if name not in known:
                hint = suggest(name, known)
                raise ParameterError(f"the figure {self.name} takes no {name!r}", hint=hint)
        for parameter in parameters:
            if parameter.name not in options and parameter.default is parameter.empty:
                raise ParameterError(f"the figure {self.name} needs {parameter.name!r}")
        return self.function(context, **options)


def figure(
    *, per: Literal["image", "study"] = "image"
) -> Callable[[Callable[..., Drawing]], Figure]:
    """Make a kind of figure of a function, which gives it its name."""
    return lambda function: Figure(function.__name__, function, per)
