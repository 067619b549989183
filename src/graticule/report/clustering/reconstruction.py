"""Images made again from a few principal components."""

from __future__ import annotations

import numpy as np

from graticule.clustering.analysis import Analysis
from graticule.clustering.kept import components_of
from graticule.core.palette import INK
from graticule.core.typing import Array
from graticule.report.style import Drawing, as_drawing, new_figure


def reconstruction(analysis: Analysis) -> Drawing | None:
    """Draw some images, and what is left of each by its first components."""
    held = components_of(analysis)
    if held is None:
        return None
    pca, samples = held
    most = len(pca.components)
    counts = sorted({max(1, round(most * part)) for part in (0.05, 0.25, 0.5, 1)})
    panel = pca.reconstruct(samples, counts)
    whole = samples.reshape(panel.shape[1:])
    rows = [("as it is", whole)]
    shares = np.cumsum(pca.explained_variance_ratio)
    for count, made in zip(counts, panel, strict=True):
        rows.append((f"{count} ({shares[count - 1]:.0%})", made))
    figure, _ = new_figure(8.6, 1.02 * len(rows) + 0.2)
    figure.clear()
    axes = figure.subplots(len(rows), len(whole), squeeze=False)
    low = whole.min(axis=(1, 2, 3))
    span = np.maximum(whole.max(axis=(1, 2, 3)) - low, 1e-30)
    for row, (name, images) in zip(axes, rows, strict=True):
        for n, ax in enumerate(row):
            shown = np.clip((images[n] - low[n]) / span[n], 0, 1)
            ax.imshow(_colours(shown), cmap="gray", vmin=0, vmax=1)
            ax.set_xticks([])
            ax.set_yticks([])
            for edge in ax.spines.values():
                edge.set_visible(False)
        row[0].set_ylabel(name, fontsize=8, color=INK, rotation=0, ha="right", va="center")
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.01, top=0.99, wspace=0.05, hspace=0.05)
    caption = (
        "Top, some images as they are; below, each from its first principal components alone: how "
        "many, and the part of the variance they hold. What is missing there no method can see."
    )
    return as_drawing(figure, "Images from components", "What components keep", caption, wide=True)


def _colours(image: Array) -> Array:
    """Return a picture of three channels, or of their mean."""
    return image[..., :3] if image.shape[2] >= 3 else image.mean(axis=2)
