"""
Part the stains of a tissue
===========================

A stained section absorbs light as the sum of its stains. Unmixing gives the amount of each;
where the stains of the laboratory are unlike the published ones, they are estimated from the
image.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt
from graticule.core import as_image

tissue = as_image(data.immunohistochemistry()[:300, :300], dims=("y", "x", "c"))
blue, _, brown = gt.transform.unmix(tissue, stains="H-E-DAB")
vectors = gt.transform.stain_vectors(tissue)
print(vectors)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.1), layout="constrained")
for ax, values, title in zip(
    axes, (tissue, blue, brown), ("tissue", "haematoxylin", "DAB"), strict=True
):
    ax.imshow(values, cmap="gray_r")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()

# %%
# How much of the section is stained brown?

stained = gt.threshold.otsu(brown)
print(f"{stained.mean():.1%} of the section")
