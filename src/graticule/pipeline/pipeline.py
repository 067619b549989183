"""A pipeline as its users hold it: read, changed, applied and run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from graticule.core.document import read_text
from graticule.pipeline import evaluate, execute
from graticule.pipeline.change import with_values
from graticule.pipeline.html import of_pipeline
from graticule.pipeline.parse import parse
from graticule.pipeline.spec import Spec


class Pipeline(Spec):
    """Named steps wired into a graph, with their checks; see `Spec` for what it holds.

    Examples
    --------
    >>> import numpy as np
    >>> pipeline = Pipeline.loads('''
    ... graticule: 1
    ... name: bright
    ... steps:
    ...   smooth: {op: filters.gaussian, sigma: 1}
    ...   bright: {op: threshold.otsu}
    ... ''')
    >>> pipeline.apply(np.eye(16))["bright"].dtype
    dtype('bool')
    """

    def _repr_html_(self) -> str:
        return of_pipeline(self)

    def explore(self, image: Any, *, height: int = 640) -> Any:
        """Show the workbench in a notebook, with this pipeline on an image.

        Parameters
        ----------
        image : path, DataArray or array_like
            What is looked at.
        height : int
            Of the frame, in pixels.

        Returns
        -------
        object
            As of `graticule.explore`, which says more: a widget, or pictures without its packages.

        Examples
        --------
        >>> import numpy as np
        >>> pipeline = Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
        >>> view = pipeline.explore(np.eye(32))
        """
        # by its name: what is shown to people stands above pipelines, and these know nothing of it
        notebook = importlib.import_module("graticule.web.notebook")
        return notebook.explore(self, image, height=height)

    @classmethod
    def _of(cls, spec: Spec) -> Self:
        return cls(**{field.name: getattr(spec, field.name) for field in fields(spec)})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a pipeline from a YAML file.

        Parameters
        ----------
        path : path
            The file; paths in the document are relative to its folder.

        Returns
        -------
        Pipeline
            Its parameters validated, its steps in an order in which they can run.

        Raises
        ------
        FormatError
            If the file cannot be read.
        PipelineError
            With every fault in it: line, path, what must be.

        Examples
        --------
        >>> from graticule.recipes import pipeline_path
        >>> list(Pipeline.load(pipeline_path("coins")).inputs)
        ['image']
        """
        return cls._of(parse(read_text(Path(path)), source=str(path)))

    @classmethod
    def loads(cls, text: str, *, source: str | Path = "<text>") -> Self:
        """Read a pipeline from YAML text.

        Parameters
        ----------
        text : str
            The document.
        source : path
            The file that it is to be; paths in the document are relative to its folder, by default
            to the working folder.

        Returns
        -------
        Pipeline
            As `load` gives it.

        Raises
        ------
        PipelineError
            With every fault in it: line, path, what must be.

        Examples
        --------
        >>> Pipeline.loads("{graticule: 1, steps: {a: {op: filters.gausian}}}")
        Traceback (most recent call last):
            ...
        graticule.core.errors.PipelineError: <text>: 1 fault
          line 1: steps.a.op: there is no op 'filters.gausian' (did you mean filters.gaussian ...
        """
        return cls._of(parse(text, source=str(source)))

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Return the pipeline with parameters changed; comments of its text stay.

        Parameters
        ----------
        values : mapping
            New values by ``step.parameter`` or ``check.parameter``.

        Returns
        -------
        Pipeline
            Validated like one that was read.

        Raises
        ------
        PipelineError
            If there is no such step, check or parameter, or it cannot have the value.

        Examples
        --------
        >>> text = "{graticule: 1, steps: {smooth: {op: filters.gaussian, sigma: 1}}}"
        >>> Pipeline.loads(text).with_values({"smooth.sigma": 2}).steps["smooth"].params["sigma"]
        Length(2.0)
        """
        return self._of(with_values(self, values))

    apply = evaluate.apply
    run = execute.run
