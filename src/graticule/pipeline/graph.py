"""The graph of a pipeline's steps: what waits for what, and which kinds fit."""

from __future__ import annotations

from collections.abc import Mapping

from graticule.core.kinds import Kind
from graticule.pipeline.spec import Step


def fits(given: Kind, wanted: Kind) -> bool:
    """Whether data of one kind may go where another is wanted."""
    if wanted is Kind.IMAGE:
        return given.is_array
    if wanted is Kind.TABLE:
        return given in (Kind.TABLE, Kind.RECORD)
    return given is wanted or (given is Kind.IMAGE and wanted.is_array)


def _needs(step: Step, steps: Mapping[str, Step]) -> set[str]:
    return {r.name for r in step.inputs if r is not None and r.name in steps}


def ordered(steps: Mapping[str, Step]) -> dict[str, Step]:
    """Return the steps, each after those it needs; steps of a cycle are left out.

    Steps keep the order of the document where they can.
    """
    done: dict[str, Step] = {}
    while True:
        ready = [n for n, s in steps.items() if n not in done and _needs(s, steps) <= set(done)]
        if not ready:
            return done
        done[ready[0]] = steps[ready[0]]


def cycle(steps: Mapping[str, Step]) -> list[str]:
    """Return the steps that wait for themselves."""
    done = ordered(steps)
    return [name for name in steps if name not in done and name in _reach(name, steps)]


def _reach(name: str, steps: Mapping[str, Step]) -> set[str]:
    found: set[str] = set()
    front = _needs(steps[name], steps)
    while front:
        found |= front
        front = set().union(*(_needs(steps[n], steps) for n in front)) - found
    return found
