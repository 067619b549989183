"""``graticule study``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def study(
    folder: Path,
    /,
    *,
    pipeline: str | None = None,
    pattern: Annotated[list[str], Parameter(negative=(), consume_multiple=False)] = [],  # noqa: B006
    column: Annotated[list[str], Parameter(negative=(), consume_multiple=False)] = [],  # noqa: B006
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
) -> int:
    """Show what belongs together in a folder, and write a sheet to be filled in.

    Files are paired by patterns: those of a pipeline, or given here. The sheet has a row for each
    image, with what the names of its files say; fill in its empty columns and name it in the
    pipeline (sheet: FILE). Exit status: 0, 1 where an image lacks a file, 2 wrong request.

    Examples: graticule study plate --pipeline screen.yaml;
    graticule study plate --pattern "dna={well}_w2.tif" --pattern "gfp={well}_w1.tif"
    --column "dose [uM]" -o plate.csv

    Try: graticule simulate nuclei -n 2 -o fields;
    graticule study fields --pattern "image=images/{name}.tif" --pattern "truth=labels/{name}.tif"

    Parameters
    ----------
    folder
        The folder of the study.
    pipeline
        A YAML file, or the name of a recipe.
    pattern
        input=pattern: {well} stands for a part of a file's name and becomes a column, * for any
        characters, **/ for folders; may be repeated.
    column
        A column to be filled in, with its unit in brackets; may be repeated.
    out
        The sheet (.csv) to be written.
    """
    import sys

    from graticule.cli.console import print_skipped, print_table
    from graticule.core.errors import RequestError
    from graticule.pipeline.studies import as_sheet, loose_study, study_of, write_sheet

    if pipeline is not None and pattern:
        raise RequestError("name a pipeline or patterns, not both")
    if pipeline is None:
        found = loose_study(folder, _patterns(pattern))
    else:
        from graticule.pipeline import Pipeline
        from graticule.recipes import pipeline_path

        found = study_of(Pipeline.load(pipeline_path(pipeline)), folder)
    sheet = as_sheet(found, column)
    print_table(sheet)
    print(f"{len(found)} image{'s' * (len(found) != 1)} in {folder}")
    print_skipped(found.skipped)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if out is not None:
        write_sheet(sheet, out)
        print(f"sheet: {out}; in a pipeline: sheet: {out.name}")
    return int(any(not path.exists() for each in found for path in each.files.values()))


def _patterns(given: list[str]) -> dict[str, str]:
    from graticule.core.errors import RequestError

    found: dict[str, str] = {}
    for text in given:
        name, mark, pattern = text.partition("=")
        if not mark or not name.isidentifier() or not pattern:
            raise RequestError(
                f"{text!r} is no pattern of an input", hint="as --pattern 'dna={well}_w2.tif'"
            )
        if name in found:
            raise RequestError(f"there are two patterns of {name}")
        found[name] = pattern
    return found
