"""The methods of a document, fitted and judged: what each finds, and whether it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.document import ClusteringDocument, MethodSpec
from graticule.clustering.evidence import (
    Stability,
    against_null,
    agreement_with,
    indices_by_name,
    stability_of,
    swept,
)
from graticule.clustering.features import FeatureTable
from graticule.clustering.oddities import effect_sizes, near_duplicates, outlier_scores
from graticule.clustering.plane import Plane, plane_of
from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.learn.clustering import Clustering
from graticule.learn.clustering.agreement import Agreement
from graticule.learn.clustering.null import NullTest
from graticule.learn.clustering.sweep import SweepResult
from graticule.learn.models.clustering import ClusteringModel, centre_distances, group_centres

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MethodResult:
    """What a method of a document found.

    Attributes
    ----------
    name : str
        Its name.
    spec : MethodSpec
        What the document says of it.
    chosen : dict
        The values that its sweep chose.
    clustering : Clustering
        The fitted chain.
    indices : dict of float
        Of the groups in the space that was clustered, noise left out.
    sweep : SweepResult or None
        What other values give.
    null, stability, agreement : object or None
        What the groups are held against; None where it was not asked for.
    """

    name: str
    spec: MethodSpec
    clustering: Clustering
    chosen: Mapping[str, Any] = field(default_factory=dict)
    indices: Mapping[str, float] = field(default_factory=dict)
    sweep: SweepResult | None = None
    null: NullTest | None = None
    stability: Stability | None = None
    agreement: Agreement | None = None

    @property
    def labels(self) -> Array:
        """The group of each row; -1 for none."""
        return self.clustering.labels

    @property
    def groups(self) -> int:
        """How many groups there are, noise not counted."""
        return self.clustering.n_groups

    @property
    def noise(self) -> int:
        """How many rows belong to no group."""
        return int((self.labels < 0).sum())

    @cached_property
    def distances(self) -> Array:
        """How far each row is from the centre of its group; noise, from the nearest one."""
        space = self.clustering.space
        return centre_distances(space, self.labels, group_centres(space, self.labels, self.groups))

    @cached_property
    def doubt(self) -> Array:
        """How near each row is to another group: its distance over that from the next centre.

        Of a single group, and of noise, the distance itself.
        """
        space, labels = self.clustering.space, self.labels
        centres = group_centres(space, labels, self.groups)
        found = self.distances.copy()
        if len(centres) < 2:
            return found
        for group in range(self.groups):
            own = labels == group
            others = np.delete(centres, group, axis=0)
            best = np.full(int(own.sum()), np.inf)
            for centre in others:
                best = np.minimum(best, np.linalg.norm(space[own] - centre, axis=1))
            found[own] = found[own] / np.maximum(best, 1e-300)
        return found


@dataclass(frozen=True)
class Analysis:
    """All that was found of a collection.

    Attributes
    ----------
    document : ClusteringDocument
        What was asked.
    features : FeatureTable
        The rows.
    methods : dict of MethodResult
        By name, in the order of the document.
    failed : dict of str
        Why a method could not be fitted.
    labels : list of str or None
        What the groups are judged by; empty texts are unknown.
    outlier, outlier_rank : ndarray
        How far each row is from its nearest others, and its rank by that: 1 is the oddest.
    duplicate, closeness : ndarray
        The row of which each is all but a copy, or -1, and how close it is.
    """

    document: ClusteringDocument
    features: FeatureTable
    methods: Mapping[str, MethodResult]
    failed: Mapping[str, str]
    labels: list[str] | None
    outlier: Array
    duplicate: Array
    closeness: Array

    @property
    def main(self) -> MethodResult:
        """The method that the report is about."""
        return self.methods[self.document.main]

    @cached_property
    def outlier_rank(self) -> Array:
        """Rank of each row by how odd it is: 1 is the oddest."""
        rank = np.empty(len(self.outlier), np.int64)
        rank[np.argsort(-self.outlier, kind="stable")] = np.arange(1, len(rank) + 1)
        return rank

    @cached_property
    def plane(self) -> Plane:
        """Where rows lie on the map of the document."""
        document = self.document
        return plane_of(self.main.clustering.space, document.map, document.seed)

    @cached_property
    def effects(self) -> Array:
        """Cohen's d of each group of the main method (rows) for each feature (columns)."""
        return effect_sizes(self.features.table, self.main.labels, self.main.groups)


def analyse(
    document: ClusteringDocument,
    features: FeatureTable,
    labels: list[str] | None,
    *,
    progress: Progress = no_progress,
) -> Analysis:
    """Fit and judge every method of a document.

    Raises
    ------
    RequestError
        If the main method could not be fitted; what goes wrong with another is told.
    """
    found: dict[str, MethodResult] = {}
    failed: dict[str, str] = {}
    parts = {name: _parts(document, spec) for name, spec in document.methods.items()}
    total, before = sum(parts.values()), 0
    for name, spec in document.methods.items():

        def told(done: int, _: int, message: str, before: int = before, name: str = name) -> None:
            progress(before + done, total, f"{name}: {message}")

        before += parts[name]
        try:
            found[name] = judge(document, name, spec, features.table, labels, told)
        except GraticuleError as error:
            failed[name] = str(error)
            if name == document.main:
                raise _refusal(error, document) from None
    main = found[document.main]
    outlier = outlier_scores(main.clustering.space, seed=document.seed)
    duplicate, closeness = near_duplicates(features.table)
    progress(total, total, "judged")
    return Analysis(document, features, found, failed, labels, outlier, duplicate, closeness)


def _parts(document: ClusteringDocument, spec: MethodSpec) -> int:
    """Return how often a method is fitted."""
    return (len(document.null.by) if document.null.n else 0) + document.stability.n


def _counting(progress: Progress) -> Progress:
    """Return what counts the parts of several tasks as those of one."""
    count = 0

    def told(done: int, total: int, message: str) -> None:
        nonlocal count
        count += 1
        progress(count, total, message)

    return told


def _refusal(error: GraticuleError, document: ClusteringDocument) -> GraticuleError:
    return error.at(f"{document.source}: methods.{document.main}")


def judge(
    document: ClusteringDocument,
    name: str,
    spec: MethodSpec,
    table: pd.DataFrame,
    labels: list[str] | None,
    progress: Progress = no_progress,
) -> MethodResult:
    """Return what one method finds, its value chosen by its sweep, and what speaks for it."""
    seed, null = document.seed, document.null
    counted = _counting(progress)
    sweep = swept(spec, table, seed=seed)
    chosen = sweep.values if sweep is not None and sweep.chosen and spec.choose != "none" else {}
    chain = spec.built.replacing(chosen)
    found = chain.fit(table, seed=seed)
    return MethodResult(
        name,
        spec,
        found,
        chosen,
        indices_by_name(found, seed=seed),
        sweep,
        against_null(spec, chain, table, null, seed=seed, progress=counted),
        stability_of(chain, table, found.labels, document.stability, seed=seed, progress=counted),
        agreement_with(found, labels, seed=seed),
    )


def model_of(result: MethodResult, features: FeatureTable) -> ClusteringModel:
    """Return a method's clustering as a model, to be saved and applied to what comes later."""
    return ClusteringModel.of(
        result.clustering, features.table, features.image_rows, features.image_columns
    )
