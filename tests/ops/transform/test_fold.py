"""Folding a list of pixels: each goes where it was counted, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import ImageError


@given(rows=st.integers(1, 6), columns=st.integers(1, 6), first=st.booleans())
def test_the_fold_of_a_flattened_image_is_the_image(rows: int, columns: int, first: bool) -> None:
    cube = np.arange(3 * rows * columns).reshape(3, rows, columns)
    for order, letter in (("rows", "C"), ("columns", "F")):
        flat = np.stack([plane.ravel(order=letter) for plane in cube])  # type: ignore[call-overload]
        image = xr.DataArray(flat, {"band": [1, 2, 3]}, ("band", "pixel"))
        image = image if first else image.transpose()
        folded = gt.transform.fold(image, rows=rows, columns=columns, order=order)
        assert folded.dims == (("band", "y", "x") if first else ("y", "x", "band"))
        np.testing.assert_array_equal(folded.transpose("band", "y", "x").values, cube)
        assert folded.band.values.tolist() == [1, 2, 3]


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    image = xr.DataArray(np.zeros((2, 12)), dims=("band", "pixel"))
    with pytest.raises(
        ImageError, match=r"12 pixels.*3 rows of 5 columns are 15.*columns: 4 would"
    ):
        gt.transform.fold(image, rows=3, columns=5, order="rows")
    with pytest.raises(ImageError, match="pixel"):
        gt.transform.fold(image.rename(pixel="x"), rows=3, columns=4, order="rows")
    with pytest.raises(ImageError, match="an y already"):
        gt.transform.fold(
            xr.DataArray(np.zeros((2, 12)), dims=("y", "pixel")), rows=3, columns=4, order="rows"
        )


def test_the_scene_of_a_matlab_file_lies_on_its_truth(data_dir: Path) -> None:
    """Spectra of pixels are mixtures of what the truth says is there, in one order alone.

    The share of the variance of spectra of norm 1 that abundances explain, by least squares.
    """
    path = data_dir / "neutron_tof" / "Samson.mat"
    spectra = gt.read(path / "Y", dims=["band", "pixel"])
    truth = gt.read(path / "S_GT").values.reshape(-1, 3)
    explained = {}
    for order in ("rows", "columns"):
        cube = gt.transform.fold(spectra, rows=95, columns=95, order=order)
        assert cube.sizes == {"band": 156, "y": 95, "x": 95}
        values = cube.values.reshape(156, -1).T
        values = values / np.linalg.norm(values, axis=1, keepdims=True)
        left = values - truth @ np.linalg.lstsq(truth, values, rcond=None)[0]
        explained[order] = 1 - (left**2).sum() / ((values - values.mean(axis=0)) ** 2).sum()
    assert explained["columns"] > 0.95
    assert explained["rows"] < 0.2
