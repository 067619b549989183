"""measure.fit_circle and fit_ellipse: as scikit-image and SciPy fit points, and known shapes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import least_squares
from skimage.measure import EllipseModel

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.ops.measure.fit_ellipse import distances_to_ellipse


def border(mask: np.ndarray) -> np.ndarray:
    """Return the middles of the faces between samples inside and outside, one by one."""
    points = []
    for y, x in np.argwhere(mask):
        for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            there = (y + step[0], x + step[1])
            inside = all(0 <= t < n for t, n in zip(there, mask.shape, strict=True))
            if inside and not mask[there]:
                points.append((y + step[0] / 2, x + step[1] / 2))
    return np.array(points, float)


def blobs(seed: int) -> np.ndarray:
    """Return ellipses of random shape, some cut off by the border or by another."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((90, 110), np.int32)
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
    for number in range(1, 9):
        cy, cx, angle = rng.uniform(0, 90), rng.uniform(0, 110), rng.uniform(0, np.pi)
        one = np.cos(angle) * (y - cy) + np.sin(angle) * (x - cx)
        two = -np.sin(angle) * (y - cy) + np.cos(angle) * (x - cx)
        half = rng.uniform(4, 16, 2)
        labels[((one / half[0]) ** 2 + (two / half[1]) ** 2 < 1) & (labels == 0)] = number * 3
    return labels


@pytest.mark.parametrize("seed", range(4))
def test_circle_is_the_least_squares_of_scipy(seed: int) -> None:
    labels = blobs(seed)
    table = gt.measure.fit_circle(labels)
    assert table["label"].tolist() == np.unique(labels[labels > 0]).tolist()
    for row in table.itertuples():
        points = border(labels == row.label)
        assert row.points == len(points)
        if not row.radius < 200:
            continue  # nearly a line: a circle of any size fits

        def off(model: np.ndarray, points: np.ndarray = points) -> np.ndarray:
            return np.hypot(*(points - model[:2]).T) - model[2]

        start = [*points.mean(axis=0), np.hypot(*(points - points.mean(axis=0)).T).mean()]
        best = least_squares(off, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
        found = np.array([row.centre_y, row.centre_x, row.radius])
        np.testing.assert_allclose(row.residual, np.sqrt(np.mean(off(found) ** 2)), rtol=1e-9)
        assert row.residual <= np.sqrt(np.mean(best.fun**2)) * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_ellipse_is_that_of_scikit_image(seed: int) -> None:
    labels = blobs(seed + 10)
    for row in gt.measure.fit_ellipse(labels).itertuples():
        points = border(labels == row.label)
        model = EllipseModel.from_estimate(points[:, ::-1])
        if not model or np.isnan(row.major_axis) or row.major_axis > 200:
            continue
        centre_x, centre_y = model.center
        halves = sorted(model.axis_lengths)
        np.testing.assert_allclose([row.centre_y, row.centre_x], [centre_y, centre_x], rtol=1e-6)
        np.testing.assert_allclose([row.minor_axis, row.major_axis], np.multiply(2, halves), 1e-6)
        residual = np.sqrt(np.mean(model.residuals(points[:, ::-1]) ** 2))
        # theirs looks for the nearest point from one start, and may find one that is not
        assert 0.98 * residual < row.residual < residual * (1 + 1e-3)


def test_distance_to_an_ellipse_is_the_least_to_its_points() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-12, 12, (300, 2))
    t = np.linspace(0, 2 * np.pi, 200_001)
    for one, two in ((9, 3), (5, 5), (8, 7.5)):
        curve = np.column_stack([one * np.cos(t), two * np.sin(t)])
        found = distances_to_ellipse(points, 0, 0, one, two, 0)
        wanted = [np.hypot(*(curve - point).T).min() for point in points]
        np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_what_is_cut_off_keeps_its_circle_and_units() -> None:
    y, x = np.mgrid[:80, :160] * np.array([2.0, 1.0])[:, None, None]
    disk = ((y - 10) ** 2 + (x - 60) ** 2 < 40**2).astype(int)
    axes = {"y": ("y", 100 + 2.0 * np.arange(80), {"units": "um"}),
            "x": ("x", np.arange(160.0), {"units": "um"})}  # fmt: skip
    image = xr.DataArray(disk, axes, ("y", "x"))
    circle = gt.measure.fit_circle(image).iloc[0]
    np.testing.assert_allclose(circle[["centre_y", "centre_x", "radius"]].astype(float),
                               [110, 60, 40], atol=0.5)  # fmt: skip
    assert 0.5 < circle["coverage"] < 0.7
    ellipse = gt.measure.fit_ellipse(image)
    assert ellipse.attrs["units"]["major_axis"] == "um"
    np.testing.assert_allclose(ellipse[["major_axis", "minor_axis"]], [[80, 80]], atol=2)
    area = gt.measure.regions(image)["equivalent_diameter"].item()
    assert area < 70, "the moments know only what is left"


def test_a_line_has_no_circle_and_frames_are_apart() -> None:
    labels = np.zeros((2, 9, 9), int)
    labels[0, :, 4] = 1
    labels[1, 2:7, 2:7] = 1
    table = gt.measure.fit_circle(as_image(labels, dims=["t", "y", "x"]))
    assert table["t"].tolist() == [0, 1]
    assert table["radius"].iloc[1] == pytest.approx(2.5, abs=0.5)
    single = gt.measure.fit_circle(np.ones((4, 4), int))
    assert len(single) == 0, "all of it is the border of the image"
    half = np.zeros((5, 6), int)
    half[:, :3] = 1
    row = gt.measure.fit_circle(half).iloc[0]
    assert np.isnan(row["radius"])
    assert np.isnan(gt.measure.fit_ellipse(half)["major_axis"].item())
    with pytest.raises(ImageError, match="two dims"):
        gt.measure.fit_ellipse(np.zeros((3, 3, 3), int))
