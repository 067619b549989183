"""
Stop, change one step, go on
============================

Results are kept by what they depend on: the image, and each step with its parameters above it.
After a change only what comes after it is computed again; a run that was killed goes on from
where it was.
"""

# %%

import json
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt

import graticule as gt
from graticule.recipes import pipeline_path
from graticule.simulate.nuclei import nuclei

folder = Path(tempfile.mkdtemp())
(folder / "images").mkdir()
for number in range(3):
    gt.write(folder / "images" / f"field_{number}.png", nuclei((200, 240), seed=number).image)
pipeline = gt.Pipeline.load(pipeline_path("nuclei"))


def seconds(out):
    """Return how long a run takes."""
    began = time.perf_counter()
    pipeline.run(folder / "images", out=folder / out)
    return time.perf_counter() - began


pipeline.run(folder / "images", out=folder / "first")  # compiles what is compiled
took = {"anew": seconds("second"), "the same folder again": seconds("second")}
for name, duration in took.items():
    print(f"{name}: {duration:.2f} s")

# %%
# The record says by which hashes: of the file, and of the pipeline.

record = json.loads((folder / "second" / "run.json").read_text())
print("pipeline", record["key"][:12])
for image in record["images"]:
    print(image["image"], image["sha256"][:12], image["status"])

plt.figure(figsize=(4.5, 2), layout="constrained")
plt.barh(list(took), list(took.values()))
plt.xlabel("seconds")
