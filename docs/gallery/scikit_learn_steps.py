"""
A pipeline of scikit-learn, step by step
========================================

``gt.show`` takes pipelines of scikit-learn as well, with steps that take images or rows of
pixels.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import graticule as gt
from graticule.core import as_image

image = as_image(data.immunohistochemistry()[:200, :240], dims=("y", "x", "c"))
steps = make_pipeline(StandardScaler(), KMeans(3, random_state=0, n_init=4))
stages = gt.show(steps, image)
stages

# %%

plt.figure(figsize=(4, 3.2), layout="constrained")
plt.imshow(stages.values["kmeans"], cmap="viridis")
plt.axis("off")
print(stages)
