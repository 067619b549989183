"""measure.two_point_correlation: pairs counted one by one, and the laws of random structures."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError

run = gt.op("measure.two_point_correlation")


def one_by_one(mask: Any, valid: Any, steps: Any, limit: float, periodic: bool) -> dict[int, Any]:
    rings: dict[int, Any] = {}
    places = np.argwhere(valid)
    for a, b in itertools.product(places, places):
        apart = np.abs(a - b)
        if periodic:
            apart = np.minimum(apart, mask.shape - apart)
        distance = np.linalg.norm(apart * steps)
        if distance <= limit * (1 + 1e-9):
            found = rings.setdefault(int(np.rint(distance / steps.min())), [0, 0, 0.0])
            found[0] += 1
            found[1] += mask[tuple(a)] & mask[tuple(b)]
            found[2] += distance
    return dict(sorted(rings.items()))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.sampled_from([1, 2, 3]))
def test_pairs_are_those_counted_one_by_one(
    seed: int, periodic: bool, masked: bool, ndim: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, {1: 20, 2: 8, 3: 5}[ndim], ndim)
    mask = rng.random(shape) > 0.5
    valid = rng.random(shape) > 0.3 if masked else np.ones(shape, bool)
    valid.flat[0] = True
    steps = np.array([0.5, 1.0, 0.25])[-ndim:]
    spacing = {dim: f"{step} um" for dim, step in zip("zyx"[-ndim:], steps, strict=True)}
    within = as_image(valid) if masked else None
    table = run(as_image(mask, spacing=spacing), within, periodic=periodic)
    limit = float((shape * steps).min() / 2)
    expected = one_by_one(mask & valid, valid, steps, limit, periodic)
    assert table.pairs.tolist() == [row[0] for row in expected.values()]
    np.testing.assert_allclose(table.probability, [r[1] / r[0] for r in expected.values()])
    np.testing.assert_allclose(table.distance, [r[2] / r[0] for r in expected.values()])
    assert table.attrs["units"] == {"distance": "um"}


def test_noise_has_no_memory() -> None:
    mask = np.random.default_rng(0).random((300, 300)) < 0.4
    table = run(mask, reach=40)
    assert table.correlation[0] == 1
    assert table.correlation[1:].abs().max() < 0.02
    assert table.probability[0] == mask.mean()


def test_the_slope_at_nothing_is_the_boundary() -> None:
    y, x = np.mgrid[0:400, 0:400]
    mask = ((y % 100 - 50) ** 2 + (x % 100 - 50) ** 2) < 30**2
    table = run(mask, periodic=True, reach=6)
    slope = -np.polyfit(table.distance[2:6], table.probability[2:6], 1)[0]
    assert slope == pytest.approx(2 * np.pi * 30 / 100**2 / np.pi, rel=0.05)


def test_an_empty_mask_has_no_correlation() -> None:
    table = run(np.zeros((5, 5), bool))
    assert (table.probability == 0).all()
    assert table.correlation.isna().all()


def test_frames_have_rows_of_their_own() -> None:
    masks = np.random.default_rng(0).random((2, 9, 9)) > 0.5
    image = as_image(masks, dims=("t", "y", "x"), spacing={"t": "3 s"})
    table = run(image)
    for number, mask in enumerate(masks):
        own = table[table.t == 3 * number].drop(columns="t").reset_index(drop=True)
        alone = run(mask)
        assert own.equals(alone)


def test_a_reach_beyond_the_image_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"reach: .*at most 4 make sense"):
        run(np.ones((5, 9), bool), reach=5)
    with pytest.raises(ParameterError, match="at most 2 make sense"):
        run(np.ones((5, 9), bool), reach=3, periodic=True)


def test_the_memory_it_says_is_enough_at_any_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr(f"{run.function.__module__}._SLAB", 2**12)
    mask = np.random.default_rng(0).random((80, 80, 80)) > 0.5
    for params in ({"reach": 79}, {}, {"periodic": True}):
        run(mask[:8, :8, :8])
        tracemalloc.start()
        run(mask, **params)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= run.scope.memory * mask.nbytes
