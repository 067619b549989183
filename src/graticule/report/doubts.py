"""What a person who looks at a run would ask: of its images, their objects, and its thresholds.

Nothing is computed for it: it speaks of what a run set down of every image (`how it looks`) and of
its tables. Images are compared with the median of their own study, and only where there are enough
of them (`graticule.evaluate.outlying`). A doubt changes no number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.dims import COLOURS
from graticule.core.errors import GraticuleError
from graticule.core.typing import Array
from graticule.evaluate.outlying import LEAST, outlying
from graticule.report import wording
from graticule.report.record import RunRecord, read_record
from graticule.report.tables import StudyTable

_SATURATED = 0.001
_FEW = 9
_PART = 1e-5
_EDGE = 1 / 128
_MOST_ROWS = 5_000_000
"""Objects above which their sizes are not read again for this."""
_SIZES = ("area", "volume", "length")
_GUESS = "taken as"


@dataclass(frozen=True)
class Doubt:
    """One thing to be asked, and of which images: each with the number it rests on, or nothing."""

    what: str
    images: tuple[tuple[str, str], ...]

    def named(self, most: int = 5) -> str:
        """Return the images it is about, the first few by name.

        Examples
        --------
        >>> Doubt("far fewer objects", (("a", "3"), ("b", ""))).named()
        'a (3), b'
        """
        return wording.some([f"{n} ({told})" if told else n for n, told in self.images], most)


def doubts_in(folder: Path) -> list[Doubt]:
    """Return what is doubtful about the run in a folder.

    Raises
    ------
    StoreError
        If the folder holds no run, or a table cannot be read.
    """
    record = read_record(folder / "run.json")
    names = sorted({path.stem for path in folder.glob("objects*.parquet")})
    return doubts_of(record, [StudyTable(folder, name) for name in names])


def doubts_of(record: RunRecord, tables: Sequence[StudyTable]) -> list[Doubt]:
    """Return what is doubtful about a run, what weighs most first."""
    images = [image for image in record.images if image.get("status") != "failed"]
    found = [*_guesses(images), *_thresholds(images), *_saturation(images)]
    names = [str(image.get("image")) for image in images]
    for table in tables:
        if table.exists and {"image", "label"} <= set(table.columns):
            found += [*_channels(table), *_objects(names, table, record)]
    return [*found, *_unlike(images)]


def sentence(doubt: Doubt, study: int) -> str:
    """Return a doubt as one line that names how many images it is about.

    Examples
    --------
    >>> sentence(Doubt("far fewer objects than usual", (("a", "3"),)), 40)
    '1 of 40 images: far fewer objects than usual: a (3)'
    """
    if study == 1:
        told = doubt.images[0][1] if doubt.images else ""
        return f"{doubt.what}{f': {told}' if told else ''}"
    return f"{len(doubt.images):,} of {study:,} images: {doubt.what}: {doubt.named()}"


def _guesses(images: Sequence[Mapping[str, Any]]) -> list[Doubt]:
    """Return what was guessed when files were read, as the names of axes."""
    told = wording.by_note(
        (str(i.get("image")), [n for n in map(str, i.get("notes") or ()) if _GUESS in n])
        for i in images
    )
    return [
        Doubt(f"a guess about the files: {note}", tuple((name, "") for name in names))
        for note, names in told.items()
    ]


def _looks(images: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return how each input looked and what each threshold took, by name, with the images."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for image in images:
        for name, told in (image.get("appearance") or {}).items():
            if isinstance(told, dict):
                found.setdefault(str(name), []).append((str(image.get("image")), told))
    return found


def _thresholds(images: Sequence[Mapping[str, Any]]) -> Iterator[Doubt]:
    for name, looks in _looks(images).items():
        by_fault: dict[str, list[tuple[str, str]]] = {}
        for image, told in looks:
            if "taken" in told and (fault := _threshold_fault(told)):
                by_fault.setdefault(fault[0], []).append((image, fault[1]))
        for words, of in by_fault.items():
            yield Doubt(f"the threshold {name} {words}", tuple(of))


def _threshold_fault(told: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with a threshold, and the number that says so."""
    taken, samples = int(told["taken"]), int(told["samples"])
    few = max(_FEW, _PART * samples)
    if samples <= 4 * _FEW:
        return None
    if taken <= few:
        return "takes next to nothing", f"{taken:,} of {samples:,} samples"
    if samples - taken <= few:
        return "takes next to everything", f"all but {samples - taken:,} of {samples:,} samples"
    place, share = told.get("place"), taken / samples
    if place is None or min(share, 1 - share) > 0.01:
        return None
    # At one end of the range, with all but everything beyond the other side of it. Few samples
    # beyond a value at the far end are what is rare and far brighter, as stars are.
    taken_side = "above" if told.get("above") else "below"
    rare_above = share if taken_side == "above" else 1 - share
    if (place > 1 - _EDGE and rare_above <= 0.01) or (place < _EDGE and 1 - rare_above <= 0.01):
        return "lies at the edge of the histogram", f"takes {100 * share:.3g} %"
    return None


def _saturation(images: Sequence[Mapping[str, Any]]) -> Iterator[Doubt]:
    for name, looks in _looks(images).items():
        of = [
            (image, f"{100 * told['saturated']:.2g} %")
            for image, told in looks
            if told.get("saturated", 0) >= _SATURATED
        ]
        if of:
            what = "saturated: samples pile up at the highest value, and may have been brighter"
            yield Doubt(f"{name} is {what}" if name != "image" else what, tuple(of))


def _channels(table: StudyTable) -> Iterator[Doubt]:
    """Give images whose objects were found in each channel by itself, colours among them."""
    dim = next((name for name in COLOURS if name in table.columns), None)
    if dim is None or table.rows > _MOST_ROWS:
        return
    frame = table.head(table.rows, ["image", dim])
    channels = frame.groupby(frame["image"].astype(str), sort=False)[dim].nunique()
    of = tuple((str(name), f"{count} channels") for name, count in channels.items() if count > 1)
    if of:
        what = "each channel counts by itself, and what is seen in several counts several times"
        way = "a step grey: {op: transform.grey} makes one image of colours"
        yield Doubt(f"{what} ({way}, {{op: transform.select, dim: {dim}, index: 0}} takes one)", of)


def _objects(names: Sequence[str], table: StudyTable, record: RunRecord) -> Iterator[Doubt]:
    """Give images with far more or fewer objects than the usual one, and far larger or smaller."""
    if table.rows > _MOST_ROWS or len(names) < LEAST:
        return
    size = next((name for name in _SIZES if name in table.columns), None)
    frame = table.head(table.rows, ["image", *([size] if size else [])])
    by_image = frame.groupby(frame["image"].astype(str), sort=False)
    counts = by_image.size().reindex(list(names), fill_value=0).to_numpy(float)
    kind = table.name.removeprefix("objects").lstrip("_")
    of = f" ({kind})" if kind else ""
    # twice the root of a count that is by chance has a spread of 1, whatever the count
    yield from _sides(
        names,
        counts,
        lambda v: 2 * np.sqrt(v + 0.375),
        1.0,
        (f"far fewer objects{of}", f"far more objects{of}"),
        lambda v: f"{v:,.0f}",
    )
    if size:
        usual = by_image[size].median().reindex(list(names)).to_numpy(float, copy=True)
        usual[counts < 5] = np.nan
        unit = wording.unit(record.unit(table.name, size))
        yield from _sides(
            names,
            usual,
            np.log,
            0.1,
            (f"far smaller objects{of}", f"far larger objects{of}"),
            lambda v: f"{wording.number(float(v))} {unit}".strip(),
        )


def _sides(
    names: Sequence[str],
    values: Array,
    scale: Callable[[Array], Array],
    least_spread: float,
    words: tuple[str, str],
    shown: Callable[[float], str],
    factor: float = 2.0,
) -> Iterator[Doubt]:
    """Give what lies far below the median of the study, and what far above, by a factor at least.

    A factor that matters to no one is no doubt, however alike the other images are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        far = outlying(scale(values), least_spread=least_spread)
    middle = float(np.median(values[np.isfinite(values)])) if far.any() else math.nan
    for side, word in zip((-1, 1), words, strict=True):
        beyond = values * factor <= middle if side < 0 else values >= factor * middle
        chosen = [int(n) for n in np.flatnonzero((far == side) & beyond)]
        if chosen:
            of = tuple((names[n], shown(float(values[n]))) for n in chosen)
            yield Doubt(f"{word} than in the median image, {shown(middle)}", of)


def _unlike(images: Sequence[Mapping[str, Any]]) -> Iterator[Doubt]:
    """Give images that are of another kind than the others, or look otherwise."""
    for name, looks in _looks(images).items():
        own = [(image, told) for image, told in looks if "sizes" in told]
        if len(own) < LEAST:
            continue
        of = "" if name == "image" else f"{name} "
        for what, key in (("size", "sizes"), ("kind of number", "dtype"), ("spacing", "spacing")):
            if found := _other(own, key, f"{of}another {what}"):
                yield found
        yield from _looking_otherwise(own, of)


def _other(looks: Sequence[tuple[str, Mapping[str, Any]]], key: str, words: str) -> Doubt | None:
    """Return the images where something differs that nearly all others have in common."""
    texts = [_plain(told.get(key)) for _, told in looks]
    usual, many = Counter(texts).most_common(1)[0]
    if many == len(texts) or many < 0.8 * len(texts):
        return None
    of = tuple((look[0], text) for look, text in zip(looks, texts, strict=True) if text != usual)
    return Doubt(f"{words} than the others ({usual})", of)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{dim} {size}" for dim, size in value.items()) or "none"
    return str(value)


def _looking_otherwise(looks: Sequence[tuple[str, Mapping[str, Any]]], of: str) -> Iterator[Doubt]:
    names = [image for image, _ in looks]
    level, reach, grain = (
        np.array([_number(told.get(key)) for _, told in looks])
        for key in ("level", "range", "grain")
    )
    known = reach[np.isfinite(reach) & (reach > 0)]
    flat = np.zeros(len(names), bool)
    if len(known) >= LEAST:
        # how bright: told against the range within an image, for a level has no zero of its own
        usual = float(np.median(known))
        far = outlying(level / usual, least_spread=0.1)
        middle = float(np.median(level[np.isfinite(level)]))
        for side, word in ((-1, "darker"), (1, "brighter")):
            chosen = np.flatnonzero((far == side) & (np.abs(level - middle) > usual))
            if len(chosen):
                told = tuple((names[n], _shown(float(level[n]))) for n in chosen)
                yield Doubt(f"{of}far {word} than the median image, {_shown(middle)}", told)
        floor = np.where(reach > 0, reach, 1e-9 * usual)
        contrast = (f"{of}far less contrast", f"{of}far more contrast")
        for doubt in _sides(names, floor, np.log, 0.2, contrast, _shown, factor=3):
            flat |= np.isin(names, [name for name, _ in doubt.images])
            yield doubt
    grain[flat] = np.nan  # it is told against the range
    smooth = (f"{of}far smoother, as if out of focus,", f"{of}far more grain")
    yield from _sides(names, grain, np.log, 0.1, smooth, _shown)


def _shown(value: float) -> str:
    return wording.number(float(f"{value:.3g}"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def troubled(record: RunRecord, tables: Sequence[StudyTable], troubles: list[str]) -> list[Doubt]:
    """Return what is doubtful; a table that cannot be read is a trouble of the page."""
    try:
        return doubts_of(record, tables)
    except GraticuleError as error:
        troubles.append(str(error))
        return []
