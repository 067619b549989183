"""``graticule cite``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from graticule.version import __version__

if TYPE_CHECKING:
    from graticule.core.papers import Paper
    from graticule.pipeline import Pipeline

_GRATICULE = f"""\
@software{{graticule,
  author = {{{{The Graticule developers}}}},
  title = {{Graticule: image analysis whose numbers can be defended}},
  version = {{{__version__}}},
}}"""


def cite(
    pipeline: str,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
) -> int:
    """Write the papers of the methods that a pipeline uses, as BibTeX.

    They are those that the operations and checks of its steps name, each with what follows it,
    after Graticule itself. Steps that feed no output are left out, as a run leaves them out.
    What names no paper is listed as a comment. Exit status: 0 written, 2 wrong request.

    Examples: graticule cite nuclei; graticule cite mine.yaml -o methods.bib

    Try: graticule cite nuclei

    Parameters
    ----------
    pipeline
        A YAML file, or the name of a recipe.
    out
        The file to be written; by default it is shown.
    """
    from graticule.core.atomic import atomic_path
    from graticule.core.errors import StoreError
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path

    loaded = Pipeline.load(pipeline_path(pipeline))
    entries, without = _papers(loaded)
    parts = [f"% The methods of the pipeline {loaded.name}", _GRATICULE]
    parts += [f"% {', '.join(users)}\n{paper.bibtex()}" for paper, users in entries]
    if without:
        parts.append(f"% no paper is named by {', '.join(without)}")
    text = "\n\n".join(parts) + "\n"
    if out is None:
        print(text, end="")
        return 0
    try:
        with atomic_path(out) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(out)) from None
    print(f"{len(entries) + 1} entries -> {out}")
    return 0


def _papers(pipeline: Pipeline) -> tuple[list[tuple[Paper, list[str]]], list[str]]:
    """Return every paper with the steps that follow it, and the ops and checks that name none."""
    from graticule.core.papers import papers_of

    used = [
        (step.name, step.op.name, step.op.function.__doc__)
        for step in pipeline.steps.values()
        if step.name not in pipeline.unused
    ]
    used += [(c.name, f"check {c.check.name}", c.check.__doc__) for c in pipeline.checks.values()]
    found: dict[str, tuple[Paper, list[str]]] = {}
    without: dict[str, None] = {}
    for step, method, docstring in used:
        papers = papers_of(docstring)
        for paper in papers:
            found.setdefault(paper.key, (paper, []))[1].append(f"{step} ({method})")
        if not papers:
            without[method] = None
    return list(found.values()), list(without)
