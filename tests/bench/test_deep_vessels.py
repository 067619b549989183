"""L8: how retinas are evened before anything is learned of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage

from graticule.bench.deep_vessels import evened


@pytest.fixture
def view() -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:160, :150]
    return (y - 80) ** 2 + (x - 75) ** 2 < 70**2


@pytest.fixture
def image(view: np.ndarray[Any, Any]) -> xr.DataArray:
    rng = np.random.default_rng(0)
    noise = np.stack([ndimage.gaussian_filter(rng.normal(size=view.shape), 1) for _ in range(2)])
    slope = np.linspace(80, 120, view.shape[1])
    return xr.DataArray(np.where(view, slope + 30 * noise, 0), dims=("c", "y", "x"))


@pytest.mark.parametrize("robust", [False, True])
def test_values_have_mean_0_and_width_1_in_view_and_are_0_outside(image, view, robust):
    found = evened(image, view, robust=robust)
    assert found.dims == ("y", "x", "c")
    assert found.dtype == np.float32
    assert (found.values[~view] == 0).all()
    assert np.abs(found.values[view].mean(0)).max() < 0.05
    assert found.values[view].std(0) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("robust", [False, True])
def test_brightness_and_contrast_of_a_channel_do_not_matter(image, view, robust):
    other = image * xr.DataArray([2.0, 0.5], dims="c") + xr.DataArray([5.0, 60.0], dims="c")
    alike = evened(other, view, robust=robust)
    np.testing.assert_allclose(alike, evened(image, view, robust=robust), atol=2e-3)


def test_a_bright_disc_changes_the_rest_less_where_robust(image, view):
    y, x = np.mgrid[: view.shape[0], : view.shape[1]]
    disc = (y - 100) ** 2 + (x - 100) ** 2 < 5**2
    far = view & ((y - 100) ** 2 + (x - 100) ** 2 > 70**2)
    lit = image + 400 * xr.DataArray(disc, dims=("y", "x"))

    def kept(robust: bool) -> float:
        plain, other = (evened(each, view, robust=robust).values[far] for each in (image, lit))
        return float(other.std() / plain.std())

    assert kept(True) > 0.85
    assert kept(False) < 0.5
    assert np.abs(evened(lit, view, robust=True).values).max() <= 6


def test_one_channel_has_no_channels(image, view):
    found = evened(image.isel(c=0), view)
    assert found.dims == ("y", "x")


def test_a_sample_of_vessels_weighs_more(image, view):
    from graticule.bench.deep_vessels import _methods
    from graticule.learn import Features, PixelClassifier

    options = next(each.spec.options for each in _methods() if each.name == "boosted")
    seen = evened(image, view, robust=True)
    labels = np.where(view, 1 + (seen.values[..., 0] > 1), 0).astype(np.uint8)
    names = {1: "background", 2: "vessel"}
    rest = {**options, "features": Features(sigmas=(3,)), "names": names}
    tree = {**options["estimator"], "max_iter": 5}
    plain = {key: value for key, value in tree.items() if key != "class_weight"}
    weighed, even = (
        PixelClassifier(**{**rest, "estimator": each}).fit(seen, labels) for each in (tree, plain)
    )
    more = [float(m.predict_proba(seen).values[1][view].mean()) for m in (weighed, even)]
    assert more[0] > more[1]
