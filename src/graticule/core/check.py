"""Checks: how far an answer can be trusted, as part of the pipeline.

A check looks at one value of a pipeline on one image (its `Subject`) and gives `Evidence`:
columns for that image's row, and arrays for the report. Where the study as a whole adds
something (a false discovery rate), its ``study`` function adds columns to all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graticule.core.image import Image, Table
from graticule.core.parameters import Parameters


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
    """

    columns: Mapping[str, float | int | bool | str]
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    notable: bool = False


class Check:
    """A registered check.

    Attributes
    ----------
    name : str
        Its name in a pipeline.
    version : int
        Raised whenever its outcome changes.
    parameters : Parameters
        Validation and schema of the keyword-only arguments.
    """

    def __init__(
        self,
        function: Callable[..., Evidence],
        *,
        version: int,
        study: Callable[..., Table] | None,
    ) -> None:
        self.name = function.__name__
        self.version = version
        self.function = function
        self.study = study
        self.parameters = Parameters(function, f"check {self.name}")
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    def __call__(self, subject: Subject, **params: Any) -> Evidence:
        """Make the check on one image."""
        return self.function(subject, **self.parameters.validate(params))

    def __reduce__(self) -> str:
        return self.name

    def conclude(self, rows: Table, params: Mapping[str, Any]) -> Table:
        """Return the check's rows of all images with the columns only the study can give.

        ``params`` are validated parameters.
        """
        return rows if self.study is None else self.study(rows, **params)


def check(
    *, version: int, study: Callable[..., Table] | None = None
) -> Callable[[Callable[..., Evidence]], Check]:
    """Make a check of a function ``function(subject, *, parameters) -> Evidence``.

    Parameters
    ----------
    version : int
        Raise it whenever the outcome changes for the same subject and parameters.
    study : callable, optional
        ``study(rows, **parameters) -> rows``: adds columns over all images, in row order.
    """
    return lambda function: Check(function, version=version, study=study)
