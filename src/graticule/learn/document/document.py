"""Training documents: what is learned, by which methods, and how it is judged.

Every key, with its default and an example, is described in ``docs/training.md``.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from graticule.core.document import (
    MethodName,
    MethodOfDocument,
    Section,
    WrittenDocument,
    or_empty,
    parse_document,
    plain,
    read_text,
    section_names,
    validate,
    whole_number,
)
from graticule.core.errors import Fault, ParameterError, PipelineError, suggest
from graticule.learn.document.inputs import Inputs
from graticule.learn.methods.items import ITEM_KINDS, MODEL, kind_named
from graticule.learn.methods.kind import BuildContext, MethodSpec, kind_of
from graticule.learn.methods.method import REAL, Method
from graticule.learn.unet.renamed import rename_in_document

Task: TypeAlias = Literal["pixels", "regression", "images", "objects"]


def _buffer(value: Any) -> Any:
    if value == "auto" or (type(value) is int and value >= 0):
        return value
    raise ParameterError(f"must be a whole number of 0 or more or auto, not {value!r}")


def _place(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ParameterError(f"must be a file or folder, not {value!r}")


class FixedTestSet(Section):
    """Images that nothing is learned from, and their labels.

    Attributes
    ----------
    images, labels : str
        Files or folders, relative to the document.
    """

    images: Annotated[str, PlainValidator(_place)]
    labels: Annotated[str, PlainValidator(_place)]


class SplitSpec(Section):
    """How images are split.

    Attributes
    ----------
    by : {"auto", "image", "group", "blocks"}
        ``auto``: blocks where there is one image, else images.
    folds : int
        How many parts.
    size : int or None
        Least side of a block; None: as many compact parts as folds.
    buffer : int or "auto"
        In samples; ``auto``: as far as the features of any method reach.
    naive : {"none", "halves", "samples"}
        A flattering split that is shown beside.
    seed : int
        Of the order of what is alike.
    group : str
        Regular expression; what its first group finds in the name of an image is its group.
    test : FixedTestSet or None
        Beside the folds: a test set for methods that learned from all other images.
    """

    by: Literal["auto", "image", "group", "blocks"] = "auto"
    folds: Annotated[int, whole_number(2)] = 4
    size: Annotated[int | None, whole_number(1)] = None
    buffer: Annotated[int | Literal["auto"], PlainValidator(_buffer)] = "auto"
    naive: Literal["none", "halves", "samples"] = "none"
    seed: Annotated[int, whole_number(0)] = 0
    group: str = ""
    test: FixedTestSet | None = None

    @model_validator(mode="after")
    def _require_group(self) -> Self:
        if (self.by == "group") != bool(self.group):
            needed = self.by == "group"
            what = "is needed with by: group" if needed else "goes with by: group only"
            hint = r"a regular expression whose first group is found in the names, as '^([a-z]+)_'"
            raise PipelineError([Fault("group", what, hint=hint)])
        try:
            groups = re.compile(self.group).groups
        except re.error as error:
            raise PipelineError([Fault("group", f"is no regular expression: {error}")]) from None
        if self.group and groups < 1:
            raise PipelineError([Fault("group", "must hold a group in parentheses")])
        return self


def _simulated(value: Any) -> str:
    from graticule.simulate.dataset import kinds

    if value in kinds():
        return str(value)
    raise ParameterError(f"must be {', '.join(kinds()[:-1])} or {kinds()[-1]}, not {value!r}")


class ExtraSpec(Section):
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
    simulate: Annotated[str, PlainValidator(_simulated)] = ""
    count: Annotated[int, whole_number(1)] = 8
    seed: Annotated[int, whole_number(0)] = 0
    parameters: Annotated[dict[str, Any], or_empty] = Field(default={})

    @model_validator(mode="after")
    def _require_files_or_simulation(self) -> Self:
        given, files = self.model_fields_set, {"images", "labels"}
        way_out = "or simulate: what to simulate"
        if not given:
            raise ParameterError("must name images and labels: files or folders", hint=way_out)
        known, needed, what = files, files, "must be given: a file or folder"
        if "simulate" in given or not given & files:
            known, needed, what = {*ExtraSpec.model_fields} - files, {"simulate"}, "must be given"
        faults = [
            Fault(key, "is not known here", hint=suggest(key, sorted(known)))
            for key in sorted(given - known)
        ]
        faults += [Fault(key, what, hint=way_out) for key in sorted(needed - given)]
        if faults:
            raise PipelineError(faults)
        return self


def _extra(sections: dict[str, ExtraSpec]) -> dict[str, ExtraSpec]:
    if REAL in sections:
        raise PipelineError([Fault(REAL, "is the name of the images that are given")])
    return sections


def _class_value(value: Any) -> int:
    if type(value) is int and value >= 0:
        return value
    raise ParameterError("must be a value of the labels, with its name", hint="as 1: pore")


def _class_name(name: Any) -> str:
    if isinstance(name, str | int | float):
        return str(name)
    raise ParameterError(f"must be a name, not {name!r}")


_Classes = dict[
    Annotated[int, PlainValidator(_class_value)], Annotated[str, PlainValidator(_class_name)]
]


def _column(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ParameterError(f"must be the name of a column, not {value!r}")


def _method(section: Any, info: ValidationInfo) -> MethodSpec:
    if not isinstance(section, dict):
        raise ParameterError("must be a mapping")
    items = (info.context or {}).get("items", "")
    kind = ITEM_KINDS[items] if items else kind_of(section)
    return kind.spec.model_validate(plain(section), context=info.context)


def _methods(sections: Any) -> Any:
    if not sections:
        hint = "as methods: {forest: {features: {sigmas: [1, 2, 4]}, estimator: forest}}"
        raise ParameterError("must hold at least one method", hint=hint)
    return sections


class TrainingDocument(WrittenDocument):
    """A training document.

    Attributes
    ----------
    name, description : str
        For people.
    inputs : Inputs
        Dims and spacing of the images, where their files do not say.
    labels : {"auto", "classes", "mask"}
        What labels mean.
    classes : dict of str
        Names of the classes by their value.
    task : {"pixels", "regression", "images", "objects"}
        Classes of samples, or their continuous targets; one target for each image, or object.
    target : str
        Of images and objects the column of their targets; ``folder``: the name of the folder.
    predict : {"classes", "values"}
        Whether the targets of images are classes, or continuous.
    groups : str
        Of images and objects the column of groups that are held out as a whole.
    split : SplitSpec
        How they are judged.
    extra : dict of ExtraSpec
        Further training images by name.
    methods : dict of MethodSpec
        In the order of the document.
    train : str
        The method that ``graticule train`` fits.
    """

    name: str = ""
    description: str = ""
    inputs: Annotated[Inputs, or_empty] = Inputs()
    labels: Literal["auto", "classes", "mask"] = "auto"
    classes: Annotated[_Classes, or_empty] = Field(default={})
    task: Task = "pixels"
    target: Annotated[str, PlainValidator(_column)] = ""
    predict: Literal["classes", "values"] = "classes"
    groups: Annotated[str, PlainValidator(_column)] = ""
    split: Annotated[SplitSpec, or_empty] = SplitSpec()
    extra: Annotated[dict[MethodName, ExtraSpec], or_empty, AfterValidator(_extra)] = Field(
        default={}
    )
    methods: Annotated[
        dict[MethodName, Annotated[Any, PlainValidator(_method)]], BeforeValidator(_methods)
    ] = Field(None, validate_default=True)
    train: MethodOfDocument = ""

    @property
    def continuous(self) -> bool:
        """Whether values are learned, and not classes."""
        return self.task == "regression" or self.predict == "values"

    @property
    def of_items(self) -> bool:
        """Whether targets are of whole images or of objects, and not of samples."""
        return self.task in ITEM_KINDS

    @model_validator(mode="after")
    def _require_keys_of_task(self) -> Self:
        faults = _faults_of_items(self) if self.of_items else _faults_of_samples(self)
        if faults:
            raise PipelineError(faults)
        return self


def _faults_of_samples(training: TrainingDocument) -> list[Fault]:
    what = "goes with task: images or objects only"
    faults = [Fault(k, what) for k in ("target", "groups") if getattr(training, k)]
    if training.predict == "values":
        faults.append(Fault("predict", what, hint="for samples say task: regression"))
    return faults


def _faults_of_items(training: TrainingDocument) -> list[Fault]:
    """Return what does not go with targets of whole images or of objects, and what is lacking."""
    task, given = training.task, training.model_fields_set
    own = f"goes with task: pixels only, not {task}"
    faults = []
    if not training.target:
        hint = "as target: class, a column of the table or sheet"
        if task == "images":
            hint += "; or target: folder, the name of the folder an image is in"
        what = f"needs a target: where the class of each of the {task} stands"
        faults.append(Fault("task", what, hint=f"{hint}; what is learned is {MODEL[task]}"))
    if training.labels == "mask":
        faults.append(Fault("labels", own))
    if training.continuous and task == "objects":
        faults.append(Fault("predict", "must be classes with task: objects"))
    if training.continuous and training.classes:
        faults.append(Fault("classes", "goes with predict: classes"))
    faults += [Fault("extra", own)] if training.extra else []
    faults += [Fault("inputs", own)] if task == "objects" and "inputs" in given else []
    faults += [Fault("inputs.labels.path", own)] if training.inputs.labels.path else []
    split = training.split
    for key in ("size", "buffer", "naive", "test"):
        if key in split.model_fields_set:
            faults.append(Fault(f"split.{key}", own))
    if split.by == "blocks":
        hint = "objects of one image are alike, and so are parts of one"
        faults.append(
            Fault("split.by", f"must be auto, image or group with task: {task}", hint=hint)
        )
    if training.groups and (split.by == "image" or split.group):
        faults.append(Fault("groups", "is the column to split by; split says otherwise",
                            hint="leave split.by and split.group out"))  # fmt: skip
    return faults


def load(path: Path) -> TrainingDocument:
    """Read a training document from a file, as `parse` does from text.

    Raises
    ------
    FormatError
        If the file cannot be read.
    """
    return parse(read_text(path), source=str(path))


def parse(text: str, *, source: str = "<text>") -> TrainingDocument:
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
    document = parse_document(text, source, holds="methods")
    rename_in_document(document, source)
    methods = section_names(document, "methods")
    context = {
        "task": "regression" if document.get("predict") == "values" else document.get("task"),
        "items": _items(document.get("task")),
        "sources": [REAL, *section_names(document, "extra")],
        "methods": methods,
    }
    sound, faults = validate(TrainingDocument, document, context=context)
    if faults or sound is None:
        raise PipelineError(faults, source=source)
    defaults = {"name": Path(source).parent.name or Path(source).stem, "train": methods[0]}
    absent = {key: value for key, value in defaults.items() if key not in document}
    training = sound.model_copy(update=absent)
    training._text, training._source = text, source
    return training


def _items(task: Any) -> str:
    return task if isinstance(task, str) and task in ITEM_KINDS else ""


def build_methods(training: TrainingDocument) -> list[Method]:
    """Return the methods of a training document, in its order; see `build_method`."""
    built: dict[str, Method] = {}
    return [build_method(training, name, built) for name in training.methods]


def build_method(
    training: TrainingDocument, name: str, built: dict[str, Method] | None = None
) -> Method:
    """Return a method of a training document.

    Parameters
    ----------
    training : TrainingDocument
        The document.
    name : str
        One of its methods.
    built : dict, optional
        Methods by name: what is there is used, and what is built is added.

    Raises
    ------
    RequestError
        If a file that it names is not there.
    """
    methods = {} if built is None else built
    if name not in methods:
        names, spec = list(training.methods), training.methods[name]
        above = {each: training.methods[each] for each in names[: names.index(name)]}
        build = partial(build_method, training, built=methods)
        context = BuildContext(training.continuous, training.folder, above, build)
        methods[name] = kind_named(spec.kind).build(name, spec, context)
    return methods[name]
