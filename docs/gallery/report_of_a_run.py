"""
Run on a folder, and read the report
====================================

A run writes tables with units, the images that were asked for, a record of everything, and one
page to open. A bad image is set aside and named; the rest goes on.
"""

# %%
# A folder of images, one of which is damaged.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import graticule as gt
from graticule.recipes import pipeline_path
from graticule.simulate.nuclei import nuclei

folder = Path(tempfile.mkdtemp())
(folder / "images").mkdir()
for number in range(4):
    gt.write(folder / "images" / f"field_{number}.png", nuclei((160, 200), seed=number).image)
(folder / "images" / "field_9.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")

run = gt.Pipeline.load(pipeline_path("nuclei")).run(folder / "images", out=folder / "out")
print("done:", len(run.results) - len(run.failed))
for failed in run.failed:
    print("set aside:", failed.image, "-", failed.error["what"])

# %%
# What is in the folder. ``report.html`` is a page of its own that can be sent to a colleague.

for file in sorted((folder / "out").iterdir()):
    print(file.name)
run

# %%

table = gt.open_run(folder / "out").tables["objects"]
plt.figure(figsize=(5, 3), layout="constrained")
for image, rows in table.groupby("image"):
    plt.hist(rows["area"], bins=15, histtype="step", label=str(image))
plt.xlabel("area / pixels")
plt.legend(fontsize=8)
assert len(run.failed) == 1
