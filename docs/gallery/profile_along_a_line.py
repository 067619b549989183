"""
A profile along a line
======================

Grey values along a line, over a width that averages noise, with the distance in the unit of the
image.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt
from graticule.core import as_image

image = as_image(data.coins(), dims=("y", "x"), spacing={"y": "0.15 mm", "x": "0.15 mm"})
thin = gt.measure.profile(image, points=[(50, 20), (50, 370)])
wide = gt.measure.profile(image, points=[(50, 20), (50, 370)], width="3 mm")

figure, (top, below) = plt.subplots(2, 1, figsize=(7, 4.6), layout="constrained")
top.imshow(image[:110], cmap="gray")
top.plot([20, 370], [50, 50], color="orange")
top.set_axis_off()
below.plot(thin["distance"], thin["value"], color="0.7", label="one sample wide")
below.plot(wide["distance"], wide["value"], label="3 mm wide")
below.set(xlabel=f"distance / {thin.attrs['units']['distance']}", ylabel="grey value")
below.legend()
assert thin.attrs["units"]["distance"] == "mm"
