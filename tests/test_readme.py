"""The pipeline of README.md runs as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.io import write

README = Path(__file__).parents[1] / "README.md"


def disc(radius: int) -> np.ndarray:
    y, x = np.ogrid[:200, :200]
    values: np.ndarray = 30 + 150 * ((y - 100) ** 2 + (x - 90) ** 2 < radius**2)
    return values.astype(np.uint8)


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    found = re.search(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "README.md has no pipeline"
    path = tmp_path / "bright.yaml"
    path.write_text(found[1], encoding="utf-8")
    return path


def test_the_pipeline_measures_in_the_spacing_of_the_file_or_else_its_own(
    pipeline: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    calibrated = as_image(disc(20), spacing={"y": "0.4 um", "x": "0.4 um"})
    write(photos / "calibrated.ome.tif", calibrated)
    write(photos / "plain.png", disc(20))
    run = gt.Pipeline.load(pipeline).run(photos, out=tmp_path / "out")
    objects = run.tables["objects"].set_index("image")
    assert list(objects.index) == ["calibrated", "plain"]
    pixels = objects["pixels"]
    assert objects["area"]["plain"] == pytest.approx(0.04 * pixels["plain"])
    assert objects["area"]["calibrated"] == pytest.approx(0.16 * pixels["calibrated"])
    assert run.tables["objects"].attrs["units"]["area"] == "um2"
