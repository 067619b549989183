"""
Measure in micrometres
======================

Pixels are no unit of nature. Where the file says how far apart samples are, lengths carry units
from the header to the last column; where it does not, say so once.
"""

# %%
# An image with a spacing; a microscope's file has it in its header.

import matplotlib.pyplot as plt

import graticule as gt
from graticule.core import as_image
from graticule.simulate.nuclei import nuclei

plain = nuclei((160, 200), count=40, seed=1).image.values
image = as_image(plain, dims=("y", "x"), spacing={"y": "0.5 um", "x": "0.5 um"})

# %%
# A length may be pixels or a length. On this image they are the same step, and so the same
# result.

in_lengths = gt.filters.gaussian(image, sigma="1 um")
in_pixels = gt.filters.gaussian(image, sigma=2)
assert (in_lengths == in_pixels).all()

# %%
# What is measured has units too.

labels = gt.segment.label(gt.threshold.otsu(in_lengths))
table = gt.measure.regions(labels, image)
print(table.attrs["units"]["area"], table.attrs["units"]["equivalent_diameter"])

plt.figure(figsize=(5, 3), layout="constrained")
plt.hist(table["equivalent_diameter"], bins=12, rwidth=0.9)
plt.xlabel(f"diameter / {table.attrs['units']['equivalent_diameter']}")
plt.ylabel("nuclei")
assert table.attrs["units"]["area"] == "um2"
