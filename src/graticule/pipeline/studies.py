"""The study a pipeline is for: its images, their files, and what a sheet says of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graticule.core.atomic import atomic_path
from graticule.core.csv import write_csv
from graticule.core.errors import FormatError, ParameterError, RequestError, suggest
from graticule.core.image import Table
from graticule.io import study
from graticule.io.escaping import escaped
from graticule.io.format import is_one_image
from graticule.io.paths import as_path
from graticule.io.patterns import FilePattern
from graticule.io.sheets import IMAGE, join_sheet, number_of, read_sheet
from graticule.io.sites import find_sites
from graticule.io.studies import Study, StudyImage
from graticule.pipeline.inputs import images_of
from graticule.pipeline.spec import Spec
from graticule.pipeline.study_spec import GroupsSpec, SheetSpec

_NAMED = 5


def study_of(pipeline: Spec, images: str | Path | Sequence[str | Path]) -> Study:
    """Return the images of a study that a pipeline is for, with what is known of each.

    Parameters
    ----------
    pipeline : Spec
        Its inputs say which files belong together, its sheet what is known of them.
    images : path, pattern or sequence of them
        As `graticule.io.study` takes it; one folder where inputs have patterns.

    Raises
    ------
    FormatError, RequestError
        If there is no image, files cannot be paired, or the sheet cannot be joined.
    """
    if pipeline.is_paired:
        root = _folder(pipeline, images)
        sources = _paired(pipeline, root)
    else:
        sources = images_of(pipeline, study(images))
        root = _root_of(images, sources)
    found = _with_sheet(pipeline, sources, root)
    _require_columns(pipeline, found)
    if pipeline.groups is not None:
        require_design(pipeline.groups, found)
    return found


def _folder(pipeline: Spec, images: str | Path | Sequence[str | Path]) -> Path:
    entries = [images] if isinstance(images, str | Path) else list(images)
    folder = as_path(entries[0]) if len(entries) == 1 else None
    if folder is None or not folder.is_dir() or is_one_image(folder):
        first = pipeline.inputs[pipeline.first_input].path
        raise RequestError(
            "the files of each image are found by patterns, so the study must be one folder, not "
            f"{' '.join(str(entry) for entry in entries[:3])}",
            where=f"inputs.{pipeline.first_input}",
            hint=f"name the folder that {first} is relative to",
        )
    return folder


def _paired(pipeline: Spec, root: Path) -> Study:
    patterns = {name: spec.pattern for name, spec in pipeline.inputs.items()}
    return _by_patterns(root, {name: p for name, p in patterns.items() if p is not None})


def _by_patterns(root: Path, patterns: Mapping[str, FilePattern]) -> Study:
    found = find_sites(root, patterns)
    first = next(iter(patterns))
    sources = [
        StudyImage(escaped(site.name), site.files[first], site.files, site.facts)
        for site in found.sites
    ]
    notes = [
        f"{len(names)} without {name}: {_some(names)}"
        for name in patterns
        if (names := [site.name for site in found.sites if name in site.missing])
    ]
    return Study(sources, found.left_over, notes=notes)


def loose_study(folder: Path, patterns: Mapping[str, str]) -> Study:
    """Return the images of a folder, paired by patterns where there are any, without a pipeline.

    Raises
    ------
    FormatError, RequestError
        If there is no such folder or image, or a pattern cannot be.
    """
    if not patterns:
        return study(folder)
    if not folder.is_dir():
        raise RequestError("is no folder", where=str(folder))
    made = {}
    for name, text in patterns.items():
        try:
            made[name] = FilePattern(text)
        except ParameterError as error:
            raise RequestError(error.what, where=name, hint=error.hint) from None
        if not made[name].fields:
            raise RequestError(f"{text} has no field, as {{well}}", where=name)
    return _by_patterns(folder, made)


def as_sheet(found: Study, columns: Sequence[str] = ()) -> Table:
    """Return a row for each image: its name, what is known of it, and columns to be filled in."""
    import pandas as pd

    known = list(dict.fromkeys(name for each in found for name in each.facts))
    table = pd.DataFrame({IMAGE: [each.name for each in found]})
    for name in known:
        table[name] = [each.facts.get(name) for each in found]
    for name in columns:
        if name in table:
            raise RequestError(f"there is a column {name!r} already")
        table[name] = ""
    table.attrs["units"] = {k: u for k, u in found.units.items() if k in known}
    return table


def write_sheet(sheet: Table, path: Path) -> None:
    """Write a sheet that is not there yet, with units in its head.

    Raises
    ------
    RequestError
        If there is a file already, which may have been filled in, or it is no ``.csv``.
    """
    if path.suffix.lower() != ".csv":
        raise RequestError("must end in .csv", where=str(path))
    if path.exists():
        raise RequestError(
            "is there already, and may have been filled in", where=str(path), hint="choose another"
        )
    units = sheet.attrs.get("units", {})
    headed = sheet.rename(columns={name: f"{name} [{unit}]" for name, unit in units.items()})
    with atomic_path(path) as draft:
        write_csv(headed, draft)


def _root_of(images: str | Path | Sequence[str | Path], sources: Study) -> Path:
    """Return the folder that is named, or the one that all images are in."""
    if isinstance(images, str | Path) and as_path(images).is_dir():
        return as_path(images)
    return Path(os.path.commonpath([source.path.parent.absolute() for source in sources]))


@dataclass(frozen=True)
class Sheet:
    """A sheet that was read.

    Attributes
    ----------
    path : Path
        Its file.
    table : DataFrame
        What it says.
    """

    path: Path
    table: Table


def sheet_of(spec: SheetSpec, folders: Iterable[Path]) -> Sheet:
    """Return the sheet of a pipeline, from the first folder that has it.

    Raises
    ------
    FormatError
        If none has, or it is no sheet.
    """
    places = list(dict.fromkeys(folder / spec.file for folder in folders))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        tried = " nor ".join(str(place) for place in places)
        raise FormatError(
            f"there is no sheet {spec.file}: neither {tried}",
            where="sheet",
            hint="graticule study FOLDER writes one to be filled in",
        )
    return Sheet(path, read_sheet(path))


def _with_sheet(pipeline: Spec, sources: Study, root: Path) -> Study:
    """Return the study with the facts of its sheet, and notes on what has no partner in it."""
    if pipeline.sheet is None:
        return sources
    source = Path(pipeline.source)
    beside = [source.parent] if source.is_file() else []
    sheet = sheet_of(pipeline.sheet, [root, *beside])
    known = [{IMAGE: each.name, **each.facts} for each in sources]
    joined = join_sheet(sheet.table, known, pipeline.sheet.on or None, where=str(sheet.path))
    images = [
        StudyImage(each.name, each.path, each.files, {**each.facts, **facts})
        for each, facts in zip(sources, joined.facts, strict=True)
    ]
    skipped = [
        (path, why) for path, why in sources.skipped if path.absolute() != sheet.path.absolute()
    ]
    notes = list(sources.notes)
    if joined.without_row:
        names = [sources[n].name for n in joined.without_row]
        notes.append(f"{len(names)} without a row in {sheet.path.name}: {_some(names)}")
    if joined.without_image:
        rows = list(joined.without_image)
        many = f"{len(rows)} row{'s' * (len(rows) > 1)}"
        notes.append(f"{many} of {sheet.path.name} without an image: {_some(rows)}")
    return Study(images, skipped, joined.units, notes)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _require_columns(pipeline: Spec, found: Study) -> None:
    """Refuse columns that parameters are taken from and that images do not have."""
    if not pipeline.columns:
        return
    _require_known(pipeline.columns, found, "parameters")
    faults = []
    for each in found:
        try:
            pipeline.bound(each.facts, found.units)
        except ParameterError as error:
            faults.append(f"{each.name}: {error}")
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise RequestError(f"{'; '.join(faults[:_NAMED])}{more}", where="parameters")


def _require_known(columns: Iterable[str], found: Study, where: str) -> None:
    known = list(dict.fromkeys([IMAGE, *(name for each in found for name in each.facts)]))
    for name in columns:
        if name not in known:
            raise RequestError(
                f"no image has a column {name!r}; known are {', '.join(known)}",
                where=where,
                hint=suggest(name, known) or "name a sheet, or fields in the paths of inputs",
            )


def require_design(groups: GroupsSpec, found: Study) -> None:
    """Refuse groups whose columns are known of no image, before anything is computed.

    Raises
    ------
    RequestError
        If a column of the design is missing, a dose is no number, there is no reference, or a
        control has fewer than two units.
    """
    _require_known(groups.columns, found, "groups")
    if groups.dose:
        texts = [v for each in found if isinstance(v := each.facts.get(groups.dose), str) and v]
        if texts:
            raise RequestError(
                f"the column {groups.dose} must hold doses, not {texts[0]!r}", where="groups.dose"
            )
    if groups.reference is not None:
        levels = [each.facts.get(groups.by[0], each.name) for each in found]
        _require_level(groups.by[0], groups.reference, levels, "groups.reference")
    if groups.controls is not None:
        _require_controls(groups, found)


def _is_given(value: object) -> bool:
    return value is not None and value == value and value != ""


def _require_level(column: str, wanted: object, levels: Sequence[object], where: str) -> None:
    shown = list(dict.fromkeys(str(level) for level in levels if _is_given(level)))
    if not any(same_level(level, wanted) for level in levels):
        raise RequestError(
            f"no image has {column} = {wanted}; there are {', '.join(shown[:8]) or 'none'}",
            where=where,
            hint=suggest(str(wanted), shown),
        )


def same_level(value: object, wanted: object) -> bool:
    """Whether a value of a column is the one that is meant: ``0`` is ``0.0`` and ``"0"``."""
    one, other = number_of(value), number_of(wanted)
    return str(value) == str(wanted) if one is None or other is None else one == other


def _require_controls(groups: GroupsSpec, found: Study) -> None:
    controls = groups.controls
    assert controls is not None
    levels = [each.facts.get(controls.column, "") for each in found]
    for name in ("negative", "positive"):
        wanted = getattr(controls, name)
        _require_level(controls.column, wanted, levels, f"groups.controls.{name}")
        units = {
            own or each.name
            for each, level in zip(found, levels, strict=True)
            if same_level(level, wanted)
            and all(map(_is_given, own := tuple(each.facts.get(name) for name in groups.over)))
        }
        if len(units) < 2:
            raise RequestError(
                f"the {name} control ({controls.column} = {wanted}) is 1 "
                f"{' and '.join(groups.over) or 'image'}, and its spread needs two",
                where="groups.controls",
            )
