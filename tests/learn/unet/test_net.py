"""The network: sizes, what it depends on, and the quick copy of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from graticule.core.errors import ParameterError  # noqa: E402
from graticule.learn.unet.net import build_network, for_inference, start_from, weights_of  # noqa: E402

VARIANTS: list[Any] = ["plain", "attention", "residual"]


def _trained(dims: int, variant: Any, **more: Any) -> Any:
    """Return a network whose normalisations have seen something."""
    network = build_network(dims, 1, 2, 4, 3, variant, seed=0).train()
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        network(3 + torch.randn((2, 1, *(16,) * dims), generator=generator))
    return network.eval()


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_quick_copy_computes_the_same(dims: int, variant: Any) -> None:
    network = _trained(dims, variant)
    image = torch.randn((1, 1, *(16,) * dims))
    with torch.no_grad():
        torch.testing.assert_close(
            for_inference(network)(image), network(image), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_place_depends_on_its_surroundings_alone(variant: Any) -> None:
    network = for_inference(_trained(2, variant))
    image = torch.randn(1, 1, 96, 96)
    other = image.clone()
    other[..., 64:] = 50
    with torch.no_grad():
        torch.testing.assert_close(network(other)[..., :32], network(image)[..., :32])


def test_weights_follow_from_the_seed_and_leave_torch_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (
        build_network(2, 1, 2, 4, 2, "plain", seed).state_dict() for seed in (0, 0, 1)
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


def _weights(channels: int, classes: int, base: int = 4) -> Any:
    return weights_of(build_network(2, channels, classes, base, 2, "residual", seed=5))


def test_transfer_takes_all_that_fits() -> None:
    network = build_network(2, 3, 4, 4, 2, "residual", seed=0)
    fresh = weights_of(network)
    given = _weights(1, 2)
    start_from(network, given)
    for name, value in weights_of(network).items():
        if name.startswith("head"):
            np.testing.assert_array_equal(value, fresh[name])
        elif name in ("down.0.conv1.weight", "down.0.past.weight"):
            np.testing.assert_allclose(value.sum(1), given[name].sum(1), rtol=1e-5)
        else:
            np.testing.assert_array_equal(value, given[name])


def test_transfer_refuses_another_network() -> None:
    with pytest.raises(ParameterError, match="another network"):
        start_from(build_network(2, 1, 2, 8, 2, "residual", seed=0), _weights(1, 2))
    with pytest.raises(ParameterError, match="missing"):
        start_from(build_network(2, 1, 2, 4, 3, "residual", seed=0), _weights(1, 2))
