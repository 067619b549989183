"""A pipeline as its users hold it: read, changed, applied and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from graticule.core.progress import Progress, no_progress
from graticule.pipeline.change import with_values
from graticule.pipeline.evaluate import apply
from graticule.pipeline.execute import Run, run
from graticule.pipeline.parse import load, parse
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
        return cls._of(load(Path(path)))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read a pipeline from YAML text.

        Parameters
        ----------
        text : str
            The document; paths in it are relative to the working folder.

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
        return cls._of(parse(text))

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

    def apply(self, image: Any) -> dict[str, Any]:
        """Run the steps on one image in memory.

        Parameters
        ----------
        image : DataArray or array_like
            The first input; an array is given the dims and the spacing of the document.

        Returns
        -------
        dict
            The outputs by name: DataArrays or arrays, like the image, and tables.

        Raises
        ------
        RequestError
            If the pipeline takes further inputs.
        GraticuleError
            If a step cannot be done on this image.

        Examples
        --------
        >>> import numpy as np
        >>> text = "{graticule: 1, steps: {bright: {op: threshold.otsu}}}"
        >>> Pipeline.loads(text).apply(np.array([[0, 0, 9, 9]]))["bright"]
        array([[False, False,  True,  True]])
        """
        return apply(self, image)

    def run(
        self,
        images: str | Path | Sequence[str | Path],
        out: str | Path,
        *,
        workers: int | None = None,
        memory: int | str | None = None,
        cluster: str | None = None,
        overwrite: bool = False,
        cache: bool = True,
        command: Sequence[str] = (),
        progress: Progress = no_progress,
    ) -> Run:
        """Run on files, a folder or a pattern, and write a run folder.

        Parameters
        ----------
        images : path, pattern or sequence of them
            The study.
        out : path
            The run folder. If it holds this run, cut off, the run goes on; the result has the
            same bytes as if it had not been.
        workers : int, optional
            Threads; by default as `settings` say.
        memory : int or str, optional
            Bytes for the process (on a cluster, for each worker), as ``"4GB"``; images are cut
            into tiles to keep to it.
        cluster : str, optional
            Address of a dask.distributed scheduler that sees the same files.
        overwrite : bool
            Replace another run in the folder.
        cache : bool
            Keep costly steps in the step store, for this and other runs.
        command : sequence of str
            How to repeat it, for the record.
        progress : callable
            Called after each step and image.

        Returns
        -------
        Run
            Its tables, and what became of each image.

        Raises
        ------
        RequestError, StoreError, FormatError
            If the request cannot be carried out. What goes wrong with one image does not end
            the run: see `Run.failed`.

        Examples
        --------
        >>> import os, tempfile, skimage
        >>> bright = Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
        >>> coins = os.path.join(skimage.data_dir, "coins.png")
        >>> with tempfile.TemporaryDirectory() as out:
        ...     results = bright.run(coins, out, cache=False).results
        >>> results[0].image, results[0].status
        ('coins', 'done')
        """
        return run(
            self,
            images,
            out,
            workers=workers,
            memory=memory,
            cluster=cluster,
            overwrite=overwrite,
            cache=cache,
            command=command,
            progress=progress,
        )
