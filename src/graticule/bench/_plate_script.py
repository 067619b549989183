"""A screening plate as a script of scikit-image and pandas does it; the peer of E2.

Called as ``python _plate_script.py FOLDER OUT``: nuclei, a ring around each, the ratio of light in
both, the mean of each well, the controls and the curve of the doses, with a process for each
processor; tables and a page with the curve and the plate.
"""

from __future__ import annotations

import os
import re
import sys
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.optimize import curve_fit
from skimage import filters, measure
from skimage.io import imread, imsave
from skimage.morphology import remove_small_objects

mpl.use("Agg")
_NAME = re.compile(r"dna_([A-Z])(\d+)_(\d+)\.tif")
_STEP = 0.65
"""Micrometres between samples."""
_COLUMNS = (
    "label", "area", "centroid", "bbox", "equivalent_diameter_area", "axis_major_length",
    "axis_minor_length", "eccentricity", "orientation", "intensity_mean", "intensity_std",
    "intensity_min", "intensity_max",
)  # fmt: skip


def site(work: tuple[Path, Path]) -> pd.DataFrame:
    """Measure the cells of a site, and write its labels."""
    path, out = work
    row, column, number = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]
    dna = imread(path).astype(np.float32)
    protein = imread(path.with_name(path.name.replace("dna", "gfp"))).astype(np.float32)
    smooth = ndimage.gaussian_filter(dna, 1)
    mask = smooth > filters.threshold_otsu(smooth)
    mask = remove_small_objects(mask, max_size=int(10 / _STEP**2), connectivity=1)
    labels = measure.label(mask, connectivity=1).astype(np.int32)
    away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    ring = labels[tuple(nearest)] * ((away > 1 / _STEP) & (away <= 3 / _STEP))
    cells = pd.DataFrame(measure.regionprops_table(labels, protein, properties=_COLUMNS))
    around = pd.DataFrame(measure.regionprops_table(ring, protein, properties=_COLUMNS))
    cells = cells.merge(around, on="label", how="left", suffixes=("", "_ring"))
    cells["ratio"] = (cells["intensity_mean"] - 20) / (cells["intensity_mean_ring"] - 20)
    cells.insert(0, "image", path.stem)
    cells.insert(1, "row", row)
    cells.insert(2, "col", int(column))
    cells.insert(3, "site", int(number))
    imsave(out / f"{path.stem}.tif", labels, check_contrast=False)
    return cells


def logistic(x: Any, bottom: float, top: float, log_ec50: float, hill: float) -> Any:
    """Return the curve of four parameters."""
    return bottom + (top - bottom) / (1 + (np.exp(log_ec50) / x) ** hill)


def main(folder: Path, out: Path) -> None:
    """Measure a plate, and write what comes of it."""
    out.mkdir(parents=True)
    works = [(path, out) for path in sorted(folder.glob("dna_*.tif"))]
    with Pool(os.cpu_count()) as pool:
        cells = pd.concat(pool.map(site, works, chunksize=8), ignore_index=True)
    sheet = pd.read_csv(folder / "plate.csv").rename(columns={"dose [uM]": "dose"})
    cells = cells.merge(sheet, on=["row", "col"], how="left")
    cells.to_csv(out / "cells.csv", index=False)
    cells.to_parquet(out / "cells.parquet")
    sites = cells.groupby(["row", "col", "image", "dose", "control"], dropna=False)["ratio"].mean()
    wells = sites.groupby(["row", "col", "dose", "control"], dropna=False).mean().reset_index()
    wells.to_csv(out / "wells.csv", index=False)
    given = wells[wells["dose"].notna()]
    found, spread = curve_fit(logistic, given["dose"], given["ratio"], [1, 2, 0, 1], maxfev=5000)
    one, other = (wells[wells["control"] == name]["ratio"] for name in ("positive", "negative"))
    z = 1 - 3 * (one.std() + other.std()) / abs(one.mean() - other.mean())
    half = 1.96 * np.sqrt(spread[2, 2])
    low, middle, high = np.exp([found[2] - half, found[2], found[2] + half])
    _page(out, wells, found, f"EC50 {middle:.3g} [{low:.3g}, {high:.3g}]; Z' {z:.3g}")
    pd.DataFrame({"EC50": [middle], "z_prime": [z]}).to_csv(out / "answers.csv", index=False)


def _page(out: Path, wells: pd.DataFrame, found: Any, text: str) -> None:
    from matplotlib import pyplot as plt

    figure, (curve, plate) = plt.subplots(1, 2, figsize=(10, 4))
    given = wells[wells["dose"].notna()]
    curve.semilogx(given["dose"], given["ratio"], "o")
    line = np.geomspace(given["dose"].min(), given["dose"].max(), 100)
    curve.semilogx(line, logistic(line, *found))
    plate.imshow(wells.pivot(index="row", columns="col", values="ratio"))
    figure.savefig(out / "plate.png")
    (out / "index.html").write_text(f"<p>{text}</p><img src='plate.png'>", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
