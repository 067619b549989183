"""L4: forests, predicted and fitted, beside scikit-learn on two processors."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from graticule.bench.row import Row, row, speedup, timed
from graticule.core.typing import Array
from graticule.learn.forest import CompiledForest, RandomForest

_TREES = 100
_FITTED, _ASKED, _FEATURES = 100_000, 200_000, 50


def _data() -> tuple[Array, Array]:
    """Return 300,000 rows of 50 features, and their three classes, one in twenty wrong."""
    rows, classes = make_classification(
        _FITTED + _ASKED,
        _FEATURES,
        n_informative=15,
        n_redundant=10,
        n_classes=3,
        flip_y=0.05,
        random_state=0,
    )
    return rows.astype(np.float32), classes


@row("L4")
def forest() -> list[Row]:
    """Time a fit of both, and the prediction of one and the same forest by both."""
    rows, classes = _data()
    fitted, asked = slice(None, _FITTED), slice(_FITTED, None)
    RandomForest(2, random_state=0).fit(rows[:500], classes[:500]).predict(rows[:500])
    peer = RandomForestClassifier(_TREES, n_jobs=2, random_state=0)
    slow, _ = timed(lambda: peer.fit(rows[fitted], classes[fitted]))
    compiled = RandomForest(_TREES, random_state=0)
    fast, _ = timed(lambda: compiled.fit(rows[fitted], classes[fitted]))
    predicted = _prediction(peer, CompiledForest.of(peer), rows[asked])
    scores = [float(f.score(rows[asked], classes[asked])) for f in (compiled, peer)]
    equal = scores[0] >= scores[1] - 0.003
    what = (
        f"fit of {_TREES} full trees, {_FITTED:,} x {_FEATURES}; held-out accuracy "
        f"{scores[0]:.4f}, scikit-learn {scores[1]:.4f}"
    )
    return [predicted, speedup("L4", what, fast, slow, 5, holds=equal)]


def _prediction(peer: Any, forest: Any, rows: Array) -> Row:
    """Compare the times to predict probabilities, the smallest of three calls in turn."""
    slow, fast = [], []
    for _ in range(3):
        seconds, wanted = timed(lambda: peer.predict_proba(rows))
        slow.append(seconds)
        seconds, probabilities = timed(lambda: forest.proba(rows.T))
        fast.append(seconds)
    apart = float(np.abs(probabilities - wanted).max())
    what = f"probabilities of {len(rows):,} x {rows.shape[1]}, {_TREES} trees; apart {apart:.0e}"
    return speedup("L4", what, min(fast), min(slow), 2.5, holds=apart <= 1e-6)
