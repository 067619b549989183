"""Settings of the machine, from the environment: ``GRATICULE_*``."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from graticule.core.attribution import Attribution, license_address, orcid_number
from graticule.core.errors import ParameterError
from graticule.core.forks import ProcessLock
from graticule.core.memory import PROCESS_BYTES, process_bytes

_LETTERS = ("", "k", "m", "g", "t")


def parse_bytes(value: Any) -> int:
    """Return a number of bytes from ``2_000_000``, ``"500MB"``, ``"4GB"`` or ``"4GiB"``.

    Examples
    --------
    >>> parse_bytes("4GB"), parse_bytes("1KiB")
    (4000000000, 1024)
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    text = str(value).strip().lower().removesuffix("b")
    binary = text.endswith("i")
    text = text.removesuffix("i")
    letter = text[-1:] if text[-1:] in _LETTERS else ""
    try:
        number = float(text.removesuffix(letter))
    except ValueError:
        number = 0.0
    factor = (1024 if binary else 1000) ** _LETTERS.index(letter)
    if not 1 <= number * factor < float("inf"):
        raise ParameterError(f'must be an amount of memory such as "4GB", not {value!r}')
    return int(number * factor)


def format_bytes(size: float) -> str:
    """Return a number of bytes as a reader takes it in.

    Examples
    --------
    >>> format_bytes(2.3e9), format_bytes(450_000)
    ('2.3 GB', '450 kB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.0f} bytes"


def enough_bytes(size: int) -> str:
    """Return an amount of memory that is no less than so many bytes, as ``--memory`` takes it.

    Examples
    --------
    >>> enough_bytes(2_345_678_901), enough_bytes(450_000)
    ('2400MB', '1MB')
    """
    step = 10 ** max(6, len(str(size)) - 2)
    return f"{math.ceil(size / step) * step // 10**6}MB"


Bytes = Annotated[int, BeforeValidator(parse_bytes), Field(gt=0)]


def _half_of_memory() -> int:
    """Return half of the machine's memory: not of what is free, or a run would depend on it."""
    import psutil

    return int(psutil.virtual_memory().total // 2)


def _cache_dir() -> Path:
    """Return where this user's caches are; a place that nobody can write to if there is none.

    A folder that all may write to would do no harm by its content alone, but by that of others.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        caches = Path(given) if given else Path.home() / ".cache"
    except RuntimeError:  # a number without a name or a home, as in containers
        caches = Path(os.devnull)
    return caches / "graticule"


class Settings(BaseModel):
    """What this machine allows; every field can be set as ``GRATICULE_<NAME>``.

    Attributes
    ----------
    cache_dir : Path
        Where step results are kept between runs.
    cache_size : int
        Bytes the cache may take; the least recently used go first.
    memory : int
        Bytes a run may take, interpreter and libraries included; by default half of the machine's.
    workers : int
        Threads a run uses; by default the number of processors.
    author, orcid, license : str
        Who answers for runs, and under what their data may be used (`Attribution`).
    """

    model_config = ConfigDict(frozen=True)

    cache_dir: Path = Field(default_factory=_cache_dir)
    cache_size: Bytes = 10 * 10**9
    memory: Bytes = Field(default_factory=_half_of_memory)
    workers: Annotated[int, Field(ge=1, le=4096)] = os.cpu_count() or 1
    author: str = ""
    orcid: Annotated[str, AfterValidator(orcid_number)] = ""
    license: Annotated[str, AfterValidator(license_address)] = ""

    @property
    def attribution(self) -> Attribution:
        """Who answers for runs."""
        return Attribution(self.author, self.orcid, self.license)


@cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises
    ------
    ParameterError
        Naming the environment variable at fault.
    """
    variables = {name: f"GRATICULE_{name.upper()}" for name in Settings.model_fields}
    given = {name: os.environ[key] for name, key in variables.items() if key in os.environ}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        detail = error.errors()[0]
        where = f"environment variable {variables[str(detail['loc'][0])]}"
        raise ParameterError(str(detail["msg"]), where=where) from None


_limits: list[tuple[int, int]] = []
"""Of every run under way its limit, and what the process took without its arrays."""
_changing = ProcessLock()


@contextmanager
def memory_limited(limit: int, *, besides: int | None = None) -> Iterator[None]:
    """Hold this process to a number of bytes while the block runs; see `memory_limit`.

    Parameters
    ----------
    limit : int
        Bytes of the process.
    besides : int, optional
        What of them is not for arrays; by default `graticule.core.memory.process_bytes` as it is
        now.

    Examples
    --------
    >>> with memory_limited(10**6):
    ...     memory_limit()
    1000000
    """
    held = (limit, process_bytes() if besides is None else besides)
    with _changing:
        _limits.append(held)
    try:
        yield
    finally:
        with _changing:
            _limits.remove(held)


def memory_limit() -> int:
    """Return the bytes that this process may take: the one number that all limits go by.

    It is the ``--memory`` of the run that is under way (of several, the lowest), and otherwise
    that of the settings. It counts for every thread of the process.
    """
    with _changing:
        least = min((limit for limit, _ in _limits), default=0)
    return least or settings().memory


def forget_memory_limits() -> None:
    """Hold this process to the settings alone: a fork is no part of the runs of its parent."""
    _limits.clear()


def array_budget(memory: int) -> int:
    """Return what of a process's memory is left for arrays.

    In a run that is what the process did not take when the run began, which may be nothing. For
    a file that is read outside of runs it is at least half: what else a program holds is its own.

    Examples
    --------
    >>> array_budget(2_000_000_000), array_budget(1_000_000)
    (1600000000, 500000)
    >>> with memory_limited(600_000_000, besides=450_000_000):
    ...     array_budget(600_000_000)
    150000000
    """
    with _changing:
        besides = max((held for _, held in _limits), default=None)
    if besides is None:
        return max(memory - PROCESS_BYTES, memory // 2)
    return max(memory - besides, 0)
