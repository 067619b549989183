"""From counts to spectra of regions in one pipeline: in tiles as on the whole, and as it was."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.spec import Reference

TEXT = """
graticule: 1
inputs: {image: {}, open_beam: {path: open.zarr}, labels: {path: labels.tif}}
steps:
  dead:    {op: spectra.dead_pixels, input: open_beam}
  counts:  {op: spectra.overlap_correction, input: image}
  beam:    {op: spectra.overlap_correction, input: open_beam}
  totals:  {op: spectra.regions, input: counts.image, labels: labels}
  wide:    {op: spectra.rebin, input: counts.image, error: counts.error, spectrum: totals,
            counts: 400}
  beam_wide: {op: spectra.rebin, input: beam.image, error: beam.error, spectrum: totals,
              counts: 400}
  dose:    {op: spectra.dose, input: wide.image, open_beam: beam_wide.image, error: wide.error,
            open_beam_error: beam_wide.error, region: {y: [0, 6]}}
  flat:    {op: spectra.open_beam, input: wide.image, open_beam: beam_wide.image,
            error: wide.error, open_beam_error: beam_wide.error, dose: dose, dead: dead}
  mu:      {op: spectra.attenuation, input: flat.image, error: flat.error, path: 10 mm}
  lambda:  {op: spectra.to_wavelength, input: mu.image, flight_path: 16.5 m}
  spread:  {op: spectra.to_wavelength, input: mu.error, flight_path: 16.5 m}
  spectra: {op: spectra.regions, input: lambda, labels: labels, error: spread,
            differences: [["1", "2"]]}
outputs: [lambda, spectra]
"""
OPENINGS, DOSE = 9000, 1.3
TRUE = np.stack([np.full(60, 0.4), np.where(np.arange(60) < 30, 1.2, 0.7)])


def measurement():
    """Return counts with and without two materials in a beam that is partly clear of them."""
    rng = np.random.default_rng(12)
    labels = np.zeros((30, 40), int)
    labels[8:, :20], labels[8:, 20:] = 1, 2
    mu = np.concatenate([np.zeros((1, 60)), TRUE])
    cubes = []
    for level in (60 * DOSE * np.exp(-mu[labels]), np.full((30, 40, 60), 60.0)):
        free, noted = np.full(labels.shape, OPENINGS), []
        for number in range(60):
            noted.append(rng.binomial(free, -np.expm1(-level[..., number] / OPENINGS)))
            free = free - noted[-1]
        tof = ("tof", 10_000 + 50.0 * np.arange(60), {"units": "us"})
        coords = {"tof": tof, "triggers": ("tof", np.full(60, OPENINGS))}
        cubes.append(xr.DataArray(np.array(noted), coords, ("tof", "y", "x")))
    cubes[1][:, 17, 3] = 0
    return {
        "image": cubes[0],
        "open_beam": cubes[1],
        "labels": xr.DataArray(labels, dims=("y", "x")),
    }


@pytest.fixture(scope="module")
def results():
    pipeline, inputs = Pipeline.loads(TEXT), measurement()
    found = []
    for tile in (None, {"tof": 60, "y": 11, "x": 16}):
        evaluation = Evaluation(pipeline, inputs, tile=tile)
        found.append([evaluation.value(Reference(name)) for name in ("lambda", "spectra")])
    return found


def test_tiles_give_what_the_whole_gives(results):
    (image, table), (tiled_image, tiled_table) = results
    np.testing.assert_allclose(tiled_image, image, rtol=2e-6)
    pd.testing.assert_frame_equal(tiled_table, table, rtol=1e-5)
    assert tiled_table.attrs["units"] == table.attrs["units"]


def test_the_attenuation_is_that_of_the_materials_within_its_error(results):
    """A third of the neutrons was not counted, and the beam was 1.3 times stronger."""
    image, table = results[0]
    assert image.attrs["units"] == "1/cm"
    assert np.isnan(image[:, 17, 3]).all()
    for region, true in zip("12", TRUE, strict=True):
        rows = table[table["region"] == region]
        left = (rows["wavelength_left"] / rows["wavelength_left"].iloc[0]).to_numpy()
        joined = [true[: len(true) // 2].mean(), true[len(true) // 2 :].mean()]
        ends = rows["mean"].to_numpy()[[0, -1]]
        errors = rows["error_counts"].to_numpy()[[0, -1]]
        # the error of the dose is one of all bins; it is about that of a bin of a region
        assert (np.abs(ends - joined) < 5 * errors + 0.004).all(), (ends, joined, errors)
        assert (np.diff(left) > 0).all()
    assert (table["pixels"] > 400).all()
    step = table[table["region"] == "1 - 2"]["mean"].to_numpy()
    np.testing.assert_allclose(step[[0, -1]], TRUE[0, [0, -1]] - TRUE[1, [0, -1]], atol=0.02)
