"""What is compared over a study, written into its run folder before the report is made.

::

    units.csv    units.parquet      a row for each independent unit, as a well
    groups.csv   groups.parquet     a row for each group and measure
    answers.csv  answers.parquet    Z', SSMD, EC50 and their like, with intervals and a sentence
    places.csv   places.parquet     a row for each place on the plate or map
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from graticule.core.atomic import remove
from graticule.core.errors import GraticuleError, RequestError, StoreError
from graticule.evaluate.bootstrap import Interval
from graticule.evaluate.dose_response import dose_response
from graticule.evaluate.groups import difference_of_units, holm, mean_of_units
from graticule.evaluate.screening import ssmd, z_prime
from graticule.experiment.places import places_table
from graticule.experiment.units import (
    Measure,
    blanks,
    left_out,
    measures_of,
    objects_of,
    units_table,
)
from graticule.pipeline.folder import read_head, write_json
from graticule.pipeline.studies import same_level
from graticule.pipeline.study_spec import GroupsSpec
from graticule.pipeline.tables import read_table, write_table

UNITS, GROUPS, ANSWERS, PLACES = "units", "groups", "answers", "places"
TABLES = (UNITS, GROUPS, ANSWERS, PLACES)
_ENDINGS = (".csv", ".parquet", ".csv-metadata.json")
_TROUBLE = "groups"


def write(folder: Path | str) -> None:
    """Write the tables of an experiment into a run folder, from what it holds.

    Where its pipeline has no ``groups``, nothing is written and what an earlier run left goes.
    What cannot be compared, and images that are of no unit or group, are set down in ``run.json``
    under ``troubles``, and end no run.

    Parameters
    ----------
    folder : path
        A run folder that is finished but for its report.

    Raises
    ------
    StoreError
        If the folder holds no ``run.json`` that can be read.

    Examples
    --------
    A run that compares nothing is left as it is:

    >>> import os, tempfile, skimage
    >>> import graticule as gt
    >>> from graticule.recipes import pipeline_path
    >>> coins = os.path.join(skimage.data_dir, "coins.png")
    >>> with tempfile.TemporaryDirectory() as out:
    ...     run = gt.Pipeline.load(pipeline_path("coins")).run(coins, out, cache=False)
    ...     write(run.folder)
    ...     os.path.exists(run.folder / "groups.csv")
    False
    """
    folder = Path(folder)
    plain = _groups_of(folder)
    found: dict[str, pd.DataFrame] = {}
    troubles: list[str] = []
    if plain:
        spec = GroupsSpec.model_validate(plain)
        try:
            tables = _tables(folder)
            troubles += left_out(spec, tables["images"])
            found = tables_of(spec, tables)
        except GraticuleError as error:
            troubles.append(str(error))
    for name in TABLES:
        if name in found and len(found[name]):
            write_table(folder, name, found[name])
            continue
        for ending in _ENDINGS:
            remove(folder / f"{name}{ending}")
    if troubles:
        about = json.loads((folder / "run.json").read_bytes())
        about["troubles"] = {**(about.get("troubles") or {}), _TROUBLE: "; ".join(troubles)}
        write_json(folder / "run.json", about)


def _groups_of(folder: Path) -> dict[str, Any] | None:
    """Return what a run compares; None where that is nothing."""
    try:
        head = read_head(folder / "run.json", before="images")
    except (OSError, ValueError) as error:
        raise StoreError(f"run.json cannot be read: {error}", where=str(folder)) from None
    return (head.get("pipeline") or {}).get("groups")


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a run with their units."""
    names = sorted(path.stem for path in folder.glob("objects*.parquet"))
    return {name: read_table(folder / f"{name}.parquet") for name in ["images", *names]}


def tables_of(spec: GroupsSpec, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return units, groups, answers and places of the tables of a run.

    Raises
    ------
    RequestError
        If what is compared was not measured, or no unit has it.
    """
    measures = measures_of(spec, tables)
    units = units_table(spec, measures, tables)
    for measure in measures:
        if not _known(units[measure.text]):
            raise RequestError(f"no unit has a value of {measure.text}", where="groups.of")
    found = {UNITS: units}
    if spec.by:
        found[GROUPS] = _groups(spec, measures, units)
    answers = [answer for measure in measures for answer in _answers(spec, measure, units)]
    if answers:
        found[ANSWERS] = _answers_table(spec, answers)
    places = places_table(spec, units, measures)
    if places is not None:
        found[PLACES] = places
    return found


def _groups(spec: GroupsSpec, measures: Sequence[Measure], units: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each group and measure."""
    parts = []
    for measure in measures:
        rows = [
            {**group, "measure": measure.text,
             **_mean(spec, own[measure.text], own[["images", *objects_of(measures)]])}
            for group, own in _apart(units, spec.by)
        ]  # fmt: skip
        if spec.reference is not None:
            _compare(spec, measure, units, rows)
        parts += rows
    if not parts:
        raise RequestError(f"no unit has {' and '.join(spec.by)}", where="groups.by")
    table = pd.DataFrame(parts)
    held = units.attrs["units"]
    table.attrs["units"] = {name: held[name] for name in spec.by if name in held}
    return table


def _known(values: Any) -> int:
    return int(np.isfinite(values.to_numpy(float)).sum())


def _mean(spec: GroupsSpec, values: Any, seen: pd.DataFrame) -> dict[str, Any]:
    counts = {"units": _known(values)}
    counts |= {str(name): int(seen[name].sum()) for name in seen}
    if not counts["units"]:
        blank = dict.fromkeys(("mean", "sd", "low", "high"), math.nan)
        return {**counts, **blank, "interval": ""}
    found = mean_of_units(values, confidence=spec.confidence, n=spec.n, seed=spec.seed)
    told = found._asdict()
    told.pop("units")
    return {**counts, **told}


def _compare(
    spec: GroupsSpec, measure: Measure, units: pd.DataFrame, rows: list[dict[str, Any]]
) -> None:
    """Add to each group how it differs from the reference, of the same other columns."""
    first, others = spec.by[0], list(spec.by[1:])
    tested = []
    for row in rows:
        same = [_is_level(units[name], row[name]) for name in others]
        is_reference = units[first].map(lambda value: same_level(value, spec.reference))
        own = units[first] == row[first]
        for each in same:
            own, is_reference = own & each, is_reference & each
        values, reference = units[measure.text][own], units[measure.text][is_reference]
        blank = dict.fromkeys(("difference", "difference_low", "difference_high", "effect",
                               "effect_low", "effect_high", "p"), math.nan)  # fmt: skip
        row |= blank
        is_compared = _known(values) and _known(reference) and _is_given(row[first])
        if same_level(row[first], spec.reference) or not is_compared:
            continue
        found = difference_of_units(values, reference, confidence=spec.confidence)
        row |= dict(zip(blank, found, strict=True))
        tested.append(row)
    adjusted = holm([row["p"] for row in tested])
    for row in rows:
        row["p_holm"] = math.nan
    for row, value in zip(tested, adjusted, strict=True):
        row["p_holm"] = float(value)


def _is_given(level: Any) -> bool:
    return level != "" and not pd.isna(level)


def _is_level(column: Any, level: Any) -> Any:
    return column.isna() if pd.isna(level) else column == level


def _answers_table(spec: GroupsSpec, answers: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the answers, those of a group with its columns first."""
    table = pd.DataFrame(answers)
    first = [name for name in spec.by if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    texts = [name for name in first if not pd.api.types.is_numeric_dtype(table[name])]
    return table.fillna(dict.fromkeys(texts, ""))


def _answers(spec: GroupsSpec, measure: Measure, units: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    if spec.controls is not None:
        found += _quality(spec, measure, units)
    if spec.dose:
        unit = units.attrs["units"].get(spec.dose, "")
        for group, own in _series(spec, units):
            found += [{**group, **answer} for answer in _curve(spec, measure, own, unit)]
    return found


def _others(spec: GroupsSpec) -> list[str]:
    """Return what makes groups beside doses and controls."""
    own = (spec.dose, spec.controls.column if spec.controls else "")
    return [name for name in spec.by if name not in own]


def _apart(units: pd.DataFrame, columns: Sequence[str]) -> list[tuple[dict[str, Any], Any]]:
    """Return the units of each group of some columns, of which one says something; of none, all."""
    if not columns:
        return [({}, units)]
    placed = units[~blanks(units, columns).all(axis=1)]
    groups = placed.groupby(list(columns), sort=True, dropna=False)
    return [(dict(zip(columns, key, strict=True)), own) for key, own in groups]


def _series(spec: GroupsSpec, units: pd.DataFrame) -> list[tuple[dict[str, Any], Any]]:
    """Return the units of each curve; what has one dose, as the vehicle of drugs, has none."""
    groups = _apart(units, _others(spec))
    return [(group, own) for group, own in groups if own[spec.dose].nunique() > 1] or groups


def _quality(spec: GroupsSpec, measure: Measure, units: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how well the controls are told apart, in each group that may have both."""
    assert spec.controls is not None
    column = units[spec.controls.column]
    positive, negative = (
        column.map(lambda v, w=wanted: same_level(v, w)).astype(bool)
        for wanted in (spec.controls.positive, spec.controls.negative)
    )
    apart = [
        name
        for name in _others(spec)
        if (set(units[name][positive]) & set(units[name][negative])) - {""}
    ]
    found = []
    for group, own in _apart(units[positive | negative], apart):
        values = own[measure.text].astype(float)
        one, other = (values[each[own.index]].to_numpy() for each in (positive, negative))
        for name, function in (("Z'", z_prime), ("SSMD", ssmd)):
            try:
                told = function(one, other, confidence=spec.confidence, n=spec.n, seed=spec.seed)
                found.append({**group, **_answer(name, measure, told, "")})
            except GraticuleError as error:
                found.append({**group, **_no_answer(name, measure, str(error))})
    return found


def _curve(
    spec: GroupsSpec, measure: Measure, units: pd.DataFrame, unit: str
) -> list[dict[str, Any]]:
    doses = pd.to_numeric(units[spec.dose], errors="coerce").to_numpy(float)
    try:
        fit = dose_response(doses, units[measure.text], confidence=spec.confidence)
    except GraticuleError as error:
        return [_no_answer("EC50", measure, str(error))]
    if fit.p > 1 - spec.confidence:
        return [_no_answer("EC50", measure, f"no response to the dose (p = {fit.p:.2g})")]
    return [
        _answer("EC50", measure, fit.ec50, unit),
        _answer("Hill slope", measure, fit.hill, ""),
        _answer("bottom", measure, fit.bottom, measure.unit),
        _answer("top", measure, fit.top, measure.unit),
    ]


def _answer(name: str, measure: Measure, found: Interval, unit: str) -> dict[str, Any]:
    ends = f" [{_digits(found.low)}, {_digits(found.high)}]" if found.low == found.low else ""
    sentence = f"{name} {_digits(found.estimate)}{f' {unit}' if unit else ''}{ends}"
    return {
        "measure": measure.text,
        "answer": name,
        "value": found.estimate,
        "low": found.low,
        "high": found.high,
        "unit": unit,
        "units": found.units,
        "sentence": sentence,
    }


def _no_answer(name: str, measure: Measure, why: str) -> dict[str, Any]:
    blank = dict.fromkeys(("value", "low", "high"), math.nan)
    return {"measure": measure.text, "answer": name, **blank, "unit": "", "units": 0,
            "sentence": f"{name}: {why}"}  # fmt: skip


def _digits(value: float) -> str:
    """Return a number with three digits, which is more than an experiment knows."""
    return f"{value:.3g}" if math.isfinite(value) else ("inf" if value > 0 else str(value))
