"""Order statistics of boxes as a list of comparisons, of which neighbours share most.

The samples of a window are sorted by merging: those of a column first, then two columns, four,
and so on. The columns of a window are those of its neighbours as well, so that each merge is done
once and read at several places. The rows that a few windows one above the other have in common
are merged once for all of them; each then takes in its own. Of a sorted part, what has too many
samples below or above it to be of the wanted rank in any window is forgotten.

Nothing depends on values: a comparison is done for all windows along a line at once. The merging
is that of Batcher, K. E., "Sorting networks and their applications", Proc. AFIPS Spring Joint
Computer Conference 32, 307-314, 1968, doi:10.1145/1468075.1468121.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A row of intermediate values, or a line of the image, read ``shift`` samples further on."""

    row: int
    shift: int = 0


Value = Place | int
"""What is compared: a row, or the number of a result that is at hand in the same stage."""


@dataclass(frozen=True)
class Sorted:
    """A part of a window in order, without what is forgotten of it."""

    values: tuple[Value, ...]
    size: int
    below: int = 0

    def moved(self, shift: int) -> Sorted:
        """Return the same part of the window ``shift`` samples further on."""
        places = [Place(v.row, v.shift + shift) for v in self.values if isinstance(v, Place)]
        return Sorted(tuple(places), self.size, self.below)


@dataclass
class Stage:
    """Comparisons done one after the other at one place, and what is kept of them in rows."""

    compared: list[tuple[Value, Value]] = field(default_factory=list)
    kept: dict[int, int] = field(default_factory=dict)

    def merge(self, a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
        """Merge two sorted lists of any lengths, as Batcher's odd-even merge does."""
        if not a or not b:
            return [*a, *b]
        if len(a) == len(b) == 1:
            self.compared.append((a[0], b[0]))
            number = 2 * len(self.compared)
            return [number - 2, number - 1]
        even, odd = self.merge(a[::2], b[::2]), self.merge(a[1::2], b[1::2])
        merged = even[:1]
        for x, y in zip(odd, even[1:], strict=False):
            merged += self.merge([x], [y])
        paired = min(len(odd), len(even) - 1)
        return merged + odd[paired:] + even[1 + paired :]


class Layout:
    """Lays out the merges of boxes of ``depth`` times ``height`` lines and ``width`` samples."""

    def __init__(self, depth: int, height: int, width: int, rank: int, tile: int) -> None:
        self.depth, self.height, self.width, self.rank, self.tile = depth, height, width, rank, tile
        self.span = height + tile - 1
        self.rows = depth * self.span
        self.stages: list[Stage] = []
        self.shared: dict[tuple[int, int, int], Sorted] = {}
        self._build()

    def joined(self, stage: Stage, a: Sorted, b: Sorted) -> Sorted:
        """Merge two parts, and forget what cannot be of the rank in any window that holds both."""
        merged = stage.merge(a.values, b.values)
        size, below = a.size + b.size, a.below + b.below
        least = max(below, size - self.depth * self.height * self.width + self.rank)
        return Sorted(tuple(merged[least - below : self.rank + 1 - below]), size, least)

    def keep(self, stage: Stage, part: Sorted) -> Sorted:
        """Put a part in rows, which other places can read."""
        places = []
        for value in part.values:
            if isinstance(value, int):
                if value not in stage.kept:
                    stage.kept[value] = self.rows
                    self.rows += 1
                value = Place(stage.kept[value])
            places.append(value)
        return Sorted(tuple(places), part.size, part.below)

    def column(self, stage: Stage, known: dict[tuple[int, int], Sorted], a: int, b: int) -> Sorted:
        """Sort the samples of lines ``a`` to ``b`` of one column."""
        if (a, b) not in known:
            if b - a == 1:
                known[a, b] = self.pile(stage, a, 0, self.depth)
            else:
                middle = a + (b - a) // 2
                halves = (self.column(stage, known, *part) for part in ((a, middle), (middle, b)))
                known[a, b] = self.joined(stage, *halves)
        return known[a, b]

    def pile(self, stage: Stage, line: int, a: int, b: int) -> Sorted:
        """Sort the samples of one line of a column along the axes before."""
        if b - a == 1:
            return Sorted((Place(a * self.span + line),), 1)
        middle = a + (b - a) // 2
        return self.joined(
            stage, self.pile(stage, line, a, middle), self.pile(stage, line, middle, b)
        )

    def ranges(self) -> list[tuple[int, int]]:
        """Return the lines that are merged over the whole width: common ones, and what is added."""
        found = [(self.tile - 1, self.height)]

        def split(first: int, last: int) -> None:
            if last - first > 1:
                middle = (first + last) // 2
                found.append((middle - 1, last - 1))
                found.append((first + self.height, middle + self.height))
                split(first, middle)
                split(middle, last)

        split(0, self.tile)
        return found

    def _build(self) -> None:
        """Fill the stages; the last gives the results."""
        ranges, stage = self.ranges(), Stage()
        known: dict[tuple[int, int], Sorted] = {}
        powers = [1 << bit for bit in range(self.width.bit_length())]
        for a, b in ranges:
            self.shared[a, b, 1] = self.column(stage, known, a, b)
        for power in powers[1:]:
            for a, b in ranges:
                self.shared[a, b, power // 2] = self.keep(stage, self.shared[a, b, power // 2])
            self.stages.append(stage)
            stage = Stage()
            for a, b in ranges:
                half = self.shared[a, b, power // 2]
                self.shared[a, b, power] = self.joined(stage, half, half.moved(power // 2))
        results = [Sorted((), 0)] * self.tile
        whole = {each: self.across(stage, *each) for each in ranges}

        def split(part: Sorted, first: int, last: int) -> None:
            if last - first == 1:
                results[first] = part
                return
            middle = (first + last) // 2
            above = whole[middle - 1, last - 1]
            under = whole[first + self.height, middle + self.height]
            split(self.joined(stage, part, above), first, middle)
            split(self.joined(stage, part, under), middle, last)

        split(whole[self.tile - 1, self.height], 0, self.tile)
        for result in results:
            self.keep(stage, result)
        self.stages.append(stage)

    def across(self, stage: Stage, a: int, b: int) -> Sorted:
        """Merge lines ``a`` to ``b`` over the whole width."""
        power = 1 << (self.width.bit_length() - 1)
        part, done = self.shared[a, b, power], power
        while done < self.width:
            power //= 2
            if done + power <= self.width:
                part = self.joined(stage, part, self.shared[a, b, power].moved(done))
                done += power
        return part
