"""Windows on a lattice: they cover everything, and a block sees what the whole saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.learn.unet.windows import Lattice, blend_windows


def _run(image: Any, lattice: Lattice, bulk: int = 3) -> Any:
    """Blend windows that give their image and where in the window a sample is."""
    extent = lattice.extent(image.shape)

    def opened(start: int, stop: int) -> Any:
        assert stop - start <= extent[0]

        def run(places: Any) -> Any:
            assert len(places) <= bulk
            found = []
            for place in places:
                rows = image[tuple(slice(a, a + n) for a, n in zip(place, extent, strict=True))]
                more = [(0, n - have) for n, have in zip(extent, rows.shape, strict=True)]
                window = np.pad(rows, more, mode="symmetric")
                assert place[0] >= start
                assert min(place[0] + extent[0], image.shape[0]) <= stop
                where = np.indices(extent).sum(0) % 7
                found.append(np.stack([window, window * where]))
            return np.stack(found).astype(np.float32)

        return run

    strips = list(blend_windows(opened, image.shape, lattice, bulk))
    assert [a for a, _, _ in strips[1:]] == [b for _, b, _ in strips[:-1]]
    assert strips[0][0] == 0
    assert strips[-1][1] == image.shape[0]
    return np.concatenate([values for _, _, values in strips], 1)


_LATTICES = (
    st.integers(1, 4)
    .flatmap(
        lambda multiple: st.tuples(st.integers(2, 5).map(lambda n: n * multiple), st.just(multiple))
    )
    .flatmap(
        lambda each: st.integers(1, each[0]).map(
            lambda step: Lattice((each[0],) * 2, (step,) * 2, (each[1],) * 2)
        )
    )
)


@settings(max_examples=60)
@given(_LATTICES, st.integers(1, 40), st.integers(1, 40))
def test_what_all_windows_agree_on_is_kept(lattice: Lattice, rows: int, columns: int) -> None:
    image = np.random.default_rng(rows).random((rows, columns))
    np.testing.assert_allclose(_run(image, lattice)[0], image, rtol=1e-5)


@settings(max_examples=100)
@given(_LATTICES, st.data())
def test_a_block_of_a_lattice_gives_the_same_bytes(lattice: Lattice, data: Any) -> None:
    sizes = [data.draw(st.integers(1, 50)) for _ in range(2)]
    image = np.random.default_rng(sizes[0]).random(sizes).astype(np.float32)
    whole = _run(image, lattice)
    own, outer = [], []
    for axis, size in enumerate(sizes):
        start = data.draw(st.integers(0, size - 1))
        stop = data.draw(st.integers(start + 1, size))
        first = max(0, start - lattice.window[axis])
        first -= first % lattice.step[axis]
        outer.append(slice(first, min(size, stop + lattice.window[axis])))
        own.append(slice(start, stop))
    block = _run(image[tuple(outer)], lattice, bulk=2)
    inner = tuple(
        slice(a.start - b.start, a.stop - b.start) for a, b in zip(own, outer, strict=True)
    )
    np.testing.assert_array_equal(block[(slice(None), *inner)], whole[(slice(None), *own)])


def test_blending_is_smooth_across_windows() -> None:
    lattice = Lattice((16,), (8,), (1,))
    levels = iter([0.0, 1.0, 0.0, 1.0])

    def opened(start: int, stop: int) -> Any:
        return lambda places: np.full((1, 1, 16), next(levels), np.float32)

    found = np.concatenate([v for _, _, v in blend_windows(opened, (40,), lattice, 1)], 1)[0]
    assert np.abs(np.diff(found)).max() < 0.15
    assert found[:8].max() == 0


@pytest.mark.parametrize("dims", [1, 3])
def test_any_number_of_dims(dims: int) -> None:
    image = np.random.default_rng(0).random((13,) * dims)
    lattice = Lattice((6,) * dims, (4,) * dims, (2,) * dims)
    np.testing.assert_allclose(_run(image, lattice)[0], image, rtol=1e-5)
