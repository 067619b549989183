"""What is said of tables that have groups, and of those that have none."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.core.errors import ImageError, ParameterError, PipelineError
from graticule.core.typing import Array
from graticule.learn.clustering import Chain, Sweep, null_test, stability
from graticule.learn.clustering.null import gap
from graticule.learn.clustering.surrogates import copula, gaussian, independent, unimodal

_KMEANS = Chain.of({"step": "kmeans", "n_init": 3})
_SWEEP = Sweep(_KMEANS, {"n_clusters": [2, 3, 4]})


def _cloud(seed: int, shape: tuple[int, int] = (120, 6)) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))


def _groups(seed: int, apart: float = 4.0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(120, 6)) + apart / 6**0.5 * (np.arange(120) % 2)[:, None]


def test_clouds_are_seldom_called_groups() -> None:
    made = {
        "gaussian": _cloud,
        "heavy": lambda seed: (
            _cloud(seed) / np.random.default_rng(seed + 99).gamma(1.5, size=(120, 1)) ** 0.5
        ),
        "skewed": lambda seed: np.exp(_cloud(seed) / _cloud(seed).std(axis=0)),
    }
    for name, make in made.items():
        called = [
            null_test(make(seed), _SWEEP, kind=("gaussian", "copula"), n=39, seed=seed, stop=4)
            for seed in range(12)
        ]
        assert sum(each.grouped for each in called) <= 2, name


@pytest.mark.parametrize("chain", [_KMEANS, _SWEEP], ids=["chain", "sweep"])
def test_groups_are_called_groups(chain: Chain | Sweep) -> None:
    for seed in range(3):
        told = null_test(_groups(seed), chain, n=39, seed=seed)
        assert told.grouped, told.sentence
        assert told.groups == 2
        assert "more than the method finds" in told.sentence


def test_p_is_the_share_of_surrogates_that_reach_the_value() -> None:
    told = null_test(_cloud(0), _KMEANS, n=19)
    assert set(told.kinds) == {"gaussian", "copula", "independent"}
    for result in told.kinds.values():
        assert len(result.surrogates) == 19
        assert result.p.p == (1 + (result.surrogates >= result.value).sum()) / 20
    deciding = [told.kinds["gaussian"].p.p, told.kinds["copula"].p.p]
    assert told.p == max(deciding)
    assert f"p = {told.p:.2g}" in told.sentence


def test_the_same_seed_says_the_same() -> None:
    one, other = (null_test(_cloud(1), _SWEEP, n=9, seed=4) for _ in range(2))
    for kind in one.kinds:
        assert (one.kinds[kind].surrogates == other.kinds[kind].surrogates).all()


def test_no_group_is_nothing_to_test() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    told = null_test(rows, Chain.of({"step": "dbscan", "eps": 1e-3}), n=3)
    assert (told.groups, told.p, told.grouped) == (0, 1.0, False)
    assert "nothing to test" in told.sentence


def test_a_stopped_test_is_never_significant() -> None:
    told = null_test(_cloud(2), _KMEANS, kind="gaussian", n=99, stop=5)
    result = told.kinds["gaussian"]
    assert len(result.surrogates) < 99
    assert result.p.p > 5 / 100


def test_long_tables_are_tested_on_rows_drawn() -> None:
    assert null_test(_cloud(0, (500, 3)), _KMEANS, n=3, most_rows=100).rows == 100


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(ParameterError, match="did you mean gaussian"):
        null_test(_cloud(0), _KMEANS, kind="gausian")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n of 1 or more"):
        null_test(_cloud(0), _KMEANS, n=0)


def test_a_gap_does_not_change_by_turns_scales_and_places() -> None:
    rows, labels = _groups(0), np.arange(120) % 2
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))
    assert gap(7 * rows @ turn + 3, 1 - labels) == pytest.approx(gap(rows, labels))
    assert gap(np.concatenate([rows, rows + 1e3]), np.r_[labels, np.full(120, -1)]) == (
        pytest.approx(gap(rows, labels))
    )


def test_known_shapes_have_known_gaps() -> None:
    n = 200_000
    share = (np.arange(n) + 0.5) / n
    half = np.repeat([0, 1], n // 2)
    assert gap(share[:, None], half) == pytest.approx(1 / 1.8, abs=1e-3)
    from scipy.special import ndtri

    assert gap(ndtri(share)[:, None], half) == pytest.approx(1 / 3, abs=1e-3)
    two = np.repeat([0, 1], [50, 150])
    assert gap(two[:, None].astype(float), two) == pytest.approx(1)


def test_surrogates_keep_what_they_say() -> None:
    rng = np.random.default_rng(0)
    rows = np.exp(_cloud(3, (4000, 3)) / 2)
    drawn = gaussian(rows)(rng)
    assert np.allclose(np.corrcoef(drawn.T), np.corrcoef(rows.T), atol=0.1)
    like = copula(rows)(rng)
    from scipy.stats import spearmanr

    assert np.allclose(spearmanr(like).statistic, spearmanr(rows).statistic, atol=0.07)
    for own, told in zip(rows.T, like.T, strict=True):
        quantiles = np.linspace(0.05, 0.95, 10)
        assert np.allclose(np.quantile(told, quantiles), np.quantile(own, quantiles), rtol=0.25)
    assert (np.sort(independent(rows)(rng), axis=0) == np.sort(rows, axis=0)).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_unimodal_distribution_rises_and_then_falls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    column = np.concatenate([rng.normal(size=80), 6 + rng.normal(size=40)]).round(1)
    values, shares = unimodal(column)
    density = np.diff(shares) / np.diff(values)
    top = int(density.argmax())
    assert (np.diff(density[: top + 1]) >= -1e-12).all()
    assert (np.diff(density[top:]) <= 1e-12).all()
    alike = unimodal(np.sort(rng.normal(size=2000)))
    assert abs(np.interp(0.0, *alike) - 0.5) < 0.05


def test_surrogates_of_constant_columns_and_few_rows() -> None:
    rows = np.column_stack([np.ones(5), np.arange(5.0)])
    for make in (gaussian, copula, independent):
        drawn = make(rows)(np.random.default_rng(0))
        assert drawn.shape == (5, 2)
        assert np.allclose(drawn[:, 0], 1)


def test_a_sweep_tells_every_value_and_its_rule() -> None:
    rows = _groups(0, apart=9)
    dbscan = Chain.of({"step": "dbscan", "eps": 1.0})
    found = Sweep(dbscan, {"eps": [0.01, 2.0, 3.0], "min_samples": [3, 5]}).fit(rows)
    assert len(found.table) == 6
    assert found.chosen
    assert found.best.n_groups == 2
    assert found.values["eps"] in (2.0, 3.0)
    assert found.table["noise_share"].iloc[0] == 1
    none = Sweep(dbscan, {"eps": [0.001, 0.002]}).fit(rows)
    assert not none.chosen
    assert "at most 50% noise" in none.rule


def test_a_sweep_fits_what_the_chain_fits() -> None:
    rows = _cloud(0)
    chain = Chain.of([{"step": "pca", "n_components": 2}, {"step": "kmeans"}])
    for over in ({"n_clusters": [2, 5]}, {"pca.n_components": [2, 3]}):
        found = Sweep(chain, over).fit(rows, seed=3)
        own = chain.replacing(found.values).fit(rows, seed=3)
        assert (found.best.labels == own.labels).all()


def test_a_mixture_is_chosen_by_bic() -> None:
    chain = Chain.of({"step": "gaussian_mixture", "covariance_type": "spherical"})
    sweep = Sweep(chain, {"n_components": [1, 2, 3]}, choose="bic")
    assert sweep.fit(_groups(0, apart=8)).values == {"n_components": 2}
    assert sweep.fit(np.random.default_rng(0).normal(size=(200, 3))).values == {"n_components": 1}


def test_values_that_fail_are_told() -> None:
    found = Sweep(_KMEANS, {"n_clusters": [2, 500]}).fit(_cloud(0))
    assert "500 groups need 500 rows" in found.table["error"].iloc[1]
    with pytest.raises(ImageError, match="no value could be fitted"):
        Sweep(_KMEANS, {"n_clusters": [500, 501]}).fit(_cloud(0))
    with pytest.raises(PipelineError, match="n_clusters"):
        Sweep(_KMEANS, {"n_clusters": [2, -1]})
    with pytest.raises(ParameterError, match="one or two"):
        Sweep(_KMEANS, {})


def test_groups_that_are_there_are_stable() -> None:
    assert stability(_groups(0, apart=9), _KMEANS, n=6).low > 0.9
    two = stability(np.random.default_rng(0).normal(size=(150, 6)), _KMEANS, n=6)
    assert two.mean < 0.6
    assert (two.groups == 2).all()
    with pytest.raises(ParameterError, match="3 or more"):
        stability(_cloud(0), _KMEANS, n=2)
    with pytest.raises(ImageError, match="fits failed"):
        stability(np.ones((20, 2)), _KMEANS, n=3)
