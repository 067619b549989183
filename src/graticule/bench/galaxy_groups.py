"""C6: galaxies grouped without labels, beside the groups of a published notebook."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from graticule.bench import _galaxies_notebook as notebook
from graticule.bench.galaxies import pictures
from graticule.bench.row import Row, absent, processes, row
from graticule.clustering.document import load
from graticule.clustering.run import run
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval
from graticule.learn.clustering import Chain
from graticule.learn.clustering.agreement import Agreement, agreement
from graticule.recipes import clusterings, pipeline_path

_COMPONENTS = 25
_NEIGHBOURS, _ARI = 0.76, 0.15


def _by_notebook(paths: list[Path]) -> Agreement:
    """Return how the notebook's groups agree: two by k-means of 25 components of the pixels."""
    with processes() as pool:
        found = list(pool.map(notebook.prepared, paths, chunksize=4))
    kept: list[Array] = [image.ravel() for image in found if image is not None]
    labels = [
        path.parent.name for path, image in zip(paths, found, strict=True) if image is not None
    ]
    chain = Chain.of(
        [{"step": "pca", "n_components": _COMPONENTS}, {"step": "kmeans", "n_clusters": 2}]
    )
    return agreement(chain.fit(np.array(kept), seed=0), labels)


def _by_recipe(paths: list[Path]) -> Agreement:
    path = clusterings()["galaxies"]
    document = load(path)
    pipeline = pipeline_path(str(path.parent / str(document.pipeline)))
    with tempfile.TemporaryDirectory() as folder:
        done = run(document, paths, Path(folder, "out"), pipeline=pipeline)
        found = done.analysis.main.agreement
    assert found is not None
    return found


@row("C6")
def groups_of_galaxies() -> list[Row]:
    """Group spiral and other galaxies by the recipe as it is.

    Within a run labels judge and choose nothing; the columns of the recipe were chosen with
    these in view.
    """
    paths = pictures()
    if not paths:
        return [absent("C6", "groups of real galaxies beside their labels", f">= {_NEIGHBOURS}")]
    ours, theirs = _by_recipe(paths), _by_notebook(paths)
    return [
        _row("accuracy of 5 neighbours", ours, theirs, "neighbours_accuracy", _NEIGHBOURS),
        _row("adjusted Rand index of the groups", ours, theirs, "ari", _ARI),
        _row("normalised mutual information of the groups", ours, theirs, "nmi", None),
    ]


def _row(what: str, ours: Agreement, theirs: Agreement, name: str, least: float | None) -> Row:
    one: Interval = getattr(ours, name)
    other: Interval = getattr(theirs, name)
    apart = one.low > other.high
    bar = "interval above theirs" + (f", >= {least}" if least is not None else "")
    said = f"{what}, {ours.rows} galaxies: {one}; the notebook's, {theirs.rows} galaxies: {other}"
    reached = apart and (least is None or one.estimate >= least)
    return Row("C6", said, round(one.estimate, 4), "", bar, reached, round(other.estimate, 4))
