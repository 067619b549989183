"""What a step of a chain is: its parameters, how it is fitted, what it says of new rows.

A step is one module of `graticule.learn.clustering.steps`, or of a package that an entry point of
the group ``graticule.clustering`` names. It declares its parameters and a `ClusteringStep` called
as the module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from graticule.core.document import Section, validate
from graticule.core.errors import PipelineError
from graticule.core.registry import Registry
from graticule.core.typing import Array

NOISE = -1
"""The label of rows that belong to no group."""


class StepParameters(Section):
    """Parameters of a step, as they are written in a document; those of a step add its own.

    Examples
    --------
    >>> class Halved(StepParameters):
    ...     '''Parameters.
    ...
    ...     Attributes
    ...     ----------
    ...     at : float
    ...         Where rows are cut in two.
    ...     '''
    ...     at: float = 0.5
    >>> Halved(at=2).at
    2.0
    """


@dataclass(frozen=True)
class Fit:
    """What fitting a step gave.

    Attributes
    ----------
    result : ndarray
        The rows in a new space; or the label of each row, `NOISE` or a number from 0.
    content : mapping of ndarray
        What the step needs to know to be applied to new rows.
    facts : mapping
        JSON values for people, as ``inertia``.

    Examples
    --------
    >>> rows = np.array([[0.0], [1], [10], [11]])
    >>> kmeans = STEPS.get("kmeans")
    >>> found = kmeans.fit(rows, kmeans.parameters(n_clusters=2), 0)
    >>> len(set(found.result.tolist())), found.facts["inertia"]
    (2, 1.0)
    """

    result: Array
    content: Mapping[str, Array] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusteringStep:
    """A kind of step.

    Attributes
    ----------
    name : str
        As its module.
    label : str
        For people, as ``k-means``.
    parameters : type of StepParameters
        Its keys, validated.
    gives : {"space", "groups"}
        Whether it moves rows to another space, or tells their groups and so ends a chain.
    fit : callable
        ``fit(rows, parameters, seed) -> Fit``, of float64 (rows, features).
    apply : callable
        ``apply(rows, content, parameters)`` to new rows: their places or their labels.
    rule : str
        How new rows are told, in words.
    missing : bool
        Whether it takes rows with NaN.

    Examples
    --------
    >>> kmeans = STEPS.get("kmeans")
    >>> kmeans.label, kmeans.gives, kmeans.parameters(n_clusters=3).n_clusters
    ('k-means', 'groups', 3)
    """

    name: str
    label: str
    parameters: type[StepParameters]
    gives: Literal["space", "groups"]
    fit: Callable[[Array, Any, int], Fit]
    apply: Callable[[Array, Mapping[str, Array], Any], Array]
    rule: str = ""
    missing: bool = False

    def validate(self, values: Mapping[str, Any]) -> Any:
        """Return its parameters from plain values.

        Raises
        ------
        PipelineError
            With a fault for each key that is unknown or out of range.
        """
        parameters, faults = validate(self.parameters, dict(values))
        if parameters is None or faults:
            raise PipelineError(faults, source=self.name)
        return parameters


STEPS: Registry[ClusteringStep] = Registry(
    "step of a clustering", "graticule.clustering", package="graticule.learn.clustering.steps"
)
"""All steps, built in or plugged in."""


def methods() -> list[str]:
    """Return the names of the steps that tell groups.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> [name for name in methods() if name == "kmeans"]
    ['kmeans']
    """
    return [step.name for step in STEPS.values() if step.gives == "groups"]


def numbered_by_size(labels: Array) -> tuple[Array, Array]:
    """Return labels numbered anew from 0 by decreasing size, and the old number of each group.

    Parameters
    ----------
    labels : array_like of int
        Negative ones are noise. Of groups of one size the one that comes first in the rows has
        the smaller number.

    Returns
    -------
    labels : ndarray of int32
        -1 for noise.
    order : ndarray of int64
        ``order[new]`` is the old number.

    Examples
    --------
    >>> labels, order = numbered_by_size(np.array([7, 3, -2, 3]))
    >>> labels.tolist(), order.tolist()
    ([1, 0, -1, 0], [3, 7])
    """
    labels = np.asarray(labels)
    known = labels >= 0
    old, first, inverse, counts = np.unique(
        labels[known], return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    new = np.empty(len(old), np.int32)
    new[order] = np.arange(len(old), dtype=np.int32)
    numbered = np.full(labels.shape, NOISE, np.int32)
    numbered[known] = new[inverse]
    return numbered, old[order].astype(np.int64)
