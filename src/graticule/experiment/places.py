"""Where the units of an experiment lie: wells on a plate, samples in a field, spots on a slide."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from graticule.experiment.units import Measure, blanks
from graticule.pipeline.study_spec import GroupsSpec

_ROWS, _COLUMNS = ("row", "plate_row"), ("col", "column", "plate_column")
_WELL = re.compile(r"([A-Za-z]{1,2})[-_ ]?(\d{1,2})")
_LEAST = 6
"""Wells from which a map is of use that nobody asked for."""


def places_table(
    spec: GroupsSpec, units: pd.DataFrame, measures: Sequence[Measure]
) -> pd.DataFrame | None:
    """Return a row for each place with the mean of each measure over the units that lie there.

    Places are what ``map`` names; without it, the wells of a plate where units lie on one. None
    where there are no places.
    """
    places = units[list(spec.map)] if spec.map else _wells(units)
    if places is None:
        return None
    by, of = [str(name) for name in places], [measure.text for measure in measures]
    if not set(by).isdisjoint([*of, "units"]):
        return None
    held = pd.concat([places, units[of]], axis=1)
    held.attrs = units.attrs
    table = at_places(held, by)
    return table if spec.map or len(table) >= max(_LEAST, len(units)) else None


def at_places(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return a row for each place: its columns, how many ``units`` lie there, and their means."""
    grouped = rows[~blanks(rows, by).any(axis=1)].groupby(list(by), sort=True)
    table = pd.concat([grouped.size().rename("units"), grouped.mean()], axis=1).reset_index()
    known = rows.attrs.get("units", {})
    table.attrs["units"] = {name: known[name] for name in table if name in known}
    return table


def _wells(units: pd.DataFrame) -> pd.DataFrame | None:
    """Return plate, row and column of each unit, of their columns or of names as A01."""
    plate = units[["plate"]] if "plate" in units else units[[]]
    row = next((name for name in _ROWS if name in units), None)
    column = next((name for name in _COLUMNS if name in units), None)
    if (
        row
        and column
        and pd.api.types.is_integer_dtype(units[column])
        and (units[column] > 0).all()
    ):
        return plate.join(units[[row, column]])
    if "well" in units and len(units):
        found = units["well"].astype(str).str.extract(f"^{_WELL.pattern}$")
        if found.notna().all(axis=None):
            return plate.assign(row=found[0].str.upper(), col=found[1].astype(int))
    return None
