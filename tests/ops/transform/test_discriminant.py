"""The mixture of channels in which objects stand out."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image


def section(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return discs of haematoxylin on a ground of uneven eosin, and where the discs are."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:120, :120]
    inside = ((y % 40 - 20) ** 2 + (x % 40 - 20) ** 2) < 60
    eosin = 0.6 + 3 * ndimage.gaussian_filter(rng.normal(size=inside.shape), 4)
    density = 0.8 * inside[..., None] * [0.65, 0.70, 0.29] + eosin[..., None] * [0.07, 0.99, 0.11]
    return 240 * np.exp(-density) + rng.normal(0, 2, density.shape), inside


def separation(values: np.ndarray, inside: np.ndarray) -> float:
    one, other = values[inside], values[~inside]
    return float(abs(one.mean() - other.mean()) / other.std())


def test_the_colour_of_a_counterstain_counts_little() -> None:
    colours, inside = section()
    image = as_image(colours, dims=["y", "x", "c"])
    grey = separation(gt.transform.grey(image).values, inside)
    mixed = gt.transform.discriminant(image)
    assert mixed.dims == ("y", "x")
    assert separation(mixed.values, inside) > 3 * grey


def test_the_order_of_channels_and_opacity_do_not_matter() -> None:
    colours, _ = section()
    image = as_image(colours, dims=["y", "x", "c"])
    mixed = gt.transform.discriminant(image).values
    opaque = np.concatenate([colours, np.full((120, 120, 1), 255.0)], axis=-1)
    with_opacity = gt.transform.discriminant(as_image(opaque, dims=["y", "x", "c"]))
    np.testing.assert_allclose(with_opacity.values, mixed, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_has_no_colour_stays_as_it_is(channels: int) -> None:
    values = np.random.default_rng(1).integers(0, 255, (20, 20, 1))
    image = as_image(np.repeat(values, channels, axis=-1), dims=["y", "x", "c"])
    grey = gt.transform.grey(image)
    np.testing.assert_array_equal(gt.transform.discriminant(image).values, grey.values)
