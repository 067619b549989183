"""
Two channels: how much of a protein is in the nucleus?
======================================================

Nuclei are found in one channel. Each gets a ring around it, which is its cytoplasm and no other
cell's, and both are measured in the other channel, in one row.
"""

# %%
# A site of a simulated plate: in a well with a high dose the protein is in the nucleus.

import matplotlib.pyplot as plt

import graticule as gt
from graticule.simulate.plate import plate

sites = list(plate(rows=1, columns=6, sites=1, doses=(0.1, 1, 10, 100), seed=3).images())


def ratios(site):
    """Return the light in each nucleus over that in the ring around it."""
    nuclei = gt.segment.label(gt.threshold.otsu(gt.filters.gaussian(site.dna, sigma=1)))
    ring = gt.segment.ring(nuclei, width=4, gap=2)
    parts = gt.measure.compartments(nuclei, ring, intensity=site.protein, names=["nucleus", "ring"])
    cells = gt.measure.derive(
        parts, columns={"ratio": "(nucleus.intensity_mean - 20) / (ring.intensity_mean - 20)"}
    )
    return cells["ratio"]


found = [ratios(site) for site in sites]
for site, ratio in zip(sites, found, strict=True):
    print(f"{len(ratio)} cells, median ratio {ratio.median():.2f}; true {site.ratio:.2f}")

# %%
# The same on a plate with its sheet, with an EC50 and its interval: ``graticule demo
# translocation``.

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
axes[0].imshow(sites[1].protein, cmap="gray")
axes[0].set_title("low dose", fontsize=9)
axes[1].imshow(sites[4].protein, cmap="gray")
axes[1].set_title("high dose", fontsize=9)
axes[2].boxplot(found, showfliers=False)
axes[2].set(xlabel="well", ylabel="nucleus / ring")
for ax in axes[:2]:
    ax.set_axis_off()
assert found[4].median() > 2 * found[1].median()
