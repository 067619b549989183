"""Spectra are features of a place: what clusters, superpixels, tables and grey make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import xarray as xr
from astropy.io import fits
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.io import read

CLUSTERING = ["kmeans", "gaussian_mixture", "markov"]


def phases(*, dim: str = "wavelength") -> tuple[Any, Any]:
    """Return three phases that no single wavelength parts, and the truth."""
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 4, (40, 50))
    centers = np.array([[0, 0], [10, 0], [10, 10]])[truth - 1]
    values = np.moveaxis(centers + rng.normal(0, 1, centers.shape), -1, 0)
    image = as_image(values, dims=(dim, "y", "x"))
    return image.assign_coords({dim: (dim, [450.0, 612.5], {"units": "nm"})}), truth


def labels_of(found: Any) -> Any:
    return found if isinstance(found, xr.DataArray) else found.labels


@pytest.mark.parametrize("name", CLUSTERING)
def test_a_spectrum_is_what_channels_are(name: str) -> None:
    image, truth = phases()
    params = {"phases": 3, "beta": 0.0} if name == "markov" else {}
    found = labels_of(gt.op(f"segment.{name}")(image, **params))
    assert found.dims == ("y", "x")
    assert adjusted_rand_score(truth.ravel(), found.values.ravel()) > 0.99
    named = labels_of(gt.op(f"segment.{name}")(image.rename(wavelength="c"), **params))
    np.testing.assert_array_equal(found, named)
    asked = labels_of(gt.op(f"segment.{name}")(image, features=["wavelength"], **params))
    np.testing.assert_array_equal(found, asked)
    scalars = labels_of(gt.op(f"segment.{name}")(image, features=[], **params))
    assert scalars.dims == ("wavelength", "y", "x")


@pytest.mark.parametrize("name", ["kmeans", "gaussian_mixture"])
def test_columns_carry_what_the_coordinate_says(name: str) -> None:
    found = gt.op(f"segment.{name}")(phases()[0], weights={"wavelength=450 nm": 2.0})
    assert list(found.clusters.columns[-2:]) == [
        "mean_wavelength=450 nm",
        "mean_wavelength=612.5 nm",
    ]
    assert found.features["weight_wavelength=450 nm"].item() == 2.0


@pytest.mark.parametrize("name", [*CLUSTERING, "slic", "etps"])
def test_a_dim_that_is_not_known_has_to_be_decided(name: str) -> None:
    image, _ = phases(dim="tilt")
    run = gt.op(f"segment.{name}")
    with pytest.raises(ImageError, match=r"tilt.*features: \[tilt\] makes it features"):
        run(image)
    assert labels_of(run(image, features=["tilt"])).dims == ("y", "x")
    assert labels_of(run(image, features=[])).dims == ("tilt", "y", "x")


@pytest.mark.parametrize("name", ["slic", "etps"])
def test_three_wavelengths_are_no_colours(name: str) -> None:
    y, x = np.mgrid[:40, :40] / 6
    waves = np.stack([np.sin(y + x), np.cos(y - x), np.sin(2 * x)], axis=-1)
    image = as_image(waves, dims=("y", "x", "wavelength"))
    run = gt.op(f"segment.{name}")
    plain = run(image.rename(wavelength="c"), segments=20, colour="none")
    np.testing.assert_array_equal(run(image, segments=20), plain)
    colours = run(image.rename(wavelength="c"), segments=20)
    np.testing.assert_array_equal(run(image.rename(wavelength="rgb"), segments=20), colours)
    assert (colours != plain).any()


def test_regions_are_measured_and_merged_by_their_spectra() -> None:
    image, truth = phases()
    labels = as_image(truth.astype(np.int32))
    table = gt.op("measure.regions")(labels, image)
    means = [image.isel(wavelength=1).values[truth == k].mean() for k in (1, 2, 3)]
    np.testing.assert_allclose(table["intensity_mean_wavelength=612.5 nm"], means)
    merged = gt.op("segment.merge_regions")(labels, image, number=2)
    same = gt.op("segment.merge_regions")(labels, image.rename(wavelength="c"), number=2)
    np.testing.assert_array_equal(merged, same)


def test_grey_of_a_spectrum_is_its_mean() -> None:
    image = as_image(np.random.default_rng(0).random((3, 5, 6)), dims=("energy", "y", "x"))
    grey = gt.op("transform.grey")
    np.testing.assert_allclose(grey(image), image.mean("energy"), rtol=1e-6)
    assert abs(grey(image.rename(energy="c")) - image.mean("energy")).max() > 0.05
    with pytest.raises(ImageError, match="several dims of features, energy and c"):
        grey(image.expand_dims("c", 1))


def test_a_real_scene_is_clustered_by_its_spectra_as_scikit_learn_does(data_dir: Path) -> None:
    stored = scipy.io.loadmat(data_dir / "neutron_tof" / "Samson.mat")
    cube = stored["Y"].reshape(156, 95, 95, order="F")
    truth = stored["S_GT"].argmax(axis=-1).ravel()
    image = xr.DataArray(cube, dims=("wavelength", "y", "x"))
    plain = gt.op("segment.kmeans")(image, clusters=3, scaling="none").labels.values.ravel()
    theirs = KMeans(3, n_init=5, random_state=0).fit_predict(cube.reshape(156, -1).T)
    assert adjusted_rand_score(theirs, plain) > 0.99
    scaled = gt.op("segment.kmeans")(image, clusters=3).labels.values.ravel()
    assert adjusted_rand_score(truth, scaled) > 0.55 > adjusted_rand_score(truth, theirs)


def test_a_time_of_flight_cube_falls_into_clusters_as_tight_as_theirs(data_dir: Path) -> None:
    parts = np.load(data_dir / "neutron_tof" / "tof_components.npz")
    base = parts["centroids_k10"][parts["labels_k10"]][..., ::6]
    cube = base * (parts["average"] / base.mean(axis=-1))[..., None]
    noise = np.random.default_rng(0).normal(size=cube.shape)
    cube = (cube + 0.05 * np.sqrt(np.abs(cube)) * noise).astype(np.float32)
    found = gt.op("segment.kmeans")(
        as_image(cube, dims=("y", "x", "tof")), clusters=4, scaling="none"
    )
    vectors, labels = cube.reshape(-1, cube.shape[-1]), found.labels.values.ravel()
    own = sum(
        float(vectors[labels == k].var(axis=0).sum() * (labels == k).sum()) for k in range(1, 5)
    )
    assert own <= 1.02 * KMeans(4, n_init=5, random_state=0).fit(vectors).inertia_


def test_a_spectral_cube_of_fits_is_clustered_by_a_run(tmp_path: Path) -> None:
    from graticule.cli import main

    image, truth = phases()
    hdu = fits.PrimaryHDU(image.values.astype(np.float32))
    hdu.header.update({"CTYPE3": "WAVE", "CRVAL3": 450.0, "CDELT3": 162.5, "CUNIT3": "nm"})
    hdu.header["CRPIX3"] = 1.0
    hdu.writeto(tmp_path / "cube.fits")
    text = "graticule: 1\nname: a\nsteps:\n  parts: {op: segment.kmeans}\n"
    (tmp_path / "a.yaml").write_text(text + "outputs: [parts.labels, parts.clusters]\n")
    call = ["run", str(tmp_path / "a.yaml"), str(tmp_path / "cube.fits"), "-o", str(tmp_path / "r")]
    assert main(call) == 0
    (record,) = json.loads((tmp_path / "r" / "run.json").read_text())["images"]
    stored = read(next((tmp_path / "r").rglob("*labels*")), labels=True)
    assert adjusted_rand_score(truth.ravel(), stored.values.ravel()) > 0.99, record
