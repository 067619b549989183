"""
Superpixels, and regions merged from them
=========================================

Superpixels cut an image into small pieces along its edges; merging those that are alike leaves
regions.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt
from graticule.core import as_image

image = as_image(data.astronaut()[20:240, 80:320], dims=("y", "x", "c"))
pieces = gt.segment.slic(image, segments=250)
grey = gt.transform.grey(image)
regions = gt.segment.merge_regions(pieces, grey, number=12)
print(int(pieces.max()), "pieces,", len(np.unique(regions)), "regions")

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for ax, labels, title in zip(
    axes, (None, pieces, regions), ("image", "superpixels", "merged"), strict=True
):
    ax.imshow(image)
    if labels is not None:
        edges = gt.segment.outline(labels) > 0
        ax.imshow(np.where(edges, 1.0, np.nan), cmap="autumn_r", vmin=0, vmax=1)
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
assert len(np.unique(regions)) == 12
