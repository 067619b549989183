"""
Threshold under uneven light
============================

One threshold for a page whose light falls off takes shade for ink. Either the light is taken
away first, or every place gets a threshold of its own.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt

page = data.page()
ways = {
    "one threshold": gt.threshold.otsu(page, keep="dark"),
    "light taken away first": gt.threshold.otsu(gt.filters.background(page, width=20), keep="dark"),
    "a threshold at each place": gt.threshold.sauvola(page, radius=12, keep="dark"),
}

figure, axes = plt.subplots(2, 2, figsize=(8, 4.2), layout="constrained")
for ax, (title, values) in zip(axes.flat, {"page": page, **ways}.items(), strict=True):
    ax.imshow(values, cmap="gray" if values is page else "gray_r")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()

# %%
# How much is ink? The first answer counts the shade of the page.

for name, ink in ways.items():
    print(f"{name:26} {ink.mean():.1%}")
