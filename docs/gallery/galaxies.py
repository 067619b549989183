"""
What does a galaxy look like, in numbers?
=========================================

Concentration, asymmetry and Gini say how light lies in a galaxy, whichever way the camera was
turned. First the galaxy a cut-out was made for must be found among its neighbours.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np

import graticule as gt
from graticule.simulate.dataset import samples

shown = {}
for kind in ("elliptical", "spiral", "disk"):
    image = next(samples("galaxies", 1, seed=8, parameters={"morphology": kind})).image
    found, footprint, objects = gt.detect.main_object(image)
    shape = gt.measure.morphology(objects, image, found).iloc[0]
    shown[kind] = image, objects, shape
    numbers = {name: round(shape[name], 2) for name in ("concentration", "asymmetry", "gini")}
    print(kind, numbers)

# %%

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, (kind, (image, objects, shape)) in zip(axes, shown.items(), strict=True):
    light = np.arcsinh(image.mean("c") if "c" in image.dims else image)
    ax.imshow(light, cmap="gray")
    ax.contour(objects == 1, [0.5], colors="orange", linewidths=0.8)
    ax.set_title(f"{kind}: C = {shape['concentration']:.1f}", fontsize=9)
    ax.set_axis_off()
