"""The answer of a clustering: groups that are there, that are not, and what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.clustering.analysis import Analysis, analyse
from graticule.clustering.collection import collect
from graticule.clustering.document import parse
from graticule.clustering.features import describe, labels_of
from graticule.clustering.run import ClusteringRun
from graticule.report.clustering.page import page
from graticule.report.clustering.sheets import group_colour
from graticule.report.clustering.words import answer

DOCUMENT = """
graticule: 1
name: rows
methods:
  few: [standardise, {step: kmeans, n_clusters: 2, n_init: 2}]
  dense: [{step: dbscan, eps: 1.2, min_samples: 4}]
main: %s
null: {n: 19}
stability: {n: 6}
labels: kind
"""


def analysis(folder: Path, apart: float, main: str = "few", rows: int = 120) -> Analysis:
    rng = np.random.default_rng(3)
    kind = np.arange(rows) % 2
    table = pd.DataFrame(rng.normal(size=(rows, 3)) + apart * kind[:, None], columns=list("abc"))
    table["kind"] = np.where(kind, "right", "left")
    table.to_csv(folder / "table.csv", index=False)
    document = parse(DOCUMENT % main)
    collection = collect(document, [folder / "table.csv"], folder)
    features = describe(document, collection, folder)
    return analyse(document, features, labels_of(document, features.collection))


@pytest.mark.parametrize(("apart", "verdict"), [(5.0, ": more than"), (0.0, ": no more than")])
def test_the_first_sentence_says_whether_the_groups_are_there(tmp_path, apart, verdict):
    found = analysis(tmp_path, apart)
    first = answer(found)[0]
    assert first.startswith("120 rows form 2 groups (k-means)")
    assert verdict in first
    assert ("p = 0.05;" in first) == (apart > 0)


def test_labels_judge_and_do_not_choose(tmp_path):
    found = analysis(tmp_path, 5.0)
    assert "kind" not in found.features.table
    assert "adjusted Rand index 1.00" in answer(found)[1]
    other = found.features.collection.rows["kind"].sample(frac=1, random_state=0).tolist()
    again = analyse(found.document, found.features, other)
    assert (again.main.labels == found.main.labels).all()
    assert again.main.agreement.ari.estimate < 0.2


def test_noise_is_told_apart_and_counts_in_no_index(tmp_path):
    found = analysis(tmp_path, 5.0, main="dense")
    labels = found.main.labels
    assert 0 < found.main.noise < len(labels) / 2
    assert any("belong to no group" in sentence for sentence in answer(found))
    from graticule.learn.clustering.indices import indices_of

    known = labels >= 0
    alone = indices_of(found.main.clustering.space[known], labels[known])
    assert found.main.indices["silhouette"] == pytest.approx(alone.silhouette)
    text = page(ClusteringRun(tmp_path, found))
    assert "In no group" in text
    assert group_colour(-1) in text


def test_a_page_of_the_same_rows_is_the_same(tmp_path):
    one, other = (page(ClusteringRun(tmp_path, analysis(tmp_path, 2.0))) for _ in range(2))
    assert one == other
    assert "<img" in one


def test_names_of_any_kind_are_text_on_the_page(tmp_path):
    found = analysis(tmp_path, 5.0)
    rows = found.features.collection.rows
    rows["image"] = [f"<script>{n}</script>" for n in range(len(rows))]
    text = page(ClusteringRun(tmp_path, found))
    assert "<script>1" not in text
    assert "&lt;script&gt;1" in text
