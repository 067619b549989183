"""Fixed embeddings: turns and shifts change nothing, and the usual libraries say the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import hog as skimage_hog

from graticule.core.errors import ImageError, ParameterError, PipelineError, UnknownNameError
from graticule.learn.embedding import KINDS, FixedEmbedding
from graticule.learn.embedding.embedding import from_plain
from graticule.learn.embedding.kinds.moments import orders, radial
from graticule.learn.embedding.kinds.scattering import morlet


def _smooth(seed: int, size: int = 64, count: int = 3) -> np.ndarray:
    """Return images of smooth lumps within a disk."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (count, size, size))
    smooth = np.stack([ndimage.gaussian_filter(each, 3) for each in noise])
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    window = np.clip((size / 2 - 4 - np.hypot(y, x)) / 4, 0, 1)
    low, high = smooth.min(), smooth.max()
    return ((smooth - low) / (high - low) * window).astype(np.float32)


@pytest.mark.parametrize("name", KINDS.names())
def test_every_kind_is_a_table_with_named_columns(name: str) -> None:
    """Of grey and coloured images; in batches as at once; the same from its plain values."""
    grey = _smooth(1)
    embedding = FixedEmbedding.of(name)
    rows = embedding.transform(grey)
    assert rows.dtype == np.float32
    assert rows.shape == (3, len(embedding.columns((64, 64))))
    assert len(set(embedding.columns((64, 64)))) == rows.shape[1]
    assert np.isfinite(rows).all()
    table = embedding.table([grey[:1], grey[1:]])
    np.testing.assert_allclose(table.to_numpy(), rows, rtol=1e-5, atol=1e-6)
    assert list(table.columns) == embedding.columns((64, 64))
    colour = np.stack([grey, grey, grey], axis=-1)
    np.testing.assert_allclose(embedding.transform(colour), rows, rtol=1e-5, atol=1e-5)
    kept = from_plain({**embedding.plain(), "channels": "keep"})
    each = kept.transform(colour)
    np.testing.assert_allclose(each, np.tile(rows, 3), rtol=1e-5, atol=1e-6)
    assert len(kept.columns((64, 64), ["r", "g", "b"])) == each.shape[1]
    assert embedding.transform(grey[:0]).shape == (0, rows.shape[1])
    assert np.isfinite(embedding.transform(np.zeros((2, 64, 64), np.uint8))).all()


@pytest.mark.parametrize("name", ["moments", "radial_profile", "scattering"])
def test_a_quarter_turn_changes_nothing(name: str) -> None:
    images = _smooth(2)
    embedding = FixedEmbedding.of(name)
    turned = embedding.transform(np.rot90(images, axes=(1, 2)))
    exact = name != "scattering"  # whose coarse scales are sampled from one corner
    np.testing.assert_allclose(
        turned, embedding.transform(images), rtol=1e-3 if exact else 0.05, atol=1e-4
    )


@pytest.mark.parametrize("name", ["moments", "radial_profile", "scattering"])
def test_other_turns_change_little(name: str) -> None:
    """Beside how far different images are apart."""
    images = _smooth(3, count=12)
    turned = np.stack([ndimage.rotate(each, 37, reshape=False, order=3) for each in images])
    embedding = FixedEmbedding.of(name)
    one, other = embedding.transform(images), embedding.transform(turned)
    scale = one.std(axis=0) + 0.1 * one.std(axis=0).max()
    moved = np.linalg.norm((one - other) / scale, axis=1).mean()
    apart = np.linalg.norm((one - np.roll(one, 1, axis=0)) / scale, axis=1).mean()
    assert moved < 0.35 * apart


def test_zernike_moments_are_the_sums_they_are_defined_as() -> None:
    """One by one; of an image that is a polynomial only its own is not small."""
    image = _smooth(4, count=1)
    row = FixedEmbedding.of("moments", degree=6).transform(image)[0]
    y, x = (np.mgrid[:64, :64] - 31.5) / 32
    rho, angle = np.hypot(y, x), np.arctan2(y, x)
    inside = rho <= 1
    light = image[0][inside].sum()
    for at, (n, m) in enumerate(orders(6)):
        if at == 0:
            continue
        wave = radial(n, m, rho) * np.exp(-1j * m * angle)
        expected = abs((n + 1) * (wave * image[0])[inside].sum()) / light
        assert row[at] == pytest.approx(expected, rel=1e-3, abs=1e-5)
    pure = (1 + 0.5 * radial(4, 2, rho) * np.cos(2 * angle)) * inside
    row = FixedEmbedding.of("moments", degree=6).transform(pure[None].astype(np.float32))[0]
    sizes = dict(zip(orders(6), row, strict=True))
    largest = max(sizes, key=lambda each: sizes[each] if each != (0, 0) else 0)
    assert largest == (4, 2)
    assert sizes[4, 2] > 5 * max(v for k, v in sizes.items() if k not in ((0, 0), (4, 2)))


def test_radial_profile_of_a_cone() -> None:
    """A cone falls by rings, and does not vary along them."""
    y, x = np.mgrid[:65, :65] - 32
    cone = np.clip(1 - np.hypot(y, x) / 32.5, 0, 1)[None].astype(np.float32)
    row = FixedEmbedding.of("radial_profile", rings=8, spread=True).transform(cone)[0]
    np.testing.assert_allclose(row[1:7], 1 - (np.arange(1, 7) + 0.5) / 8, atol=0.02)
    assert (np.diff(row[:8]) < 0).all()
    assert (row[8:] < 0.09).all()


@pytest.mark.parametrize(("cell", "block", "angles"), [(8, 2, 9), (16, 1, 6), (4, 3, 12)])
def test_hog_as_scikit_image(cell: int, block: int, angles: int) -> None:
    images = np.random.default_rng(5).random((2, 50, 66)).astype(np.float32)
    ours = FixedEmbedding.of("hog", cell=cell, block=block, orientations=angles).transform(images)
    for image, row in zip(images, ours, strict=True):
        theirs = skimage_hog(
            image.astype(float),
            orientations=angles,
            pixels_per_cell=(cell, cell),
            cells_per_block=(block, block),
            block_norm="L2-Hys",
        )
        np.testing.assert_allclose(row, theirs, atol=2e-5)


def test_scattering_is_that_of_its_wavelets() -> None:
    """First and second order from the definition, at full resolution, for a periodic texture."""
    size, scales, angles = 64, 3, 4
    y, x = np.mgrid[:size, :size]
    wave = np.cos(2 * np.pi * (9 * x + 3 * y) / size) * (1.5 + np.cos(2 * np.pi * 2 * y / size))
    image = (wave + wave[::-1, ::-1] + 4).astype(np.float32)
    tall = np.pad(image, 2**scales, mode="symmetric")
    spectrum = np.fft.fft2(tall)
    edge = slice(2**scales, 2**scales + size)
    row = FixedEmbedding.of("scattering", scales=scales, angles=angles).transform(image[None])[0]
    names = FixedEmbedding.of("scattering", scales=scales, angles=angles).columns((size, size))
    found = dict(zip(names, row, strict=True))

    def wavelet(scale: int, number: int) -> np.ndarray:
        theta = (angles - angles // 2 - 1 - number) * np.pi / angles
        return morlet(tall.shape, 0.8 * 2**scale, theta, 0.75 * np.pi / 2**scale, 4 / angles)

    first = [
        [np.abs(np.fft.ifft2(spectrum * wavelet(j, t))) for t in range(angles)]
        for j in range(scales)
    ]
    assert found["scattering_0"] == pytest.approx(image.mean(), rel=1e-5)
    for j in range(scales):
        mean = np.mean([each[edge, edge].mean() for each in first[j]])
        assert found[f"scattering_1_{j}"] == pytest.approx(mean, rel=0.03)
    for one, two in ((0, 1), (0, 2), (1, 2)):
        for apart in range(angles // 2 + 1):
            pairs = [
                np.abs(np.fft.ifft2(np.fft.fft2(first[one][a]) * wavelet(two, b)))[edge, edge]
                for a in range(angles)
                for b in range(angles)
                if min(abs(a - b), angles - abs(a - b)) == apart
            ]
            ours = found[f"scattering_2_{one}_{two}_{apart}"]
            assert ours == pytest.approx(float(np.mean(pairs)), rel=0.1, abs=2e-3)


def test_wavelets_have_no_mean_and_their_own_frequency() -> None:
    bank = morlet((64, 64), 1.6, 0.0, 0.375 * np.pi, 0.5)
    assert abs(bank[0, 0]) < 1e-6
    y, x = np.unravel_index(np.argmax(bank), bank.shape)
    assert (y, x) == (pytest.approx(64 * 0.375 / 2, abs=2), 0)


def test_shifts_change_scattering_little() -> None:
    images = _smooth(6, count=8)
    embedding = FixedEmbedding.of("scattering", scales=3)
    one, other = embedding.transform(images), embedding.transform(np.roll(images, 2, axis=2))
    assert np.abs(one - other).max() < 0.03 * np.abs(one).max()


def test_bad_input_is_named() -> None:
    with pytest.raises(UnknownNameError, match="moments"):
        FixedEmbedding.of("moment")
    with pytest.raises(PipelineError, match="degree"):
        FixedEmbedding.of("moments", degree=-1)
    with pytest.raises(ParameterError, match="name"):
        from_plain({"degree": 3})
    embedding = FixedEmbedding.of("radial_profile", rings=16)
    with pytest.raises(ImageError, match="too small for 16 rings"):
        embedding.transform(np.zeros((1, 20, 20)))
    with pytest.raises(ImageError, match="without a number"):
        embedding.transform(np.full((1, 64, 64), math.nan))
    with pytest.raises(ImageError, match="must be a stack"):
        embedding.transform(np.zeros((64, 64)))
    with pytest.raises(ImageError, match="one size"):
        FixedEmbedding.of("hog").table([np.zeros((1, 64, 64)), np.zeros((1, 64, 32))])
    with pytest.raises(ImageError, match="too small"):
        FixedEmbedding.of("scattering", scales=6).transform(np.zeros((1, 32, 32)))
