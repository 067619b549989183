"""One chain with several values of one or two parameters, and a choice made without labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import pandas as pd

from graticule.core.errors import GraticuleError, ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.clustering.chain import Chain, Clustering
from graticule.learn.clustering.indices import indices
from graticule.learn.clustering.table import Table, as_matrix, column_names

Choose: TypeAlias = Literal["silhouette", "davies_bouldin", "calinski_harabasz", "bic"]

RULES: dict[str, str] = {
    "silhouette": "the largest silhouette",
    "davies_bouldin": "the smallest index of Davies and Bouldin",
    "calinski_harabasz": "the largest index of Calinski and Harabasz",
    "bic": "the smallest BIC",
}
"""What a choice is made by, in words."""


@dataclass(frozen=True)
class Sweep:
    """A chain, values of one or two of its parameters, and how one of them is chosen.

    Attributes
    ----------
    chain : Chain
        Whose other parameters stay.
    over : mapping of sequence
        Values by parameter: of the last step as ``eps``, of another as ``pca.n_components``.
    choose : {"silhouette", "davies_bouldin", "calinski_harabasz", "bic"}
        The index that decides; of equal ones the first value.
    most_noise : float
        Largest share of noise of what is chosen, for an index that leaves noise out is best where
        nearly all is noise.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    >>> sweep = Sweep(Chain.of({"step": "kmeans"}), {"n_clusters": [2, 3, 4]})
    >>> found = sweep.fit(rows)
    >>> found.values, found.table["groups"].tolist()
    ({'n_clusters': 2}, [2, 3, 4])
    """

    chain: Chain
    over: Mapping[str, Sequence[Any]]
    choose: Choose = "silhouette"
    most_noise: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= len(self.over) <= 2:
            raise ParameterError(
                f"one or two parameters can be swept, not {len(self.over)}", where="over"
            )
        for name, values in self.over.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise ParameterError("must be a list of values", where=name)
        if self.choose not in RULES:
            raise ParameterError(f"must be one of {', '.join(RULES)}", where="choose")
        _ = self.chains  # what is wrong with a value is told before anything is fitted

    @property
    def rule(self) -> str:
        """How the choice is made, in words."""
        return (
            f"{RULES[self.choose]}, of those with two groups or more"
            f" and at most {self.most_noise:.0%} noise"
        )

    @cached_property
    def chains(self) -> list[Chain]:
        """The chain of each combination of values."""
        return [self.chain.replacing(values) for values in self.settings()]

    def settings(self) -> list[dict[str, Any]]:
        """Return the combinations of values, the first parameter changing last."""
        return [
            dict(zip(self.over, values, strict=True))
            for values in itertools.product(*self.over.values())
        ]

    def fit(
        self, table: Table, *, columns: Sequence[str] | None = None, seed: int = 0
    ) -> SweepResult:
        """Return the chain with each value, and the one that is chosen.

        Raises
        ------
        ImageError
            If the table cannot be used, or every value fails.
        """
        names = column_names(table) if columns is None else tuple(columns)
        rows = as_matrix(table, names, missing=self.chain.steps[0][0].missing)
        records, best, error = [], None, ""
        for values, found in zip(self.settings(), self.fits(rows, names, seed), strict=True):
            if isinstance(found, GraticuleError):
                error = str(found)
                records.append({**values, "error": error})
                continue
            record = {**values, **_record(found, seed)}
            records.append(record)
            score = self._score(record)
            if best is None or score > best[0]:
                best = (score, found, values)
        if best is None:
            raise ImageError(f"no value could be fitted; the last says: {error}")
        chosen = best[0] > -math.inf
        return SweepResult(pd.DataFrame(records), best[1], best[2], self.rule, chosen)

    def fits(
        self, rows: Array, names: Sequence[str], seed: int
    ) -> Iterator[Clustering | GraticuleError]:
        """Give the groups with each value, or why there are none.

        Spaces that no value changes are fitted once.
        """
        shared = None
        for chain in self.chains:
            try:
                if shared is None or any("." in name for name in self.over):
                    shared = chain.fit_space(rows, seed)
                yield chain.fit_method(shared, names, seed)
            except GraticuleError as problem:
                yield problem

    def best_of(self, rows: Array, names: Sequence[str], seed: int) -> Clustering | None:
        """Return the groups that are chosen, or None where no value meets the rule."""
        best, most = None, -math.inf
        for found in self.fits(rows, names, seed):
            if (
                isinstance(found, Clustering)
                and (score := self._score(_record(found, seed))) > most
            ):
                best, most = found, score
        return best

    def _score(self, record: Mapping[str, Any]) -> float:
        """Return how good a value is, larger being better; -inf where it cannot be chosen."""
        value = float(record.get(self.choose, math.nan))
        allowed = record["noise_share"] <= self.most_noise
        if self.choose == "bic":
            return -value if math.isfinite(value) and allowed else -math.inf
        if not (math.isfinite(value) and allowed and record["groups"] >= 2):
            return -math.inf
        return -value if self.choose == "davies_bouldin" else value


@dataclass(frozen=True)
class SweepResult:
    """What came of a sweep.

    Attributes
    ----------
    table : DataFrame
        For each value: ``groups``, ``noise``, ``noise_share``, the indices, ``inertia`` and
        ``bic`` where the method has them, and ``error`` where it could not be fitted.
    best : Clustering
        The groups that were chosen.
    values : dict
        Their values.
    rule : str
        How they were chosen, in words.
    chosen : bool
        Whether any value met the rule; otherwise ``best`` is the first that could be fitted.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[0.0], [1], [2], [10], [11], [12], [20], [21], [22]])
    >>> found = Sweep(Chain.of({"step": "kmeans"}), {"n_clusters": [2, 3, 4]}).fit(rows)
    >>> found.chosen, found.values, found.best.sizes.tolist()
    (True, {'n_clusters': 3}, [3, 3, 3])
    """

    table: pd.DataFrame
    best: Clustering
    values: dict[str, Any]
    rule: str
    chosen: bool


def _record(found: Clustering, seed: int) -> dict[str, Any]:
    told = indices(found, seed=seed)
    facts = found.method.facts
    return {
        "groups": told.groups,
        "noise": told.noise,
        "noise_share": told.noise_share,
        "silhouette": told.silhouette,
        "davies_bouldin": told.davies_bouldin,
        "calinski_harabasz": told.calinski_harabasz,
        **{name: facts[name] for name in ("inertia", "bic") if name in facts},
    }
