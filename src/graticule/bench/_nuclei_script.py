"""Nuclei found and measured as a script of scikit-image does it; the peer of Q5.

Called as ``python _nuclei_script.py FOLDER OUT``: a process for each processor, a table of all
objects and an image of labels for each micrograph.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage import filters, measure, segmentation
from skimage.io import imread, imsave
from skimage.morphology import h_maxima

_COLUMNS = (
    "label", "area", "centroid", "bbox", "equivalent_diameter_area", "axis_major_length",
    "axis_minor_length", "eccentricity", "orientation", "intensity_mean", "intensity_std",
    "intensity_min", "intensity_max",
)  # fmt: skip


def _nuclei(work: tuple[Path, Path]) -> pd.DataFrame:
    path, out = work
    grey = imread(path).astype(np.float32)
    smooth = ndimage.gaussian_filter(np.abs(grey - np.median(grey)), 1)
    level = smooth - ndimage.gaussian_filter(smooth, 8, truncate=3)
    both = (level > 0) & (smooth > filters.threshold_li(smooth))
    filled = ndimage.binary_fill_holes(both)
    distance = ndimage.distance_transform_edt(filled)
    markers = measure.label(h_maxima(distance, 0.75), connectivity=2)
    parts = segmentation.watershed(-distance, markers, mask=filled)
    sizes = np.bincount(parts.ravel())
    kept = np.where(sizes[parts] >= 20, parts, 0).astype(np.int32)
    imsave(out / f"{path.stem}.tif", kept, check_contrast=False)
    table = pd.DataFrame(measure.regionprops_table(kept, grey, properties=_COLUMNS))
    table.insert(0, "image", path.stem)
    return table


def main(folder: Path, out: Path) -> None:
    """Segment and measure all pictures of a folder."""
    out.mkdir()
    work = [(path, out) for path in sorted(folder.glob("*.png"))]
    with Pool(os.cpu_count()) as pool:
        tables = pool.map(_nuclei, work)
    pd.concat(tables).to_csv(out / "objects.csv", index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
