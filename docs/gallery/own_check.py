"""
A check of your own
===================

A check looks at one value of a pipeline and says how far it can be trusted. It may run the
analysis again on another image. This one asks whether a count survives a little more noise.
"""

# %%

from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
from pydantic import Field
from skimage import data

import graticule as gt
from graticule.core import Evidence, Subject, check
from graticule.core.image import as_image


def noise(
    subject: Subject,
    *,
    sigma: Annotated[float, Field(title="Noise", gt=0)] = 5.0,
    n: Annotated[int, Field(title="Repetitions", ge=1)] = 8,
) -> Evidence:
    """Repeat the analysis with noise added."""
    rng = np.random.default_rng(0)
    shape = subject.image.shape
    counts = np.array([
        len(subject.rerun(subject.image + rng.normal(0, sigma, shape))) for _ in range(n)
    ])  # fmt: skip
    return Evidence({"count_low": int(counts.min()), "count_high": int(counts.max())})


noise = check(version=1, meaning="The smallest and the largest count under noise of {sigma}.")(
    noise
)

# %%
# What the pipeline does is the subject's ``rerun``; here it is called by hand.

pipeline = gt.Pipeline.loads("""
graticule: 1
steps:
  level:   {op: filters.background, width: 30}
  smooth:  {op: filters.gaussian, sigma: 1}
  bright:  {op: threshold.otsu}
  filled:  {op: segment.fill_holes}
  labels:  {op: segment.label}
  kept:    {op: segment.filter_by_size, min_size: 500}
  objects: {op: measure.regions}
""")
image = as_image(data.coins().astype(float))


def rerun(other):
    """Return the objects that the pipeline finds on another image."""
    return pipeline.apply(other)["objects"]


levels = (40, 80, 160, 320)
found = [noise(Subject(rerun(image), image, rerun), sigma=level, n=4).columns for level in levels]
plt.figure(figsize=(5, 3), layout="constrained")
plt.fill_between(
    levels, [f["count_low"] for f in found], [f["count_high"] for f in found], alpha=0.4
)
plt.axhline(len(rerun(image)), color="0.3", ls="--")
plt.xscale("log")
plt.xlabel("noise added")
plt.ylabel("objects found")
print(noise.meaning({"sigma": 5.0}))
