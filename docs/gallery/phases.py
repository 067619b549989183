"""
Phases of a material, with intervals
====================================

Fractions of phases are means over a field whose samples are not independent: neighbours are
alike. The interval comes from blocks as large as the correlation reaches, and not from the
count of pixels.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt

gravel = data.gravel()
smooth = gt.filters.median(gravel, radius=2)
pores = gt.threshold.otsu(smooth, keep="dark")
labels = pores.astype("int32") + 1
fractions = gt.measure.phase_fractions(labels, names=["stone", "pore"])
print(fractions)

# %%
# The two-point correlation says how far from a pore one still knows of it: it falls from the
# porosity to its square.

correlation = gt.measure.two_point_correlation(pores, reach=60)
porosity = float(pores.mean())
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
left.imshow(smooth, cmap="gray")
left.contour(pores, [0.5], colors="orange", linewidths=0.4)
left.set_axis_off()
right.plot(correlation["distance"], correlation["probability"])
right.axhline(porosity**2, color="0.5", ls="--", label="independent")
right.set(xlabel="distance / px", ylabel="both in pores")
right.legend()
