"""
See every step
==============

``gt.show`` draws what each step of a pipeline makes of an image, with the distribution of its
values: the first thing to do when a number looks wrong.
"""

# %%

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt

pipeline = gt.Pipeline.loads("""
graticule: 1
name: coins
steps:
  level:  {op: filters.background, width: 30}
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
""")
stages = gt.show(pipeline, data.coins())
stages

# %%
# The values are there as well, by the name of the step.

bright = stages.values["bright"]
plt.figure(figsize=(4, 3))
plt.imshow(bright, cmap="gray")
plt.axis("off")
print(f"{float(bright.mean()):.1%} of the photograph is bright")
