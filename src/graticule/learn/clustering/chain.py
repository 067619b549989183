"""Steps in a row: spaces, and a method that tells groups in the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graticule.core.errors import Fault, FormatError, GraticuleError, ParameterError, PipelineError
from graticule.core.typing import Array
from graticule.learn.clustering.step import STEPS, ClusteringStep, Fit
from graticule.learn.clustering.table import Table, as_matrix, column_names


@dataclass(frozen=True)
class Chain:
    """Steps in a row, as a document has them.

    Attributes
    ----------
    steps : tuple of (ClusteringStep, StepParameters)
        All but the last move rows to another space; the last tells groups.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(90, 4)) + np.repeat([[0], [9], [18]], 30, 0)
    >>> chain = Chain.of(
    ...     [{"step": "standardise"}, {"step": "pca", "n_components": 2},
    ...      {"step": "kmeans", "n_clusters": 3}]
    ... )
    >>> found = chain.fit(rows, seed=0)
    >>> np.bincount(found.labels).tolist(), found.space.shape
    ([30, 30, 30], (90, 2))
    >>> bool((found.assign(rows) == found.labels).all())
    True
    """

    steps: tuple[tuple[ClusteringStep, Any], ...]

    @classmethod
    def of(cls, steps: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> Self:
        """Return a chain from plain values: for each step ``step``, its name, and its keys.

        Raises
        ------
        PipelineError
            With all faults, and the number of their step.
        """
        given = [steps] if isinstance(steps, Mapping) else list(steps)
        if not given:
            raise ParameterError("must name a method", where="steps", hint="[{step: kmeans}]")
        found, faults = [], []
        for number, values in enumerate(given):
            try:
                found.append(_step(values, last=number == len(given) - 1))
            except PipelineError as error:
                faults += [
                    Fault(f"[{number}].{f.path}", f.what, f.line, f.hint) for f in error.faults
                ]
            except GraticuleError as error:
                faults.append(Fault(f"[{number}]", error.what, hint=error.hint))
        if faults:
            raise PipelineError(faults, source="chain")
        return cls(tuple(found))

    def plain(self) -> list[dict[str, Any]]:
        """Return its steps as plain values, of which `of` makes it again."""
        return [
            {"step": step.name, **parameters.model_dump(mode="json")}
            for step, parameters in self.steps
        ]

    def replacing(self, values: Mapping[str, Any]) -> Chain:
        """Return the chain with other parameters.

        Parameters
        ----------
        values : mapping
            By name: of the last step as ``eps``, of another as ``pca.n_components``.

        Raises
        ------
        ParameterError, PipelineError
            If there is no such step or parameter, or a value is out of range.
        """
        steps = self.plain()
        for name, value in values.items():
            owner, _, key = name.rpartition(".")
            at = [n for n, each in enumerate(steps) if each["step"] == owner] if owner else [-1]
            if not at:
                known = ", ".join(each["step"] for each in steps)
                raise ParameterError(f"there is no step {owner!r}", where=name, hint=known)
            steps[at[-1]][key] = value
        return type(self).of(steps)

    @property
    def method(self) -> ClusteringStep:
        """The step that tells groups."""
        return self.steps[-1][0]

    def fit(
        self, table: Table, *, columns: Sequence[str] | None = None, seed: int = 0
    ) -> Clustering:
        """Return the groups of a table.

        Parameters
        ----------
        table : DataFrame or ndarray
            One row for each object.
        columns : sequence of str, optional
            The features; by default all columns.
        seed : int
            Of what is drawn.

        Raises
        ------
        ImageError
            If the table cannot be used: no numbers, NaN, fewer rows than the method needs.
        """
        names = column_names(table) if columns is None else tuple(columns)
        rows = as_matrix(table, names, missing=self.steps[0][0].missing)
        return self.fit_method(self.fit_space(rows, seed), names, seed)

    def fit_space(self, rows: Array, seed: int) -> FittedSpace:
        """Return all steps but the last, fitted to rows, and the rows after them."""
        fitted = []
        for step, parameters in self.steps[:-1]:
            fit = _fitted(step, rows, parameters, seed)
            fitted.append(FittedStep(step, parameters, fit.content, fit.facts))
            rows = np.ascontiguousarray(fit.result, np.float64)
        return FittedSpace(tuple(fitted), rows)

    def fit_method(self, space: FittedSpace, names: Sequence[str], seed: int) -> Clustering:
        """Return the groups that the last step tells in a space."""
        step, parameters = self.steps[-1]
        fit = _fitted(step, space.rows, parameters, seed)
        method = FittedStep(step, parameters, fit.content, fit.facts)
        labels = np.asarray(fit.result, np.int32)
        return Clustering(tuple(names), (*space.steps, method), space.rows, labels)


def _fitted(step: ClusteringStep, rows: Array, parameters: Any, seed: int) -> Fit:
    try:
        return step.fit(rows, parameters, seed)
    except GraticuleError as error:
        raise error.at(step.name) from None


def _step(values: Any, last: bool) -> tuple[ClusteringStep, Any]:
    if not isinstance(values, Mapping) or "step" not in values:
        raise ParameterError("must say step, and its parameters", hint="as {step: kmeans}")
    step = STEPS.get(str(values["step"]))
    if last and step.gives != "groups":
        raise ParameterError(f"{step.name} tells no groups", hint="end the chain with a method")
    if not last and step.gives == "groups":
        raise ParameterError(f"{step.name} tells groups, so it must be the last step")
    return step, step.validate({key: value for key, value in values.items() if key != "step"})


@dataclass(frozen=True)
class FittedStep:
    """A step that knows what it learned from a table.

    Attributes
    ----------
    step : ClusteringStep
        Its kind.
    parameters : StepParameters
        With which it was fitted.
    content : mapping of ndarray
        What it needs to know to be applied to new rows.
    facts : mapping
        JSON values for people, as ``inertia``.

    Examples
    --------
    >>> chain = Chain.of({"step": "kmeans", "n_clusters": 2})
    >>> fitted = chain.fit(np.array([[0.0], [1], [10], [11]])).steps[-1]
    >>> fitted.step.name, fitted.facts["inertia"], sorted(fitted.content)
    ('kmeans', 1.0, ['centroids'])
    """

    step: ClusteringStep
    parameters: Any
    content: Mapping[str, Array]
    facts: Mapping[str, Any]

    def apply(self, rows: Array) -> Array:
        """Return rows in its space, or their labels."""
        return self.step.apply(rows, self.content, self.parameters)


@dataclass(frozen=True)
class FittedSpace:
    """The steps of a chain before its method, fitted, and the rows after them."""

    steps: tuple[FittedStep, ...]
    rows: Array


@dataclass(frozen=True)
class Clustering:
    """A fitted chain.

    Attributes
    ----------
    columns : tuple of str
        The features, in the order of the table it was fitted to.
    steps : tuple of FittedStep
        What each step learned.
    space : ndarray
        (rows, features) of float64: the rows where they were clustered, which all indices are of.
    labels : ndarray of int32
        The group of each row, numbered from 0 by decreasing size; -1 for noise.

    Examples
    --------
    >>> rows = np.array([[0.0], [1], [0.5], [10], [11]])
    >>> found = Chain.of({"step": "kmeans", "n_clusters": 2}).fit(rows)
    >>> found.labels.tolist(), found.sizes.tolist()
    ([0, 0, 0, 1, 1], [3, 2])
    >>> found.assign([[9.0], [0.2]]).tolist()
    [1, 0]
    """

    columns: tuple[str, ...]
    steps: tuple[FittedStep, ...]
    space: Array
    labels: Array

    @property
    def n_groups(self) -> int:
        """How many groups there are, noise not counted."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def sizes(self) -> Array:
        """Rows of each group."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.n_groups)

    @property
    def method(self) -> FittedStep:
        """The step that told the groups."""
        return self.steps[-1]

    @property
    def chain(self) -> Chain:
        """The chain it was fitted by."""
        return Chain(tuple((each.step, each.parameters) for each in self.steps))

    def transform(self, table: Table) -> Array:
        """Return the rows of a table in the space that was clustered."""
        rows = as_matrix(table, self.columns, missing=self.steps[0].step.missing)
        for each in self.steps[:-1]:
            rows = np.ascontiguousarray(each.apply(rows), np.float64)
        return rows

    def assign(self, table: Table) -> Array:
        """Return the groups of the rows of a table, int32, by the rule of its method.

        Raises
        ------
        ImageError
            If the table lacks a column, or has no finite number somewhere.
        """
        return np.asarray(self.method.apply(self.transform(table)), np.int32)

    def describe(self) -> dict[str, Any]:
        """Return facts for people as JSON values: sizes, noise, and what each step tells."""
        noise = int((self.labels < 0).sum())
        return {
            "rows": len(self.labels),
            "groups": self.n_groups,
            "sizes": self.sizes.tolist(),
            "noise": noise,
            "noise_share": noise / len(self.labels),
            "rule": self.method.step.rule,
            "steps": [
                {"step": each.step.name, "label": each.step.label, **each.facts}
                for each in self.steps
            ],
        }

    def arrays(self) -> dict[str, Array]:
        """Return what it holds as arrays by name; with `card` all it is made again from."""
        held = {
            f"{number}.{name}": array
            for number, each in enumerate(self.steps)
            for name, array in each.content.items()
            if array is not self.space
        }
        return {"space": self.space, "labels": self.labels, **held}

    def card(self) -> dict[str, Any]:
        """Return the rest as JSON values."""
        return {
            "columns": list(self.columns),
            "chain": self.chain.plain(),
            "facts": [dict(each.facts) for each in self.steps],
            "of_space": [
                name for name, array in self.method.content.items() if array is self.space
            ],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], card: Mapping[str, Any]) -> Self:
        """Return a clustering from what `arrays` and `card` gave.

        Raises
        ------
        FormatError
            If they do not fit together.
        """
        try:
            chain = Chain.of(card["chain"])
            held: list[dict[str, Array]] = [{} for _ in chain.steps]
            for name, array in arrays.items():
                number, dot, key = name.partition(".")
                if dot:
                    held[int(number)][key] = array
            held[-1].update(dict.fromkeys(card["of_space"], arrays["space"]))
            steps = tuple(
                FittedStep(step, parameters, content, dict(facts))
                for (step, parameters), content, facts in zip(
                    chain.steps, held, card["facts"], strict=True
                )
            )
            found = cls(tuple(card["columns"]), steps, arrays["space"], arrays["labels"])
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise FormatError(f"is no clustering: {error}") from None
        if found.labels.shape != found.space.shape[:1]:
            raise FormatError("is no clustering: labels and space have other numbers of rows")
        return found
