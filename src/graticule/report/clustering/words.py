"""What was found of a collection, in sentences."""

from __future__ import annotations

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.learn.clustering import Chain
from graticule.report import wording

NULLS = {
    "gaussian": "one Gaussian cloud of the same covariance",
    "copula": "one cloud of the same correlations, skews and tails",
    "independent": "the same columns, each shuffled by itself",
}
MEASURES = {
    "ari": "adjusted Rand index",
    "nmi": "normalised mutual information",
    "purity": "purity",
    "neighbours_accuracy": "five nearest neighbours right",
}


def answer(analysis: Analysis) -> list[str]:
    """Return the answer: how many groups, whether they are there, how stable, what stands out."""
    main = analysis.main
    sentences = [f"{found(analysis, main)}{is_there(main)}{how_stable(main)}."]
    if main.noise:
        share = main.noise / len(main.labels)
        sentences.append(
            f"{main.noise:,} ({share:.0%}) belong to no group; they are shown apart and left out "
            "of all indices."
        )
    if main.agreement is not None:
        sentences.append(f"{agrees(main)}.")
    sentences += remarks(analysis)
    return sentences


def found(analysis: Analysis, main: MethodResult) -> str:
    """Return how many groups a method finds."""
    what = analysis.features.collection.noun
    label = main.clustering.method.step.label
    verb = "forms" if len(main.labels) == 1 else "form"
    many = "no group" if not main.groups else wording.count(main.groups, "group")
    chosen = ", ".join(f"{key} = {wording.number(value)}" for key, value in main.chosen.items())
    told = f" with {chosen} by {main.spec.choose.replace('_', ' ')}" if chosen else ""
    return f"{wording.count(len(main.labels), what)} {verb} {many} ({label}{told})"


def is_there(main: MethodResult) -> str:
    """Return whether the groups are more than a method finds in tables without groups."""
    null = main.null
    if null is None:
        return "; they were held against no table without groups"
    if main.groups < 2:
        return ""
    kinds = list(null.kinds)
    deciding = [kind for kind in kinds if kind != "independent"] or kinds
    clouds = " or ".join(NULLS[kind] for kind in deciding)
    count = len(null.kinds[deciding[0]].surrogates)
    tables = f"{count:,} tables{' of each' * (len(deciding) > 1)}"
    verdict = "more" if null.grouped else "no more"
    return f": {verdict} than the same method finds in {clouds} (p = {null.p:.2g}; {tables})"


def how_stable(main: MethodResult) -> str:
    """Return how like the groups are that were made again."""
    if main.stability is None or main.groups < 2:
        return ""
    median = float(np.median(main.stability.ari))
    much = "stable" if median >= 0.8 else "partly stable" if median >= 0.5 else "not stable"
    joined = "and" if main.null is None or main.null.grouped == (median >= 0.5) else "but"
    return (
        f", {joined} {much}: made again from {main.stability.share:.0%} of the rows they agree "
        f"with an adjusted Rand index of {median:.2f}"
    )


def agrees(main: MethodResult) -> str:
    """Return how groups go with labels."""
    assert main.agreement is not None
    parts = []
    for name, words in MEASURES.items():
        value = getattr(main.agreement, name)
        parts.append(f"{words} {value.estimate:.2f} ({value.low:.2f} to {value.high:.2f})")
    counts = main.agreement.confusion.to_numpy()
    commonest = float(counts.sum(axis=0).max() / counts.sum())
    count = wording.count(main.agreement.rows, "label")
    return (
        f"Against {count} that had no part in them: {', '.join(parts)}; to name the commonest "
        f"label everywhere would be right in {commonest:.2f}"
    )


def remarks(analysis: Analysis) -> list[str]:
    """Return what takes no part, and what stands out."""
    aside = analysis.features.collection.set_aside
    sentences = []
    failed = sum(each.failed for each in aside)
    told = [f"{len(aside) - failed:,} were refused by a column"] if len(aside) > failed else []
    told += [f"{failed:,} could not be read or described"] if failed else []
    if told:
        sentences.append(f"{' and '.join(told)}; each is set aside with its reason.")
    copies = int((analysis.duplicate >= 0).sum())
    if copies:
        sentences.append(f"{wording.count(copies, 'row')} have a near duplicate.")
    return sentences


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
