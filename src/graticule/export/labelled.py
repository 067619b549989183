"""The label images of a run, each with what was measured of its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.errors import GraticuleError, RequestError, StoreError, suggest
from graticule.core.image import Kind
from graticule.core.op import Output
from graticule.core.registry import get_op
from graticule.io import read
from graticule.io.studies import stem
from graticule.pipeline.opened import open_run, recorded
from graticule.pipeline.tables import table_names

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from graticule.pipeline.execute import Run

_IDENTIFIERS = ("image", "label")
_AREAS = (Kind.LABELS, Kind.MASK)


@dataclass(frozen=True)
class LabelImage:
    """A label image that a run wrote.

    Attributes
    ----------
    image, place : str
        Name of the image, and of its own files.
    source : Path
        The file of the image.
    output : str
        The output that holds the labels.
    path : Path
        Its file in the run folder.
    facts : mapping
        The measurements of each object, by its label, each with its unit in the name.
    """

    image: str
    place: str
    source: Path
    output: str
    path: Path
    facts: Mapping[int, Mapping[str, Any]]

    def read(self) -> xr.DataArray:
        """Return the labels; a single slice or frame is a plane."""
        labels = read(self.path, labels=True).compute(scheduler="synchronous")
        single = [dim for dim in labels.dims[:-2] if labels.sizes[dim] == 1]
        return labels.squeeze(single, drop=True)


@dataclass(frozen=True)
class Labelled:
    """The label images of a run, and what is to be told of it.

    Attributes
    ----------
    run : Run
        The run.
    outputs : sequence of str
        The outputs that hold labels.
    notes : sequence of str
        What was left out.
    """

    run: Run
    outputs: Sequence[str]
    notes: Sequence[str]
    _tables: Mapping[str, Sequence[tuple[str, pd.DataFrame]]]

    def images(self, output: str) -> Iterator[LabelImage]:
        """Give the label images of an output, one for each image that was done."""
        by_image = [
            (name, table.attrs.get("units", {}), dict(iter(table.groupby("image", sort=False))))
            for name, table in self._tables.get(output, ())
        ]
        for result in self.run.results:
            for file in result.arrays:
                if stem(Path(file).name) != output:
                    continue
                facts: dict[int, dict[str, Any]] = {}
                for name, units, rows in by_image:
                    prefix = f"{name}: " if len(by_image) > 1 else ""
                    _add(facts, rows.get(result.image), units, prefix)
                yield LabelImage(result.image, result.place, Path(result.path), output,
                                 self.run.folder / file, facts)  # fmt: skip


def _add(
    facts: dict[int, dict[str, Any]],
    rows: pd.DataFrame | None,
    units: Mapping[str, str],
    prefix: str,
) -> None:
    """Add the rows of a table, one for each object, to what is known of the objects."""
    if rows is None:
        return
    names = {
        column: f"{prefix}{heading(column, units)}" for column in rows if column not in _IDENTIFIERS
    }
    columns = {told: rows[column].tolist() for column, told in names.items()}
    for number, label in enumerate(rows["label"].tolist()):
        known = facts.setdefault(int(label), {})
        known |= {told: values[number] for told, values in columns.items()}


def heading(column: object, units: Mapping[str, str]) -> str:
    """Return the name of a column with its unit.

    Examples
    --------
    >>> heading("area", {"area": "um2"}), heading("count", {})
    ('area (um2)', 'count')
    """
    unit = units.get(str(column), "")
    return f"{column} ({unit})" if unit else str(column)


def labelled(folder: Path, of: str | None = None) -> Labelled:
    """Return the label images of a run folder.

    Parameters
    ----------
    folder : Path
        The run folder.
    of : str, optional
        The output to take; by default all that hold labels, or masks where there are no labels.

    Raises
    ------
    RequestError
        If the run wrote none, or not this one.
    StoreError
        If the folder is damaged.
    """
    run, record = open_run(folder), recorded(folder)
    wiring = _Wiring(record, folder)
    written = {stem(Path(file).name) for result in run.results for file in result.arrays}
    areas = {name: kind for name in sorted(written) if (kind := wiring.kind(name)) in _AREAS}
    labels = [name for name, kind in areas.items() if kind is Kind.LABELS]
    outputs = labels or list(areas)
    if of is not None:
        if of not in areas:
            raise RequestError(f"the run wrote no labels or mask {of!r}", where=str(folder),
                               hint=suggest(of, list(areas)))  # fmt: skip
        outputs = [of]
    if not outputs:
        hint = "name the step with the labels among the outputs of the pipeline, and run it again"
        raise RequestError("the run wrote no labels and no mask", where=str(folder), hint=hint)
    tables: dict[str, list[tuple[str, Any]]] = {}
    notes = []
    for name, called in wiring.tables().items():
        table = run.tables.get(called)
        if table is None or not set(_IDENTIFIERS) <= set(table.columns):
            continue
        table = table[table["label"].notna()]
        if table.duplicated(list(_IDENTIFIERS)).any():
            notes.append(f"the table {called} has several rows for an object, and is left out")
            continue
        owners = wiring.objects_of(name)
        if not owners:
            notes.append(f"the table {called} is left out: no labels are known to be of its rows")
        for output in owners & set(outputs):
            tables.setdefault(output, []).append((called, table))
    return Labelled(run, outputs, notes, tables)


class _Wiring:
    """Which step of a pipeline, as its record has it, feeds which."""

    def __init__(self, record: Mapping[str, Any], folder: Path) -> None:
        try:
            pipeline = record["pipeline"]
            self.steps = {str(name): (str(step["op"]), dict(step["inputs"]))
                          for name, step in pipeline["steps"].items()}  # fmt: skip
            self.outputs = [str(name) for name in pipeline["outputs"]]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"run.json is damaged: its pipeline is not understood ({error!r})"
            raise StoreError(what, where=str(folder / "run.json")) from None

    def _output(self, name: str) -> Output | None:
        """Return what a step gives, as ``step`` or ``step.output``."""
        step, _, output = name.partition(".")
        if step not in self.steps:
            return None
        try:
            given = get_op(self.steps[step][0]).outputs
        except GraticuleError:  # of a package that is not installed here
            return None
        return next((each for each in given if each.name == output), None)

    def kind(self, name: str) -> Kind | None:
        """Return the kind of what a step gives; None of an input, or where it is not known."""
        output = self._output(name)
        return output.kind if output else None

    def tables(self) -> dict[str, str]:
        """Return what the tables among the outputs are called."""
        return table_names([name for name in self.outputs if self.kind(name) is Kind.TABLE])

    def objects_of(self, name: str) -> set[str]:
        """Return the labels, or what else is no table, whose objects the rows of a table are."""
        found: set[str] = set()
        left, seen = [name], set()
        while left:
            at = left.pop()
            if at in seen:
                continue
            seen.add(at)
            if self.kind(at) is Kind.TABLE:
                left += self._rows_of(at)
            elif self.kind(at) or at not in self.steps:
                found.add(at)
        return found

    def _rows_of(self, name: str) -> list[str]:
        """Return the labels and tables that a step says the rows of its table to be those of."""
        step, output = name.partition(".")[0], self._output(name)
        if output is None:
            return []
        wires, rows = self.steps[step][1], output.rows_of
        taken = [str(wires[each]) for each in rows.inputs if each in wires]
        return [*taken, *(f"{step}.{each}" for each in rows.outputs)]
