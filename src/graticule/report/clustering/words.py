"""What was found of a collection, in sentences."""

from __future__ import annotations

import math

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.learn.clustering import Chain
from graticule.report import wording


def answer(analysis: Analysis) -> list[str]:
    """Return the answer: how many groups, whether they are there, how stable, what stands out."""
    main = analysis.main
    return [found(analysis, main)]


def found(analysis: Analysis, main: MethodResult) -> str:
    """Return how many groups a method finds, and how much belongs to none."""
    rows = len(main.labels)
    what = "image" if analysis.document.rows == "images" else "object"
    label = main.clustering.method.step.label
    groups = f"{main.groups} group{'' if main.groups == 1 else 's'}"
    noise = f", and {main.noise:,} belong to none" if main.noise else ""
    return f"{wording.count(rows, what)} in {groups} by {label}{noise}."


def chain_in_words(chain: Chain) -> str:
    """Return the steps of a chain with their parameters.

    Examples
    --------
    >>> chain_in_words(Chain.of([{"step": "pca"}, {"step": "agglomerative", "n_clusters": 3}]))
    'pca (n_components = 25, whiten = no) → agglomerative (linkage = ward, n_clusters = 3)'
    """
    steps = []
    for values in chain.plain():
        told = wording.parameters({key: value for key, value in values.items() if key != "step"})
        steps.append(f"{values['step']} ({told})" if told else str(values["step"]))
    return " → ".join(steps)


def size(value: float) -> str:
    """Return Cohen's d in words.

    Examples
    --------
    >>> size(0.3), size(-1.4)
    ('somewhat larger', 'much smaller')
    """
    way = "larger" if value > 0 else "smaller"
    much = abs(value)
    if math.isnan(much) or much < 0.2:
        return "the same"
    return f"{'somewhat' if much < 0.5 else 'clearly' if much < 0.8 else 'much'} {way}"
