"""The length of roots: what it is of lines whose length is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.io import read
from graticule.learn.document.document import load
from graticule.recipes import make_example, trainings
from graticule.recipes.roots.length import root_length

Array = np.ndarray


def band(angle: float, length: float = 90, width: float = 3) -> Array:
    """Return a bar through the middle of an image."""
    y, x = np.mgrid[0:128, 0:128] - 64.0
    along = x * np.cos(angle) + y * np.sin(angle)
    across = -x * np.sin(angle) + y * np.cos(angle)
    return np.asarray((np.abs(along) < length / 2) & (np.abs(across) < width / 2))


@settings(deadline=None)  # the first call compiles
@given(angle=st.floats(0, np.pi), width=st.floats(1.5, 8))
def test_a_bar_is_as_long_as_it_is(angle: float, width: float) -> None:
    assert root_length(band(angle, width=width)) == pytest.approx(90, rel=0.1)


def test_bars_are_as_long_on_the_mean() -> None:
    angles = np.linspace(0, np.pi, 37)
    found = [root_length(band(angle, width=3)) for angle in angles]
    assert np.mean(found) == pytest.approx(90, rel=0.03)


def test_apart_lengths_add_up() -> None:
    one, other = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    one[5, 3:50] = True
    other[15:38, 30] = True
    alone = root_length(one), root_length(other)
    assert root_length(one | other) == pytest.approx(sum(alone))
    assert alone == (pytest.approx(47, rel=0.06), pytest.approx(23, rel=0.06))


def test_mirrored_and_turned_roots_are_about_as_long() -> None:
    rng = np.random.default_rng(3)
    mask = np.zeros((64, 64), bool)
    at = np.cumsum(rng.choice([-1, 0, 1], 60)) + 32
    mask[np.clip(at, 1, 62), np.arange(60) + 2] = True
    wide = mask | np.roll(mask, 1, 0)
    for turned in (wide[::-1], wide[:, ::-1], wide.T):
        assert root_length(turned) == pytest.approx(root_length(wide), rel=0.1)


def test_nothing_has_no_length() -> None:
    assert root_length(np.zeros((8, 8), bool)) == 0
    dot = np.zeros((8, 8), bool)
    dot[3, 3] = True
    assert root_length(dot) == 0


def test_the_length_that_was_simulated_is_found(tmp_path: Path) -> None:
    from graticule.simulate.roots import roots

    made = roots((192, 192), seed=4)
    assert root_length(made.mask) == pytest.approx(made.length, rel=0.2)


def test_the_example_has_roots_and_its_document_compares_losses(tmp_path: Path) -> None:
    folder = make_example("roots", tmp_path)
    images = sorted((folder / "images").iterdir())
    assert [path.name for path in images] == [p.name for p in sorted((folder / "labels").iterdir())]
    shares = [float((read(folder / "labels" / path.name) > 0).mean()) for path in images]
    assert all(0.005 < share < 0.3 for share in shares)
    methods = load(trainings()["roots"]).methods.values()
    losses = {
        each.options["unet"].get("loss", "dice+ce") for each in methods if each.kind == "unet"
    }
    assert losses == {"dice+ce", "dice", "tversky", "ce+focal", "dice+cldice", "branching"}
