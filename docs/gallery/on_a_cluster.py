"""
On a cluster
============

The same pipeline runs on a ``dask.distributed`` scheduler: workstations, SLURM or the cloud.
Only its address is given; numbers and files are those of one machine.
"""

# %%
# A cluster of this process stands for a real one.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from distributed import LocalCluster

import graticule as gt
from graticule.recipes import pipeline_path
from graticule.simulate.nuclei import nuclei

folder = Path(tempfile.mkdtemp())
(folder / "images").mkdir()
for number in range(3):
    gt.write(folder / "images" / f"field_{number}.png", nuclei((128, 160), seed=number).image)

pipeline = gt.Pipeline.load(pipeline_path("nuclei"))
with LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
) as cluster:
    there = pipeline.run(
        folder / "images", out=folder / "there", cluster=cluster.scheduler_address, cache=False
    )
here = pipeline.run(folder / "images", out=folder / "here", cache=False)
same = there.tables["objects"].equals(here.tables["objects"])
print("the same table:", same)

# %%
# On the command line: ``graticule run nuclei images/ -o out --cluster tcp://127.0.0.1:8786``.

plt.figure(figsize=(4, 3), layout="constrained")
counts = here.tables["objects"].groupby("image").size()
plt.bar(counts.index, counts)
plt.ylabel("nuclei")
assert same
