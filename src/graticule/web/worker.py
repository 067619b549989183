"""Long work in a process of its own, that says how far it is in lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress
from graticule.interrupts import heeded


def _say(**told: object) -> None:
    print(json.dumps(told), flush=True)


def _run(pipeline: str, out: str, *images: str) -> dict[str, int]:
    """Run a pipeline on images, to a folder."""
    from graticule.pipeline import Pipeline

    run = Pipeline.load(pipeline).run(images, out, overwrite=True, progress=_tell)
    return {"finished": len(run.results), "failed": len(run.failed)}


def _evaluate(document: str, out: str, images: str) -> dict[str, int]:
    """Judge the methods of a training document on what they have not learned from."""
    from graticule.learn.crossval.split import make_split
    from graticule.learn.document.document import build_methods, load
    from graticule.report.methods.writing import write_comparison
    from graticule.training.loading import load_images
    from graticule.training.run import compare_methods

    training = load(Path(document))
    methods = build_methods(training)
    loaded = load_images(training, Path(images))
    split = make_split(training.split, loaded.data, methods, loaded.extra, loaded.test)
    found = compare_methods(loaded, methods, split, 0.95, _tell)
    Path(out).mkdir(parents=True, exist_ok=True)
    command = ["graticule", "evaluate", document, images, "-o", out]
    write_comparison(found, training, split, loaded, Path(out), command)
    return {"finished": len(found.results), "failed": len(found.failed)}


def _cluster(document: str, out: str, *given: str) -> dict[str, int]:
    """Group the images of a collection as a document says."""
    from graticule.clustering.document import load, require_study
    from graticule.clustering.run import run
    from graticule.recipes import prepared_by
    from graticule.report.clustering.page import write

    loaded = load(Path(document))
    done = run(
        loaded,
        require_study(loaded, list(given)),
        Path(out),
        pipeline=prepared_by(loaded),
        command=["graticule", "cluster", document, *given, "-o", out],
        progress=_part,
        report=write,
    )
    return {"finished": len(done.collection.rows), "failed": len(done.collection.set_aside)}


@contextmanager
def _part(title: str) -> Iterator[Progress]:
    yield lambda done, total, message: _say(done=done, total=total, message=f"{title}: {message}")


def _tell(done: int, total: int, message: str) -> None:
    _say(done=done, total=total, message=message)


_WORK: dict[str, Callable[..., dict[str, int]]] = {
    "run": _run,
    "evaluate": _evaluate,
    "cluster": _cluster,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says with the others."""
    work, *rest = arguments
    try:
        with heeded():
            found = _WORK[work](*rest)
    except KeyboardInterrupt:
        return 130
    except GraticuleError as error:
        _say(what=error.what, where=error.where, hint=error.hint)
        return 2
    _say(**found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
