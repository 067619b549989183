"""
A study with groups
===================

A plate of wells: files of two channels are paired by their names, a sheet says what was done to
each well, and the pipeline says what is compared over what is independent. Cells of one well
are not: they share its pipetting.
"""

# %%

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import graticule as gt
from graticule.recipes import pipeline_path
from graticule.simulate.plate import plate

folder = Path(tempfile.mkdtemp())
(folder / "plate").mkdir()
doses = (0.05, 0.2, 0.8, 3.2, 12.8, 50)
plate(rows=4, columns=8, sites=1, doses=doses, seed=1).write(folder / "plate")
print(sorted(path.name for path in (folder / "plate").iterdir())[:3])
print((folder / "plate" / "plate.csv").read_text().splitlines()[:3])

# %%
# The recipe ``translocation`` measures the protein in each nucleus over that in the ring
# around it, and compares the means of wells. ``graticule check translocation`` shows its
# text.

run = gt.Pipeline.load(pipeline_path("translocation")).run(folder / "plate", out=folder / "out")
print(len(run.tables["objects"]), "cells")
units = pd.read_parquet(folder / "out" / "units.parquet")
answers = pd.read_parquet(folder / "out" / "answers.parquet")
print(answers[["answer", "value", "low", "high"]])

# %%
# A point is a well, never a cell: with thousands of cells any difference would look certain.

measured = next(name for name in units if "ratio" in name)
treated = units[units["dose"] > 0]
plt.figure(figsize=(5, 3.2), layout="constrained")
plt.plot(treated["dose"], treated[measured], "o", alpha=0.6)
plt.xscale("log")
plt.xlabel("dose / uM")
plt.ylabel("nucleus / ring")
