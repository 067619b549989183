"""Features of images: what a classifier is told of each sample and its surroundings.

>>> from graticule.learn.features import Features
>>> import numpy as np
>>> Features(sigmas=(1,), kinds=("gaussian", "gradient")).compute(np.zeros((4, 5))).shape
(2, 4, 5)
"""

from graticule.learn.features.bank import Features
from graticule.learn.features.feature import Feature

__all__ = ["Feature", "Features"]
