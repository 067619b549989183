"""
Count and measure objects: cells, grains, coins
===============================================

Twenty-four coins lie under light that falls off. The pipeline takes the light away, parts
bright from dark, numbers what is connected and measures it.
"""

# %%
# A pipeline is text: the same file runs here, on the command line and in the workbench. A
# step takes the result of the one before it, unless it names another.

import matplotlib.pyplot as plt
from skimage import data

import graticule as gt

pipeline = gt.Pipeline.loads("""
graticule: 1
name: coins
steps:
  level:   {op: filters.background, width: 30}
  smooth:  {op: filters.gaussian, sigma: 1}
  bright:  {op: threshold.otsu}
  closed:  {op: segment.closing, radius: 2}
  filled:  {op: segment.fill_holes}
  labels:  {op: segment.label}
  inside:  {op: segment.clear_border}
  kept:    {op: segment.filter_by_size, min_size: 500}
  objects: {op: measure.regions, intensity: image}
outputs: [objects, kept]
""")
photograph = data.coins()
found = pipeline.apply(photograph)
coins = found["objects"]
print(len(coins), "coins, median area", coins["area"].median(), coins.attrs["units"]["area"])

# %%
# Every coin with its number, and how large they are.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.imshow(photograph, cmap="gray")
left.contour(found["kept"] > 0, [0.5], colors="orange", linewidths=1)
for _, coin in coins.iterrows():
    left.text(coin["centroid_x"], coin["centroid_y"], int(coin["label"]), color="w", ha="center")
left.set_axis_off()
right.hist(coins["area"], bins=12, rwidth=0.9)
right.set(xlabel="area / pixels", ylabel="coins")
assert len(coins) == 24

# %%
# Is 24 an accident of the settings? Try others before believing it.

for width in (20, 25, 30, 40):
    other = pipeline.with_values({"level.width": width}).apply(photograph)
    print(f"width {width}: {len(other['objects'])} coins")
