"""Clustering documents: what they hold, and every fault at once with its line."""

from __future__ import annotations

import pytest

from graticule.clustering.document import load, parse, require_study
from graticule.core.errors import PipelineError, RequestError

SHORT = "{graticule: 1, methods: {few: [standardise, {step: kmeans, n_clusters: 3}]}}"


def test_defaults_are_filled_in():
    found = parse(SHORT)
    assert (found.main, found.rows, found.seed, found.features.columns) == ("few", "images", 0, ())
    assert found.plain["methods"]["few"]["chain"][0] == {"step": "standardise"}
    assert found.plain["methods"]["few"]["chain"][1]["n_init"] == 10


def test_a_document_of_two_spellings_is_the_same():
    long = (
        "{graticule: 1, task: clustering, main: few, methods: {few: {chain: "
        "[{step: standardise}, {step: kmeans, n_clusters: 3, tol: 0.0001}]}}}"
    )
    assert parse(long).plain == parse(SHORT).plain


FAULTY = """\
graticule: 1
methodz: 3
null: {n: x, by: [columns]}
features: {embedding: {name: values, channel: 3}}
stability: {share: 1}
methods:
  few:
    chain:
      - standardise
      - {step: kmeans, n_clusterz: 3, tol: -2}
  other: [kmeans, pca]
  bad: [kmeanss]
  odd: {chain: [pca], choose: silhouette}
  sw: {chain: [kmeans], sweep: {n_clusters: [2, a], eps: [1, 2]}}
  alone: {chain: [kmeans], choose: silhouette}
main: no
"""


def test_all_faults_are_told_at_once_each_with_its_line():
    with pytest.raises(PipelineError) as caught:
        parse(FAULTY, source="faulty.yaml")
    told = {(fault.line, fault.path) for fault in caught.value.faults}
    assert told == {
        (2, "methodz"),
        (3, "null.n"),
        (3, "null.by"),
        (4, "features.embedding.channel"),
        (5, "stability.share"),
        (10, "methods.few.chain[1].n_clusterz"),
        (10, "methods.few.chain[1].tol"),
        (11, "methods.other"),
        (12, "methods.bad[0]"),
        (13, "methods.odd.chain"),
        (14, "methods.sw.sweep.n_clusters"),
        (14, "methods.sw.sweep.eps"),
        (15, "methods.alone.choose"),
        (16, "main"),
    }
    assert "did you mean kmeans?" in str(caught.value)


def test_a_null_has_enough_tables_to_reach_alpha():
    text = SHORT.replace("graticule: 1", "graticule: 1, null: {n: %d, alpha: %s}")
    assert parse(text % (19, "0.05")).null.n == 19
    assert parse(text % (0, "0.05")).null.n == 0
    with pytest.raises(PipelineError, match="must be 99 or more"):
        parse(text % (98, "0.01"))


@pytest.mark.parametrize("text", ["{graticule: 1}", "{graticule: 1, methods: {}}", "[1]", "a: [",
                                  "{graticule: 2, methods: {a: [kmeans]}}"])  # fmt: skip
def test_what_is_no_document_is_refused(text):
    with pytest.raises(PipelineError):
        parse(text)


def test_a_study_is_given_or_named_and_patterns_are_sought_in_a_folder(tmp_path):
    file = tmp_path / "document.yaml"
    file.write_text(SHORT)
    with pytest.raises(RequestError, match="nothing to group"):
        require_study(load(file), [])
    file.write_text(SHORT.replace("graticule: 1", 'graticule: 1, study: "*/*.png"'))
    named = load(file)
    assert require_study(named, []) == [str(tmp_path / "*/*.png")]
    assert require_study(named, ["a.png", "b.png"]) == ["a.png", "b.png"]
    other = tmp_path / "other"
    (other / "one").mkdir(parents=True)
    assert require_study(named, [str(other)]) == [str(other)]
    (other / "one" / "a.png").touch()
    assert require_study(named, [str(other)]) == [str(other / "*/*.png")]
