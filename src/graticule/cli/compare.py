"""``graticule compare``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from graticule.core.errors import RequestError

if TYPE_CHECKING:
    from graticule.compare.comparison import Comparison

_MANY = Parameter(negative=(), consume_multiple=False)


def compare(
    pipeline: str,
    step: str,
    images: Annotated[list[Path] | None, Parameter(negative=())] = None,
    /,
    *,
    try_: Annotated[list[str] | None, Parameter(name="--try", negative=())] = None,
    over: Annotated[list[str] | None, _MANY] = None,
    of: str | None = None,
    truth: Path | None = None,
    region: str | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("comparison"),
    memory: str | None = None,
    overwrite: bool = False,
) -> int:
    """Try every way to do a step, side by side: pictures, numbers, scores, agreement, time.

    What the ways have in common is computed once. With --truth they are scored against it,
    without it by how far they agree. The best is written as a pipeline. Exit status: 0 all done,
    1 some ways gave no result, 2 wrong request.

    Examples: graticule compare coins threshold --try thresholds;
    graticule compare coins threshold photo.png --over smooth.sigma=0,1,2,4 -o out;
    graticule compare mine.yaml bright images/ --truth masks/ --try threshold.otsu,threshold.li

    Try: graticule compare coins threshold --try threshold.otsu,threshold.li -o ways

    Parameters
    ----------
    pipeline
        A YAML file, or the name of a recipe.
    step
        The step to look at: its name, or the family of ops it alone is of.
    images
        Files, folders or patterns; for a recipe, by default its own example.
    try_
        Ops or families of ops to try for the step, as threshold.li,threshold.otsu or thresholds.
    over
        Values of a parameter to try, as smooth.sigma=0,1,2,4; repeated, every combination.
    of
        A later step to look at instead.
    truth
        A file or a folder with the truth: masks, labels, or what images should be.
    region
        The part of each image to work on, as y=0:512,x=100:400.
    out
        Folder for compare.html, the tables and best.yaml.
    memory
        Memory of the process, as 4GB.
    overwrite
        Replace what an earlier comparison left in the folder.
    """
    from graticule.cli.console import (
        announce_compilation,
        print_skipped_in,
        print_table,
        progress_bar,
    )
    from graticule.cli.options import parse_region, parse_values
    from graticule.compare.run import compare as run
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path

    loaded = Pipeline.load(pipeline_path(pipeline))
    ops = [name for text in try_ or () for name in text.split(",") if name]
    grid = dict(parse_values(text) for text in over or ())
    if not ops and not grid:
        ops = [loaded.steps[step].op.name.partition(".")[0]] if step in loaded.steps else [step]
    announce_compilation()
    with _images_or_example(pipeline, images) as sources, progress_bar(loaded.name) as progress:
        comparison = run(
            loaded,
            step,
            sources,
            out,
            ops=ops,
            grid=grid,
            of=of,
            truth=truth,
            region=parse_region(region),
            memory=memory,
            overwrite=overwrite,
            command=["graticule", *sys.argv[1:]],
            progress=progress,
        )
        print_skipped_in(*sources)
    print_table(comparison.summary, rows=40)
    print(f"{comparison.best} {_reason(comparison)} -> {out / 'best.yaml'}")
    for name, fault in comparison.faults.items():
        print(f"no result: {name}: {fault}", file=sys.stderr)
    print(f"side by side: {out / 'compare.html'}")
    return 1 if comparison.faults else 0


def _reason(comparison: Comparison) -> str:
    """Return in words what made a way the best."""
    if comparison.is_alone:
        return "is the only one that gave a result"
    if comparison.by_truth:
        return "scores best"
    return "agrees most with the others (no truth was given)"


@contextmanager
def _images_or_example(pipeline: str, images: list[Path] | None) -> Iterator[list[Path]]:
    """Give the images to compare on: those named, or for a recipe those of its example."""
    from graticule.recipes import make_example, recipes

    name = pipeline.rstrip("/").rpartition("/")[2]
    if images:
        yield images
    elif name in recipes():
        with tempfile.TemporaryDirectory() as folder:
            yield [make_example(name, Path(folder) / name)]
    else:
        raise RequestError(
            "name the images to compare on", hint="only recipes have an example of their own"
        )
