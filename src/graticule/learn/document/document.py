"""Training documents: what is learned, by which methods, and how it is judged.

Every key, with its default and an example, is described in ``docs/training.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from graticule.core.document import document_of, is_texts, plain, read_text
from graticule.core.errors import PipelineError, UnitsError
from graticule.core.units import split_quantity
from graticule.learn.document.faults import Faults
from graticule.learn.document.method_specs import MethodSpec, method_specs
from graticule.learn.document.split_spec import SplitSpec, split_of
from graticule.learn.unet.renamed import rename_in_document

Task: TypeAlias = Literal["pixels", "regression"]

REAL = "real"
"""What the images that are given are called beside extra ones."""

_TOP = (
    "graticule", "name", "description", "inputs", "labels", "classes", "task", "split", "extra",
    "methods", "train",
)  # fmt: skip


@dataclass(frozen=True)
class ExtraSpec:
    """Further images that are only learned from: files, or simulated.

    Attributes
    ----------
    images, labels : str
        Files or folders, relative to the document.
    simulate : str
        What to simulate instead; see `graticule.simulate`.
    count, seed, parameters
        Of the simulation.
    """

    images: str = ""
    labels: str = ""
    simulate: str = ""
    count: int = 8
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """A training document.

    Attributes
    ----------
    name, description : str
        For people.
    dims : tuple of str or None
        Of the images, where their files do not say.
    spacing : dict
        Distance between samples by dim, where the files do not say.
    labels : {"auto", "classes", "mask"}
        What labels mean.
    classes : dict of str
        Names of the classes by their value.
    task : {"pixels", "regression"}
        Classes, or continuous targets.
    split : SplitSpec
        How they are judged.
    extra : dict of ExtraSpec
        Further training images by name.
    methods : dict of MethodSpec
        In the order of the document.
    train : str
        The method that ``graticule train`` fits.
    text, source : str
        The document, and where it is.
    """

    name: str
    description: str
    dims: tuple[str, ...] | None
    spacing: Mapping[str, float | str]
    labels: Literal["auto", "classes", "mask"]
    classes: Mapping[int, str]
    task: Task
    split: SplitSpec
    extra: Mapping[str, ExtraSpec]
    methods: Mapping[str, MethodSpec]
    train: str
    text: str
    source: str

    @property
    def folder(self) -> Path:
        """What paths of the document are relative to."""
        path = Path(self.source)
        return path.parent if path.is_file() else Path()


def load(path: Path) -> Training:
    """Read a training document from a file.

    Raises
    ------
    FormatError
        If the file cannot be read.
    PipelineError
        With all faults, each with its line and its path in the document.
    """
    return parse(read_text(path), source=str(path))


def parse(text: str, *, source: str = "<text>") -> Training:
    """Return the training document a text holds.

    Raises
    ------
    PipelineError
        With all faults, each with its line and its path in the document.

    Examples
    --------
    >>> found = parse("{graticule: 1, methods: {forest: {estimator: forest}}}")
    >>> found.train, found.split.folds, found.methods["forest"].kind
    ('forest', 4, 'pixels')
    """
    document = document_of(text, source, holds="methods")
    rename_in_document(document, source)
    faults = Faults(source)
    faults.known(document, _TOP)
    if document.get("graticule") is True or document.get("graticule") != 1:
        faults.add("graticule", "must be 1, the version of the grammar", document, "graticule")
    dims, spacing = _image(document, faults)
    extra = _extra(document, faults)
    task = _task(document, faults)
    methods = method_specs(document, faults, (REAL, *extra), task)
    train = faults.text(document, "train", next(iter(methods), ""))
    written = document.get("methods")
    if "train" in document and isinstance(written, dict) and train not in written:
        faults.unknown("train", train, list(map(str, written)), document, "train")
    name = faults.text(document, "name", Path(source).parent.name or Path(source).stem)
    training = Training(
        name=name,
        description=faults.text(document, "description", ""),
        dims=dims,
        spacing=spacing,
        labels=faults.one_of(document, "labels", ("auto", "classes", "mask"), "auto"),
        classes=_classes(document, faults),
        task=task,
        split=split_of(document, faults),
        extra=extra,
        methods=methods,
        train=train,
        text=text,
        source=source,
    )
    if faults.found:
        raise PipelineError(faults.found, source=source)
    return training


def _task(document: Any, faults: Faults) -> Task:
    """Return the task; of those that have no document yet, say how they are done."""
    ways = {"objects": "ObjectClassifier", "images": "ImageClassifier or ImageRegressor"}
    task = document.get("task", "pixels")
    if isinstance(task, str) and task in ways:
        what = f"{task} as a whole are learned in Python; documents are for pixels and regression"
        faults.add("task", what, document, "task", f"graticule.learn.{ways[task]}")
        return "pixels"
    chosen: Task = faults.one_of(document, "task", ("pixels", "regression"), "pixels")
    return chosen


def _image(document: Any, faults: Faults) -> tuple[tuple[str, ...] | None, dict[str, float | str]]:
    """Return the dims and the spacing of the images."""
    inputs = faults.mapping(document, "inputs")
    faults.known(inputs, ("image",), "inputs")
    body = faults.mapping(inputs, "image", "inputs.image")
    faults.known(body, ("dims", "spacing"), "inputs.image")
    dims = body.get("dims")
    if dims is not None and (not is_texts(dims) or len(set(dims)) < len(dims)):
        faults.add("inputs.image.dims", "must be a list of different names", body, "dims")
        dims = None
    spacing = faults.mapping(body, "spacing", "inputs.image.spacing")
    good: dict[str, float | str] = {}
    for dim, step in plain(spacing).items():
        try:
            split_quantity(step)
            good[dim] = step
        except (UnitsError, TypeError, ValueError) as error:
            what = getattr(error, "what", str(error))
            faults.add(f"inputs.image.spacing.{dim}", what, spacing, dim)
    return (tuple(map(str, dims)) if dims else None), good


def _classes(document: Any, faults: Faults) -> dict[int, str]:
    names = {}
    section = faults.mapping(document, "classes")
    for value, name in section.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            what = "must be a value of the labels, with its name"
            faults.add(f"classes.{value}", what, section, value, "as 1: pore")
        elif not isinstance(name, str | int | float):
            faults.add(f"classes.{value}", f"must be a name, not {plain(name)!r}", section, value)
        else:
            names[int(value)] = str(name)
    return names


def _extra(document: Any, faults: Faults) -> dict[str, ExtraSpec]:
    from graticule.simulate.dataset import kinds

    found = {}
    for name, body in faults.named(document, "extra").items():
        path = f"extra.{name}"
        if name == REAL:
            faults.add(path, "is the name of the images that are given", document["extra"], name)
        known = ("simulate", "count", "seed", "parameters") if "simulate" in body else (
            "images", "labels")  # fmt: skip
        faults.known(body, known, path)
        if "simulate" in body:
            faults.one_of(body, "simulate", tuple(kinds()), "", f"{path}.simulate")
        for key in () if "simulate" in body else ("images", "labels"):
            if key not in body:
                what = "must be given: a file or folder"
                faults.add(f"{path}.{key}", what, body, key, "or simulate: what to simulate")
        found[name] = ExtraSpec(
            images=faults.text(body, "images", "", f"{path}.images"),
            labels=faults.text(body, "labels", "", f"{path}.labels"),
            simulate=str(body.get("simulate", "")),
            count=faults.whole(body, "count", 8, 1, f"{path}.count"),
            seed=faults.whole(body, "seed", 0, 0, f"{path}.seed"),
            parameters=plain(faults.mapping(body, "parameters", f"{path}.parameters")),
        )
    return found
