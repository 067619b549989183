"""
An operation of your own
========================

An operation is one function: data by position, parameters by keyword, and a scope that says
what the result at a place depends on. From that declaration it can be run in tiles, in
pipelines and on a cluster.
"""

# %%
# The local range: the largest less the smallest value around each sample. It looks ``radius``
# far.

from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
from pydantic import Field
from scipy import ndimage
from skimage import data

import graticule as gt
from graticule.core import Image, Length, Neighbourhood, filtered_dims, with_values


def _halo(image, params):
    return {dim: int(params["radius"].samples(image, dim)) for dim in filtered_dims(image)}


def local_range(
    image: Image, *, radius: Annotated[Length, Field(title="Radius", ge=0)] = Length(1)
) -> Image:
    """Return the spread of the values around each sample."""
    reach = _halo(image, {"radius": radius})
    size = [2 * reach.get(str(dim), 0) + 1 for dim in image.dims]
    values = image.values.astype(np.float32)
    high = ndimage.maximum_filter(values, size=size, mode="nearest")
    low = ndimage.minimum_filter(values, size=size, mode="nearest")
    return with_values(image, high - low)


declare = gt.define_op(
    version=1, scope=Neighbourhood(_halo), dtype="float32", name="example.local_range"
)
gt.register(declare(local_range))

# %%
# It has a schema now, refuses what is out of range, and stands in pipelines.

pipeline = gt.Pipeline.loads("""
graticule: 1
name: rough
steps:
  rough: {op: example.local_range, radius: 3}
  edges: {op: threshold.otsu}
outputs: [rough, edges]
""")
found = pipeline.apply(data.brick()[:200, :240])
try:
    gt.op("example.local_range")(data.brick(), radius=-1)
except gt.core.errors.ParameterError as error:
    print(error)

figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for ax, (name, values) in zip(axes, found.items(), strict=True):
    ax.imshow(values, cmap="gray")
    ax.set_title(name, fontsize=9)
    ax.set_axis_off()

# %%
# ``CONTRIBUTING.md`` says how it becomes a file of a package, and how it is held to the
# contract: tiles against the whole, NaN, units, and more, without a test of your own.
