"""Contact sheets: typical, borderline and random members of each group, odd ones, near copies."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from graticule.clustering.analysis import Analysis
from graticule.core.typing import Array
from graticule.report import wording
from graticule.report.clustering.thumbnails import Thumbnail, Thumbnails, jpeg_uri, small
from graticule.report.style import label_colours

ACROSS, PAIRS = 8, 6
"""Images in a strip; and where each is shown prepared and as it was."""
GROUPS = 24
"""Groups that are shown, the largest first."""
ODD = 16
COPIES = 12
_SMALL = 0.2
"""Cohen's d that is not worth a word."""
NOISE_COLOUR = "#8a929b"


@dataclass(frozen=True)
class Cell:
    """One image on a sheet: prepared, and as it was where that is another."""

    name: str
    note: str = ""
    prepared: Thumbnail = field(default_factory=Thumbnail)
    original: Thumbnail = field(default_factory=Thumbnail)


@dataclass(frozen=True)
class Sheet:
    """A group, or what belongs to none."""

    title: str
    colour: str
    facts: str
    strips: list[tuple[str, list[Cell]]]
    mean: Thumbnail = field(default_factory=Thumbnail)
    effects: list[tuple[str, float, str]] = field(default_factory=list)


def group_colour(number: int) -> str:
    """Return the colour of a group, as CSS; noise is grey.

    Examples
    --------
    >>> group_colour(-1), group_colour(0) == group_colour(1)
    ('#8a929b', False)
    """
    if number < 0:
        return NOISE_COLOUR
    red, green, blue = label_colours(np.array([number + 1]))[0]
    return f"#{red:02x}{green:02x}{blue:02x}"


def sheets(analysis: Analysis, pictures: Thumbnails) -> list[Sheet]:
    """Return a sheet for each group, the largest first, and one for noise."""
    main = analysis.main
    found = [_sheet(analysis, group, pictures) for group in range(min(main.groups, GROUPS))]
    if main.noise:
        found.append(_noise(analysis, pictures))
    return found


def _sheet(analysis: Analysis, group: int, pictures: Thumbnails) -> Sheet:
    main = analysis.main
    across = _across(analysis)
    members = np.flatnonzero(main.labels == group)
    order = members[np.argsort(main.distances[members], kind="stable")]
    rng = np.random.default_rng([analysis.document.seed, group])
    drawn = np.sort(rng.choice(members, min(across, len(members)), replace=False))
    strips = [("Typical: nearest to the middle", order[:across])]
    if len(order) <= 2 * across:
        strips = [("All, the nearest to the middle first", order)]
    else:
        way = "nearly as near to another group" if main.groups > 1 else "farthest from the middle"
        at_border = members[np.argsort(-main.doubt[members], kind="stable")][:across]
        strips += [(f"Borderline: {way}", at_border), ("Drawn at random", drawn)]
    facts = f"{len(members):,} ({len(members) / len(main.labels):.0%})"
    return Sheet(
        f"Group {group}",
        group_colour(group),
        facts + _known(analysis, members),
        [(title, _cells(analysis, rows, pictures)) for title, rows in strips],
        _mean_image(analysis, members),
        effects_of(analysis, group),
    )


def are_pairs(analysis: Analysis) -> bool:
    """Whether prepared images are others than the original ones."""
    collection = analysis.features.collection
    pairs = zip(collection.prepared, collection.original, strict=True)
    return any(one is not None and one != other for one, other in pairs)


def _across(analysis: Analysis) -> int:
    return PAIRS if are_pairs(analysis) else ACROSS


def _noise(analysis: Analysis, pictures: Thumbnails) -> Sheet:
    main = analysis.main
    members = np.flatnonzero(main.labels < 0)
    far = members[np.argsort(-main.distances[members], kind="stable")]
    across = _across(analysis)
    rng = np.random.default_rng([analysis.document.seed, 1 << 20])
    drawn = np.sort(rng.choice(members, min(across, len(members)), replace=False))
    strips = [("Farthest from any group", far[:across])]
    if len(members) > across:
        strips.append(("Drawn at random", drawn))
    facts = f"{len(members):,} ({len(members) / len(main.labels):.0%}), left out of all indices"
    return Sheet(
        "In no group",
        NOISE_COLOUR,
        facts + _known(analysis, members),
        [(title, _cells(analysis, rows, pictures)) for title, rows in strips],
    )


def _known(analysis: Analysis, members: Array) -> str:
    """Return what the labels of some rows are, the most frequent first."""
    if analysis.labels is None:
        return ""
    names, counts = np.unique([analysis.labels[n] or "unknown" for n in members],
                              return_counts=True)  # fmt: skip
    order = np.argsort(-counts, kind="stable")[:3]
    shown = ", ".join(f"{names[n]} {counts[n] / len(members):.0%}" for n in order)
    return f"; labelled {shown}{', ...' if len(names) > 3 else ''}"


def _cells(analysis: Analysis, rows: Array, pictures: Thumbnails) -> list[Cell]:
    distances = analysis.main.distances
    return [cell(analysis, int(n), f"{distances[n]:.3g}", pictures) for n in rows]


def cell(analysis: Analysis, row: int, note: str, pictures: Thumbnails) -> Cell:
    """Return a row's pictures with its name."""
    collection = analysis.features.collection
    own, other = collection.prepared[row], collection.original[row]
    prepared = pictures.of(own if own is not None else other, collection.box(row))
    original = pictures.of(other) if own is not None and own != other else Thumbnail()
    return Cell(collection.names[row], note, prepared, original)


def _mean_image(analysis: Analysis, members: Array) -> Thumbnail:
    """Return the mean of a group's images, where its rows are their values."""
    features = analysis.features
    made = features.image_rows
    if made is None or made.name != "values" or len(features.image_columns) < 4:
        return Thumbnail()
    columns = {name: number for number, name in enumerate(made.columns)}
    flat = np.zeros(len(columns))
    places = [columns[name] for name in features.image_columns]
    values = features.table[list(features.image_columns)].to_numpy(np.float64)[members]
    flat[places] = values.mean(axis=0)
    image = flat.reshape(*made.shape, made.channels) if made.channels else flat.reshape(made.shape)
    low, high = float(image.min()), float(image.max())
    shades = np.clip(255 * (image - low) / ((high - low) or 1), 0, 255).astype(np.uint8)
    colours = shades[..., :3] if made.channels >= 3 else np.repeat(
        (shades[..., 0] if made.channels else shades)[..., None], 3, axis=-1)  # fmt: skip
    coarse = max(colours.shape[:2]) <= 32
    return Thumbnail(jpeg_uri(small(colours, 128), 90), is_coarse=coarse)


def effects_of(analysis: Analysis, group: int, most: int = 6) -> list[tuple[str, float, str]]:
    """Return the features that set a group apart most: name, Cohen's d, mean beside the others."""
    names = list(analysis.features.table.columns)
    made = analysis.features.image_rows
    sizes = analysis.effects[group]
    own = set(analysis.features.image_columns) if made and made.name == "values" else set()
    known = [n for n in range(len(names)) if abs(sizes[n]) >= _SMALL and names[n] not in own]
    order = sorted(known, key=lambda n: -abs(sizes[n]))[:most]
    table, labels = analysis.features.table, analysis.main.labels
    units = table.attrs.get("units", {})
    found = []
    for number in order:
        column = table.iloc[:, number].to_numpy()
        inside, outside = column[labels == group].mean(), column[labels != group].mean()
        unit = wording.unit(units.get(names[number], ""))
        words = f"{wording.number(float(inside))} {unit}".strip()
        words += f", others {wording.number(float(outside))} {unit}".rstrip()
        found.append((names[number], float(sizes[number]), words))
    return found


def odd_ones(analysis: Analysis, pictures: Thumbnails) -> list[Cell]:
    """Return the oddest rows, the oddest first."""
    order = np.argsort(analysis.outlier_rank, kind="stable")[:ODD]
    usual = float(np.median(analysis.outlier)) or 1.0
    return [
        cell(
            analysis,
            int(row),
            f"{analysis.outlier[row] / usual:.1f} times as far as usual; "
            + ("in no group" if analysis.main.labels[row] < 0 else
               f"group {analysis.main.labels[row]}"),
            pictures,
        )
        for row in order
    ]  # fmt: skip


def near_copies(analysis: Analysis, pictures: Thumbnails) -> tuple[list[tuple[Cell, Cell]], int]:
    """Return the closest pairs that are all but copies, and how many such pairs there are."""
    pairs = {
        (min(row, int(other)), max(row, int(other))): float(analysis.closeness[row])
        for row, other in enumerate(analysis.duplicate)
        if other >= 0
    }
    order = sorted(pairs, key=lambda pair: (pairs[pair], pair))[:COPIES]
    shown = []
    for one, other in order:
        note = f"{pairs[one, other]:.1%} of the usual distance"
        shown.append((cell(analysis, one, note, pictures), cell(analysis, other, "", pictures)))
    return shown, len(pairs)
