"""S7: a volume larger than its memory, from the file to the table of objects."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from graticule.bench.row import Row, row, run_pipeline
from graticule.core.typing import Array
from graticule.io import read, write
from graticule.pipeline import Pipeline

_SIDE = 1024
_CORNER = 256
_CELL = 32
_SLAB = 64
_LIMIT = 2 * 10**9
_PIPELINE = """
graticule: 1
name: volume
steps:
  smooth:  {op: filters.median, radius: 1}
  bright:  {op: threshold.otsu}
  labels:  {op: segment.label}
  objects: {op: measure.regions}
outputs: [objects]
"""


def _slab(start: int, stop: int, side: int) -> Array:
    """Return planes of a volume of noisy balls, one in each cell of a lattice."""
    values = np.full((stop - start, side, side), 1000, np.float32)
    cells = np.ndindex(side // _CELL, side // _CELL)
    for cell in [(z, *at) for at in cells for z in range(start // _CELL, -(-stop // _CELL))]:
        rng = np.random.default_rng(cell)
        radius = rng.uniform(4, 11)
        centre = rng.uniform(12, 20, 3) + np.multiply(cell, _CELL)
        low = np.maximum((centre - radius).astype(int), (start, 0, 0))
        high = np.minimum((centre + radius).astype(int) + 2, (stop, side, side))
        if (low < high).all():
            grid = np.ogrid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
            inside = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2
            box = tuple(
                slice(a, b) for a, b in zip(low - (start, 0, 0), high - (start, 0, 0), strict=True)
            )
            values[box][inside] = 3000
    values += 300 * np.random.default_rng(start).standard_normal(values.shape, np.float32)
    return values.astype(np.uint16)


def _write_volume(path: Path, side: int) -> None:
    import dask
    import dask.array as da
    import xarray as xr

    slabs = [
        da.from_delayed(
            dask.delayed(_slab, pure=True)(start, start + _SLAB, side),
            (_SLAB, side, side),
            np.uint16,
        )
        for start in range(0, side, _SLAB)
    ]
    write(path, xr.DataArray(da.concatenate(slabs), dims=("z", "y", "x")))


def _run(folder: Path, image: Path, out: str, memory: str) -> tuple[pd.DataFrame, float, float]:
    """Run the pipeline; return the table of objects, seconds and peak megabytes."""
    spent, peak = run_pipeline(folder, _PIPELINE, image, out, "--memory", memory)
    table = pd.read_parquet(folder / out / "objects.parquet").drop(columns="image")
    return table, spent, peak


@row("S7")
def volume_larger_than_memory() -> list[Row]:
    """Run a pipeline on 1024^3 uint16 in 2 GB, and compare a corner with the whole route."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_volume(folder / "volume.ome.zarr", _SIDE)
        table, seconds, peak = _run(folder, folder / "volume.ome.zarr", "all", "2GB")
        corner = read(folder / "volume.ome.zarr").isel(
            {dim: slice(0, _CORNER) for dim in ("z", "y", "x")}
        )
        np.save(folder / "corner.npy", corner.values)
        tiled, _, _ = _run(folder, folder / "corner.npy", "corner", "450MB")
        whole = Pipeline.loads(_PIPELINE).apply(corner.values)["objects"]
    same = _same(tiled, whole)
    what = f"median, otsu, label, regions of {_SIDE}^3 uint16 (OME-Zarr) in {seconds:.0f} s"
    return [
        Row(
            "S7",
            f"peak memory: {what}, {len(table)} objects, --memory 2GB",
            round(peak, 1),
            "MB",
            f"< {_LIMIT / 1e6:.0f}",
            peak * 1e6 < _LIMIT,
            peak_mb=round(peak, 1),
        ),
        Row(
            "S7",
            f"table of a {_CORNER}^3 corner in tiles against the whole array",
            len(tiled),
            "objects",
            "same table",
            same and len(tiled) > 0,
        ),
    ]


def _same(tiled: pd.DataFrame, whole: pd.DataFrame) -> bool:
    return list(tiled.columns) == list(whole.columns) and bool(
        np.array_equal(tiled.to_numpy(float), whole.to_numpy(float), equal_nan=True)
    )
