"""The comparisons of a layout of merges, without the useless ones, and where each value is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from graticule.core.typing import Array
from graticule.ops.filters._merge_layout import Layout, Place, Stage, Value


@dataclass(frozen=True)
class Plan:
    """What to compare for ``tile`` windows one above the other.

    Attributes
    ----------
    tile : int
        How many windows.
    lines : int
        Lines of the image that they need: for each index of the axes before, those of the second
        last axis in turn.
    rows : int
        Rows of intermediate values; the first are the lines, the last the results.
    slots : int
        Values at hand at once within a stage.
    places : array
        By comparison, where the smaller and the larger go and where the two come from: a slot,
        or ``slots`` more than the number of a row, or -1 where a result is of no use.
    shifts : array
        By comparison, how many samples further on each of the two is.
    stages : array
        Where each stage begins among the comparisons, and where the last ends.
    """

    tile: int
    lines: int
    rows: int
    slots: int
    places: Array
    shifts: Array
    stages: Array

    @property
    def work(self) -> float:
        """Comparisons for one window."""
        return len(self.places) / self.tile


@cache
def plan_of(depth: int, height: int, width: int, rank: int, lines: int) -> Plan:
    """Return the plan of least work for windows of a size, and a rank of their samples from 0.

    Windows on up to ``lines`` lines may be taken together.
    """
    tiles = [tile for tile in (1, 2, 4, 8) if tile <= min(height, lines)]
    plans = (_plan(Layout(depth, height, width, rank, tile)) for tile in tiles)
    return min(plans, key=lambda plan: plan.work)


def _plan(layout: Layout) -> Plan:
    useful = set(range(layout.rows - layout.tile, layout.rows))
    compared = [_useful(stage, useful) for stage in reversed(layout.stages)][::-1]
    lines = layout.depth * layout.span
    useful |= set(range(lines))
    rows = {row: number for number, row in enumerate(sorted(useful))}
    for stage in layout.stages:
        stage.kept = {value: row for value, row in stage.kept.items() if row in useful}
    placed = [_placed(stage, each) for stage, each in zip(layout.stages, compared, strict=True)]
    slots = max(used for _, used in placed)
    steps = [step for steps, _ in placed for step in steps]
    places = [[_number(place, slots, rows) for place in step] for step in steps]
    shifts = [[getattr(place, "shift", 0) for place in step[2:]] for step in steps]
    return Plan(
        layout.tile,
        lines,
        len(useful),
        slots,
        np.array(places, np.int64),
        np.array(shifts, np.int64),
        np.cumsum([0, *(len(steps) for steps, _ in placed)]),
    )


def _useful(stage: Stage, rows: set[int]) -> list[tuple[int, bool, bool]]:
    """Return which comparisons of a stage are of use for ``rows``, and which of their results.

    The rows that they read are added.
    """
    wanted = {value for value, row in stage.kept.items() if row in rows}
    found = []
    for number in reversed(range(len(stage.compared))):
        low, high = 2 * number in wanted, 2 * number + 1 in wanted
        if low or high:
            found.append((number, low, high))
            for value in stage.compared[number]:
                if isinstance(value, Place):
                    rows.add(value.row)
                else:
                    wanted.add(value)
    return found[::-1]


def _placed(
    stage: Stage, useful: list[tuple[int, bool, bool]]
) -> tuple[list[list[Value | None]], int]:
    """Return where results go and values come from, and how many slots that takes.

    A slot is free again after the last use of what is in it.
    """
    last = {value: number for number, *_ in useful for value in stage.compared[number]}
    places: dict[Value, Value] = {}
    free: list[int] = []
    steps: list[list[Value | None]] = []
    slots = 0
    for number, low, high in useful:
        pair = stage.compared[number]
        sources = [value if isinstance(value, Place) else places[value] for value in pair]
        done = {value for value in pair if last[value] == number}
        free += [place for value in done if isinstance(place := places.get(value), int)]
        results: list[Value | None] = [None, None]
        for which, wanted in enumerate((low, high)):
            value = 2 * number + which
            if wanted and value in stage.kept:
                results[which] = Place(stage.kept[value])
            elif wanted:
                if not free:
                    free.append(slots)
                    slots += 1
                results[which] = free.pop()
            if (place := results[which]) is not None:
                places[value] = place
        steps.append([*results, *sources])
    return steps, slots


def _number(place: Value | None, slots: int, rows: dict[int, int]) -> int:
    if place is None:
        return -1
    return slots + rows[place.row] if isinstance(place, Place) else place
