"""The learned embedding: told apart without labels, and not by the turn of the camera."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage
from sklearn.neighbors import NearestNeighbors

from graticule.core.errors import FormatError, ImageError

pytest.importorskip("torch")

from graticule.learn.embedding.learned.contrastive import Contrastive


def _collection(count: int = 96, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Return bars, rings and pairs of spots of any turn, place and brightness; and which is which.

    All have the same light, so that brightness tells nothing.
    """
    rng = np.random.default_rng(0)
    classes = np.arange(count) % 3
    images = []
    for kind in classes:
        angle, (dy, dx) = rng.uniform(0, np.pi), rng.uniform(-1, 1, 2)
        y, x = np.mgrid[:size, :size] - (size - 1) / 2
        y, x = y - dy, x - dx
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        forms = [
            np.exp(-((u / 7) ** 2) - (v / 1.5) ** 2),
            np.exp(-((np.hypot(u, v) - 6) ** 2) / 2),
            np.exp(-((np.abs(u) - 5) ** 2 + v**2) / 4),
        ]
        form = forms[kind] / forms[kind].sum() * 60
        images.append(form * rng.uniform(0.8, 1.2) + rng.normal(0, 0.05, form.shape))
    return np.array(images, np.float32), classes


@pytest.fixture(scope="module")
def fitted() -> Contrastive:
    return Contrastive.fit(_collection()[0], n_components=16, epochs=25, batch_size=48, seed=1)


def _neighbours_accuracy(rows: np.ndarray, classes: np.ndarray) -> float:
    nearest = NearestNeighbors(n_neighbors=3).fit(rows).kneighbors(return_distance=False)
    return float((classes[nearest] == classes[:, None]).mean())


def test_kinds_are_told_apart_without_labels(fitted: Contrastive) -> None:
    """Better than by the samples themselves, which a turn changes; the loss has fallen."""
    images, classes = _collection()
    rows = fitted.transform(images)
    assert rows.shape == (96, 16)
    assert len(fitted.columns) == 16
    assert _neighbours_accuracy(rows, classes) > 0.9
    assert _neighbours_accuracy(rows, classes) > _neighbours_accuracy(
        images.reshape(96, -1), classes
    )
    assert fitted.losses[-1] < 0.8 * fitted.losses[0]


def test_turns_change_nothing_or_little(fitted: Contrastive) -> None:
    images, _ = _collection()
    rows = fitted.transform(images)
    np.testing.assert_allclose(
        fitted.transform(np.rot90(images, axes=(1, 2))[:, ::-1]), rows, atol=1e-4
    )
    turned = np.stack([ndimage.rotate(each, 30, reshape=False) for each in images])
    moved = np.linalg.norm(fitted.transform(turned) - rows, axis=1).mean()
    apart = np.linalg.norm(rows - np.roll(rows, 1, axis=0), axis=1).mean()
    assert moved < 0.5 * apart


def test_the_same_seed_gives_the_same_and_it_is_kept_as_arrays(fitted: Contrastive) -> None:
    images, _ = _collection(16)
    one, same, other = (
        Contrastive.fit(images, n_components=4, epochs=2, seed=seed).transform(images)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    arrays, card = fitted.arrays()
    again = Contrastive.from_arrays(arrays, json.loads(json.dumps(card)))
    np.testing.assert_array_equal(again.transform(images), fitted.transform(images))
    with pytest.raises(FormatError, match="other names or sizes"):
        Contrastive.from_arrays({**arrays, "conv0.bias": arrays["conv0.bias"][:3]}, card)
    with pytest.raises(FormatError, match="format"):
        Contrastive.from_arrays(arrays, {**card, "format": "another"})


def test_colour_and_large_images_and_what_is_refused(fitted: Contrastive) -> None:
    colour = np.random.default_rng(2).random((9, 70, 80, 3), dtype=np.float32)
    rows = Contrastive.fit(colour, n_components=5, epochs=1).transform(colour)
    assert rows.shape == (9, 5)
    assert np.isfinite(rows).all()
    with pytest.raises(ImageError, match="8 images or more"):
        Contrastive.fit(colour[:3])
    with pytest.raises(ImageError, match="must be images of"):
        fitted.transform(colour)
    with pytest.raises(ImageError, match="without a number"):
        Contrastive.fit(np.full((9, 12, 12), np.nan), epochs=1)
