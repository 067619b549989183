"""Units of an experiment: what is independent, with one number for each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from graticule.core.errors import RequestError, suggest
from graticule.pipeline.study_spec import GroupsSpec

IMAGE = "image"
_NAMED = 5


@dataclass(frozen=True)
class Measure:
    """A column that is compared.

    Attributes
    ----------
    text : str
        As the pipeline names it.
    table, column : str
        Where it is; ``images``, or a table of objects.
    unit : str
        Of its values.
    """

    text: str
    table: str
    column: str
    unit: str = ""


def measures_of(spec: GroupsSpec, tables: Mapping[str, pd.DataFrame]) -> list[Measure]:
    """Return what is compared, found in the tables of a run.

    Raises
    ------
    RequestError
        If there is no such table or column, or it holds no numbers.
    """
    return [_measure(text, tables) for text in spec.of]


def _measure(text: str, tables: Mapping[str, pd.DataFrame]) -> Measure:
    step, _, column = text.rpartition(".")
    names = {
        "": "images",
        "images": "images",
        **{name.removeprefix("objects_"): name for name in tables if name != "images"},
    }
    objects = [name for name in tables if name != "images"]
    table = names.get(step.replace(".", "_"), objects[0] if len(objects) == 1 else "")
    if not step and column not in tables["images"] and len(objects) == 1:
        table = objects[0]
    if table not in tables:
        raise RequestError(f"there is no table {step!r}", where=f"groups.of: {text}")
    held = tables[table]
    if column not in held:
        known = [str(name) for name in held.columns]
        raise RequestError(
            f"{table} has no column {column!r}; it has {', '.join(known[:12])}",
            where=f"groups.of: {text}",
            hint=suggest(column, known),
        )
    if not pd.api.types.is_numeric_dtype(held[column]):
        raise RequestError(f"{column} holds no numbers", where=f"groups.of: {text}")
    return Measure(text, table, column, str(held.attrs.get("units", {}).get(column, "")))


def units_table(
    spec: GroupsSpec, measures: Sequence[Measure], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return a row for each unit: its place in the design, how much was seen, and each measure.

    The design is what is known of images, also where something measured has the same name.
    An image of which a column of ``over`` says nothing is of no unit. Objects are brought together
    within their image, and images within their unit, so that a unit
    with many objects counts as much as one with few.

    Raises
    ------
    RequestError
        If images of one unit are of several groups.
    """
    images = tables["images"]
    design = list(dict.fromkeys((*spec.over, *spec.columns)))
    over = list(spec.over) or [IMAGE]
    taken = _taken(images, (IMAGE, *design))
    held = images[list(taken)].rename(columns=taken)
    for measure in measures:
        held[measure.text] = _by_image(measure, images, tables[measure.table], spec.within)
        if measure.table != "images":
            held[measure.table] = (
                images[IMAGE].map(tables[measure.table].groupby(IMAGE).size()).fillna(0)
            )
    grouped = held[~blanks(held, over).any(axis=1)].groupby(over, sort=False)
    rest = [name for name in design if name not in over]
    _require_one_group(grouped, rest, over)
    parts: dict[str, Any] = {name: grouped[name].first() for name in rest}
    parts["images"] = grouped.size()
    parts |= {name: grouped[name].sum().astype(int) for name in objects_of(measures)}
    for measure in measures:
        parts[measure.text] = getattr(grouped[measure.text], spec.within)()
    table = pd.DataFrame(parts).reset_index()
    units = images.attrs.get("units", {})
    own = {m.text: m.unit for m in measures if m.unit}
    table.attrs["units"] = {n: units[c] for c, n in taken.items() if units.get(c)} | own
    return table


def objects_of(measures: Sequence[Measure]) -> list[str]:
    """Return the tables of objects that measures are of."""
    return list(dict.fromkeys(each.table for each in measures if each.table != "images"))


def blanks(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return which cells of some columns say nothing."""
    held = table[list(columns)]
    return held.isna() | (held == "")


def left_out(spec: GroupsSpec, images: pd.DataFrame) -> list[str]:
    """Return in words which images are of no unit, group or place: their columns are empty."""
    told = []
    for name in spec.over:
        without = blanks(images, list(_taken(images, [name]))).any(axis=1)
        told += _without(images[without], name, "are of no unit")
    if spec.by:
        without = blanks(images, list(_taken(images, spec.by))).all(axis=1)
        told += _without(images[without], " and ".join(spec.by), "are in no group")
    if spec.map:
        without = blanks(images, list(_taken(images, spec.map))).any(axis=1)
        told += _without(images[without], " or ".join(spec.map), "are at no place of the map")
    return told


def _without(images: pd.DataFrame, name: str, what: str) -> list[str]:
    names = images[IMAGE].astype(str).tolist()
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return [f"images without {name} {what} ({len(names)}: {shown})"] if names else []


def _taken(images: pd.DataFrame, names: Sequence[str]) -> dict[str, str]:
    """Return what is known of images by the columns it stands in."""
    columns = {name: column for column, name in images.attrs.get("facts", {}).items()}
    return {columns.get(name, name): name for name in names}


def _by_image(measure: Measure, images: pd.DataFrame, table: pd.DataFrame, within: str) -> Any:
    if measure.table == "images":
        return images[measure.column].to_numpy()
    grouped = table.groupby(IMAGE, sort=False)[measure.column]
    return images[IMAGE].map(getattr(grouped, within)()).to_numpy(float)


def _require_one_group(grouped: Any, columns: Sequence[str], over: Sequence[str]) -> None:
    for name in columns:
        many = grouped[name].nunique(dropna=False)
        if (many > 1).any():
            unit = many.index[(many > 1).to_numpy()][0]
            told = unit if not isinstance(unit, tuple) else ", ".join(map(str, unit))
            raise RequestError(
                f"{' '.join(over)} {told} has several values of {name}",
                where="groups.over",
                hint=f"a unit is of one group; add {name} to over, or mend the sheet",
            )
