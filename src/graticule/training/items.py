"""Whole images, or the objects in them, with their targets, from folders, sheets and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from graticule.core.errors import CheckError, FormatError, GraticuleError, RequestError, suggest
from graticule.core.image import Table
from graticule.io import escaped, study
from graticule.io.format import is_one_image
from graticule.io.paths import natural
from graticule.io.sheets import ENDINGS, Joined, join_sheet, read_sheet
from graticule.io.studies import could_be_image, stem
from graticule.learn.crossval.split import groups_by_pattern
from graticule.learn.data.labelled_items import LabelledItems
from graticule.learn.data.labels import Class, Classes
from graticule.learn.data.overlap import require_unequal
from graticule.learn.document.document import TrainingDocument
from graticule.learn.methods.items import ItemMethod
from graticule.learn.models.rows_model import classes_of_targets
from graticule.pipeline.folder import table_of
from graticule.pipeline.tables import read_table
from graticule.training.loading import held_in_memory, read_image, require_alike, some

FOLDER = "folder"
"""The target that is the name of the folder an image is in."""
_IMAGE, _LABEL = "image", "label"

Facts: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class LoadedItems:
    """Images or objects with their targets, from files.

    Attributes
    ----------
    data : LabelledItems
        Those that have a target.
    files : tuple of Path
        All files that were read.
    missing : tuple of str
        What had no partner, in words.
    notes : tuple of str
        What else there is to know.
    """

    data: LabelledItems
    files: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_items(
    training: TrainingDocument, methods: Sequence[ItemMethod], given: Path, labels: Path | None
) -> LoadedItems:
    """Read what a document of the task ``images`` or ``objects`` is to be applied to.

    Parameters
    ----------
    training : TrainingDocument
        The document.
    methods : sequence of method
        All of it; what they cannot learn from is refused.
    given : Path
        Of images a file or a folder of files, and of folders of files. Of objects a table, or the
        folder of a run that has one.
    labels : Path, optional
        A sheet with their targets, or the folder of a run; None where the folders of images, or
        the table itself, tell them.

    Raises
    ------
    GraticuleError
        Naming the file, column or image at fault.
    """
    load = _load_images if training.task == "images" else _load_objects
    loaded = load(training, given, labels)
    for method in methods:
        method.require_fit(loaded.data)
    return loaded


def _load_images(training: TrainingDocument, given: Path, labels: Path | None) -> LoadedItems:
    names, paths, passed_over = _images_below(given)
    facts, missing, files = _facts_of_images(training, names, labels)
    missing += passed_over
    targets = _targets_of_images(training, given, names, paths, facts, labels)
    present = [n for n, target in enumerate(targets) if _is_given(target)]
    without = [names[n] for n in range(len(names)) if n not in set(present)]
    if without:
        missing.append(f"{some(without)}: no {training.target}")
    _require_any(training, present, labels or given)
    groups, grouped_by = _groups(training, names, facts, labels, present)
    codes, classes = _coded(training, [targets[n] for n in present], labels or given)
    names, paths = [names[n] for n in present], [paths[n] for n in present]
    images = held_in_memory([read_image(training, path) for path in paths])
    require_alike(images, paths)
    require_unequal(names, images, groups)
    own = tuple(codes[n : n + 1] for n in range(len(codes)))
    data = LabelledItems(
        "images", tuple(names), tuple(images), own, classes, tuple(groups), grouped_by
    )
    return LoadedItems(data, (*paths, *files), tuple(missing))


def _images_below(given: Path) -> tuple[list[str], list[Path], list[str]]:
    """Return the images of a folder and all folders in it by name and path, and what is none.

    Names are paths from the folder, without the endings of files unless two would be the same.
    """
    if not given.is_dir() or is_one_image(given):
        sources = study(given)
        return [each.name for each in sources], [each.path for each in sources], []
    paths: list[Path] = []
    passed_over: list[str] = []
    root = given.expanduser().absolute()
    folders, why = [root], ""
    while folders:
        folder = folders.pop(0)
        inner = [e for e in folder.iterdir() if e.is_dir() and e.name[:1] != "."]
        below = sorted((each for each in inner if not is_one_image(each)), key=natural)
        folders = below + folders
        try:
            found = study(folder)
        except FormatError as error:
            why = why or str(error)
            if not below:
                passed_over.append(f"{folder}: {error.what}")
            continue
        paths += [each.path for each in found]
        passed_over += [f"{p}: {no}" for p, no in found.skipped if could_be_image(p, no)]
    if not paths:
        raise FormatError("no folder in it holds an image", where=str(given), hint=why)
    below_it = [path.relative_to(root) for path in paths]
    names = [escaped((path.parent / stem(path.name)).as_posix()) for path in below_it]
    if len(set(names)) < len(names):
        names = [escaped(path.as_posix()) for path in below_it]
    return names, paths, passed_over


def _facts_of_images(
    training: TrainingDocument, names: Sequence[str], labels: Path | None
) -> tuple[Facts, list[str], list[Path]]:
    """Return what a sheet says of each image, what has no partner, and the file of the sheet."""
    if labels is None:
        if training.target != FOLDER:
            raise RequestError(
                f"the target {training.target} is the column of a sheet, and none was given",
                where=training.source,
                hint="as --labels sheet.csv; or say target: folder, the name of the folder an "
                "image is in",
            )
        return [{} for _ in names], [], []
    file = _table_file(labels, "images")
    sheet = _read(file)
    if _IMAGE not in sheet.columns:
        raise RequestError(
            f"the sheet has no column image, the name of each image; it has "
            f"{', '.join(map(str, sheet.columns[:8]))}",
            where=str(file),
            hint="graticule study FOLDER writes a sheet to be filled in",
        )
    _require_column(sheet, training.target if training.target != FOLDER else "", file)
    _require_column(sheet, training.groups, file)
    joined = _joined(sheet, [{_IMAGE: name} for name in names], [_IMAGE], file)
    missing = []
    if joined.without_row:
        rows = some([names[n] for n in joined.without_row])
        missing.append(f"{rows}: no row in {file}")
    if joined.without_image:
        missing.append(f"{some(list(joined.without_image))}: a row without an image")
    return joined.facts, missing, [file]


def _targets_of_images(
    training: TrainingDocument,
    given: Path,
    names: Sequence[str],
    paths: Sequence[Path],
    facts: Facts,
    labels: Path | None,
) -> list[Any]:
    if training.target != FOLDER:
        return [own.get(training.target) for own in facts]
    root = given.resolve()
    loose = [name for name, path in zip(names, paths, strict=True) if path.resolve().parent == root]
    if loose or not given.is_dir():
        raise RequestError(
            f"{some(loose or list(names))}: in no folder that names the class",
            where=str(given),
            hint="put the images of each class into a folder of its name; or give a sheet with "
            "--labels, and name its column as target",
        )
    return [path.parent.name for path in paths]


def _load_objects(training: TrainingDocument, given: Path, labels: Path | None) -> LoadedItems:
    file = _table_file(given, "objects")
    table, files = _read(file), [file]
    missing: list[str] = []
    column, group = training.target, training.groups
    facts: Mapping[str, list[Any]] = {}
    if labels is not None:
        facts, missing, sheet = _facts_of_objects(training, table, labels)
        files.append(sheet)
        table = table.drop(columns=[name for name in (column,) if name in table.columns])
    else:
        _require_column(table, column, file)
        facts = {column: table[column].tolist()}
    if group and group not in facts:
        _require_column(table, group, file)
        facts = {**facts, group: table[group].tolist()}
    values = [None if value == 0 else value for value in facts[column]]
    present = [n for n, value in enumerate(values) if _is_given(value)]
    _require_any(training, present, labels or given)
    codes, classes = _coded(training, [values[n] for n in present], labels or given)
    notes = (f"{len(present)} of {len(table)} objects have a {column}",)
    kept = table.drop(columns=[name for name in (column, group) if name in table.columns])
    kept = kept.iloc[present].reset_index(drop=True)
    kept.attrs = dict(table.attrs)
    of_image = table[_IMAGE].astype(str).to_numpy()[present] if _IMAGE in table else None
    if of_image is None:
        raise RequestError(
            "the table has no column image, so objects cannot be held out by image",
            where=str(file),
            hint="the table objects of a run has one",
        )
    names = list(dict.fromkeys(of_image.tolist()))
    rows = [np.flatnonzero(of_image == name) for name in names]
    own = [_of_one_group(facts[group], present, r, name, group) for r, name in zip(
        rows, names, strict=True)] if group else []  # fmt: skip
    groups, grouped_by = _grouped(training, names, own)
    content = []
    for numbers in rows:
        part = kept.iloc[numbers].reset_index(drop=True)
        part.attrs = dict(table.attrs)
        content.append(part)
    targets = tuple(codes[numbers] for numbers in rows)
    data = LabelledItems(
        "objects", tuple(names), tuple(content), targets, classes, tuple(groups), grouped_by
    )
    return LoadedItems(data, tuple(files), tuple(missing), notes)


def _facts_of_objects(
    training: TrainingDocument, table: Table, labels: Path
) -> tuple[dict[str, list[Any]], list[str], Path]:
    """Return the columns of a sheet by object, what rows have none, and the file of the sheet."""
    file = _table_file(labels, "objects")
    sheet = _read(file)
    _require_column(sheet, training.target, file)
    several = _IMAGE in table.columns and table[_IMAGE].nunique() > 1
    by = [name for name in (_IMAGE, _LABEL) if name in sheet.columns]
    for name in (_IMAGE, _LABEL) if several else (_LABEL,):
        if name not in by:
            raise RequestError(
                f"the sheet has no column {name}; it has {', '.join(map(str, sheet.columns[:8]))}",
                where=str(file),
                hint="objects are told by image, the name of the image, and label, their number",
            )
        if name not in table.columns:
            raise RequestError(f"the table of objects has no column {name}", where=training.source)
    keys: list[dict[str, Any]] = [
        dict(zip(by, row, strict=True)) for row in table[by].itertuples(index=False)
    ]
    joined = _joined(sheet, keys, by, file)
    found = {name: [own[name] for own in joined.facts] for name in joined.columns}
    missing = []
    if joined.without_image:
        missing.append(f"{some(list(joined.without_image))}: a row without an object")
    return found, missing, file


def _joined(
    sheet: Table, keys: Sequence[Mapping[str, Any]], by: Sequence[str], file: Path
) -> Joined:
    """Return the facts of images or objects by their keys; what has none in common is refused."""
    try:
        return join_sheet(sheet, keys, by, where=str(file))
    except RequestError as error:
        hint = error.hint
        if "no row is of" in error.what:
            name = keys[0].get(_IMAGE, "")
            hint = f"images are named by their path from the folder, as {name}" if name else ""
        raise RequestError(error.what, where=error.where, hint=hint) from None


def _of_one_group(
    values: Sequence[Any], present: Sequence[int], rows: Any, name: str, group: str
) -> Any:
    """Return the group that all objects of an image are of."""
    own = list(dict.fromkeys(values[present[row]] for row in rows))
    given = [value for value in own if _is_given(value)]
    if len(given) != len(own):
        raise CheckError(f"{name}: objects without a {group}", where="groups")
    if len(own) > 1:
        raise CheckError(f"{name} is of several of {group}: {some([str(v) for v in own])}",
                         where="groups", hint="an image is held out as a whole")  # fmt: skip
    return own[0]


def _groups(
    training: TrainingDocument,
    names: Sequence[str],
    facts: Facts,
    labels: Path | None,
    present: Sequence[int],
) -> tuple[list[Any], str]:
    """Return the group of each image that has a target, and what groups are called."""
    if training.groups and labels is None:
        raise RequestError(
            f"groups: {training.groups} is the column of a sheet, and none was given",
            where=training.source,
            hint="as --labels sheet.csv; or by names, as split: {by: group, group: '^([a-z]+)_'}",
        )
    own = [facts[n].get(training.groups) for n in present] if training.groups else []
    return _grouped(training, [names[n] for n in present], own)


def _grouped(
    training: TrainingDocument, names: Sequence[str], own: Sequence[Any]
) -> tuple[list[Any], str]:
    if training.groups:
        without = [name for name, value in zip(names, own, strict=True) if not _is_given(value)]
        if without:
            what = f"{some(without)}: without a {training.groups}"
            raise CheckError(what, where="groups", hint="fill it in, or leave groups out")
        return list(own), f"groups of {training.groups}"
    if training.split.by == "group":
        return list(groups_by_pattern(names, training.split.group)), "groups"
    return list(names), "images"


def _coded(training: TrainingDocument, targets: Sequence[Any], where: Path) -> tuple[Any, Classes]:
    """Return the numbers of classes and the classes, or values and none."""
    column = training.target
    if training.continuous:
        wrong = [str(value) for value in targets if not isinstance(value, int | float)]
        if wrong:
            raise RequestError(
                f"the column {column} holds {some(wrong)}, no numbers", where=str(where),
                hint="for classes say predict: classes, or leave it out",
            )  # fmt: skip
        return np.array(targets, float), ()
    named = training.classes
    series = pd.Series(list(targets))
    try:
        classes, codes = classes_of_targets(series)
    except GraticuleError:
        raise RequestError(
            f"the column {column} holds fractions; classes are whole numbers or texts",
            where=str(where),
            hint="for continuous targets of images say predict: values",
        ) from None
    values = {each.name for each in classes}
    unknown = [f"{value} ({name})" for value, name in named.items() if str(value) not in values]
    if unknown:
        raise RequestError(
            f"classes names {', '.join(unknown)}, which the column {column} does not hold; it "
            f"holds {some(sorted(values))}",
            where=training.source,
            hint="correct the value, or take the name away",
        )
    if len(classes) < 2:
        raise CheckError(
            f"there is one class only, {classes[0].name}; two or more are needed", where=str(where)
        )
    told = {str(value): name for value, name in named.items()}
    called = tuple(Class(each.value, told.get(each.name, each.name)) for each in classes)
    if len({each.name for each in called}) < len(called):
        raise RequestError("classes gives two values one name", where=training.source)
    return codes, called


def _is_given(value: Any) -> bool:
    return value is not None and value == value and value != ""


def _require_any(training: TrainingDocument, present: Sequence[int], where: Path) -> None:
    if not present:
        raise CheckError(f"none of the {training.task} has a {training.target}", where=str(where))


def _require_column(table: Table, name: str, file: Path) -> None:
    if name and name not in table.columns:
        known = [str(column) for column in table.columns]
        raise RequestError(
            f"there is no column {name!r}; there are {', '.join(known[:12])}",
            where=str(file),
            hint=suggest(name, known),
        )


def _table_file(place: Path, table: str) -> Path:
    """Return the file of a table: itself, or that of a run."""
    if not place.is_dir():
        return place
    found = {table_of(file) for file in place.iterdir() if file.suffix == ".csv"} - {""}
    own = sorted(name for name in found if name == table or name.startswith(f"{table}_"))
    if len(own) == 1:
        return place / f"{own[0]}.csv"
    if not own:
        raise FormatError(
            f"holds no table {table}.csv", where=str(place),
            hint=f"give a sheet ({', '.join(ENDINGS)}), or the folder of a run that has one",
        )  # fmt: skip
    raise FormatError(
        f"holds the tables {', '.join(own)}", where=str(place),
        hint=f"name one, as {place / own[0]}.csv",
    )  # fmt: skip


def _read(file: Path) -> Table:
    """Return a table with its units: of a run as it was written, else a sheet."""
    if file.with_name(f"{file.name}-metadata.json").is_file():
        try:
            return read_table(file)
        except (OSError, ValueError) as error:
            raise FormatError(f"cannot be read: {error}", where=str(file)) from None
    return read_sheet(file)
