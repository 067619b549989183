"""Clustering documents: what is grouped, by which numbers and methods, and against which null.

Every key, with its default and an example, is described in ``docs/clustering.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    model_validator,
)

from graticule.core.document import (
    MethodName,
    MethodOfDocument,
    Section,
    WrittenDocument,
    is_list_of_texts,
    or_empty,
    parse_document,
    plain,
    read_text,
    section_names,
    validate,
    whole_number,
)
from graticule.core.errors import (
    Fault,
    ParameterError,
    PipelineError,
    RequestError,
    UnknownNameError,
)
from graticule.learn.clustering import STEPS, Chain
from graticule.learn.clustering.surrogates import SURROGATES, Kind
from graticule.learn.models.image_rows import ImageRows


def _texts(value: Any) -> tuple[str, ...]:
    """Return one text or a list of them."""
    values = [value] if isinstance(value, str) else value
    if is_list_of_texts(values) and values and all(values):
        return tuple(values)
    raise ParameterError(f"must be a text or a list of texts, not {value!r}")


_Texts = Annotated[tuple[str, ...], PlainValidator(_texts)]


def _share(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1:
        return float(value)
    raise ParameterError(f"must be a number between 0 and 1, not {value!r}")


_Share = Annotated[float, PlainValidator(_share)]


def _embedding(value: Any) -> dict[str, Any] | None:
    return None if value is None else ImageRows.of(plain(value)).plain()


def _step(value: Any) -> dict[str, Any]:
    """Return a step of a chain as plain values; a bare name is that of the step."""
    values = {"step": value} if isinstance(value, str) else plain(value)
    if not isinstance(values, dict) or not isinstance(values.get("step"), str):
        hint = "as standardise, or {step: kmeans, n_clusters: 4}"
        raise ParameterError("must be a name, or a mapping with step", hint=hint)
    try:
        step = STEPS.get(values["step"])
    except UnknownNameError as error:
        raise PipelineError([Fault("step", error.what, hint=error.hint)]) from None
    step.validate({key: item for key, item in values.items() if key != "step"})
    return dict(values)


def _chain(steps: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Refuse steps that do not go after one another: the last one groups, and no other."""
    try:
        Chain.of(steps)
    except PipelineError as error:
        fault = error.faults[0]
        number = int(fault.path.strip("[").partition("]")[0]) + 1
        raise ParameterError(f"step {number}: {fault.what}", hint=fault.hint) from None
    return steps


def _by(value: Any) -> tuple[Kind, ...]:
    chosen = tuple(value) if isinstance(value, list) and value else (value,)
    for each in chosen:
        if each not in SURROGATES:
            raise ParameterError(f"must be {', '.join(SURROGATES)} or a list, not {each!r}")
    return chosen


class FeatureSpec(Section):
    """The numbers by which is grouped.

    Attributes
    ----------
    columns : tuple of str
        Columns of the table, or patterns of their names; empty for none.
    without : tuple of str
        Those that are not taken all the same.
    embedding : dict or None
        What makes numbers of the prepared images; see `graticule.learn.models.image_rows`.
    """

    columns: _Texts = ()
    without: _Texts = ()
    embedding: Annotated[dict[str, Any] | None, PlainValidator(_embedding)] = None


class NullSpec(Section):
    """The tables without structure that the groups are held against.

    Attributes
    ----------
    n : int
        How many of each kind; 0 for none.
    by : tuple of str
        How they are made, as `graticule.learn.clustering.null.null_test` says.
    alpha : float
        The share of such tables that may be said to be grouped.
    """

    n: Annotated[int, whole_number(0)] = 99
    by: Annotated[tuple[Kind, ...], PlainValidator(_by)] = tuple(SURROGATES)
    alpha: _Share = 0.05

    @model_validator(mode="after")
    def _require_enough(self) -> NullSpec:
        if self.n and (1 + self.n) * self.alpha < 1 - 1e-9:
            least = math.ceil(1 / self.alpha - 1e-9) - 1
            what = f"must be {least} or more for p to reach alpha ({self.alpha:g}), not {self.n}"
            raise PipelineError([Fault("n", what, hint="0 for none")])
        return self


class StabilitySpec(Section):
    """How often groups are made again from a part of the rows.

    Attributes
    ----------
    n : int
        Repetitions; 0 for none.
    share : float
        The part of the rows each takes.
    """

    n: Annotated[int, whole_number(0)] = 20
    share: _Share = 0.8


def _sweep(value: Any) -> dict[str, tuple[Any, ...]]:
    """Return the values of one or more parameters of a chain."""
    if not isinstance(value, dict) or not value:
        raise ParameterError("must be a mapping", hint="as {n_clusters: [2, 3, 4, 5]}")
    found = {}
    for name, values in plain(value).items():
        if not isinstance(values, list) or len(values) < 2:
            raise ParameterError(
                f"{name} must be a list of two values or more", hint="as n_clusters: [2, 3, 4, 5]"
            )
        found[str(name)] = tuple(values)
    return found


class MethodSpec(Section):
    """One way to group: a chain, and what of it is swept.

    Attributes
    ----------
    chain : tuple of dict
        Steps as `graticule.learn.clustering.Chain` takes them; the last one groups.
    sweep : dict
        Values of one or two parameters, as ``n_clusters`` of the last step or
        ``pca.n_components``.
    choose : str
        The index by which the value is taken; ``none``: the sweep is shown, and that of the
        chain taken.
    description : str
        For people.
    """

    chain: Annotated[
        tuple[Annotated[dict[str, Any], PlainValidator(_step)], ...], AfterValidator(_chain)
    ]
    sweep: Annotated[dict[str, tuple[Any, ...]], PlainValidator(_sweep)] = Field(default={})
    choose: Literal["silhouette", "davies_bouldin", "calinski_harabasz", "bic", "none"] = "none"
    description: str = ""

    @model_validator(mode="after")
    def _require_swept(self) -> MethodSpec:
        faults = []
        for name, values in self.sweep.items():
            for value in values:
                try:
                    self.built.replacing({name: value})
                except PipelineError as error:
                    faults.append(Fault(f"sweep.{name}", error.faults[0].what))
                except ParameterError as error:
                    faults.append(Fault(f"sweep.{name}", error.what, hint=error.hint))
                else:
                    continue
                break
        if len(self.sweep) > 2:
            faults.append(Fault("sweep", "one or two parameters are swept, and no more"))
        if not self.sweep and self.choose != "none":
            faults.append(
                Fault("choose", "needs a sweep", hint="as sweep: {n_clusters: [2, 3, 4]}")
            )
        if faults:
            raise PipelineError(faults)
        return self

    @property
    def built(self) -> Chain:
        """The chain, to be fitted."""
        return Chain.of(self.chain)


def _method(value: Any) -> Any:
    """Return the section of a method; a bare list is its chain."""
    return {"chain": value} if isinstance(value, list | str) else value


def _methods(sections: Any) -> Any:
    if not sections:
        hint = "as methods: {few: [standardise, {step: kmeans, n_clusters: 4}]}"
        raise ParameterError("must hold at least one method", hint=hint)
    return sections


def _labels(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ParameterError(f"must be folder, or the name of a column, not {value!r}")


class ClusteringDocument(WrittenDocument):
    """A clustering document.

    Attributes
    ----------
    task : {"clustering"}
        What it is; it must be given.
    name, description : str
        For people.
    study : tuple of str
        Files, folders and patterns, relative to the document, or a table; may be given to the
        command instead.
    pipeline : str
        What prepares each image: a file, or the name of a recipe.
    rows : str
        What is grouped: ``images``, or the name of a table of objects.
    refuse : tuple of str
        Columns that set a row aside where they are true or hold a text.
    prepared : str
        The array of the pipeline that is the prepared image; by default its first.
    features : FeatureSpec
        By which numbers.
    labels : str
        What the groups are judged by and never chosen: ``folder``, or a column.
    methods : dict of MethodSpec
        In the order of the document.
    main : str
        The method the report is about.
    map : {"components", "tsne", "umap"}
        How rows are laid out in two dims for the report; the last two need an extra.
    null : NullSpec
        What the groups are held against.
    stability : StabilitySpec
        How often they are made again.
    seed : int
        Of all that is drawn.
    """

    task: Literal["clustering"] = "clustering"
    name: str = ""
    description: str = ""
    study: _Texts = ()
    pipeline: str = ""
    rows: str = "images"
    refuse: _Texts = ()
    prepared: str = ""
    features: Annotated[FeatureSpec, or_empty] = FeatureSpec()
    labels: Annotated[str, PlainValidator(_labels)] = ""
    methods: Annotated[
        dict[MethodName, Annotated[MethodSpec, BeforeValidator(_method)]], BeforeValidator(_methods)
    ] = Field(None, validate_default=True)
    main: MethodOfDocument = ""
    map: Literal["components", "tsne", "umap"] = "components"
    null: Annotated[NullSpec, or_empty] = NullSpec()
    stability: Annotated[StabilitySpec, or_empty] = StabilitySpec()
    seed: Annotated[int, whole_number(0)] = 0

    @property
    def plain(self) -> dict[str, Any]:
        """Everything that decides the numbers, as JSON values."""
        return {
            "features": {
                "columns": list(self.features.columns),
                "without": list(self.features.without),
                "embedding": self.features.embedding,
            },
            "refuse": list(self.refuse),
            "rows": self.rows,
            "methods": {
                name: {
                    "chain": spec.built.plain(),
                    "sweep": {key: list(values) for key, values in spec.sweep.items()},
                    "choose": spec.choose,
                }
                for name, spec in self.methods.items()
            },
            "main": self.main,
            "null": self.null.model_dump(),
            "stability": self.stability.model_dump(),
            "labels": self.labels,
            "seed": self.seed,
        }


def load(path: Path) -> ClusteringDocument:
    """Read a clustering document from a file, as `parse` does from text.

    Raises
    ------
    FormatError
        If the file cannot be read.
    """
    return parse(read_text(path), source=str(path))


def parse(text: str, *, source: str = "<text>") -> ClusteringDocument:
    """Return the clustering document a text holds.

    Raises
    ------
    PipelineError
        With all faults, each with its line and its path in the document.

    Examples
    --------
    >>> chain = "[standardise, {step: kmeans, n_clusters: 3}]"
    >>> found = parse(f"{{graticule: 1, methods: {{few: {chain}}}}}")
    >>> found.main, found.methods["few"].built.method.label, found.null.n
    ('few', 'k-means', 99)
    """
    document = parse_document(text, source, holds="methods")
    methods = section_names(document, "methods")
    context: Mapping[str, Any] = {"methods": methods}
    sound, faults = validate(ClusteringDocument, document, context=context)
    if faults or sound is None:
        raise PipelineError(faults, source=source)
    defaults = {"name": Path(source).parent.name or Path(source).stem, "main": methods[0]}
    absent = {key: value for key, value in defaults.items() if key not in document}
    found = sound.model_copy(update=absent)
    found._text, found._source = text, source
    return found


def require_study(document: ClusteringDocument, given: list[str]) -> list[str]:
    """Return the study: what was given, or that of the document.

    Of a folder that was given the document's patterns are taken, where something in it fits them.

    Raises
    ------
    RequestError
        If neither is there.
    """
    if not given and not document.study:
        raise RequestError(
            "there is nothing to group",
            where=document.source,
            hint="name files, a folder or a pattern after it, or say study: in the document",
        )
    if not given:
        return [str(document.folder / each) for each in document.study]
    folder = Path(given[0])
    if len(given) == 1 and folder.is_dir():
        relative = [each for each in document.study if not Path(each).is_absolute()]
        fitting = [each for each in relative if next(folder.glob(each), None) is not None]
        if fitting and len(fitting) == len(document.study):
            return [str(folder / each) for each in fitting]
    return given
