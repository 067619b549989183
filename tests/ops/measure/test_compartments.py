"""measure.compartments: the table of each part, side by side; and a study of two channels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import ndimage
from skimage.measure import regionprops_table

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.io import write


def parts() -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(3)
    cells = np.kron(np.arange(1, 13).reshape(3, 4), np.ones((20, 20), int))
    nuclei = np.where(ndimage.gaussian_filter(rng.normal(size=cells.shape), 3) > 0.02, cells, 0)
    nuclei[cells == 5] = 0
    image = rng.normal(100, 5, (2, *cells.shape)).astype(np.float32)
    spacing = {"y": "2 um", "x": "1 um"}
    seen = as_image(image, dims=("c", "y", "x"), spacing=spacing).assign_coords(c=["dna", "gfp"])
    return as_image(cells, spacing=spacing), as_image(nuclei, spacing=spacing), seen


def test_equals_regionprops_of_each_part():
    cells, nuclei, image = parts()
    cytoplasm = gt.segment.subtract(cells, nuclei)
    names = ["nucleus", "cytoplasm", "cell"]
    table = gt.measure.compartments(nuclei, cytoplasm, cells, intensity=image, names=names)
    assert table["label"].tolist() == list(range(1, 13))
    for name, labels in zip(names, (nuclei, cytoplasm, cells), strict=True):
        wanted = regionprops_table(
            labels.values,
            np.moveaxis(image.values, 0, -1).astype(float),
            properties=("label", "area", "intensity_mean"),
            spacing=(2, 1),
        )
        rows = table.set_index("label").loc[wanted["label"]]
        np.testing.assert_allclose(rows[f"{name}.area"], wanted["area"])
        np.testing.assert_allclose(rows[f"{name}.intensity_mean_gfp"], wanted["intensity_mean-1"])
    missing = table.set_index("label").loc[5]
    assert missing["nucleus.pixels"] == missing["nucleus.area"] == 0
    assert np.isnan(missing["nucleus.intensity_mean_dna"])
    assert table["nucleus.pixels"].dtype == np.int64
    assert table.attrs["units"]["nucleus.area"] == "um2"


def test_names_must_be_one_for_each():
    cells, nuclei, _ = parts()
    for names in (["one"], ["one", "one"], ["one", ""]):
        with pytest.raises(ParameterError, match="must be 2 different names"):
            gt.measure.compartments(cells, nuclei, names=names)


PAGE = Path(__file__).parents[3] / "docs" / "objects.md"


def _document() -> str:
    """Return the pipeline of the page on objects within objects."""
    _, _, text = PAGE.read_text("utf-8").partition(
        "<!-- the pipeline of two channels -->\n```yaml\n"
    )
    return text.partition("```")[0]


def _field(folder: Path, name: str, ratio: float, seed: int) -> None:
    """Write two channels of nuclei on a grid, the second so much brighter inside them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:160, :160]
    away = np.full(y.shape, np.inf)
    for row in range(20, 160, 40):
        for column in range(20, 160, 40):
            shift = rng.uniform(-3, 3, 2)
            away = np.minimum(away, np.hypot(y - row - shift[0], x - column - shift[1]))
    inside = away < 7
    dna = rng.poisson(20 + 200 * inside)
    gfp = rng.poisson(100 * np.where(inside, ratio, 1.0))
    for channel, values in (("dna", dna), ("gfp", gfp)):
        write(folder / f"{name}_{channel}.npy", values.astype(np.float32))


def test_a_study_of_two_channels(tmp_path: Path):
    truth = {"control": 1.0, "half": 2.0, "full": 3.0}
    images = tmp_path / "images"
    images.mkdir()
    for seed, (name, ratio) in enumerate(truth.items()):
        _field(images, name, ratio, seed)
    pipeline, out = tmp_path / "pipeline.yaml", tmp_path / "out"
    pipeline.write_text(_document(), encoding="utf-8")
    command = [sys.executable, "-m", "graticule.cli", "run", str(pipeline), str(images)]
    done = subprocess.run(
        [*command, "-o", str(out), "--no-cache"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(out / "images.parquet").set_index("site")
    for name, ratio in truth.items():
        row = rows.loc[name]
        assert row["ratio_n"] == 16
        assert row["ratio_mean"] == pytest.approx(ratio, rel=0.03)
        assert row["ratio_q10"] <= row["ratio_median"] <= row["ratio_q90"]
        assert row["moved_mean"] == (ratio > 1.5)
        assert row["nucleus.area_mean"] == pytest.approx(np.pi * 3.5**2, rel=0.05)
    about = (out / "images.csv-metadata.json").read_text()
    assert "um2" in about
    objects = pd.read_parquet(out / "objects.parquet")
    assert len(objects) == 48
    np.testing.assert_allclose(
        objects["ratio"], objects["nucleus.intensity_mean"] / objects["ring.intensity_mean"]
    )
