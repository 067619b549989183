"""One tree as nodes, as text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.forest import CompiledForest
from graticule.learn.forest._ensemble import MEAN
from graticule.learn.forest._layout import as_floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
_WIDTH, _HEIGHT = 1.45, 1.15  # inches that a node takes
_BOX = 0.82  # part of that width that is drawn
_LINE = 21  # letters that fit into it


@dataclass(frozen=True)
class TreeNode:
    """A node of a tree.

    Attributes
    ----------
    depth : int
        0 at the root.
    weight : float
        Training weight that came here.
    says : tuple of float
        Share of each class here; or, for regression, the mean.
    question : str
        What is asked, as ``"gaussian 2 um <= 0.31"``; empty at a leaf.
    yes, no : int
        Positions of the children; -1 at a leaf.

    Examples
    --------
    >>> root = TreeNode(0, 4.0, (0.5, 0.5), "intensity <= 2", yes=1, no=2)
    >>> leaf = TreeNode(1, 2.0, (1.0, 0.0))
    >>> root.question, leaf.question, leaf.yes
    ('intensity <= 2', '', -1)
    """

    depth: int
    weight: float
    says: tuple[float, ...]
    question: str = ""
    yes: int = -1
    no: int = -1


def tree_nodes(estimator: Any, names: Sequence[Any] = (), *, index: int = 0) -> list[TreeNode]:
    """Return the nodes of one tree, parents before children, the root first.

    Parameters
    ----------
    estimator : estimator or CompiledForest
        Whatever `CompiledForest.of` takes.
    names : sequence of str or Feature
        Names of the features, with their scale; a `Feature` adds the unit of the threshold.
        ``feature 0`` and so on where there are none.
    index : int
        Which tree.

    Returns
    -------
    list of TreeNode
        ``yes`` and ``no`` of each are positions in it.

    Raises
    ------
    ParameterError
        If there is no such tree, or there are names for another number of features.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [3.0], [5.0]], [0, 0, 1, 1])
    >>> root, low, high = tree_nodes(tree, ["intensity"])
    >>> root.question, root.says, low.says
    ('intensity <= 2', (0.5, 0.5), (1.0, 0.0))
    """
    forest = CompiledForest.of(estimator)
    if not 0 <= index < forest.trees:
        raise ParameterError(f"must be from 0 to {forest.trees - 1}, not {index}", where="index")
    labels = _labels(names, forest.features)
    span = slice(int(forest.starts[index]), int(forest.starts[index + 1]))
    words, weights = forest.nodes[span], forest.weights[span].astype(np.float64)
    low = words & np.uint64(0xFFFFFFFF)
    left = (low >> np.uint64(forest.bits)).astype(np.int64)
    feature = forest.used[(low & np.uint64((1 << forest.bits) - 1)).astype(np.int64)]
    threshold = as_floats((words >> np.uint64(32)).astype(np.uint32).view(np.int32))
    leaf = left == np.arange(left.size)
    says = _means(forest.table[forest.outputs[span]], weights, left, leaf)
    depth = np.zeros(left.size, np.int64)
    found = []
    for node in range(left.size):
        here = (int(depth[node]), float(weights[node]), tuple(float(v) for v in says[node]))
        if leaf[node]:
            found.append(TreeNode(*here))
            continue
        child = int(left[node])
        depth[child] = depth[child + 1] = depth[node] + 1
        name, unit = labels[feature[node]]
        question = f"{name} <= {threshold[node]:.4g}{unit}"
        found.append(TreeNode(*here, question, child, child + 1))
    return found


def _labels(names: Sequence[Any], features: int) -> list[tuple[str, str]]:
    """Return the name of each feature, and the unit of its values after a space."""
    if not names:
        return [(f"feature {number}", "") for number in range(features)]
    if len(names) != features:
        raise ParameterError(f"must be {features}, one for each, not {len(names)}", where="names")
    units = [getattr(name, "unit", "") for name in names]
    texts = [str(getattr(name, "name", name)) for name in names]
    return [(text, f" {unit}" if unit else "") for text, unit in zip(texts, units, strict=True)]


def _means(says: Array, weights: Array, left: Array, leaf: Array) -> Array:
    """Return what each node says: within the tree the mean of its two children, by weight."""
    found = says.copy()
    for node in range(left.size - 1, -1, -1):
        if not leaf[node]:
            pair = slice(left[node], left[node] + 2)
            found[node] = np.average(found[pair], axis=0, weights=weights[pair])
    return found


def tree_text(
    estimator: Any, names: Sequence[Any] = (), *, index: int = 0, max_depth: int = 10
) -> str:
    """Return one tree as indented text.

    Parameters
    ----------
    estimator : estimator or CompiledForest
        As for `tree_nodes`.
    names : sequence of str or Feature
        As for `tree_nodes`.
    index : int
        As for `tree_nodes`.
    max_depth : int
        Deepest nodes said.

    Returns
    -------
    str
        A line for each node: what is asked, or at a leaf the shares of the classes and the weight.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [3.0]], ["a", "a", "b"])
    >>> print(tree_text(tree, ["intensity"]))
    intensity <= 2?
      yes: a 100 % (2)
      no: b 100 % (1)
    """
    forest = CompiledForest.of(estimator)
    nodes = tree_nodes(forest, names, index=index)
    lines: list[str] = []

    def write(position: int, lead: str) -> None:
        node = nodes[position]
        inner = node.question and node.depth < max_depth
        text = f"{node.question}?" if inner else f"{_said(forest, node)} ({node.weight:.4g})"
        more = " ..." if node.question and not inner else ""
        lines.append(f"{'  ' * node.depth}{lead}{text}{more}")
        if inner:
            write(node.yes, "yes: ")
            write(node.no, "no: ")

    write(0, "")
    return "\n".join(lines)


def _said(forest: CompiledForest, node: TreeNode) -> str:
    """Return what a node says: its largest class and share, or its value."""
    if forest.classes is None or forest.link != MEAN:
        return f"{node.says[int(np.argmax(np.abs(node.says)))]:.4g}"
    best = int(np.argmax(node.says))
    return f"{forest.classes[best]} {node.says[best]:.0%}".replace("%", " %")


def draw_tree(
    estimator: Any,
    names: Sequence[Any] = (),
    *,
    index: int = 0,
    max_depth: int = 4,
    colours: Sequence[str] = _COLOURS,
) -> Figure:
    """Draw one tree: what each node asks, how much came to it, and its shares of the classes.

    To the left goes who says yes. Below ``max_depth`` the tree is cut, and dots say so.

    Parameters
    ----------
    estimator : estimator or CompiledForest
        As for `tree_nodes`.
    names : sequence of str or Feature
        As for `tree_nodes`.
    index : int
        As for `tree_nodes`.
    max_depth : int
        Deepest nodes drawn.
    colours : sequence of str
        Of the classes, in turn.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("tree.svg")`` writes it, as ``.png`` too.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [3.0]], ["a", "a", "b"])
    >>> len(draw_tree(tree, ["intensity"]).axes[0].texts)
    8
    """
    from matplotlib.figure import Figure

    forest = CompiledForest.of(estimator)
    nodes = tree_nodes(forest, names, index=index)
    across = _places(nodes, max_depth)
    deepest = max(nodes[position].depth for position in across)
    wide = max(across.values()) + 1
    figure = Figure(figsize=(max(4.0, wide * _WIDTH), (deepest + 1) * _HEIGHT + 0.4))
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(-0.5, wide - 0.5), ylim=(-deepest - 0.6, 0.75))
    ax.axis("off")
    for position, x in across.items():
        _draw_node(ax, forest, nodes[position], x, nodes[position].depth >= max_depth, colours)
        for child, word in ((nodes[position].yes, "yes"), (nodes[position].no, "no")):
            if child in across:
                _draw_edge(ax, (x, -nodes[position].depth), across[child], word)
    if forest.classes is not None and forest.link == MEAN:
        _draw_key(ax, forest.classes, colours)
    return figure


def _places(nodes: list[TreeNode], max_depth: int) -> dict[int, float]:
    """Return where nodes stand from left to right: leaves in a row, parents above their middle."""
    across: dict[int, float] = {}
    leaves = 0

    def place(position: int) -> float:
        nonlocal leaves
        node = nodes[position]
        if not node.question or node.depth >= max_depth:
            across[position] = float(leaves)
            leaves += 1
        else:
            across[position] = (place(node.yes) + place(node.no)) / 2
        return across[position]

    place(0)
    return across


def _draw_node(
    ax: Any, forest: CompiledForest, node: TreeNode, x: float, cut: bool, colours: Sequence[str]
) -> None:
    from matplotlib.patches import Rectangle

    y = -node.depth
    asks = node.question and not cut
    text = _wrapped(node.question) if asks else _said(forest, node)
    tail = " \u2026" if node.question and cut else ""
    ax.text(x, y + 0.12, text + tail, ha="center", va="center", fontsize=7, zorder=3)
    ax.text(x, y - 0.37, f"{node.weight:.4g}", ha="center", va="center", fontsize=6, color="0.35")
    box: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.6", "linewidth": 0.7, "zorder": 2}
    ax.add_patch(Rectangle((x - _BOX / 2, y - 0.28), _BOX, 0.65, **box))
    if forest.classes is None or forest.link != MEAN:
        return
    start = x - _BOX / 2
    for number, share in enumerate(node.says):
        colour = colours[number % len(colours)]
        ax.add_patch(Rectangle((start, y - 0.28), share * _BOX, 0.12, facecolor=colour, zorder=3))
        start += share * _BOX


def _wrapped(question: str) -> str:
    """Return a question in lines that fit into a box."""
    name, _, threshold = question.rpartition(" <= ")
    return "\n".join([*wrap(name, _LINE)[:3], f"\u2264 {threshold}"])


def _draw_edge(ax: Any, parent: tuple[float, float], x: float, word: str) -> None:
    top, bottom = parent[1] - 0.28, parent[1] - 0.63
    ax.plot([parent[0], x], [top, bottom], color="0.6", linewidth=0.7, zorder=1)
    side = -1 if word == "yes" else 1
    middle = (parent[0] + x) / 2 + side * 0.08
    ax.text(middle, (top + bottom) / 2, word, ha="center", va="bottom", fontsize=5, color="0.35")


def _draw_key(ax: Any, classes: Array, colours: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    shown = [
        Patch(facecolor=colours[number % len(colours)], label=str(name))
        for number, name in enumerate(classes)
    ]
    ax.legend(handles=shown, loc="upper right", fontsize=6, frameon=False)
