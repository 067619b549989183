"""learn.explain: a tree as nodes, text and picture."""

import io

import numpy as np
import pytest
from sklearn import ensemble, tree

from graticule.core.errors import ParameterError
from graticule.learn.explain.tree import draw_tree, tree_nodes, tree_text
from graticule.learn.features.feature import Feature
from graticule.learn.forest import CompiledForest, RandomForest


def rows(count=300):
    table = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    return table, np.digitize(table[:, 0] + table[:, 1] ** 2, [0, 1.5])


def test_nodes_are_those_of_scikit_learn():
    table, classes = rows()
    estimator = tree.DecisionTreeClassifier(max_depth=5, random_state=0).fit(table, classes)
    nodes = tree_nodes(estimator, ["a", "b", "c"])
    peer = estimator.tree_
    pairs = [(0, 0)]
    for here, there in pairs:
        node = nodes[here]
        np.testing.assert_allclose(node.says, peer.value[there, 0], atol=1e-6)
        assert node.weight == peer.weighted_n_node_samples[there]
        if node.question:
            name, threshold = node.question.split(" <= ")
            assert name == "abc"[peer.feature[there]]
            assert float(threshold) == pytest.approx(peer.threshold[there], rel=1e-3)
            pairs += [
                (node.yes, peer.children_left[there]),
                (node.no, peer.children_right[there]),
            ]
        else:
            assert peer.children_left[there] == -1
    assert len(pairs) == len(nodes) == peer.node_count


def test_regression_says_means():
    table, _ = rows()
    estimator = tree.DecisionTreeRegressor(max_depth=3).fit(table, table[:, 0])
    root = tree_nodes(estimator)[0]
    assert root.says[0] == pytest.approx(table[:, 0].mean(), abs=1e-6)
    assert root.question.startswith("feature 0")
    assert draw_tree(estimator).axes


def test_any_tree_of_a_forest_survives_storage():
    table, classes = rows()
    forest = CompiledForest.of(RandomForest(5, random_state=0).fit(table, classes))
    again = CompiledForest.from_arrays(forest.arrays())
    assert tree_nodes(again, index=4) == tree_nodes(forest, index=4)
    with pytest.raises(ParameterError, match="index"):
        tree_nodes(forest, index=5)
    with pytest.raises(ParameterError, match="names"):
        tree_nodes(forest, ["one"])


def test_text_is_cut_where_asked():
    table, classes = rows()
    estimator = tree.DecisionTreeClassifier(random_state=0).fit(table, classes)
    feature = Feature("gaussian 2 um", "gaussian", unit="counts")
    text = tree_text(estimator, [feature, "b", "c"], max_depth=2)
    assert "gaussian 2 um <= " in text
    assert " counts?" in text
    assert max(len(line) - len(line.lstrip()) for line in text.splitlines()) == 4
    assert " ..." in text


@pytest.mark.parametrize("form", ["svg", "png"])
def test_picture_has_names_thresholds_and_classes(form):
    table, classes = rows()
    names = np.array(["soil", "root", "stone"])[classes]
    estimator = tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(table, names)
    figure = draw_tree(estimator, ["edge 1 px", "blob 4 px", "noise"], max_depth=2)
    ax = figure.axes[0]
    texts = " ".join(text.get_text() for text in ax.texts)
    assert "edge 1 px\n\u2264" in texts
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"soil", "root", "stone"}
    bars = [patch.get_width() for patch in ax.patches if patch.get_height() == 0.12]
    shown = [node for node in tree_nodes(estimator) if node.depth <= 2]
    assert sum(bars) == pytest.approx(0.82 * len(shown))
    stream = io.BytesIO()
    figure.savefig(stream, format=form)
    assert stream.tell() > 1000


def test_boosting_has_trees_to_look_at():
    table, classes = rows()
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=2).fit(table, classes > 0)
    assert "feature" in tree_text(estimator, index=1)
