"""Slices of a volume through a place: each the crop of a run, at every level."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from served_folder import ask, opened
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.web.guard import Access

TEXT = """graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  cells:  {op: segment.label}
  flat:   {op: transform.select, input: image, dim: z, index: 3}
outputs: [%s]
"""
PLANES = {("y", "x"): "z", ("y", "z"): "x", ("z", "x"): "y"}
PLACE = {"z": 13, "y": 40, "x": 57}


@pytest.fixture
def volume(folder: Path) -> Any:
    noise = np.random.default_rng(0).normal(size=(24, 70, 90))
    values = (1000 + 9000 * ndimage.gaussian_filter(noise, 3)).astype(np.uint16)
    spacing = {"z": "2 um", "y": "0.5 um", "x": "0.5 um"}
    image = as_image(values, dims=("z", "y", "x"), spacing=spacing)
    write(folder / "volume.tif", image)
    return image


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("of", ["image", "smooth", "bright", "cells"])
def test_a_slice_is_the_crop_of_a_run(
    client: TestClient, access: Access, volume: Any, of: str, plane: tuple[str, str]
) -> None:
    whole = volume if of == "image" else Pipeline.loads(TEXT % of).apply(volume)[of]
    across = PLANES[plane]
    wanted = whole.isel({across: PLACE[across]}).transpose(*plane).values
    region = {dim: [0, volume.sizes[dim]] for dim in plane}
    with opened(client, access) as socket:
        header, samples = ask(
            socket, path="volume.tif", text=TEXT % of, of=of, region=region, at=PLACE,
            plane=list(plane),
        )  # fmt: skip
    assert header["region"] == region
    assert header["kind"] == {"bright": "mask", "cells": "labels"}.get(of, "image")
    values = header["offset"] + header["scale"] * samples
    bound = 1e-4 * float(np.ptp(wanted)) if of == "smooth" else 0
    np.testing.assert_allclose(values, wanted, atol=bound)


@pytest.mark.parametrize("plane", PLANES)
def test_at_a_coarser_level_it_goes_through_the_same_place(
    client: TestClient, access: Access, volume: Any, plane: tuple[str, str]
) -> None:
    across = PLANES[plane]
    coarse = volume.coarsen({"z": 2, "y": 2, "x": 2}, boundary="trim").mean()
    wanted = coarse.isel({across: PLACE[across] // 2}).transpose(*plane).values
    with opened(client, access) as socket:
        header, samples = ask(
            socket, path="volume.tif", text=TEXT % "smooth", of="image", level=1, at=PLACE,
            plane=list(plane),
        )  # fmt: skip
    np.testing.assert_allclose(header["offset"] + header["scale"] * samples, wanted, atol=1)


def test_of_what_has_no_such_dim_there_is_no_slice(
    client: TestClient, access: Access, volume: Any
) -> None:
    with opened(client, access) as socket:
        told, _ = ask(
            socket, path="volume.tif", text=TEXT % "flat", of="flat", at=PLACE, plane=["z", "x"]
        )
    assert told["what"] == "has no z, and so no slice along it"
    assert told["where"] == "flat"


def test_a_page_knows_which_dims_a_coarser_level_halves(client: TestClient, volume: Any) -> None:
    about = client.post("/api/open", json={"path": "volume.tif"}).json()
    assert about["halved"] == ["z", "y", "x"]
    assert about["spacing"]["z"] == {"step": 2.0, "unit": "um"}
