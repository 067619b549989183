"""spectra.to_wavelength and spectra.to_time_of_flight: de Broglie, both ways."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants

import graticule as gt
from graticule.core.errors import ImageError, ParameterError, UnitsError


def cube(positions, unit, dim="tof", **attrs):
    values = np.arange(len(positions) * 6, dtype=np.uint16).reshape(len(positions), 2, 3)
    axis = (dim, np.asarray(positions, float), {"units": unit} if unit else {})
    return xr.DataArray(values, {dim: axis}, (dim, "y", "x"), attrs=attrs)


@given(
    st.floats(1, 100), st.floats(-500, 500), st.lists(st.floats(1, 1e5), min_size=2, unique=True)
)
def test_there_and_back_is_where_it_was(metres, offset, times):
    image = cube(sorted(times), "us")
    way = {"flight_path": f"{metres} m", "offset": f"{offset} us"}
    there = gt.spectra.to_wavelength(image, **way)
    back = gt.spectra.to_time_of_flight(there, **way)
    np.testing.assert_allclose(back.tof, image.tof, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(back, image)
    assert (there.dims, there.wavelength.attrs["units"]) == (("wavelength", "y", "x"), "angstrom")


@pytest.mark.parametrize(("unit", "second"), [("s", 1), ("ms", 1e3), ("us", 1e6)])
def test_it_is_the_wavelength_of_de_broglie(unit, second):
    """h / (m v), with the constants of CODATA, whatever the unit of time."""
    found = gt.spectra.to_wavelength(
        cube(np.array([0.01, 0.02]) * second, unit), flight_path="1650 cm", offset="1 ms"
    )
    speed = 16.5 / (np.array([0.01, 0.02]) - 0.001)
    expected = constants.h / (constants.m_n * speed) / constants.angstrom
    np.testing.assert_allclose(found.wavelength, expected, rtol=1e-9)


def test_edges_of_bins_and_other_coordinates_go_with_it():
    image = cube([10.0, 20.0, 35.0], "us").assign_coords(
        tof_left=("tof", [5.0, 15.0, 25.0]),
        tof_right=("tof", [15.0, 25.0, 45.0]),
        shutter=("tof", [0, 0, 1]),
    )
    found = gt.spectra.to_wavelength(image, flight_path="1 m")
    ratio = found.wavelength / found.wavelength[0]
    np.testing.assert_allclose(ratio, [1, 2, 3.5])
    np.testing.assert_allclose(found.wavelength_right / found.wavelength[0], [1.5, 2.5, 4.5])
    assert found.shutter.values.tolist() == [0, 0, 1]
    assert "tof_left" not in found.coords


def test_what_is_missing_is_named_with_the_way_out():
    run = gt.spectra.to_wavelength
    with pytest.raises(UnitsError, match=r"tof has no unit .*such as s"):
        run(cube([1.0, 2.0], ""), flight_path="1 m")
    with pytest.raises(UnitsError, match="tof has no coordinate"):
        run(cube([1.0, 2.0], "us").drop_vars("tof"), flight_path="1 m")
    with pytest.raises(ImageError, match=r"spectral dim is band .*dims: \[tof, y, x\]"):
        run(cube([1.0, 2.0], "us", "band"), flight_path="1 m")
    with pytest.raises(ImageError, match=r"has no spectral dim; its dims are z, y, x .*as dims:"):
        run(np.zeros((3, 4, 5)), flight_path="1 m")
    with pytest.raises(ImageError, match="several spectral dims, tof and band"):
        run(cube([1.0, 2.0], "us").expand_dims("band", axis=1), flight_path="1 m")
    with pytest.raises(ParameterError, match=r'flight_path: .*not 16.5 px \(as "16.5 m"\)'):
        run(cube([1.0, 2.0], "us"), flight_path=16.5)
    with pytest.raises(ParameterError, match=r"offset: .*as \"12 us\""):
        run(cube([1.0, 2.0], "us"), flight_path="1 m", offset=12)
