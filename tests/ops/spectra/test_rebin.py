"""spectra.rebin: bins are joined whole, and nothing is lost or counted twice."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import ImageError, ParameterError, UnitsError


def cube(bins=40, order=("wavelength", "y", "x"), edges=None):
    counts = np.random.default_rng(bins).poisson(40, (bins, 3, 4)).astype(np.uint16)
    edges = np.linspace(1.0, 5.0, bins + 1) if edges is None else np.asarray(edges)
    middles = (edges[1:] + edges[:-1]) / 2
    axis = ("wavelength", middles, {"units": "angstrom"})
    image = xr.DataArray(counts, {"wavelength": axis}, ("wavelength", "y", "x"))
    sides = {"wavelength_left": ("wavelength", edges[:-1]),
             "wavelength_right": ("wavelength", edges[1:])}  # fmt: skip
    return image.assign_coords(sides).transpose(*order)


@settings(deadline=None)
@given(
    st.integers(2, 50),
    st.one_of(
        st.builds(lambda n: {"bins": n}, st.integers(1, 60)),
        st.builds(lambda w: {"width": w}, st.floats(0.01, 9)),
    ),
    st.permutations(["wavelength", "y", "x"]),
)
def test_counts_are_kept_and_edges_are_those_there_were(bins, by, order):
    image = cube(bins, order)
    found = gt.spectra.rebin(image, **by).image
    assert found.dims == tuple(order)
    np.testing.assert_array_equal(found.sum("wavelength"), image.sum("wavelength"))
    left, right = found.wavelength_left.values, found.wavelength_right.values
    np.testing.assert_array_equal(left[1:], right[:-1])
    assert set(left) <= set(image.wavelength_left.values)
    assert (left[0], right[-1]) == (image.wavelength_left[0], image.wavelength_right[-1])
    assert ((found.wavelength > left) & (found.wavelength < right)).all()


def test_one_bin_each_changes_nothing():
    image = cube().drop_vars(["wavelength_left", "wavelength_right"])
    found = gt.spectra.rebin(image, bins=1).image
    xr.testing.assert_identical(found, image.astype(np.float32))


def test_a_width_joins_the_bins_whose_centre_is_in_it():
    """Bins of 0.1 and width 0.3: three each, in spite of rounding; the last has what is left."""
    found = gt.spectra.rebin(cube(), width="0.03 nm").image
    np.testing.assert_allclose(found.wavelength_left, np.arange(1, 5, 0.3))
    np.testing.assert_allclose(found.wavelength[:2], [1.15, 1.45])
    falling = gt.spectra.rebin(cube().isel(wavelength=slice(None, None, -1)), width=0.3).image
    np.testing.assert_allclose(falling.wavelength[:2], [4.85, 4.55])
    # bins wider than the width stay
    wide = cube(3, edges=[1.0, 3.0, 3.1, 3.2])
    np.testing.assert_array_equal(
        gt.spectra.rebin(wide, width=0.5).image.wavelength_left, [1.0, 3.0]
    )


def test_counts_join_bins_until_every_region_has_so_many():
    image = cube(order=("y", "x", "wavelength"))
    labels = xr.DataArray(np.repeat([[1, 2, 2, 2]], 3, axis=0), dims=("y", "x"))
    spectrum = gt.spectra.regions(image, labels)
    found = gt.spectra.rebin(image, None, spectrum, counts=300).image
    means = [found.isel(x=0).mean("y"), found.isel(x=slice(1, 4)).mean(("x", "y"))]
    assert min(float(each.min()) for each in means) >= 300
    assert 4 <= found.sizes["wavelength"] <= 5
    np.testing.assert_array_equal(found.sum("wavelength"), image.sum("wavelength"))


def test_a_coordinate_that_is_one_over_the_bins_stays():
    image = cube(6).assign_coords(
        shutter=("wavelength", [0, 0, 0, 0, 1, 1]), counts=("wavelength", np.arange(6))
    )
    assert gt.spectra.rebin(image, bins=2).image.shutter.values.tolist() == [0, 0, 1]
    assert not {"shutter", "counts"} & set(gt.spectra.rebin(image, bins=3).image.coords)


def test_what_does_not_fit_is_named():
    image = cube()
    with pytest.raises(ParameterError, match=r"one of bins, width and counts .* not 2"):
        gt.spectra.rebin(image, bins=2, width=0.3)
    with pytest.raises(ParameterError, match="not 0"):
        gt.spectra.rebin(image)
    with pytest.raises(UnitsError, match=r"does not fit the dim wavelength"):
        gt.spectra.rebin(image, width="3 us")
    with pytest.raises(UnitsError, match=r"no coordinate .*give bins"):
        gt.spectra.rebin(xr.DataArray(np.ones((3, 2)), dims=("tof", "x")), width=2)
    with pytest.raises(ParameterError, match=r"needs a spectrum.*spectra.regions"):
        gt.spectra.rebin(image, counts=100)
    with pytest.raises(ImageError, match=r"must have 40 bins .* it has 20"):
        gt.spectra.rebin(image, None, gt.spectra.regions(cube(20)), counts=100)
    turned = image.isel(wavelength=[0, 2, 1]).drop_vars(["wavelength_left", "wavelength_right"])
    with pytest.raises(ImageError, match="turns back"):
        gt.spectra.rebin(turned, width=1)
