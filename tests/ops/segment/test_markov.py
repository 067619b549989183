"""segment.markov: the cut is the least there is, and borders cost what they should."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import maximum_flow

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.segment import _cut_kernels as kernels

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


def grid(shape: tuple[int, ...], costs: Any, weights: list[int]) -> tuple[Any, ...]:
    """Return what the kernels take: labels with a rim, costs, steps and weights by direction."""
    labels = np.pad(costs.argmin(axis=0), 1, constant_values=-1).astype(np.int32)
    strides = [int(np.prod(labels.shape[axis + 1 :])) for axis in range(len(shape))]
    steps = np.array([sign * stride for stride in strides for sign in (1, -1)])
    wide = np.pad(costs, [(0, 0)] + [(1, 1)] * len(shape)).reshape(len(costs), -1)
    return labels.reshape(-1), wide.astype(np.int32), steps, np.repeat(weights, 2).astype(np.int32)


def pairs(shape: tuple[int, ...]) -> list[tuple[int, int, int]]:
    index = np.arange(np.prod(shape)).reshape(shape)
    found = []
    for axis in range(len(shape)):
        low = index.take(range(shape[axis] - 1), axis).ravel()
        high = index.take(range(1, shape[axis]), axis).ravel()
        found += [(int(a), int(b), axis) for a, b in zip(low, high, strict=True)]
    return found


def energy(labels: Any, costs: Any, weights: list[int], shape: tuple[int, ...]) -> int:
    flat, rows = np.ravel(labels), costs.reshape(len(costs), -1)
    own = int(rows[flat, np.arange(flat.size)].sum())
    return own + sum(weights[axis] for a, b, axis in pairs(shape) if flat[a] != flat[b])


@settings(max_examples=150)
@given(shape=SHAPES, seed=st.integers(0, 9999))
def test_the_cut_of_two_phases_is_the_maximum_flow_of_scipy(
    shape: tuple[int, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 40, (2, *shape))
    weights = [int(each) for each in rng.integers(0, 25, len(shape))]
    labels, wide, steps, directed = grid(shape, costs, weights)
    inside = labels >= 0
    labels[inside] = 0
    room, ends = kernels.expansion(labels, wide, steps, directed, 1)
    labels[kernels.minimum_cut(room, ends, steps)] = 1
    count = int(np.prod(shape))
    source, sink = count, count + 1
    graph = sparse.lil_matrix((count + 2, count + 2), dtype=np.int32)
    for node, (dark, bright) in enumerate(costs.reshape(2, -1).T):
        graph[source, node], graph[node, sink] = bright, dark
    for a, b, axis in pairs(shape):
        graph[a, b] = graph[b, a] = weights[axis]
    flow = maximum_flow(graph.tocsr(), source, sink).flow_value
    assert energy(labels[inside], costs, weights, shape) == flow
    assert kernels.energy(labels, wide, steps, directed) == flow


@settings(max_examples=60)
@given(shape=st.sampled_from([(6,), (2, 3), (3, 2, 1), (2, 2, 2)]), seed=st.integers(0, 9999))
def test_an_expansion_is_the_best_of_all_that_could_be(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 40, (3, *shape))
    weights = [int(each) for each in rng.integers(0, 25, len(shape))]
    labels, wide, steps, directed = grid(shape, costs, weights)
    inside = labels >= 0
    labels[inside] = before = rng.integers(0, 3, inside.sum())
    room, ends = kernels.expansion(labels, wide, steps, directed, 2)
    labels[kernels.minimum_cut(room, ends, steps)] = 2
    choices = itertools.product((False, True), repeat=before.size)
    best = min(energy(np.where(change, 2, before), costs, weights, shape) for change in choices)
    assert energy(labels[inside], costs, weights, shape) == best


@given(seed=st.integers(0, 99))
@settings(max_examples=10)
def test_a_large_grid_is_cut_as_scipy_cuts_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (24, 31)
    costs = rng.integers(0, 1000, (2, *shape))
    labels, wide, steps, directed = grid(shape, costs, [300, 350])
    inside = labels >= 0
    labels[inside] = 0
    room, ends = kernels.expansion(labels, wide, steps, directed, 1)
    labels[kernels.minimum_cut(room, ends, steps)] = 1
    count = int(np.prod(shape))
    edges = np.array([(a, b, [300, 350][axis]) for a, b, axis in pairs(shape)]).T
    rows = np.concatenate([edges[0], edges[1], np.full(count, count), np.arange(count)])
    columns = np.concatenate([edges[1], edges[0], np.arange(count), np.full(count, count + 1)])
    room_of = np.concatenate([edges[2], edges[2], costs[1].ravel(), costs[0].ravel()])
    graph = sparse.csr_matrix((room_of.astype(np.int32), (rows, columns)), (count + 2,) * 2)
    flow = maximum_flow(graph, count, count + 1).flow_value
    assert energy(labels[inside], costs, [300, 350], shape) == flow


def three_phases(shape: tuple[int, ...], seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=shape), 6)
    truth = 1 + np.digitize(smooth, np.quantile(smooth, [0.4, 0.8]))
    return truth * 10.0 + rng.normal(0, 4, shape), truth


@pytest.mark.parametrize("likelihood", ["mixture", "histogram"])
@pytest.mark.parametrize("shape", [(120, 130), (24, 30, 36)])
def test_noise_gives_in_to_its_neighbours(shape: tuple[int, ...], likelihood: str) -> None:
    image, truth = three_phases(shape)
    run = gt.op("segment.markov")
    alone = (run(image, phases=3, beta=0) == truth).mean()
    cut = (run(image, phases=3, beta=1.2, likelihood=likelihood) == truth).mean()
    modes = (run(image, phases=3, beta=1.2, method="icm") == truth).mean()
    assert cut > 0.94
    assert cut >= modes > alone + 0.05


def test_prior_fractions_decide_where_values_do_not() -> None:
    image = np.random.default_rng(0).normal([[0.0], [1.0]], 1, (2, 4000))
    run = gt.op("segment.markov")
    rare = (run(image, beta=0, fractions=(0.95, 0.05)) == 2).mean()
    common = (run(image, beta=0, fractions=(0.05, 0.95)) == 2).mean()
    assert rare < 0.2 < 0.8 < common


def test_a_border_counts_by_its_face() -> None:
    flat = as_image(np.zeros((4, 5, 6)), spacing={"z": "4 um", "y": "1 um", "x": "1 um"})
    from graticule.ops.segment.markov import _faces

    faces = _faces(flat, ("z", "y", "x"))
    assert faces[1] == faces[2] == pytest.approx(4 * faces[0])
    np.testing.assert_allclose(_faces(flat[0], ("y", "x")), 1)


def test_colours_and_masks() -> None:
    image, truth = three_phases((40, 50))
    colours = as_image(np.stack([image, -image], axis=-1), dims=("y", "x", "c"))
    mask = np.ones((40, 50), bool)
    mask[30:] = False
    labels = gt.op("segment.markov")(colours, as_image(mask), phases=3)
    np.testing.assert_array_equal(labels > 0, mask)
    with pytest.raises(ImageError, match="one feature for a histogram"):
        gt.op("segment.markov")(colours, likelihood="histogram")
    with pytest.raises(ParameterError, match="fractions: must be 3 numbers above 0"):
        gt.op("segment.markov")(image, phases=3, fractions=(0.5, 0.5))
    assert truth.max() == 3
