"""Every error Graticule raises on purpose.

::

    GraticuleError
    ├── ImageError          data that is not what an op or a file promised
    ├── UnitsError          a length or duration that cannot be had from the axes
    ├── ParameterError      a parameter out of range, of the wrong type or unknown
    ├── UnknownNameError    an op, check, format or recipe that nobody registered
    ├── FormatError         a file that cannot be read or written as what it claims to be
    │   └── UnsafeFileError a file that could harm: bombs, pickles, links out of the tree
    ├── PipelineError       one or more faults in a pipeline, each with file, line and path
    ├── MemoryBudgetError   a step that would not fit into the memory it was given
    ├── RequestError        a request that cannot be carried out as it was made
    ├── StoreError          the step store or a run folder is damaged or in use
    └── CheckError          a check that cannot be made on this data

Each says what must be, what came, where, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial


class GraticuleError(Exception):
    """What went wrong, where, and the way out.

    Parameters
    ----------
    what : str
        What must be and what came instead.
    where : str, optional
        The file, step or parameter concerned.
    hint : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        location = f"{self.where}: " if self.where else ""
        way_out = f" ({self.hint})" if self.hint else ""
        return f"{location}{self.what}{way_out}"

    def at(self, where: str) -> GraticuleError:
        """Return the same error with a place put before the one it has."""
        location = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, where=location, hint=self.hint)

    def __reduce__(self) -> tuple[object, ...]:
        return (partial(type(self), self.what, where=self.where, hint=self.hint), ())


class ImageError(GraticuleError, ValueError):
    """Data that is not what an op or a file promised."""


class UnitsError(GraticuleError, ValueError):
    """A length or duration that cannot be had from the axes."""


class ParameterError(GraticuleError, ValueError):
    """A parameter out of range, of the wrong type or unknown."""


class UnknownNameError(GraticuleError, LookupError):
    """An op, check, format or recipe that nobody registered."""


class FormatError(GraticuleError, OSError):
    """A file that cannot be read or written as what it claims to be."""


class UnsafeFileError(FormatError):
    """A file that could harm: bombs, pickles, links out of the tree."""


class MemoryBudgetError(GraticuleError, MemoryError):
    """A step that would not fit into the memory it was given."""


class RequestError(GraticuleError, ValueError):
    """A request that cannot be carried out as it was made."""


class StoreError(GraticuleError, OSError):
    """The step store or a run folder is damaged or in use."""


class CheckError(GraticuleError, ValueError):
    """A check that cannot be made on this data."""


_LISTED = 100
"""Faults that a message lists; all are kept with the error."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a pipeline.

    Attributes
    ----------
    path : str
        Where in the document, as ``steps.smooth.sigma``.
    what : str
        What must be and what came instead.
    line : int
        Line of the file, from 1; 0 where there is no file.
    hint : str
        What to do about it.
    """

    path: str
    what: str
    line: int = 0
    hint: str = ""

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line else ""
        way_out = f" ({self.hint})" if self.hint else ""
        return f"{line}{self.path}: {self.what}{way_out}"


class PipelineError(GraticuleError, ValueError):
    """One or more faults in a pipeline, all of them at once.

    Parameters
    ----------
    faults : sequence of Fault
        In the order of the file.
    source : str
        The file, or ``"<text>"``.
    """

    def __init__(self, faults: Sequence[Fault], *, source: str = "<pipeline>") -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        self.source = source
        count = len(self.faults)
        head = f"{count} fault{'s' if count != 1 else ''}"
        lines = [head, *(f"  {fault}" for fault in self.faults[:_LISTED])]
        if count > _LISTED:
            lines.append(f"  and {count - _LISTED} more")
        super().__init__("\n".join(lines), where=source)

    def at(self, where: str) -> PipelineError:
        """Return the same faults with a place put before their source."""
        return PipelineError(self.faults, source=f"{where}: {self.source}")

    def __reduce__(self) -> tuple[object, ...]:
        return (partial(PipelineError, self.faults, source=self.source), ())


def suggest(name: str, known: Sequence[str]) -> str:
    """Return a hint that names the closest of the known names.

    Examples
    --------
    >>> suggest("gausian", ["gaussian", "median"])
    'did you mean gaussian?'
    """
    import difflib

    close = difflib.get_close_matches(name, known, n=3, cutoff=0.55)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(sorted(known)[:12])
    return f"known: {shown}{', ...' if len(known) > 12 else ''}" if known else ""
