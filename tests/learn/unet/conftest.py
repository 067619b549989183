"""Small images, and networks small enough to train in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from graticule.learn.unet import UNet

torch = pytest.importorskip("torch")

Array = np.ndarray[Any, Any]
Discs = Callable[..., tuple[Array, Array]]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small networks wait for each other's threads longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def discs() -> Discs:
    """Return a maker of noisy images of bright discs, with their masks."""

    def make(shape: tuple[int, ...] = (64, 80), seed: int = 0, noise: float = 0.5) -> Any:
        rng = np.random.default_rng(seed)
        places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"))
        mask = np.zeros(shape, bool)
        for _ in range(max(3, mask.size // 600)):
            centre = rng.uniform(0, shape, len(shape)).reshape(-1, *(1 for _ in shape))
            mask |= ((places - centre) ** 2).sum(0) < rng.uniform(3, 7) ** 2
        image = 100 + 20 * (mask + noise * rng.normal(size=shape))
        return image.astype(np.float32), mask

    return make


def small(**settings: Any) -> UNet:
    """Return a network that trains in a second."""
    plain = {"base": 8, "depth": 2, "patch": 32, "batch": 4, "learning_rate": 0.01, "window": 32}
    return UNet(**{**plain, **settings})


@pytest.fixture(scope="session")
def make_small() -> Callable[..., UNet]:
    return small


@pytest.fixture(scope="session")
def fitted(discs: Discs) -> UNet:
    """Return a network that knows discs."""
    torch.set_num_threads(1)
    return small().fit(*discs(), steps=40)
