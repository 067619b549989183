"""``graticule check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.errors import Fault, GraticuleError, PipelineError, UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.learn.document.document import TrainingDocument


def check(document: str | None = None, /) -> int:
    """Check a pipeline, training or clustering document without running it, and show what it holds.

    Every fault is named at once, with file, line and path. Without a document the recipes are
    listed. Exit status: 0 sound, 2 faulty.

    Try: graticule check; graticule check coins

    Parameters
    ----------
    document
        A YAML file, the folder of a recipe, or its name.
    """
    if document is None:
        return _list_recipes()
    for path in _documents(document):
        if _holds_clustering(path):
            _show_clustering(path)
        elif _holds_training(path):
            _show_training(path)
        else:
            _show_pipeline(path)
    return 0


def _list_recipes() -> int:
    from graticule.clustering import document as clustering
    from graticule.learn.document.document import load
    from graticule.pipeline import Pipeline
    from graticule.recipes import clusterings, recipes, trainings

    said = {n: Pipeline.load(f / "pipeline.yaml").description for n, f in recipes().items()}
    said |= {name: load(path).description for name, path in trainings().items()}
    said |= {name: clustering.load(path).description for name, path in clusterings().items()}
    for name, description in sorted(said.items()):
        print(f"{name:15} {description.strip().partition(chr(10))[0]}")
    return 0


def _documents(name_or_path: str) -> list[Path]:
    """Return the files to check: one that is named, or those of a folder or recipe."""
    from graticule.recipes import CLUSTERING, PIPELINE, TRAINING, examples

    path = Path(name_or_path).expanduser()
    name = name_or_path.removeprefix("recipes/")
    folder = path if path.is_dir() else examples().get(name)
    if path.is_file() or folder is None:
        if path.is_file():
            return [path]
        raise UnknownNameError(
            f"{name_or_path!r} is neither a file nor a recipe",
            hint=suggest(name, list(examples())),
        )
    names = (PIPELINE, TRAINING, CLUSTERING)
    found = [folder / each for each in names if (folder / each).is_file()]
    if not found:
        raise UnknownNameError(
            f"{name_or_path!r} holds none of {PIPELINE}, {TRAINING} and {CLUSTERING}"
        )
    return found


def _holds_training(path: Path) -> bool:
    """Return whether a file is a training document: it has methods and no steps."""
    from graticule.core.document import parse_document, read_text

    keys = parse_document(read_text(path), str(path))
    return "steps" not in keys and ("methods" in keys or path.name == "training.yaml")


def _holds_clustering(path: Path) -> bool:
    """Return whether a file is a clustering document: it says so, or is named like one."""
    from graticule.core.document import parse_document, read_text

    keys = parse_document(read_text(path), str(path))
    return path.name == "clustering.yaml" or bool(keys.get("task") == "clustering")


def _show_clustering(path: Path) -> None:
    from graticule.clustering.document import load
    from graticule.pipeline import Pipeline
    from graticule.recipes import prepared_by
    from graticule.report.clustering.words import chain_in_words

    document = load(path)
    pipeline = prepared_by(document)
    if pipeline is not None:
        Pipeline.load(pipeline)
    print(f"{document.name}: sound ({document.source})")
    if document.pipeline:
        print(f"  prepared by {document.pipeline}")
    for name, spec in document.methods.items():
        mark = "  (main)" if name == document.main else ""
        print(f"  {name}: {chain_in_words(spec.built)}{mark}")


def _show_pipeline(path: Path) -> None:
    from graticule.pipeline import Pipeline
    from graticule.report import wording

    loaded = Pipeline.load(path)
    print(f"{loaded.name}: sound ({loaded.source})")
    for name, spec in loaded.inputs.items():
        pattern = f" {spec.path}" if spec.path else ""
        print(f"  input  {name}{f' [{chr(32).join(spec.dims)}]' if spec.dims else ''}{pattern}")
    if loaded.sheet:
        print(f"  sheet  {loaded.sheet.file}")
    for name, step in loaded.steps.items():
        wires = ", ".join(str(wire) for wire in step.inputs if wire is not None)
        shown = wording.parameters(step.canonical)
        print(f"  step   {name} = {step.op.name}({wires})  {shown}".rstrip())
    for name, check_step in loaded.checks.items():
        print(f"  check  {name} = {check_step.check.name} of {check_step.of} at {check_step.at}")
    print(f"  output {', '.join(map(str, loaded.outputs))}")
    if loaded.groups:
        over = " x ".join(loaded.groups.over) or "image"
        by = f" by {', '.join(loaded.groups.by)}" if loaded.groups.by else ""
        on = f", on a map of {', '.join(loaded.groups.map)}" if loaded.groups.map else ""
        print(f"  groups {', '.join(loaded.groups.of)}{by} over {over}{on}")
    for name in sorted(loaded.unused):
        print(f"  note   {name} feeds no output, check or figure: a run leaves it out")


def _show_training(path: Path) -> None:
    from graticule.learn.document.document import load
    from graticule.learn.methods.items import kind_named
    from graticule.report import wording

    training = load(path)
    _require_files(training)
    image, split = training.inputs.image, training.split
    print(f"{training.name}: sound ({training.source}), a training document")
    spacing = ", ".join(f"{dim} {step}" for dim, step in image.spacing.items())
    told = [f"[{' '.join(image.dims)}]" if image.dims else "", spacing, image.dataset]
    given = "table" if training.task == "objects" else "image"
    print("  input ", " ".join([given, *filter(None, told)]))
    classes = ", ".join(f"{value} {name}" for value, name in training.classes.items())
    called = f" ({classes})" if classes else ""
    if training.of_items:
        groups = f", held out by {training.groups}" if training.groups else ""
        print(f"  target {training.target}{called}: {training.predict} of {training.task}{groups}")
    else:
        print(f"  labels {training.labels}{called}, task {training.task}")
    kept = {
        k: v
        for k, v in split.model_dump(exclude={"test"}).items()
        if v not in ("", "none", None) and not (training.of_items and k == "buffer")
    }
    print("  split ", " ".join(f"{key}={value}" for key, value in kept.items()))
    if split.test is not None:
        print(f"  test   {split.test.images} with {split.test.labels}")
    for name, extra in training.extra.items():
        files = f"{extra.images} with {extra.labels}"
        print(
            f"  extra  {name} = {f'{extra.count} x {extra.simulate}' if extra.simulate else files}"
        )
    for name, spec in training.methods.items():
        kind = kind_named(spec.kind)
        options = wording.parameters(dict(spec.options))
        print(f"  method {name} = {kind.label}; learned from: {kind.describe(spec)}; {options}")
    print(f"  train  {training.train}")
    for name in sorted(set(training.extra) - set(_used(training))):
        print(f"  note   {name} is learned from by no method")


def _used(training: TrainingDocument) -> list[str]:
    """Return the further images that a method learns from."""
    used = {source for method in training.methods.values() for source in method.on}
    return [name for name in training.extra if name in used]


def _require_files(training: TrainingDocument) -> None:
    """Refuse a document that names what is not there, all of it at once."""
    from graticule.core.document import parse_document
    from graticule.learn.document.document import build_method

    document = parse_document(training.text, training.source, holds="methods")
    faults: list[Fault] = []
    for name in training.methods:
        try:
            build_method(training, name)
        except PipelineError as error:
            faults += error.faults
        except GraticuleError as error:
            faults.append(_fault(document, "methods", name, str(error)))
    places: list[tuple[str, str, Any]] = [
        ("extra", name, training.extra[name]) for name in _used(training)
    ]
    if training.split.test is not None:
        places.append(("split", "test", training.split.test))
    for section, name, files in places:
        for key in ("images", "labels"):
            given = getattr(files, key)
            if given and not (training.folder / given).exists():
                what = f"{key}: there is no {training.folder / given}"
                faults.append(_fault(document, section, name, what))
    if faults:
        raise PipelineError(faults, source=training.source)


def _fault(document: Any, section: str, name: str, what: str) -> Fault:
    from graticule.core.document import line_of

    return Fault(f"{section}.{name}", what, line_of(document[section], name))
