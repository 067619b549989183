"""spectra.bragg_edges and bragg_edge_maps: scipy's fit, the simulator's truth, and refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import curve_fit
from scipy.special import erfc

import graticule as gt
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.spectra import _edge_kernels as kernels
from graticule.ops.spectra._crystal import PHASES
from graticule.ops.spectra._edges import PhaseName
from graticule.simulate.neutron_tof import Beam, Pulse, neutron_tof

EDGE = 2 * 2.8665 / np.sqrt(2)
DECAY = 160e-6 * 3956.034 / 50


def model(x, position, sigma, height, tilt, level, slope, width=0.0, decay=0.0):
    """Return the transmission of an edge, with the functions of SciPy."""
    sigma = np.hypot(sigma, width / np.sqrt(12))
    away = x - position
    step = erfc(-away / (np.sqrt(2) * sigma)) / 2
    if decay:
        ratio = sigma / decay
        late = erfc((ratio - away / sigma) / np.sqrt(2)) / 2
        step = step - np.exp(-away / decay + ratio**2 / 2) * late
    late = away - decay
    extra = np.exp(-height - tilt * late)
    return np.exp(-level - slope * late) * (extra + (1 - extra) * step)


def cube(values, wavelength, units="1"):
    """Return spectra, a row for each, as an image."""
    coords = {"wavelength": ("wavelength", wavelength, {"units": "angstrom"})}
    return xr.DataArray(values, coords, ("x", "wavelength"), attrs={"units": units})


def noisy(count, noise=0.004, seed=0, decay=DECAY, **changed):
    """Return spectra of the model with noise, and their errors."""
    x = np.linspace(3.87, 4.24, 75)
    known = {"position": EDGE, "sigma": 0.012, "height": 0.7, "tilt": 0.2, "level": 0.5}
    known |= {"slope": 0.1, **changed}
    true = model(x, **known, width=x[1] - x[0], decay=decay)
    rng = np.random.default_rng(seed)
    values = true + rng.normal(0, noise, (count, x.size))
    return cube(values, x), cube(np.full(values.shape, noise), x), known


def test_scaled_complementary_error_function_is_that_of_scipy():
    from scipy.special import erfcx

    y = np.concatenate([np.linspace(0, 40, 4001), [1e3, 1e7]])
    found = np.array([kernels._scaled_erfc(each) for each in y])
    np.testing.assert_allclose(found, erfcx(y), rtol=1e-13)


@pytest.mark.parametrize(("sigma", "decay"), [(0.01, 0.0), (0.01, 0.013), (0.02, 0.001)])
def test_the_model_is_that_of_scipy_and_its_slopes_are_differences(sigma, decay):
    x = np.linspace(3.9, 4.2, 80)
    width = np.full(80, x[1] - x[0])
    with np.errstate(divide="ignore"):
        p = np.array([4.05, np.log(sigma), 0.8, 0.3, 0.4, 0.2, np.log(decay)])
    rows, values = np.zeros((7, 80)), np.zeros(80)
    kernels._model(x, width, 0.0, p, values, rows, True)
    true = model(x, p[0], sigma, *p[2:6], width=width[0], decay=decay)
    np.testing.assert_allclose(values, true, rtol=1e-11)
    alike = np.zeros(80)
    kernels._model(x, width[:1], 0.0, p, alike, rows, True)
    np.testing.assert_allclose(alike, values, rtol=1e-13)
    kernels._model(x, width, 1.2, p, values, rows, True)
    for number in range(7 if decay else 6):
        ends = []
        for move in (1e-6, -1e-6):
            moved = p.copy()
            moved[number] += move
            kernels._model(x, width, 1.2, moved, values, np.zeros((7, 80)), True)
            ends.append(values.copy())
        np.testing.assert_allclose(rows[number], (ends[0] - ends[1]) / 2e-6, atol=2e-7)


@pytest.mark.parametrize("decay", [0.0, DECAY])
def test_fits_are_those_of_curve_fit(decay):
    """From the same weighted squares: values within 1e-4, errors within 1e-3."""
    image, error, known = noisy(12, decay=decay)
    found = gt.spectra.bragg_edge_maps(image, error, phase="ferrite", window=0.06, decay=decay)
    assert (found.reason == 0).all()
    x = image.wavelength.values
    begin = [known[name] for name in ("position", "sigma", "height", "tilt", "level", "slope")]
    for number in range(12):
        best, covariance = curve_fit(
            lambda x, *p: model(x, *p, width=x[1] - x[0], decay=decay), x, image.values[number],
            begin, sigma=error.values[number], absolute_sigma=True, ftol=1e-14, xtol=1e-14,
        )  # fmt: skip
        ours = [found.position, found.width, found.height]
        errors = [found.position_error, found.width_error, found.height_error]
        np.testing.assert_allclose([m.values[number] for m in ours], best[:3], rtol=1e-4)
        theirs = np.sqrt(np.diag(covariance))[:3]
        np.testing.assert_allclose([m.values[number] for m in errors], theirs, rtol=1e-3)


def test_strain_and_spacing_follow_from_the_position():
    image, error, known = noisy(1, noise=1e-4, position=EDGE * 1.001)
    found = gt.spectra.bragg_edge_maps(image, error, phase="ferrite", window=0.06, decay=DECAY)
    assert found.strain.item() == pytest.approx(1e-3, abs=3e-5)
    assert found.spacing.item() == pytest.approx(known["position"] / 2, rel=3e-5)
    assert found.strain_error.item() == pytest.approx(found.position_error.item() / EDGE, rel=1e-5)
    assert found.position.attrs["units"] == "angstrom"
    assert "units" not in found.strain.attrs


def test_the_decay_can_be_fitted():
    image, error, _ = noisy(1, noise=2e-4)
    given = {"phase": "ferrite", "window": 0.06, "free_decay": True, "decay": 0.02}
    found = gt.spectra.bragg_edge_maps(image, error, **given)
    assert found.position.item() == pytest.approx(EDGE, abs=5 * found.position_error.item())
    kept = gt.spectra.bragg_edge_maps(image, error, phase="ferrite", window=0.06, decay=DECAY)
    assert found.position_error.item() > 1.5 * kept.position_error.item()


@pytest.mark.parametrize(
    ("changed", "given", "reason"),
    [
        ({"height": 0.0, "tilt": 0.0}, {}, 2),
        ({"height": -0.7}, {}, 2),
        ({"position": 3.885}, {"position": 3.885}, 3),
        ({"position": 4.228}, {"position": 4.228}, 3),
        ({"sigma": 1e-4}, {"decay": 0.0}, 5),
        ({"sigma": 0.09}, {}, 6),
        ({"position": EDGE * 1.03}, {}, 7),
    ],
)
def test_what_is_no_good_fit_is_missing_and_says_why(changed, given, reason):
    decay = given.get("decay", DECAY)
    image, error, _ = noisy(3, decay=decay, **changed)
    edge = {"position": given["position"]} if "position" in given else {"phase": "ferrite"}
    found = gt.spectra.bragg_edge_maps(
        image, error, **{"decay": decay, "window": 0.06, **given, **edge}
    )
    assert found.reason.values.tolist() == [reason] * 3
    assert np.isnan(found.width).all()
    assert np.isnan(found.position).all() == (reason != 5)


def test_bins_that_are_missing_do_not_count_and_too_few_are_no_fit():
    image, error, _ = noisy(2)
    holes, gone = image.copy(deep=True), image.copy(deep=True)
    holes[0, 5:12] = np.nan
    error = error.copy(deep=True)
    error[1, 20] = 0.0
    gone[:, 8:] = np.nan
    given = {"phase": "ferrite", "window": 0.06, "decay": DECAY}
    found = gt.spectra.bragg_edge_maps(holes, error, **given)
    assert (found.reason == 0).all()
    less = holes[:1].isel(wavelength=np.r_[0:5, 12:75])
    bounds = {f"wavelength_{side}": ("wavelength", less.wavelength.values + move)
              for side, move in (("left", -0.0025), ("right", 0.0025))}  # fmt: skip
    same = gt.spectra.bragg_edge_maps(
        less.assign_coords(bounds), error[:1].isel(wavelength=np.r_[0:5, 12:75]), **given
    )
    assert same.position.item() == pytest.approx(found.position.values[0], abs=1e-6)
    assert (gt.spectra.bragg_edge_maps(gone, error, **given).reason == 1).all()


@cache
def steel():
    """Return a strained plate of ferrite: counts, open beam and truth."""
    made = neutron_tof(
        (24, 24), 661, materials=("ferrite",), pieces=1, thickness=(12, 12), strain=2e-3,
        beam=Beam(flux=2000, blur=0), pulse=Pulse(), seed=3,
    )  # fmt: skip
    both = (
        gt.spectra.to_wavelength(each, flight_path="50 m") for each in (made.image, made.open_beam)
    )
    return (*both, made)


def test_a_strained_plate_is_mapped_and_the_open_beam_has_no_edge():
    counts, empty, made = steel()
    found = gt.spectra.bragg_edge_maps(counts, open_beam=empty, phase="ferrite", decay=DECAY)
    inside = made.labels.values == 1
    assert (found.reason.values[~inside] == 2).all()
    good = inside & np.isfinite(found.position.values)
    assert good.sum() > 0.99 * inside.sum()
    truth = made.lattice.values / made.lattice_parameters["ferrite"] - 1
    away = (found.strain.values - truth)[good] / found.strain_error.values[good]
    assert abs(away.mean()) < 0.25
    assert away.std() == pytest.approx(1, abs=0.12)
    assert np.nanmedian(found.spread.values[inside]) == pytest.approx(1, abs=0.05)


def test_order_of_axes_and_of_bins_changes_nothing():
    counts, empty, _ = steel()
    part = {"x": slice(10, 13), "y": slice(10, 13)}
    given = {"phase": "ferrite", "decay": DECAY}
    one = gt.spectra.bragg_edge_maps(counts[part], open_beam=empty[part], **given)
    turned = counts[part].transpose("y", "x", "wavelength").isel(wavelength=slice(None, None, -1))
    beam = empty[part].isel(wavelength=slice(None, None, -1))
    other = gt.spectra.bragg_edge_maps(turned, open_beam=beam, **given)
    np.testing.assert_allclose(other.position, one.position, rtol=1e-7)
    half = one.position.transpose("y", "x")
    assert half.dims == other.position.dims


def test_regions_have_intervals_about_the_truth_and_edges_of_other_phases_are_none():
    counts, empty, made = steel()
    labels = (made.labels.values == 1) * (1 + np.arange(24) // 8)[None, :]
    labels = gt.core.as_image(labels.astype(np.int32))
    spectra, beam = (gt.spectra.regions(each, labels) for each in (counts, empty))
    found = gt.spectra.bragg_edges(spectra, beam, phase="ferrite", decay=DECAY)
    first = found[found.plane == "110"]
    assert list(first.reason) == ["", "", ""]
    truth = [
        float(np.nanmean(made.lattice.values[labels.values == n])) * np.sqrt(2) for n in (1, 2, 3)
    ]
    low, high = first.position - 4 * first.position_error, first.position + 4 * first.position_error
    assert ((low < truth) & (truth < high)).all()
    assert (first.position_low < first.position).all()
    assert (first.position < first.position_high).all()
    half = (first.position_high - first.position_low) / 2
    np.testing.assert_allclose(half, 1.96 * first.position_error, rtol=0.1)
    copper = gt.spectra.bragg_edges(spectra, beam, phase="copper", planes=["200"], decay=DECAY)
    assert set(copper.reason) == {"no edge"}
    assert copper.position.isna().all()


@pytest.mark.parametrize("flux", [300.0, 5000.0])
def test_intervals_hold_the_truth_as_often_as_they_say(flux):
    """Of 500 spectra of counts of the simulator, with background and scattered neutrons in them."""
    from graticule.simulate.neutron_tof import expected_counts

    made = expected_counts("ferrite", (1, 1, 0), 10.0, beam=Beam(flux=flux))
    rng, near = np.random.default_rng(5), slice(440, 540)
    wavelength = made.timing.middles[near] * 3956.034e-6 / 50
    tables = [
        pd.DataFrame({
            "region": np.repeat(np.arange(500), 100), "wavelength": np.tile(wavelength, 500),
            "pixels": 1, "mean": rng.poisson(mean[near], (500, 100)).ravel().astype(float),
        })
        for mean in (made.counts, made.open_beam)
    ]  # fmt: skip
    found = gt.spectra.bragg_edges(*tables, phase="ferrite", planes=["110"], decay=DECAY)
    assert (found.reason == "").mean() > 0.8
    assert found.reason.isin(["", "narrower than the bins"]).mean() > 0.99
    truth = {"position": made.position, "width": 0.75 * DECAY, "height": made.height}
    for name, true in truth.items():
        held = (found[f"{name}_low"] <= true) & (true <= found[f"{name}_high"])
        assert held.mean() == pytest.approx(0.95, abs=0.03), name


def test_regions_of_a_transmission_agree_with_those_of_counts():
    counts, empty, made = steel()
    part = gt.spectra.open_beam(counts, empty)
    spectra = gt.spectra.regions(part.image, made.labels, error=part.error)
    given = {"phase": "ferrite", "planes": ["110"], "decay": DECAY, "beam_fall": 1.0}
    one = gt.spectra.bragg_edges(spectra, **given).iloc[-1]
    sums = [gt.spectra.regions(each, made.labels) for each in (counts, empty)]
    other = gt.spectra.bragg_edges(*sums, **given).iloc[-1]
    assert abs(one.position - other.position) < 0.5 * other.position_error
    assert one.position_error == pytest.approx(other.position_error, rel=0.1)


def test_what_is_not_said_or_not_there_is_refused():
    counts, empty, made = steel()
    with pytest.raises(ParameterError, match="neither a phase nor a lattice"):
        gt.spectra.bragg_edge_maps(counts, open_beam=empty)
    with pytest.raises(ParameterError, match="no edge '111' of this lattice"):
        gt.spectra.bragg_edge_maps(counts, open_beam=empty, phase="ferrite", plane="111")
    with pytest.raises(ParameterError, match="beside a phase"):
        gt.spectra.bragg_edge_maps(counts, open_beam=empty, phase="ferrite", position=4.0)
    with pytest.raises(ImageError, match="expected at 6"):
        gt.spectra.bragg_edge_maps(counts, open_beam=empty, position=6.0)
    with pytest.raises(ImageError, match="to_wavelength"):
        gt.spectra.bragg_edge_maps(made.image, open_beam=made.open_beam, phase="ferrite")
    other = empty.assign_coords(wavelength=empty.wavelength * 1.01)
    with pytest.raises(ImageError, match="other bins along wavelength"):
        gt.spectra.bragg_edge_maps(counts, open_beam=other, phase="ferrite")
    with pytest.raises(ImageError, match="error is not known"):
        gt.spectra.bragg_edge_maps(counts.assign_attrs(units="1"), phase="ferrite")
    spectra = gt.spectra.regions(counts)
    with pytest.raises(ImageError, match="no column 'mean'"):
        gt.spectra.bragg_edges(spectra.drop(columns="mean"), phase="ferrite")
    with pytest.raises(ImageError, match="no region 'all'"):
        gt.spectra.bragg_edges(spectra, spectra.assign(region="air"), phase="ferrite")
    with pytest.raises(ImageError, match="other wavelengths or pixels"):
        gt.spectra.bragg_edges(spectra, spectra.iloc[:-1], phase="ferrite")
    with pytest.raises(ImageError, match="no edge that is asked for"):
        gt.spectra.bragg_edges(spectra, spectra, positions=[9.0])
    with pytest.raises(ImageError, match="to_wavelength"):
        gt.spectra.bragg_edges(gt.spectra.regions(made.image), phase="ferrite")
    with pytest.raises(ParameterError, match="beside a phase, a lattice or planes"):
        gt.spectra.bragg_edges(spectra, lattice_parameter=2.9, positions=[4.0])
    with pytest.raises(ParameterError, match="beside a phase or a lattice"):
        gt.spectra.expected_edges(counts, material="iron", lattice_parameter=2.9)


def test_an_open_beam_beside_transmissions_is_refused():
    counts, empty, made = steel()
    part = gt.spectra.open_beam(counts, empty)
    spectra = gt.spectra.regions(part.image, made.labels, error=part.error)
    beam = gt.spectra.regions(empty, made.labels)
    with pytest.raises(ImageError, match="means in '1' and no counts"):
        gt.spectra.bragg_edges(spectra, beam, phase="ferrite")


def test_the_names_of_phases_are_those_that_are_known():
    import typing

    choices = typing.get_args(typing.get_args(typing.get_args(PhaseName)[0])[0])
    assert set(choices) == set(PHASES)


def test_expected_edges_are_twice_the_spacing_and_lie_in_their_bins():
    counts, _, _ = steel()
    found = gt.spectra.expected_edges(counts, phase="austenite")
    longest = ["111", "200", "220", "311", "222", "400", "331", "420"]
    assert list(found.plane) == longest[: len(found)]
    squares = [sum(int(h) ** 2 for h in plane) for plane in found.plane]
    np.testing.assert_allclose(found.wavelength, 2 * 3.595 / np.sqrt(squares))
    np.testing.assert_allclose(2 * found.spacing, found.wavelength)
    step = float(counts.wavelength.diff("wavelength")[0])
    assert (abs(counts.wavelength.values[found.bin] - found.wavelength) <= step / 2 * 1.001).all()
    assert found.strength.max() == 1
    joint = gt.spectra.expected_edges(
        counts.isel(wavelength=slice(0, 110)), lattice="sc", lattice_parameter=2.8
    )
    assert "300, 221" in set(joint.plane)
    assert int(joint.loc[joint.plane == "300, 221", "multiplicity"].iloc[0]) == 30


@pytest.mark.parametrize(("lattice", "size"), [("diamond", 5.431), ("fcc", 25.0)])
def test_edges_are_listed_down_to_the_shortest_wavelength(lattice, size):
    wavelength = np.linspace(0.35, 1.0, 400)
    spectrum = cube(np.ones((1, 400)), wavelength)
    found = gt.spectra.expected_edges(spectrum, lattice=lattice, lattice_parameter=size)
    shortest = wavelength[0] - (wavelength[1] - wavelength[0]) / 2
    assert (found.wavelength >= shortest).all()
    largest = (2 * size / shortest) ** 2
    grid = np.indices((int(largest**0.5) + 1,) * 3).reshape(3, -1)
    odd, total = (grid % 2).sum(axis=0), grid.sum(axis=0)
    there = (odd == 3) | ((odd == 0) & ((lattice == "fcc") | (total % 4 == 0)))
    squares = np.unique((grid**2).sum(axis=0)[there])
    squares = squares[squares > 0]
    longest = 2 * size / np.sqrt(squares)
    kept = longest[(longest >= shortest) & (longest <= 1.0 + (wavelength[1] - wavelength[0]) / 2)]
    np.testing.assert_allclose(np.sort(found.wavelength), np.sort(kept))


def test_edges_that_are_too_many_to_tell_apart_are_refused():
    spectrum = cube(np.ones((1, 400)), np.linspace(0.35, 1.0, 400))
    with pytest.raises(ParameterError, match=r"too many edges beyond 0\.34"):
        gt.spectra.expected_edges(spectrum, lattice="sc", lattice_parameter=286.65)


def test_a_table_that_was_written_and_read_gives_the_same(tmp_path):
    counts, empty, made = steel()
    sums = [gt.spectra.regions(each, made.labels) for each in (counts, empty)]
    read = []
    for number, each in enumerate(sums):
        each.to_csv(tmp_path / f"{number}.csv", index=False)
        read.append(pd.read_csv(tmp_path / f"{number}.csv", dtype={"region": str}))
    given = {"phase": "ferrite", "planes": ["110"], "decay": DECAY}
    one, other = gt.spectra.bragg_edges(*sums, **given), gt.spectra.bragg_edges(*read, **given)
    pd.testing.assert_frame_equal(one, other)
