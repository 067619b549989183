"""Objects in images whose axes are not at right angles: sizes and shapes are those of space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core import Area, as_image, directions_of
from graticule.core.image import DIRECTION

ANGLES = st.floats(0, 2 * np.pi)


def slanted(values: Any, basis: np.ndarray) -> Any:
    """Return an image whose samples are a step of ``basis`` (a row for each dim) apart."""
    steps = np.linalg.norm(basis, axis=1)
    image = as_image(values)
    image = as_image(image, spacing={d: f"{s} um" for d, s in zip(image.dims, steps, strict=True)})
    for dim, vector in zip(image.dims, basis / steps[:, None], strict=True):
        image[dim].attrs[DIRECTION] = vector.tolist()
    return image


@st.composite
def bases(draw: st.DrawFn, ndim: int) -> np.ndarray:
    """Draw steps along axes that are far enough from one another."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    turn, _ = np.linalg.qr(rng.normal(size=(ndim, ndim)))
    slant = np.eye(ndim) + np.triu(rng.uniform(-0.8, 0.8, (ndim, ndim)), 1)
    return np.asarray(rng.uniform(0.3, 3, ndim)[:, None] * slant @ turn)


@settings(max_examples=40)
@given(st.integers(2, 3).flatmap(bases))
def test_a_sample_has_the_size_of_its_cell(basis: np.ndarray) -> None:
    ndim = len(basis)
    labels = np.zeros((4, 5, 6)[:ndim], np.int32)
    labels[1:3, 1:4] = 1
    size = abs(np.linalg.det(basis))
    image = slanted(labels, basis)
    name = {2: "area", 3: "volume"}[ndim]
    for part in (image, image[::-1], image[:, ::-1], gt.transform.flip(image, dim="x")):
        table = gt.measure.regions(part, properties=("convex",))
        np.testing.assert_allclose(table[name] / table.pixels, size)
        np.testing.assert_allclose(table[f"convex_{name}"], table[name])
    wanted = Area(f"{7 * size} um{ndim}")
    assert wanted.pixels(image, image.dims) == pytest.approx(7)
    lower = directions_of(image.coords, image.dims)
    angles = basis @ basis.T
    scale = np.sqrt(np.diag(angles))
    np.testing.assert_allclose(lower @ lower.T, angles / np.outer(scale, scale), atol=1e-12)


@settings(max_examples=15)
@given(bases(2), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_a_disk_is_one_however_it_is_sampled(basis: np.ndarray, up: int, across: int) -> None:
    basis = basis * 0.05
    index = np.stack(np.mgrid[-200:201, -200:201], axis=-1)
    inside = np.linalg.norm(index @ basis, axis=-1) < (radius := 2.0)
    image = slanted(inside.astype(np.uint8), basis)[::up, ::across]
    table = gt.measure.regions(image, properties=("shape", "perimeter", "convex", "border"))
    if table.on_border[0]:
        return
    row = table.iloc[0]
    assert row.area == pytest.approx(np.pi * radius**2, rel=0.02)
    for column in ("major_axis", "minor_axis", "equivalent_diameter"):
        assert row[column] == pytest.approx(2 * radius, rel=0.02)
    assert row.feret_max == pytest.approx(2 * radius, rel=0.15)
    assert row.feret_min == pytest.approx(2 * radius, rel=0.15)
    assert row.perimeter == pytest.approx(2 * np.pi * radius, rel=0.12)
    assert row.solidity > 0.9


def test_axes_at_right_angles_say_nothing() -> None:
    labels = np.ones((3, 4), np.uint8)
    square = slanted(labels, np.diag([2.0, 3.0]))
    assert gt.measure.regions(square).area.tolist() == [72.0]
    del square.x.attrs[DIRECTION]
    np.testing.assert_array_equal(directions_of(square.coords, square.dims), np.eye(2))
