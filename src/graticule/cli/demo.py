"""``graticule demo``."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def demo(
    recipes: Annotated[list[str] | None, Parameter(negative=())] = None,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("graticule-demo"),
) -> int:
    """See it work: coins measured on a real photograph, ripples found under noise, with reports.

    Takes under a minute. The images come with installed packages or are simulated. With names of
    recipes, each of these runs on its own example; one that learns compares its methods. Those
    with networks (mitochondria, roots, spots) take two or three minutes.

    Examples: graticule demo; graticule demo page grains -o tried; graticule demo digits

    Try: graticule demo coins -o tried

    Parameters
    ----------
    recipes
        Recipes to see instead of coins and sunquake (graticule check lists them).
    out
        Folder for the images and the run folders.
    """
    from graticule.cli.console import announce_compilation
    from graticule.core.errors import UnknownNameError, suggest
    from graticule.recipes import examples

    known = list(examples())
    for name in recipes or ():
        if name not in known:
            raise UnknownNameError(f"there is no recipe {name!r}", hint=suggest(name, known))
    announce_compilation()
    return _run_examples(recipes, out) if recipes else _tour(out)


def _run_examples(names: list[str], out: Path) -> int:
    """Run recipes on their own examples, and say how to go on."""
    from graticule.recipes import examples, make_example

    status = 0
    for name in names:
        images = make_example(name, out / f"{name}-images")
        status |= _run_any(name, images, out / name)
        print(f"what it does and what to expect: {examples()[name] / 'README.md'}\n")
    return status


def _run_any(name: str, images: Path, out: Path) -> int:
    """Run a recipe of any kind: a pipeline, methods that learn, groups, or a study."""
    from graticule.recipes import clusterings, recipes, study_of, trainings

    study = study_of(name)
    if study is not None:
        from graticule.cli.console import print_table

        print_table(study(images, out), rows=40)
        print(f"-> {out}")
        return 0
    if name in clusterings() and name not in recipes():
        from graticule.cli.cluster import cluster

        return cluster(name, [str(images)], out=out)
    if name in trainings():
        from graticule.cli.evaluate import evaluate

        return evaluate(trainings()[name], images / "images", labels=images / "labels", out=out)
    return _run_pipeline(name, images, out)


def _tour(out: Path) -> int:
    from graticule.recipes import make_example

    started = time.perf_counter()
    print("1. Coins: a photograph under uneven light (from scikit-image)\n")
    status = _run_pipeline("coins", make_example("coins", out / "photographs"), out / "coins")
    print("\n2. Sunquakes: ripples hidden in simulated time-distance images, some without one\n")
    images = make_example("sunquake", out / "time-distance")
    status |= _run_pipeline("sunquake", images, out / "sunquake", {"chance.n": 299})
    print(f"\nDone in {time.perf_counter() - started:.0f} s. Open the two reports in a browser.")
    print(f"Next: graticule check coins; graticule run coins YOUR.png -o {out / 'mine'}")
    return status


def _run_pipeline(
    recipe: str, folder: Path, out: Path, values: Mapping[str, object] | None = None
) -> int:
    from graticule.cli.console import (
        print_answers,
        print_doubts,
        print_outcome,
        print_rows,
        print_table,
        progress_bar,
    )
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path

    pipeline = Pipeline.load(pipeline_path(recipe)).with_values(values or {})
    changes = [
        part for name, value in (values or {}).items() for part in ("--set", f"{name}={value}")
    ]
    with progress_bar(recipe) as progress:
        result = pipeline.run(
            folder,
            out=out,
            overwrite=True,
            command=["graticule", "run", recipe, str(folder), "-o", str(out), *changes],
            progress=progress,
        )
    print_doubts(result)
    print_table(result.images)
    for name, table in result.tables.items():
        print_rows(table, title=name.replace("_", " "))
    print_answers(result)
    sys.stdout.flush()
    return print_outcome(result)
