"""What a fitted model looks for: trees and importances, kernels, pictures.

>>> from sklearn.tree import DecisionTreeClassifier
>>> from graticule.learn import explain
>>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [3.0]], ["a", "a", "b"])
>>> explain.impurity_importances(tree, ["intensity"]).feature.tolist()
['intensity']
"""

from graticule.learn.explain.importance import (
    draw_importances,
    impurity_importances,
    permutation_importances,
)
from graticule.learn.explain.kernel import ConvolutionKernel, convolution_kernel
from graticule.learn.explain.ranking import feature_importances
from graticule.learn.explain.tree import TreeNode, draw_tree, tree_nodes, tree_text

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
