"""What a fitted model looks for: trees and importances, kernels, pictures.

>>> from sklearn.tree import DecisionTreeClassifier
>>> from graticule.learn import explain
>>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [3.0]], ["a", "a", "b"])
>>> explain.impurity_importances(tree, ["intensity"]).feature.tolist()
['intensity']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graticule.learn.explain.importance import (
        draw_importances,
        impurity_importances,
        permutation_importances,
    )
    from graticule.learn.explain.kernel import ConvolutionKernel, convolution_kernel
    from graticule.learn.explain.ranking import feature_importances
    from graticule.learn.explain.tree import TreeNode, draw_tree, tree_nodes, tree_text

_LAZY = {
    "ConvolutionKernel": "kernel",
    "TreeNode": "tree",
    "convolution_kernel": "kernel",
    "draw_importances": "importance",
    "draw_tree": "tree",
    "feature_importances": "ranking",
    "impurity_importances": "importance",
    "permutation_importances": "importance",
    "tree_nodes": "tree",
    "tree_text": "tree",
}

__all__ = [
    "ConvolutionKernel",
    "TreeNode",
    "convolution_kernel",
    "draw_importances",
    "draw_tree",
    "feature_importances",
    "impurity_importances",
    "permutation_importances",
    "tree_nodes",
    "tree_text",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"graticule.learn.explain.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'graticule.learn.explain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
