"""
Split objects that touch
========================

Nuclei that touch are one piece of a mask. The distance to the border has a hill in each; a
watershed cuts where the hills meet, and ``depth`` says how deep a valley must be to part two of
them.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np

import graticule as gt
from graticule.evaluate.instances import match
from graticule.simulate.nuclei import nuclei

made = nuclei((200, 240), count=75, radius=9, seed=3)
mask = gt.threshold.otsu(gt.filters.gaussian(made.image, sigma=1.5))
pieces = gt.segment.label(mask)
parted = gt.segment.split(mask, depth=1)

figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained")
colours = np.random.default_rng(0).permutation(256)
shown = {"image": made.image, "connected": pieces, "split": parted}
for ax, (title, values) in zip(axes, shown.items(), strict=True):
    is_image = title == "image"
    ax.imshow(values if is_image else np.where(values > 0, colours[values % 256], np.nan),
              cmap="gray" if is_image else "prism")  # fmt: skip
    ax.set_title(title if is_image else f"{title}: {int(values.max())}", fontsize=9)
    ax.set_axis_off()

# %%
# With the truth at hand, choose the depth: too small cuts nuclei in two, too large leaves
# pairs.

truth = made.labels
for depth in (0.2, 0.5, 1, 2, 4):
    found = match(gt.segment.split(mask, depth=depth), truth, iou=0.5)
    print(f"depth {depth}: {found.tp} right, {found.fp} made up, {found.fn} missed")
print("there are", len(np.unique(truth)) - 1)
