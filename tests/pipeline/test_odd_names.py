"""Files of any name are images like others, from the table to the page."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.io import read, unescaped
from graticule.pipeline import Pipeline

NAMES = [
    b"\xb5m", b"\\xb5m", b"a" * 250, "ä".encode() * 124, b"\xb5" * 250, b"new\nline", b"quote\"'",
    b"<script>alert(1)<\\script>", b"-rf", b"trail ", b"trail.", b"=1+2", b"@a", b"\ttab",
    b"\r\x1b[31mred", b"C:x", b"CON", b"%2e%2e", b"{x}", b"null", b"NA", b"nan", b"1", b"01",
    b"True", b"Cell", b"cell", "caf\u00e9".encode(), "cafe\u0301".encode(), b" ", b"~",
    b"~000000000000",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of images with odd names, each with its number in its values."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        image = np.zeros((12, 12), np.float32)
        image[2:5, 2:5] = number + 1
        with open(os.path.join(os.fsencode(folder), name + b".npy"), "wb") as file:
            np.save(file, image)
    return folder


def test_every_image_keeps_its_own(objects: Pipeline, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for again in (False, True):
        run = objects.run(folder, out, cache=False)
        assert not run.failed
        assert all(result.cached == again for result in run.results)
    about = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert len(about["images"]) == len(NAMES)
    tops = dict(
        zip(run.tables["objects"]["image"], run.tables["objects"]["intensity_max"], strict=True)
    )
    for image in about["images"]:
        raw = os.fsencode(unescaped(image["path"]))
        number = NAMES.index(os.path.basename(raw).removesuffix(b".npy"))
        assert os.path.exists(raw)
        assert tops[image["image"]] == number + 1
        [array] = image["arrays"]
        assert read(out / array).values.max() == 1
    kept = [image["preview"] for image in about["images"] if image["preview"]]
    assert len(set(kept)) == len(kept) == 12
    for name in ("images", "objects"):
        assert pd.read_parquet(out / f"{name}.parquet")["image"].is_unique
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_names_that_are_as_long_as_can_be(objects: Pipeline, tmp_path: Path) -> None:
    """Files that only their endings tell apart are named with them."""
    for ending in ("npy", "tif"):
        path = tmp_path / "study" / f"{'a' * 251}.{ending}"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            np.save(file, np.eye(16, dtype=np.float32))
    run = objects.run(tmp_path / "study", tmp_path / "out")
    assert [result.image[-4:] for result in run.results] == [".npy", ".tif"]
    assert not run.failed
    assert (tmp_path / "out" / "run.json").is_file()
    assert (tmp_path / "out" / "report.html").is_file()
