"""``graticule run``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def run(
    pipeline: str,
    images: Annotated[list[str], Parameter(negative=())],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    set_: Annotated[list[str], Parameter(name="--set", negative=(), consume_multiple=False)] = [],  # noqa: B006
    workers: int | None = None,
    memory: str | None = None,
    cluster: str | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    cache: bool = True,
) -> int:
    """Run a pipeline on images and write a run folder with tables, arrays and a report.

    If the folder holds the same run, cut off, it goes on. An image that fails is set aside and
    named; the rest goes on. Exit status: 0 all done, 1 some images failed or files that could be
    images were passed over, 2 wrong request.

    Examples: graticule run coins photo.png -o out;
    graticule run sunquake "td/*.fits" -o out --set chance.n=199

    Try: graticule simulate nuclei -n 2 -o fields; graticule run coins fields/images -o out

    Parameters
    ----------
    pipeline
        A YAML file, or the name of a recipe (see: graticule check).
    images
        Files, folders or patterns.
    out
        The folder for the results, the run folder.
    set_
        A parameter to change, as step.parameter=value; may be repeated.
    workers
        Threads; by default one for each processor.
    memory
        Memory of the process, as 4GB; images are cut into tiles to keep to it.
    cluster
        Address of a dask.distributed scheduler, as tcp://127.0.0.1:8786.
    overwrite
        Replace what another run left in the folder.
    cache
        Keep costly steps for later runs.
    """
    from graticule.cli.console import (
        announce_compilation,
        print_answers,
        print_doubts,
        print_outcome,
        print_rows,
        print_table,
        progress_bar,
    )
    from graticule.cli.options import parse_assignment
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path

    loaded = Pipeline.load(pipeline_path(pipeline))
    if set_:
        loaded = loaded.with_values(dict(parse_assignment(text) for text in set_))
    announce_compilation()
    told: list[str] = []

    def tell(note: str) -> None:
        told.append(note)
        print(f"note: {note}", file=sys.stderr)

    with progress_bar(loaded.name) as progress:
        result = loaded.run(
            images,
            out=out,
            workers=workers,
            memory=memory,
            cluster=cluster,
            overwrite=overwrite,
            cache=cache,
            processes=True,
            command=["graticule", *sys.argv[1:]],
            progress=progress,
            tell=tell,
        )
    print_doubts(result)
    print_table(result.images)
    for name, table in result.tables.items():
        print_rows(table, title=name.replace("_", " "))
    print_answers(result)
    return print_outcome(result, told)
