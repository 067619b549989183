"""An object in a frame of its own: however the camera was turned, the same picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.simulate.galaxies import Morphology, galaxies

CHANNELS = ("y", "x", "c")


def _record(**values: float) -> pd.DataFrame:
    return pd.DataFrame([{"y": 20.0, "x": 20.0, "radius": 5.0, "angle": np.pi / 2} | values])


def _shown(values: Any, **params: Any) -> Any:
    image = as_image(values, dims=CHANNELS)
    found = gt.detect.main_object(image)
    return gt.transform.canonical(image, found.object, found.objects, **params).values


@pytest.mark.parametrize("morphology", ["spiral", "elliptical", "disk"])
def test_any_turn_shift_and_mirror_gives_the_same(morphology: Morphology) -> None:
    """Correlation of at least 0.93, and of 0.98 for most: of round ones noise settles the axis."""
    rng = np.random.default_rng(0)
    found = []
    for seed in range(5):
        values = galaxies(morphology=morphology, radius=14, seed=[20, seed]).image.values
        values = values.astype(np.float32)
        turn = rng.uniform(0, 2 * np.pi)
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        way = way @ np.diag([1, rng.choice([-1, 1])])
        middle = np.array([105.5, 105.5])
        offset = middle - way @ (middle + rng.uniform(-12, 12, 2))
        planes = [
            ndimage.affine_transform(values[..., c], way, offset, order=3, mode="reflect")
            for c in range(3)
        ]
        one, other = _shown(values), _shown(np.stack(planes, axis=-1))
        found.append(float(np.corrcoef(one.ravel(), other.ravel())[0, 1]))
    assert min(found) > 0.93
    assert np.median(found) > 0.98


def test_centre_axis_and_scale_are_where_they_should_be() -> None:
    """A Gaussian of another place, size and angle is the same long one along x."""
    y, x = np.mgrid[:160, :170].astype(float)
    for cy, cx, size, turn in ((80, 80, 9, 0.3), (74.3, 91.6, 5, -1.2)):
        along = (y - cy) * np.cos(turn) + (x - cx) * np.sin(turn)
        across = (x - cx) * np.cos(turn) - (y - cy) * np.sin(turn)
        image = as_image(np.exp(-0.5 * ((along / size) ** 2 + (across / (0.5 * size)) ** 2)))
        record = _record(y=cy, x=cx, radius=1.5 * size, angle=turn)
        light = gt.transform.canonical(image, record, size=96)
        at, total = light["x"].values / size, float(light.sum())
        assert abs((light.values * at).sum() / total) < 1e-3
        assert abs((light.values * at[:, None]).sum() / total) < 1e-3
        wide = np.sqrt((light.values * at**2).sum() / total)
        high = np.sqrt((light.values * at[:, None] ** 2).sum() / total)
        assert wide == pytest.approx(1, rel=0.01)
        assert high == pytest.approx(0.5, rel=0.01)


def test_a_turn_by_a_quarter_is_exact_where_nothing_is_resampled() -> None:
    """Samples fall on samples: the image itself, turned."""
    values = np.random.default_rng(1).normal(size=(41, 41)).astype(np.float32)
    params: dict[str, Any] = {"size": 31, "radii": 3.1, "normalise": "none", "settle": "none"}
    plain = gt.transform.canonical(values, _record(), **params)
    assert np.allclose(plain, values[5:36, 5:36], atol=1e-5)
    turned = gt.transform.canonical(values, _record(angle=0.0), **params)
    assert np.allclose(turned, values[5:36, 5:36].T[::-1], atol=1e-5)


def test_what_is_finer_than_the_result_is_taken_away_first() -> None:
    """Stripes of two samples do not come back as coarse ones."""
    stripes = np.tile([0.0, 10.0], (300, 150))
    record = _record(y=150.0, x=150.0, radius=40.0)
    shown = gt.transform.canonical(stripes, record, size=48, normalise="none", rotate=False)
    assert np.ptp(shown[2:-2, 2:-2]) < 0.05
    assert shown[24, 24] == pytest.approx(5, abs=0.02)


def test_other_objects_are_sky_and_channels_keep_their_ratios() -> None:
    """Samples with another label are not shown; light is divided by one number for all channels."""
    values = np.full((41, 41, 2), 3.0)
    values[16:25, 16:25] += [4.0, 8.0]
    values[28:34, 28:34] += 100
    labels = np.zeros((41, 41), np.int32)
    labels[16:25, 16:25], labels[28:34, 28:34] = 1, 2
    image = as_image(values, dims=CHANNELS)
    record = _record(sky=3.0, label=1)
    shown = gt.transform.canonical(image, record, as_image(labels), size=40, radii=2.0)
    assert shown.dims == CHANNELS
    assert shown.values[20, 20, 1] / shown.values[20, 20, 0] == pytest.approx(2, rel=1e-4)
    assert shown.values.max() < 2
    assert shown.values[np.hypot(*np.mgrid[-20:20, -20:20]) < 6].mean() == pytest.approx(1, abs=0.2)


def test_outside_is_sky_and_a_missing_object_is_nan() -> None:
    """At the border of the image, and where nothing was found."""
    values = np.full((41, 41), 7.0)
    record = _record(y=1.0, x=20.0, sky=7.0)
    shown = gt.transform.canonical(values, record, normalise="none", size=16)
    assert np.allclose(shown, 7)
    nothing = gt.detect.main_object(np.random.default_rng(0).normal(size=(41, 41)))
    assert np.isnan(gt.transform.canonical(values, nothing.object, size=16)).all()


def test_what_is_no_object_is_refused() -> None:
    """A table of many, one without a radius, an image with another dim."""
    values = np.zeros((41, 41))
    with pytest.raises(ImageError, match="2 rows"):
        gt.transform.canonical(values, pd.concat([_record(), _record()]))
    with pytest.raises(ImageError, match="radius"):
        gt.transform.canonical(values, _record().drop(columns="radius"))
    with pytest.raises(ImageError, match="beside features"):
        gt.transform.canonical(np.zeros((3, 41, 41)), _record())
