"""
How long are the vessels?
=========================

A network of vessels is found as ridges, thinned to its centreline, and measured: length by the
steps of the skeleton, width by the thickness there.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt

green = data.retina()[350:950:2, 350:950:2, 1].astype(float)
ridges = gt.filters.hessian_eigenvalues(green, sigma=2)
vessels = gt.threshold.hysteresis(ridges, low=1.2, high=3)
vessels = gt.segment.remove_small_objects(vessels, min_size=60)
line = gt.segment.skeleton(vessels)

# %%
# A step along an axis is 1 long, a diagonal one the root of 2. Diagonals that cut a corner
# are left out.

across = (line[:, 1:] & line[:, :-1]).sum()
down = (line[1:] & line[:-1]).sum()
right = (line[1:, 1:] & line[:-1, :-1] & ~line[1:, :-1] & ~line[:-1, 1:]).sum()
left = (line[1:, :-1] & line[:-1, 1:] & ~line[1:, 1:] & ~line[:-1, :-1]).sum()
length = across + down + np.sqrt(2) * (right + left)
width = gt.segment.thickness(vessels)[line]
print(f"{length:.0f} pixels of vessel, of median width {np.median(width):.1f}")

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for ax, values, title in zip(
    axes, (green, vessels, line), ("green channel", "vessels", "centreline"), strict=True
):
    ax.imshow(values, cmap="gray")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
assert length > 500
