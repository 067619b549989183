"""
Follow cells through time
=========================

Cells are found in every frame, and frame after frame brought together to tracks: over frames in
which one is not seen, and through divisions.
"""

# %%
# A simulated film comes with its truth, so that the tracks can be counted.

import matplotlib.pyplot as plt

import graticule as gt
from graticule.simulate.dividing_cells import dividing_cells

film = dividing_cells((140, 160), frames=16, count=12, cycle=24, seed=3)
smooth = gt.filters.gaussian(film.image, sigma=1)
cells = gt.segment.split(gt.segment.fill_holes(gt.threshold.otsu(smooth)), depth=0.8)
cells = gt.segment.filter_by_size(cells, min_size=30)
labels, objects, tracks, frames = gt.segment.track(cells, max_distance=12, max_gap=2)
print(tracks[["track", "parent", "start", "stop", "path", "speed"]].head())
divided = int((tracks["children"] > 0).sum())
true = int((film.lineage["parent"] > 0).sum() / 2)
print(f"{len(tracks)} tracks of {len(film.lineage)}; {divided} divisions of {true}")

# %%

places = gt.measure.regions(labels)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
left.imshow(film.image[-1], cmap="gray")
for _, one in places.groupby("label"):
    left.plot(one["centroid_x"], one["centroid_y"], lw=1)
left.set_axis_off()
right.plot(frames["t"], frames["objects"])
right.set(xlabel="frame", ylabel="cells")
assert len(tracks) >= 12
