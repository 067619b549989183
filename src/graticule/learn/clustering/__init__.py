"""Groups of the rows of a table, and whether they are there.

A `Chain` is steps in a row, as a document has them: spaces (``impute``, ``standardise``,
``robust_scale``, ``pca``, ``som_coordinates``), then a method that tells groups (``kmeans``,
``minibatch_kmeans``, ``gaussian_mixture``, ``merged_mixture``, ``spherical_kmeans``, ``nmf``,
``nfindr``, ``dbscan``, ``hdbscan``, ``agglomerative``, ``som``).
Each step is one module of `graticule.learn.clustering.steps`, found through `STEPS`: its
parameters are a pydantic model (``STEPS.get(name).parameters``), and what it learns is plain
arrays and JSON values, so that a fitted chain can be written down without pickle.

>>> import numpy as np
>>> rows = np.random.default_rng(0).normal(size=(60, 5)) + np.repeat([[0], [6]], 30, axis=0)
>>> chain = Chain.of([{"step": "pca", "n_components": 2}, {"step": "kmeans", "n_clusters": 2}])
>>> found = chain.fit(rows, seed=0)

``found`` is a `Clustering`: ``labels`` (int32 from 0 by decreasing size, -1 for noise),
``n_groups``, ``sizes``, ``space`` (the rows where they were clustered; every index is of it),
``assign(table)`` for new rows, by the rule that ``describe()["rule"]`` says, ``transform(table)``,
``describe()`` (facts of each step: inertia, BIC, eps, errors of a map, merge distances), and
``arrays()`` and ``card()``, of which ``Clustering.from_arrays(arrays, card)`` makes it again:

>>> again = Clustering.from_arrays(found.arrays(), found.card())
>>> bool((again.assign(rows) == found.labels).all())
True

What is said of them: ``indices(found)`` (silhouette, Davies-Bouldin, Calinski-Harabasz),
``agreement(found, classes)`` (ARI, NMI, purity, neighbours' accuracy, with intervals),
``stability(table, chain)``, ``Sweep(chain, {"n_clusters": [2, 3, 4]}).fit(table)`` (a table, and a
choice without labels), and ``null_test(table, chain or sweep)``: whether the groups are more than
the method's habit.

A table is a DataFrame, whose columns are found by name, or a matrix. What cannot be clustered is
an `ImageError` (no numbers, NaN without ``impute``, fewer rows than groups), a wrong parameter a
fault of a `PipelineError` with the number of its step.
"""

from graticule.learn.clustering.agreement import Agreement, agreement
from graticule.learn.clustering.chain import Chain, Clustering, FittedStep
from graticule.learn.clustering.indices import Indices, indices
from graticule.learn.clustering.null import NullTest, null_test
from graticule.learn.clustering.stability import Stability, stability
from graticule.learn.clustering.step import (
    NOISE,
    STEPS,
    ClusteringStep,
    Fit,
    StepParameters,
    methods,
)
from graticule.learn.clustering.sweep import Sweep, SweepResult

__all__ = [
    "NOISE",
    "STEPS",
    "Agreement",
    "Chain",
    "Clustering",
    "ClusteringStep",
    "Fit",
    "FittedStep",
    "Indices",
    "NullTest",
    "Stability",
    "StepParameters",
    "Sweep",
    "SweepResult",
    "agreement",
    "indices",
    "methods",
    "null_test",
    "stability",
]
