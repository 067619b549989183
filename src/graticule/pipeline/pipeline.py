"""A pipeline as its users hold it: read, changed, applied and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from graticule.pipeline.change import changed
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

        Raises
        ------
        PipelineError
            With every fault in it: line, path, what must be.
        """
        return cls._of(load(Path(path)))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read a pipeline from YAML text."""
        return cls._of(parse(text))

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Return the pipeline with parameters changed, as ``{"smooth.sigma": 2}``."""
        return self._of(changed(self, values))

    def apply(self, image: Any) -> dict[str, Any]:
        """Run the steps on one image in memory and return the outputs by name."""
        return apply(self, image)

    def run(
        self, images: str | Path | Sequence[str | Path], out: str | Path, **options: Any
    ) -> Run:
        """Run on files, a folder or a glob, and write a run folder.

        Parameters
        ----------
        images : path, glob or sequence of them
            The study.
        out : path
            The run folder; the same call again takes up a run that was cut off.
        **options
            As `graticule.pipeline.execute.run` takes them: ``workers``, ``memory``, ``cluster``,
            ``overwrite``, ``progress``.
        """
        return run(self, images, Path(out), **options)
