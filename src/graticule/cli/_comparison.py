"""A comparison of methods told: which are compared, its page and tables, and the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from graticule.core.errors import RequestError, suggest

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.split import Split
    from graticule.learn.methods.items import ItemMethod
    from graticule.learn.methods.method import Method
    from graticule.training.items import LoadedItems
    from graticule.training.loading import LoadedImages

_AnyMethod = TypeVar("_AnyMethod", bound="Method | ItemMethod")


def chosen_methods(methods: list[_AnyMethod], only: str | None) -> list[_AnyMethod]:
    """Return the methods that are named, or all."""
    if only is None:
        return methods
    known = {method.name: method for method in methods}
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise RequestError(
                f"--only names {name!r}, which is no method", hint=suggest(name, list(known))
            )
    if not names:
        raise RequestError("--only names no method", hint=f"as --only {methods[0].name}")
    return [known[name] for name in dict.fromkeys(names)]


def print_scores(
    comparison: Comparison, split: Split, loaded: LoadedImages | LoadedItems, out: Path
) -> None:
    """Say which method is best, and how that is known."""
    from graticule.cli.console import print_table
    from graticule.report.methods.words import answer, trouble

    if comparison.results:
        table = comparison.table()
        main = comparison.main
        first = ["method", main, f"{main}_low", f"{main}_high", *comparison.measures[1:]]
        beside = [
            f"naive_{main}",
            "optimism",
            *(f"test_{main}{end}" for end in ("", "_low", "_high")),
        ]
        rest = [name for name in beside if name in table]
        shown = table[[*first, *rest, "fit_seconds"]].dropna(axis=1, how="all")
        shown = shown.rename(columns={"fit_seconds": "fit"})
        shown.attrs["units"] = {"fit": "s"}
        print_table(shown, rows=40)
    print(loaded.data.meaning)
    print(*answer(comparison, split), sep="\n")
    for name, why in trouble(comparison):
        print(f"failed: {name}: {why}", file=sys.stderr)
    for sentence in loaded.missing:
        print(f"missing: {sentence}", file=sys.stderr)
    print(f"-> {out / 'evaluation.html'}")
