"""
An image larger than memory
===========================

Every operation says what its result depends on, so the engine can cut an image into tiles. The
numbers do not depend on the tiling: here the same image is run whole and in tiles, and
compared.
"""

# %%
# ``memory`` is what the process may take. On a real machine it is ``--memory 4GB`` and an
# image of 100 GB in OME-Zarr; here a small image and tiles of 100 samples make the same point
# in a second.

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt
from graticule.core import as_image
from graticule.pipeline import Reference
from graticule.pipeline.evaluate import Evaluation

pipeline = gt.Pipeline.loads("""
graticule: 1
steps:
  level:  {op: filters.background, width: 30}
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
""")
image = as_image(data.coins())
labels = Reference("labels")
whole = Evaluation(pipeline, {"image": image}).value(labels)
tiled = Evaluation(pipeline, {"image": image}, tile={"y": 100, "x": 100}).value(labels)
print("the same labels:", bool((whole.values == tiled.values).all()))

# %%
# Labels that cross a seam are one object, the threshold is that of the whole histogram, and
# filters see beyond the edge of a tile as far as they reach.

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for ax, values, title in ((left, whole, "whole"), (right, tiled, "in tiles of 100")):
    shown = np.where(values > 0, values % 13 + 1.0, np.nan)
    ax.imshow(shown, cmap="tab20", interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
for line in range(100, 384, 100):
    right.axvline(line, color="0.5", lw=0.6)
    right.axhline(min(line, 302), color="0.5", lw=0.6)
assert (whole.values == tiled.values).all()
