"""Images as rows of numbers, and what of them is kept.

Fixed embeddings (``moments``, ``radial_profile``, ``hog``, ``scattering``) are one module each of
`graticule.learn.embedding.kinds`, found by name; `PCA` and `Contrastive`
(a small network, which needs PyTorch) are fitted to a collection; `tsne` and `umap`
draw maps of tables; `quality` says what was kept.

>>> import numpy as np
>>> images = np.random.default_rng(0).random((4, 32, 32), dtype=np.float32)
>>> FixedEmbedding.of("moments", degree=4).table([images]).shape
(4, 9)
"""

from graticule.learn.embedding.embedding import (
    KINDS,
    LEARNED,
    EmbeddingKind,
    EmbeddingParameters,
    FittedEmbedding,
    FixedEmbedding,
    LearnedKind,
    LearnedParameters,
)
from graticule.learn.embedding.learned.contrastive import Contrastive
from graticule.learn.embedding.learned.pca import PCA
from graticule.learn.embedding.maps import tsne, umap
from graticule.learn.embedding.quality import Quality, quality

__all__ = [
    "KINDS",
    "LEARNED",
    "PCA",
    "Contrastive",
    "EmbeddingKind",
    "EmbeddingParameters",
    "FittedEmbedding",
    "FixedEmbedding",
    "LearnedKind",
    "LearnedParameters",
    "Quality",
    "quality",
    "tsne",
    "umap",
]
