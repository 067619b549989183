"""simulate.cells: ellipsoids that keep apart, seen with counting noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from graticule.core.errors import ParameterError
from graticule.simulate._primitives import ellipsoid
from graticule.simulate.cells import Microscope, cells
from graticule.simulate.nuclei import nuclei


@pytest.mark.parametrize("shape", [(90, 80), (16, 50, 60)])
def test_the_same_seed_makes_the_same_images(shape):
    one, two, other = (cells(shape, count=8, seed=seed) for seed in (3, 3, 4))
    assert all(a.values.tobytes() == b.values.tobytes() for a, b in zip(one, two, strict=True))
    assert not one.image.identical(other.image)


@pytest.mark.parametrize("shape", [(200, 200), (40, 80, 80)])
def test_each_label_is_one_body_of_about_its_size(shape):
    made = cells(shape, count=20, radius=6, overlap=0, seed=2)
    labels = made.labels.values
    assert labels.dtype == np.int32
    assert np.array_equal(np.unique(labels), np.arange(21))
    sizes = np.bincount(labels.ravel())[1:]
    full = np.pi * 36 if len(shape) == 2 else 4 / 3 * np.pi * 216
    assert np.median(sizes) == pytest.approx(full, rel=0.35)
    full = np.ones((3,) * len(shape))
    assert all(ndimage.label(labels == one, full)[1] == 1 for one in range(1, 21))


def test_slices_apart_make_bodies_flat_in_samples():
    one, two = (
        ellipsoid((60, 60, 60), np.full(3, 30.2), np.full(3, 10.0), spacing=np.array(step))
        for step in ([1.0, 1.0, 1.0], [2.0, 1.0, 1.0])
    )
    assert len(one.depth) == pytest.approx(4 / 3 * np.pi * 1000, rel=0.02)
    assert len(two.depth) == pytest.approx(len(one.depth) / 2, rel=0.02)
    assert int(np.ptp(two.inside[0])) + 1 == 10
    made = cells((30, 60, 60), count=1, radius=10, step=2, seed=5)
    assert float(made.image.z[1] - made.image.z[0]) == 2


def test_cells_are_bright_and_the_noise_is_that_of_counts():
    flat = Microscope(photons=100, gain=2, offset=50, readout=3, haze=0, shading=0)
    made = cells(count=0, microscope=flat, seed=1)
    values = made.image.values.astype(float)
    expected = 100 * flat.background
    assert values.mean() == pytest.approx(50 + 2 * expected, rel=0.01)
    assert values.var() == pytest.approx(4 * expected + 9, rel=0.05)
    made = cells(microscope=flat, seed=1)
    bright = made.image.values[made.labels.values > 0].mean()
    assert bright > 2 * made.image.values[made.labels.values == 0].mean()


def test_where_there_is_no_room_fewer_are_placed():
    assert 0 < cells((40, 40), count=200, radius=9, seed=1).labels.max() < 30


def test_other_shapes_are_refused():
    with pytest.raises(ParameterError, match="two or three sizes"):
        cells((5,))


def test_nuclei_have_the_pixels_of_their_ellipses():
    image, truth = nuclei(count=10, radius=8, seed=1)
    sizes = np.bincount(truth.values.ravel())[1:]
    assert len(sizes) == 10
    assert np.all((sizes > 0.4 * np.pi * 64) & (sizes < 1.8 * np.pi * 64))
    assert image.values[truth.values > 0].mean() > 2 * image.values[truth.values == 0].mean()


def test_more_cells_than_there_is_room_for_end_soon():
    made = cells((48, 48), count=100_000, radius=6, seed=1)
    assert 3 <= int(made.labels.max()) < 40


@pytest.mark.parametrize("wrong", [{"count": -1}, {"step": 0.0}, {"radius": 0.0}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ParameterError, match="above 0"):
        cells((32, 32), **wrong)
