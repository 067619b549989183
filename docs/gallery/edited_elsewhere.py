"""
To another program and back
===========================

Labels go to napari, ImageJ or QuPath, are corrected by hand, and come back: as files that these
programs read and write, with the spacing.
"""

# %%

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import graticule as gt
from graticule.core import as_image
from graticule.export.outlines import geojson
from graticule.simulate.nuclei import nuclei

folder = Path(tempfile.mkdtemp())
(folder / "images").mkdir()
image = as_image(
    nuclei((128, 160), count=30, seed=2).image.values, spacing={"y": "0.5 um", "x": "0.5 um"}
)
gt.write(folder / "images" / "field.ome.tif", image)
pipeline = gt.Pipeline.loads("""
graticule: 1
name: cells
steps:
  smooth: {op: filters.gaussian, sigma: 0.5 um}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
outputs: [labels]
""")
run = pipeline.run(folder / "images", out=folder / "run")

# %%
# napari opens ``run/arrays/field/labels.ome.tif`` as it is. Say someone merges two labels
# there and saves.

written = next((folder / "run" / "arrays").rglob("labels.ome.tif"))
labels = gt.read(written)
corrected = labels.where(labels != 2, 1)
gt.write(folder / "corrected.tif", corrected, labels=True)
table = gt.measure.regions(gt.read(folder / "corrected.tif"))
print(len(table), "objects of", int(labels.max()))

# %%
# QuPath takes outlines: ``graticule export run --to geojson -o qupath``.

(folder / "qupath").mkdir()
exported = geojson(folder / "run", folder / "qupath")
outlines = json.loads(exported.files[0].read_text())
print(len(outlines["features"]), "outlines in", exported.files[0].name)

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), layout="constrained")
left.imshow(labels, cmap="nipy_spectral", interpolation="nearest")
right.imshow(image, cmap="gray")
for feature in outlines["features"]:
    (ring, *_) = feature["geometry"]["coordinates"]
    right.plot(*zip(*ring, strict=True), color="orange", lw=0.8)
for ax in (left, right):
    ax.set_axis_off()
