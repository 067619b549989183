"""Self-organising maps beside minisom."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

from graticule.core.errors import ImageError, PipelineError
from graticule.core.typing import Array
from graticule.learn.clustering import Chain
from graticule.learn.clustering.som import Grid, SelfOrganisingMap, SOMParameters, fit_map

minisom = pytest.importorskip("minisom")

_DECAYS = [
    ("asymptotic_decay", "asymptotic_decay"),
    ("linear_decay_to_zero", "linear_decay_to_one"),
    ("inverse_decay_to_zero", "inverse_decay_to_one"),
]


def _rows() -> Array:
    rng = np.random.default_rng(0)
    return rng.normal(size=(400, 5)) * [3, 2, 1, 1, 1] + 3 * rng.integers(0, 2, 400)[:, None]


def _peer(rows: Array, x: int, y: int, init: str, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = minisom.MiniSom(x, y, rows.shape[1], random_seed=3, **options)
        if init == "sample":
            peer.random_weights_init(rows)
        if init == "pca":
            peer.pca_weights_init(rows)
    return peer


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("neighborhood", ["gaussian", "bubble"])
@pytest.mark.parametrize("init", ["random", "sample", "pca"])
@pytest.mark.parametrize("decays", _DECAYS)
def test_online_is_minisom(
    topology: Any, neighborhood: Any, init: Any, decays: tuple[Any, Any]
) -> None:
    rows = _rows()
    same: dict[str, Any] = {
        "sigma": 2.0,
        "learning_rate": 0.5,
        "decay_function": decays[0],
        "sigma_decay_function": decays[1],
        "neighborhood_function": neighborhood,
        "topology": topology,
    }
    for x, y in ((6, 5), (5, 6)):
        peer = _peer(rows, x, y, init, **same)
        peer.train(rows, 900, random_order=True)
        found = fit_map(
            rows,
            SOMParameters(
                x=x, y=y, algorithm="online", num_iteration=900, weights_init=init, **same
            ),
            seed=3,
        )
        assert np.abs(found.weights - peer.get_weights()).max() < 1e-12
        assert found.quantisation_error(rows) == pytest.approx(peer.quantization_error(rows))
        assert found.topographic_error(rows) == pytest.approx(peer.topographic_error(rows))
        assert (found.hits(rows) == peer.activation_response(rows)).all()


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_batch_is_minisom_offline(topology: Any) -> None:
    rows = _rows()
    peer = _peer(rows, 6, 5, "pca", sigma=2.0, topology=topology)
    peer.train_batch_offline(rows, 10)
    parameters = SOMParameters(
        x=6,
        y=5,
        topology=topology,
        num_iteration=10,
        sigma=2.0,
        sigma_decay_function="asymptotic_decay",
        learning_rate=0.5,
        decay_function="asymptotic_decay",
        early_rows=None,
    )
    assert np.abs(fit_map(rows, parameters, 3).weights - peer.get_weights()).max() < 1e-5


@pytest.mark.parametrize(("x", "y"), [(6, 5), (4, 7)])
@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_the_distance_map_is_that_of_minisom(x: int, y: int, topology: Any) -> None:
    # for an even y minisom takes the neighbours of a hexagonal grid from the wrong rows
    rows = _rows()
    peer = _peer(rows, x, y, "sample", topology=topology)
    found = SelfOrganisingMap(Grid(x, y, topology), peer.get_weights())
    told = found.distance_map / found.distance_map.max()
    assert np.allclose(told, peer.distance_map(scaling="mean"))


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (1, 6), (5, 2)])
def test_six_neighbours_are_one_apart(shape: tuple[int, int]) -> None:
    grid = Grid(*shape, topology="hexagonal")
    unit, neighbour = grid.neighbours
    place = grid.positions
    assert np.allclose(np.linalg.norm(place[unit] - place[neighbour], axis=1), 1)
    assert np.bincount(unit, minlength=grid.size).max() <= 6
    assert set(zip(unit.tolist(), neighbour.tolist(), strict=True)) == set(
        zip(neighbour.tolist(), unit.tolist(), strict=True)
    )
    told = [
        grid.are_neighbours(np.array(a), np.array(b))
        for a, b in itertools.product(range(grid.size), repeat=2)
    ]
    assert int(np.sum(told)) == len(unit)


def test_early_passes_over_a_part_lie_as_well() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(6000, 4))
    part = fit_map(rows, SOMParameters(x=8, y=8))
    whole = fit_map(rows, SOMParameters(x=8, y=8, early_rows=None))
    assert part.quantisation_error(rows) < 1.03 * whole.quantisation_error(rows)
    assert (part.weights != whole.weights).any()


def test_a_batch_map_does_not_depend_on_threads() -> None:
    from graticule.core.threads import working_alone

    rows = np.random.default_rng(1).normal(size=(5000, 4))
    one = fit_map(rows, SOMParameters(x=8, y=8))
    with working_alone():
        other = fit_map(rows, SOMParameters(x=8, y=8))
    assert (one.weights == other.weights).all()


def test_units_without_rows_are_no_groups() -> None:
    rows = np.repeat([[0.0, 0], [1, 1], [5, 5]], [5, 3, 2], axis=0)
    found = Chain.of({"step": "som", "x": 5, "y": 5}).fit(rows)
    assert found.n_groups <= 3
    assert found.method.content["hits"].sum() == 10


def test_what_makes_no_map_is_refused() -> None:
    with pytest.raises(PipelineError, match="at least two units"):
        Chain.of({"step": "som", "x": 1, "y": 1})
    with pytest.raises(ImageError, match="two columns and two rows, not 1 and 9"):
        Chain.of({"step": "som"}).fit(np.arange(9.0)[:, None])
