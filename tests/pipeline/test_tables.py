"""Tables of images in different units: every value can be read with its own unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core import as_image
from graticule.core.units import unit_scale
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.pipeline.tables import concatenate_tables

UNITS = ["um2", "mm2", "px2", "arcsec2", ""]
PARTS = st.lists(
    st.tuples(st.lists(st.floats(1, 1000), max_size=4), st.sampled_from(UNITS)), min_size=1
)


def table(values: list[float], unit: str) -> pd.DataFrame:
    part = pd.DataFrame({"area": np.array(values, float)})
    part.attrs["units"] = {"area": unit} if unit else {}
    return part


@given(PARTS)
def test_no_value_changes_its_size(given_parts: list[tuple[list[float], str]]) -> None:
    found = concatenate_tables([table(values, unit) for values, unit in given_parts])
    expected = [(value, unit) for values, unit in given_parts for value in values]
    assert len(found) == len(expected)
    common = found.attrs["units"].get("area", "")
    own = found["area_unit"] if "area_unit" in found else [common] * len(found)
    for value, unit, (size, before) in zip(found["area"], own, expected, strict=True):
        if unit == before:
            assert value == size
        else:
            (factor, base), (scale, kind) = unit_scale(unit), unit_scale(before)
            assert base == kind
            assert value * factor == pytest.approx(size * scale)


def test_a_column_that_holds_nothing_has_no_say() -> None:
    empty = table([np.nan], "px2")
    assert concatenate_tables([empty, table([3.0], "um2")]).attrs["units"] == {"area": "um2"}
    assert concatenate_tables([empty]).attrs["units"] == {"area": "px2"}


def test_images_with_and_without_a_scale_in_one_study(objects: Pipeline, tmp_path: Path) -> None:
    y, x = np.mgrid[:40, :40]
    disc = np.where((y - 20) ** 2 + (x - 20) ** 2 < 60, 200.0, 10.0).astype(np.float32)
    folder = tmp_path / "study"
    folder.mkdir()
    for name, unit in (("a", "um"), ("b", "nm")):
        scaled = as_image(disc, spacing={"y": f"1 {unit}", "x": f"1 {unit}"})
        write(folder / f"{name}.ome.tif", scaled)
    write(folder / "c.npy", disc)
    found = objects.run(folder, out=tmp_path / "out").tables["objects"]
    size = float(found["pixels"].iloc[0])
    assert found["area"].tolist() == [size, size, size]
    assert found["area_unit"].tolist() == ["um2", "nm2", "px2"]
    assert found.attrs["units"]["area"] == "um2 | nm2 | px2"
    (folder / "c.npy").unlink()
    found = objects.run(folder, out=tmp_path / "scaled").tables["objects"]
    assert found["area"].tolist() == pytest.approx([size, size * 1e-6])
    assert found.attrs["units"]["area"] == "um2"


def test_a_sheet_may_have_the_name_that_another_of_its_columns_gets(
    objects: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    write(folder / "a.png", np.pad(np.full((9, 9), 200, np.uint8), 9))
    (folder / "s.csv").write_text("image,sheet_area,area\na,1,2\n")
    run = Pipeline.loads(f"{objects.text}\nsheet: s.csv\n").run(folder, tmp_path / "out")
    table = run.tables["objects"]
    assert table.attrs["facts"] == {"sheet_area": "sheet_area", "sheet_sheet_area": "area"}
    assert set(table["sheet_sheet_area"]) == {2}
