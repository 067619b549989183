"""Models that methods bring along, and what these have already learned from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from graticule.core.errors import CheckError
from graticule.io import content_hash
from graticule.learn.document.document import Training


def require_unseen(training: Training, files: Sequence[Path]) -> None:
    """Refuse images to judge on from which a model of a method has learned.

    Such models are the weights that a network starts from, and those in fixed pipelines. They
    are known by the hashes of their training data, which their files hold.

    Parameters
    ----------
    training : Training
        The document.
    files : sequence of Path
        Images and labels that are judged on.

    Raises
    ------
    CheckError
        Naming method, model and image.
    """
    from graticule.learn.model_file import card_of

    hashes: dict[str, Path] = {}
    for method, model in _brought(training):
        learned = {str(each.get("sha256")) for each in card_of(model).get("data") or []}
        if not learned:
            continue
        hashes = hashes or {content_hash(file): file for file in files}
        for sha in sorted(learned & set(hashes)):
            raise CheckError(
                f"{model} has learned from {hashes[sha]}, which is to be judged on",
                where=f"methods.{method}",
                hint="judge on other images, or train that model on others",
            )


def _brought(training: Training) -> Iterator[tuple[str, Path]]:
    """Yield the files of models that methods bring along."""
    from graticule.learn.model_file import ModelFile
    from graticule.pipeline import Pipeline

    for name, spec in training.methods.items():
        init = (spec.options.get("fit") or {}).get("init")
        if init and (training.folder / init).is_file():
            yield name, training.folder / init
        path = training.folder / str(spec.options.get("pipeline", ""))
        if spec.kind != "pipeline" or not path.is_file():
            continue
        for step in Pipeline.load(path).steps.values():
            for value in step.params.values():
                if isinstance(value, ModelFile) and value.path is not None:
                    yield name, value.path
