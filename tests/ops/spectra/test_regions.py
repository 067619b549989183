"""spectra.regions: means and standard errors, against NumPy and repeated measurements."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ImageError, ParameterError
from graticule.pipeline.tiles import run_tiled

RNG = np.random.default_rng(5)
AXIS = ("wavelength", np.linspace(1, 3, 7), {"units": "angstrom"})
CUBE = xr.DataArray(
    RNG.poisson(30, (7, 9, 8)),
    {"wavelength": AXIS},
    ("wavelength", "y", "x"),
    attrs={"units": "count"},
)
LABELS = xr.DataArray(RNG.integers(0, 4, (9, 8)), dims=("y", "x"))


def spectrum(table, region, column="mean"):
    return table.loc[table["region"] == region, column].to_numpy()


@pytest.mark.parametrize("tile", [None, {"wavelength": 3, "y": 2, "x": 5}])
def test_means_and_errors_are_those_of_numpy(tile):
    holed = CUBE.astype(float).where(RNG.random(CUBE.shape) > 0.1)
    error = np.abs(holed) * 0.1 + 1
    op = gt.op("spectra.regions")
    table = op(holed, LABELS, None, error) if tile is None else run_tiled(
        op, [holed, LABELS, None, error], {}, tile=tile)  # fmt: skip
    assert table["region"].unique().tolist() == ["1", "2", "3"]
    for label in (1, 2, 3):
        values, spread = (each.values[:, LABELS.values == label] for each in (holed, error))
        number = np.isfinite(values).sum(axis=1)
        np.testing.assert_array_equal(spectrum(table, str(label), "pixels"), number)
        np.testing.assert_allclose(spectrum(table, str(label)), np.nanmean(values, axis=1))
        np.testing.assert_allclose(
            spectrum(table, str(label), "error_pixels"),
            np.nanstd(values, axis=1, ddof=1) / np.sqrt(number),
        )
        np.testing.assert_allclose(
            spectrum(table, str(label), "error_counts"),
            np.sqrt(np.nansum(spread**2, axis=1)) / number,
        )
    np.testing.assert_array_equal(spectrum(table, "1", "wavelength"), AXIS[1])
    units = table.attrs["units"]
    assert (units["wavelength"], units["mean"], units["error_pixels"]) == (
        "angstrom",
        "count",
        "count",
    )


def test_both_errors_are_the_spread_of_the_mean_over_repeated_measurements():
    """And where thickness differs that of counts stays so, that of pixels holds it too."""
    rng = np.random.default_rng(6)
    level = np.linspace(20, 60, 50)
    expected = np.multiply.outer([1.0, 2.0, 4.0], level)
    means, tables = [], []
    for _ in range(1500):
        cube = xr.DataArray(rng.poisson(expected), dims=("tof", "x"))
        tables.append(gt.spectra.regions(cube))
        means.append(tables[-1]["mean"].to_numpy())
    spread = np.std(means, axis=0, ddof=1)
    stated = np.sqrt(np.mean([t["error_counts"] ** 2 for t in tables], axis=0))
    np.testing.assert_allclose(stated / spread, 1, atol=4.5 / np.sqrt(2 * 1500))
    of_pixels = np.sqrt(np.mean([t["error_pixels"] ** 2 for t in tables], axis=0))
    among = expected.var(axis=1, ddof=1) / 50
    np.testing.assert_allclose(of_pixels, np.sqrt(spread**2 + among), rtol=0.05)


def test_differences_have_both_errors():
    """The difference of two regions of one spectrum is 0 within its error, as often as it says."""
    rng = np.random.default_rng(7)
    cube = xr.DataArray(rng.poisson(25, (2000, 4, 30)), dims=("tof", "y", "x"))
    boxes = {"left": {"x": (0, 10)}, "right": {"x": (10, 30)}}
    table = gt.spectra.regions(cube, boxes=boxes, differences=[("left", "right")])
    found = table[table["region"] == "left - right"]
    for error in ("error_counts", "error_pixels"):
        pulls = found["mean"] / found[error]
        assert pulls.mean() == pytest.approx(0, abs=4 / np.sqrt(2000))
        assert pulls.std() == pytest.approx(1, abs=4.5 / np.sqrt(2 * 2000))
    assert (found["pixels"] == 120).all()


def test_labels_of_one_name_are_one_region_and_a_mask_takes_places_out():
    mask = xr.DataArray(RNG.random((9, 8)) > 0.3, dims=("y", "x"))
    table = gt.spectra.regions(CUBE, LABELS, mask, names={1: "steel", 3: "steel"})
    assert table["region"].unique().tolist() == ["steel", "2"]
    inside = np.isin(LABELS.values, (1, 3)) & mask.values
    np.testing.assert_allclose(spectrum(table, "steel"), CUBE.values[:, inside].mean(axis=1))
    alone = gt.spectra.regions(CUBE, None, mask)
    assert alone["region"].unique().tolist() == ["all"]
    np.testing.assert_allclose(alone["mean"], CUBE.values[:, mask.values].mean(axis=1))


def test_boxes_may_have_units_and_overlap():
    placed = gt.core.as_image(CUBE, spacing={"y": "0.5 mm", "x": "0.5 mm"})
    boxes = {"corner": {"y": ("1 mm", "2 mm")}, "same": {"y": (2, 4)}, "all": {}}
    table = gt.spectra.regions(placed, boxes=boxes)
    np.testing.assert_array_equal(spectrum(table, "corner"), spectrum(table, "same"))
    np.testing.assert_allclose(spectrum(table, "all"), CUBE.mean(("y", "x")))


def test_without_counts_the_error_of_counts_is_not_made_up():
    table = gt.spectra.regions(CUBE.assign_attrs(units="1/cm"))
    assert table["error_counts"].isna().all()
    assert table["error_pixels"].notna().all()


def test_it_is_plotted_at_once():
    """A row a bin: one call draws all spectra over the wavelength."""
    table = gt.spectra.regions(CUBE, LABELS)
    wide = table.pivot(index="wavelength", columns="region", values="mean")
    assert wide.shape == (7, 3)
    assert isinstance(table, pd.DataFrame)


def test_what_does_not_fit_is_named():
    with pytest.raises(ImageError, match=r"labels has the dim wavelength.* the same in every bin"):
        gt.spectra.regions(CUBE, (CUBE > 30).astype(int))
    with pytest.raises(ImageError, match=r"boxes.a: 5 to 12 along x is no part of 0 to 8"):
        gt.spectra.regions(CUBE, boxes={"a": {"x": (5, 12)}})
    with pytest.raises(ImageError, match=r"boxes.a names the dim 'wavelength'"):
        gt.spectra.regions(CUBE, boxes={"a": {"wavelength": (0, 2)}})
    with pytest.raises(ParameterError, match=r"there is no region 'steal' \(did you mean steel"):
        gt.spectra.regions(CUBE, LABELS, names={1: "steel"}, differences=[("steal", "2")])
    with pytest.raises(ImageError, match="labels must agree; along x"):
        gt.spectra.regions(CUBE, LABELS.isel(x=slice(0, 5)))
    with pytest.raises(ParameterError, match="'1' is a box and a label"):
        gt.spectra.regions(CUBE, LABELS, boxes={"1": {"x": (0, 2)}})
