"""A1: damaged files end in an image or a typed error."""

from __future__ import annotations

from collections.abc import Iterator

from graticule.core.errors import FormatError
from graticule.io.format import formats
from graticule.testing.attack.attack import attack
from graticule.testing.reliability.row import Effort, row
from graticule.testing.trial import Trial


@row(
    "A1",
    "a damaged file of any format is read, or refused by a typed error: no crash, no hang over "
    "10 s, no other exception, no more memory than the setting",
)
def damaged_files(effort: Effort) -> Iterator[Trial]:
    """Attack every registered format."""
    for known in formats():
        try:
            prepared = attack(known.name, seed=effort.seed)
        except FormatError as error:
            yield Trial(f"{known.name}: good files", known.name, "wrong", str(error))
            continue
        count = effort.count(full=max(7500, prepared.rounds), quick=100)
        yield from prepared.run(range(count), keep=effort.keep, processes=effort.processes)
