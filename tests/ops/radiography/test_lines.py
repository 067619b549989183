"""radiography.remove_lines, remove_rings: artefacts go, the sample stays."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage
from skimage import data
from skimage.transform import iradon, radon, resize

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.ops.radiography import _stripes

LINES = gt.op("radiography.remove_lines")
RINGS = gt.op("radiography.remove_rings")
RNG = np.random.default_rng(0)


def _picture():
    return resize(data.camera(), (128, 160), anti_aliasing=True)


def _offsets(size, strength, count):
    rng = np.random.default_rng(size + count)
    offsets = np.zeros(size)
    chosen = rng.choice(np.arange(8, size - 8, 4), count, replace=False)
    offsets[chosen] = strength * rng.choice([-1, 1], count)
    return offsets


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("shape", [(16, 16), (33, 50), (5, 7), (64, 21)])
def test_the_wavelet_transform_is_orthogonal_and_undone(shape):
    taps = np.array(_stripes._scaling_filter())
    for shift in range(0, taps.size, 2):
        product = np.sum(taps[shift:] * taps[: taps.size - shift])
        assert product == pytest.approx(float(shift == 0), abs=1e-9)
    moments = [
        np.sum((-1) ** np.arange(taps.size) * np.arange(taps.size) ** p * taps) for p in range(5)
    ]
    np.testing.assert_allclose(moments, 0, atol=1e-6)
    plane = RNG.normal(size=shape)
    same = _stripes.damped(plane, 3, 1e-6)  # damps the constant alone
    flat = plane - plane.mean(axis=0) + plane.mean()
    assert _rms(_stripes.damped(flat, 1, 1e-6) - flat) < 0.5 * _rms(plane)
    smooth, detail = _stripes._split(RNG.normal(size=(32, 6)), 0)
    again = _stripes._split(_stripes._joined(smooth, detail, 0), 0)
    np.testing.assert_allclose(again[0], smooth, atol=1e-12)
    np.testing.assert_allclose(again[1], detail, atol=1e-12)
    assert same.shape == plane.shape


@pytest.mark.parametrize("method", ["median", "wavelet"])
@pytest.mark.parametrize("dim", ["y", "x"])
def test_lines_go_and_the_picture_stays(method, dim):
    picture = _picture()
    across = "x" if dim == "y" else "y"
    size = picture.shape[1 if dim == "y" else 0]
    offsets = _offsets(size, 0.1, 8)
    lined = picture + (offsets if dim == "y" else offsets[:, None])
    clean = LINES(lined, dim=dim, across=across, method=method)
    alone = LINES(picture, dim=dim, across=across, method=method)
    left = (clean - alone).mean(axis=0 if dim == "y" else 1)
    assert np.abs(left).max() < 0.02
    assert _rms(clean - alone) < 0.35 * _rms(lined - picture)
    assert _rms(alone - picture) < (0.01 if method == "median" else 0.035)


def test_sensitivity_is_divided_out():
    picture = 100 * _picture() + 20
    factors = 1 + _offsets(160, 0.1, 8)
    clean = LINES(picture * factors, correction="divide")
    alone = LINES(picture, correction="divide")
    assert np.abs(clean / alone - 1).max() < 0.05
    kept = RNG.normal(50, 1, (40, 30))
    np.testing.assert_allclose(
        LINES(7 * kept, correction="divide"), 7 * LINES(kept, correction="divide"), rtol=1e-5
    )


@pytest.mark.parametrize("offset", [0.05, 0.2, 3.0])
def test_a_line_fainter_than_the_noise_goes(offset):
    noise = RNG.normal(0, 1, (3000, 40))
    lined = noise.copy()
    lined[:, 20] += offset
    for found in (LINES(lined), RINGS(lined, space="sinogram")):
        assert abs((found - noise)[:, 20].mean()) < 0.04 + 1.0 / np.sqrt(3000)


def test_an_edge_shorter_than_half_a_line_is_kept():
    picture = np.zeros((40, 40))
    picture[:15, 20:23] = 1
    np.testing.assert_array_equal(LINES(picture), picture.astype(np.float32))


def test_missing_samples_stay_missing():
    picture = RNG.normal(5, 1, (30, 40))
    picture[3:9, 7] = np.nan
    picture[:, 20] = np.nan
    for found in (
        LINES(picture),
        LINES(picture, method="wavelet"),
        RINGS(picture, space="sinogram"),
        RINGS(picture, space="slice"),
    ):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(picture))


def test_planes_of_a_stack_are_corrected_one_by_one():
    stack = as_image(RNG.normal(size=(3, 20, 24)), units="count")
    whole = LINES(stack)
    assert whole.attrs["units"] == "count"
    for z in range(3):
        np.testing.assert_array_equal(whole.values[z], LINES(stack.isel(z=z)).values)


def _phantom():
    y, x = np.mgrid[-48:49, -48:49]
    body = 1.0 * (np.hypot(y, x) < 40)
    body -= 0.6 * (np.hypot(y - 12, x + 9) < 8)
    body += 0.8 * (np.hypot(y + 15, x - 12) < 6)
    body += 0.5 * ((np.abs(y - 3) < 4) & (np.abs(x - 20) < 5))
    return body


@pytest.mark.parametrize(("method", "harm"), [("shift", 0.005), ("sorting", 0.02)])
def test_stripes_of_a_sinogram_go_before_they_are_rings(method, harm):
    angles = np.linspace(0, 180, 120, endpoint=False)
    sinogram = radon(_phantom(), angles).T
    striped = sinogram + _offsets(sinogram.shape[1], 6.0, 8)

    def slice_of(values):
        image = xr.DataArray(values, dims=("angle", "x"))
        clean = RINGS(image, space="sinogram", dim="angle", radius=4, method=method)
        assert clean.dims == ("angle", "x")
        return iradon(clean.values.T.astype(float), angles, filter_name="hann")

    truth = iradon(sinogram.T, angles, filter_name="hann")
    before = iradon(striped.T, angles, filter_name="hann")
    assert _rms(slice_of(striped) - truth) < 0.7 * _rms(before - truth)
    assert _rms(slice_of(sinogram) - truth) < harm


def test_sorting_is_a_median_of_sorted_lines():
    sinogram = RNG.normal(size=(20, 15))
    order = np.argsort(sinogram, axis=0)
    smooth = ndimage.median_filter(np.sort(sinogram, axis=0), size=(1, 7), mode="mirror")
    found = RINGS(sinogram, space="sinogram", radius=3, method="sorting")
    expected = np.take_along_axis(smooth, np.argsort(order, axis=0), axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rings_of_a_slice_go():
    y, x = np.mgrid[-48:49, -48:49]
    rings = np.interp(np.hypot(y, x), np.arange(70), _offsets(70, 0.3, 8))
    body = _phantom()
    near = np.hypot(y, x) < 45
    clean = RINGS(body + rings, space="slice")
    assert _rms((clean - body)[near]) < 0.65 * _rms(rings[near])
    assert _rms(RINGS(body, space="slice") - body) < 0.01


def test_the_centre_of_rotation_may_be_elsewhere():
    y, x = np.mgrid[:60, :80]
    rings = np.interp(np.hypot(y - 20, x - 30), np.arange(90), _offsets(90, 1.0, 8))
    right = RINGS(rings, space="slice", radius=3, center=(20, 30))
    wrong = RINGS(rings, space="slice", radius=3)
    assert _rms(right) < 0.5 * _rms(rings)
    assert _rms(wrong) > 0.8 * _rms(rings)
    image = as_image(rings, spacing={"y": "2 um", "x": "2 um"})
    found = RINGS(image, space="slice", radius=3, center=("40 um", "60 um"))
    np.testing.assert_allclose(found.values, right, atol=1e-6)
    with pytest.raises(ParameterError, match="center"):
        RINGS(rings, space="slice", center=(20, 100))


def test_dims_that_are_not_there():
    with pytest.raises(ParameterError, match=r"dim.*must be a dim of the image"):
        LINES(np.zeros((4, 4)), dim="angle")
    with pytest.raises(ParameterError, match="another dim"):
        RINGS(np.zeros((4, 4)), space="slice", dim="x")
