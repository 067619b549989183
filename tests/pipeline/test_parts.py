"""Parts of tables: put together as they come, with the rows, types and attributes of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.pipeline import parts
from graticule.pipeline.parts import Parts, read_part, write_part


def table(number: int) -> pd.DataFrame:
    names = ["a", "b", f"c{number % 7}"]
    made = pd.DataFrame(
        {
            "label": np.arange(3, dtype=np.int32) + number,
            "area": np.float32(number) * np.array([1, np.nan, 2], np.float32),
            "name": names,
            "kind": pd.Categorical(names),
        }
    )
    made.attrs["units"] = {"area": "um2"}
    return made


@pytest.mark.parametrize("together", [1, 2, 5, 256])
def test_parts_that_were_put_together_are_those_that_were_not(
    tmp_path: Path, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [table(number).drop(columns="kind") for number in range(23)]
    given[9] = given[9].iloc[:0]
    given[11:14] = [each.assign(extra=1.5) for each in given[11:14]]
    monkeypatch.setattr(parts, "_TOGETHER", together)
    gathered = Parts()
    for number, each in enumerate(given):
        write_part(tmp_path / f"{number}.arrow", f"image-{number}", each)
        gathered.append(read_part(tmp_path / f"{number}.arrow"))
    found = gathered.tables()
    assert [len(each) for each in found] == [3 * 10, 3 * 3, 3 * 9]
    for each, span in zip(found, (slice(0, 11), slice(11, 14), slice(14, 23)), strict=True):
        wanted = pd.concat(given[span], ignore_index=True)
        pd.testing.assert_frame_equal(each.drop(columns="image"), wanted)
        assert each.attrs == {"units": {"area": "um2"}}
    assert found[0]["image"].tolist()[:4] == ["image-0"] * 3 + ["image-1"]


@pytest.mark.parametrize("together", [2, 256])
def test_categories_are_put_together_too(
    tmp_path: Path, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_TOGETHER", together)
    gathered = Parts()
    for number in range(9):
        write_part(tmp_path / f"{number}.arrow", "image", table(number))
        gathered.append(read_part(tmp_path / f"{number}.arrow"))
    (found,) = gathered.tables()
    wanted = [name for number in range(9) for name in table(number)["kind"]]
    assert found["kind"].tolist() == wanted
