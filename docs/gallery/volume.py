"""
Sizes of grains in a volume
===========================

In three dimensions nothing changes but the dims: the same operations part touching grains,
measure their volumes, and give the distribution of sizes by number and by volume.
"""

# %%

import matplotlib.pyplot as plt

import graticule as gt
from graticule.simulate.cells import cells

volume = cells((40, 96, 96), count=40, radius=9, elongation=1.2, seed=4).image
print(dict(volume.sizes))

smooth = gt.filters.gaussian(volume, sigma=1)
solid = gt.threshold.otsu(smooth)
grains = gt.segment.filter_by_size(gt.segment.split(solid, depth=1), min_size=200)
table = gt.measure.regions(grains)
histogram, summary = gt.measure.size_distribution(table, bins=10)
print(len(table), "grains; median diameter", round(summary["equivalent_diameter_d50"].iloc[0], 1))

# %%
# Large grains are few and hold most of the volume; say which of the two a distribution is of.

figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
axes[0].imshow(volume[20], cmap="gray")
axes[1].imshow(grains[20], cmap="nipy_spectral", interpolation="nearest")
for ax, title in zip(axes, ("plane 20", "its grains"), strict=False):
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
start = histogram["equivalent_diameter_start"]
axes[2].step(start, histogram["cumulative"], where="post", label="by number")
axes[2].step(start, histogram["volume_cumulative"], where="post", label="by volume")
axes[2].set(xlabel="diameter / px", ylabel="share below")
axes[2].legend(fontsize=8)
assert len(table) > 15
