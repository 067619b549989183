"""B1 and B2: whole tasks beside scripts of scikit-image and dask-image, to the same numbers."""

from __future__ import annotations

import importlib.util
import tempfile
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from graticule.bench.row import (
    Row,
    in_a_process,
    peak_mb,
    row,
    run_pipeline,
    speedup,
    timed,
)
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.io import write
from graticule.simulate.nuclei import nuclei

_TILE = 256
_DISTINCT = 25
_COLUMNS = ("area", "centroid_y", "centroid_x", "intensity_mean", "major_axis", "minor_axis")
_CORE = 3.0
_WIDTH = 2.0
_SIDE = 8192
_MEMORY = "450MB"
_LEVEL = 1200
_CHUNK = (1024, 1024)
_LARGE = f"""
graticule: 1
name: larger-than-memory
steps:
  smooth:  {{op: filters.median, radius: 1}}
  bright:  {{op: threshold.fixed, value: {_LEVEL}}}
  labels:  {{op: segment.label}}
  objects: {{op: measure.regions, intensity: image, properties: [intensity]}}
outputs: [objects]
"""


@cache
def _tile(seed: int) -> Array:
    image, _ = nuclei(count=30, seed=seed)
    values = np.asarray(image.values, np.float32)
    return np.asarray((values - values.min()) / np.ptp(values) * 4095).astype(np.uint16)


def micrograph(side: int) -> Array:
    """Return a mosaic of simulated micrographs of nuclei, some of which touch, as uint16."""
    count = -(-side // _TILE)
    rows = [
        np.hstack([_tile((count * down + right) % _DISTINCT) for right in range(count)])
        for down in range(count)
    ]
    return np.ascontiguousarray(np.vstack(rows)[:side, :side])


def _ours(image: Array) -> pd.DataFrame:
    """Count and measure nuclei, those that touch apart."""
    smooth = get_op("filters.median")(image, radius=1)
    mask = get_op("segment.fill_holes")(get_op("threshold.otsu")(smooth))
    cores = get_op("segment.label")(get_op("segment.distance")(mask) > _CORE)
    light = get_op("filters.gaussian")(image, sigma=_WIDTH)
    found = get_op("segment.watershed")(-light, cores, mask)
    table: pd.DataFrame = get_op("measure.regions")(found, image)
    return table[list(_COLUMNS)]


def _theirs(image: Array) -> pd.DataFrame:
    """Do the same as a script of scikit-image does."""
    from scipy import ndimage
    from skimage import filters, measure, segmentation

    smooth = filters.median(image, np.ones((3, 3)))
    mask = ndimage.binary_fill_holes(smooth > filters.threshold_otsu(smooth))
    cores = measure.label(ndimage.distance_transform_edt(mask) > _CORE, connectivity=1)
    light = filters.gaussian(image, _WIDTH, mode="reflect", preserve_range=True)
    found = segmentation.watershed(-light, cores, mask=mask)
    names = ("area", "centroid", "intensity_mean", "axis_major_length", "axis_minor_length")
    table = pd.DataFrame(measure.regionprops_table(found, image, properties=names))
    order = ["area", "centroid-0", "centroid-1", *names[2:]]
    return table[order].set_axis(list(_COLUMNS), axis=1)


def same_objects(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Return the part of objects whose numbers agree but for rounding."""
    if len(one) != len(other):
        return 0.0
    near = np.isclose(one.to_numpy(float), other.to_numpy(float), rtol=1e-6, atol=1e-6)
    return float(near.all(axis=1).mean())


@row("B1")
def counting_nuclei() -> Row:
    """Count and measure nuclei of 2048 x 2048 beside a script of scikit-image, on one image."""
    image = micrograph(2048)
    ours, theirs = _ours(image), _theirs(image)  # loops are compiled
    times = [(timed(lambda: _ours(image))[0], timed(lambda: _theirs(image))[0]) for _ in range(5)]
    took, baseline = (median(each) for each in zip(*times, strict=True))
    what = (
        "median, Otsu, holes, cores, watershed and table of 2048 x 2048 uint16 beside scikit-image "
        f"and SciPy; {len(ours):,} and {len(theirs):,} nuclei, {same_objects(ours, theirs):.2%} "
        f"of them equal in all of {len(_COLUMNS)} columns"
    )
    return speedup("B1", what, took, baseline, None)


@row("B2")
def larger_than_memory() -> Row:
    """Measure the objects of an image on disk beside dask-image, both in a process of their own."""
    what = f"median, threshold, label, table of {_SIDE}^2 uint16 (OME-Zarr) beside dask-image"
    if importlib.util.find_spec("dask_image") is None:
        return Row(
            "B2", f"{what}: not measured, pip install 'graticule[bench]'", None, "", "", None
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = write(folder / "large.ome.zarr", micrograph(_SIDE))
        run_pipeline(folder, _LARGE, image, "first", "--memory", _MEMORY)  # loops are compiled
        spent, peak = run_pipeline(folder, _LARGE, image, "out", "--memory", _MEMORY)
        table = _by_size(pd.read_parquet(folder / "out" / "objects.parquet"))
        theirs, (found, their_peak) = timed(lambda: in_a_process(_with_dask, image))
    what += (
        f", from the file to area and mean of {len(table):,} and {len(found):,} objects, "
        f"{same_objects(table, found):.2%} of them equal; peak memory "
        f"with --memory {_MEMORY}, theirs {their_peak:.0f} MB"
    )
    return speedup("B2", what, spent, theirs, None, peak_mb=round(peak, 1))


def _with_dask(path: Path) -> tuple[pd.DataFrame, float]:
    """Return area and mean of every object, and the peak memory.

    Written as its users would for speed: what several later steps take is written to disk, or Dask
    computes it for each of them again, and labels are counted block by block, for dask-image
    measures them one by one.
    """
    import dask
    import dask.array as da
    from dask_image.ndfilters import median_filter
    from dask_image.ndmeasure import label

    image = da.from_zarr(str(path / "0"), chunks=_CHUNK)
    with tempfile.TemporaryDirectory() as folder:
        (median_filter(image, size=3) > _LEVEL).to_zarr(f"{folder}/mask")
        labels, count = label(da.from_zarr(f"{folder}/mask"))
        size = int(dask.compute(count, labels.to_zarr(f"{folder}/labels", compute=False))[0]) + 1
        labels = da.from_zarr(f"{folder}/labels")
        blocks = zip(labels.to_delayed().flat, image.to_delayed().flat, strict=True)
        counts = dask.compute(*(dask.delayed(_counts)(*each, size) for each in blocks))
    area, total = np.sum(counts, axis=0)[:, 1:]
    return _by_size(pd.DataFrame({"area": area, "intensity_mean": total / area})), peak_mb()


def _by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Return area and mean in an order that does not depend on how objects are numbered."""
    columns = ["area", "intensity_mean"]
    return table[columns].sort_values(columns)


def _counts(labels: Array, image: Array, size: int) -> Array:
    """Return the number of samples of each label in a block, and the sum of their values."""
    flat = labels.ravel()
    return np.stack([np.bincount(flat, weights, size) for weights in (None, image.ravel())])
