"""Edge guard: no skin of a third phase between two others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError


def three_phases(shape: tuple[int, ...], seed: int = 0, noise: float = 3.0) -> tuple[Any, Any]:
    """Return an image of bright balls and grey ground beside dark pores, and its truth."""
    rng = np.random.default_rng(seed)
    grid = np.indices(shape)
    truth = np.ones(shape, np.int32)
    truth[grid[-1] > shape[-1] * 2 // 3] = 2
    for _ in range(14 if len(shape) == 2 else 6):
        centre = [rng.uniform(0, size) for size in shape]
        distance = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True))
        truth[distance < rng.uniform(6, 10) ** 2] = 3
    sharp = np.choose(truth - 1, [30.0, 110.0, 200.0])
    soft = ndimage.gaussian_filter(sharp, 1.0)  # voxels on a border are partly filled
    return soft + rng.normal(0, noise, shape), truth


@pytest.mark.parametrize("shape", [(120, 130), (40, 44, 48)])
@pytest.mark.parametrize("by", ["gradient", "laplacian"])
def test_the_false_skin_goes(shape: tuple[int, ...], by: str) -> None:
    image, truth = three_phases(shape)
    plain = gt.op("threshold.multi_otsu")(image)
    guarded = gt.op("threshold.edge_guard")(image, by=by)
    skin = (truth != 2) & (plain == 2)
    assert skin.sum() > 0.02 * truth.size
    assert ((truth != 2) & (guarded == 2)).sum() < skin.sum() / 5
    assert (guarded == truth).mean() > 0.985 > (plain == truth).mean()


def test_thresholds_may_be_given() -> None:
    image, truth = three_phases((120, 130))
    found = gt.op("threshold.edge_guard")(image, values=[70, 155])
    assert (found == truth).mean() > 0.97


def test_without_edges_it_is_the_thresholds() -> None:
    image, _ = three_phases((60, 70), noise=0)
    found = gt.op("threshold.edge_guard")(image, edges=0, opening=0)
    steepest = gt.op("threshold.multi_otsu")(image)
    np.testing.assert_array_equal(found, steepest)


def test_every_known_sample_is_in_a_phase_and_no_other() -> None:
    image, _ = three_phases((60, 70))
    image[5:9, 7:30] = np.nan
    mask = np.ones(image.shape, bool)
    mask[:, 60:] = False
    found = gt.op("threshold.edge_guard")(image, mask)
    np.testing.assert_array_equal(found > 0, mask & np.isfinite(image))


def test_images_along_other_dims_share_their_thresholds_and_are_grown_each_by_itself() -> None:
    image, truth = three_phases((60, 70))
    stack = as_image(np.stack([image, image[::-1]]), dims=("t", "y", "x"))
    found = gt.op("threshold.edge_guard")(stack).values
    np.testing.assert_array_equal(found[0], found[1][::-1])
    assert (found[0] == truth).mean() > 0.95


def test_lengths_are_those_of_each_axis() -> None:
    image, _ = three_phases((60, 70))
    scaled = as_image(image, spacing={"y": "2 um", "x": "2 um"})
    run = gt.op("threshold.edge_guard")
    found = run(scaled, sigma="2 um", opening="2 um")
    np.testing.assert_array_equal(found.values, run(image, sigma=1, opening=1))


def test_nothing_known_is_refused() -> None:
    with pytest.raises(ImageError, match=r"threshold.edge_guard: .*no finite value"):
        gt.op("threshold.edge_guard")(np.full((3, 4), np.nan))


def skin(labels: Any) -> int:
    """Count samples of the middle phase that lie between the two others."""
    near = [ndimage.binary_dilation(labels == phase, iterations=2) for phase in (1, 3)]
    return int(((labels == 2) & near[0] & near[1]).sum())


def test_less_skin_on_a_real_shale(data_dir: Path) -> None:
    image = tifffile.imread(data_dir / "qbi" / "shale-slice.tiff")
    smooth = gt.op("filters.gaussian")(image, sigma=1.0)
    plain = gt.op("threshold.multi_otsu")(smooth)
    guarded = gt.op("threshold.edge_guard")(smooth)
    assert skin(guarded) < skin(plain) / 2
    assert (guarded > 0).all()
