"""segment.parents: by counting shared samples object by object, and distances of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage
from skimage.measure import label, regionprops

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError


def nested(seed: int, shape: tuple[int, ...] = (60, 70)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=shape)
    large = label(ndimage.gaussian_filter(noise, 4) > 0.03, connectivity=1) * 3
    small = label(ndimage.gaussian_filter(noise + rng.normal(size=shape), 1.5) > 0.3)
    return small * 2, large


@pytest.mark.parametrize("seed", range(5))
def test_equals_counting_object_by_object(seed):
    small, large = nested(seed)
    found = gt.segment.parents(small, large)
    children = found.children.set_index("label")
    assert children.index.tolist() == [each.label for each in regionprops(small)]
    for each in regionprops(small):
        inside = large[small == each.label]
        counts = np.bincount(inside[inside > 0], minlength=1)
        row = children.loc[each.label]
        assert row["pixels"] == each.area
        parent = int(counts.argmax()) if counts.any() else 0
        assert row["parent"] == parent
        assert row["orphan"] == (parent == 0)
        assert (found.labels[small == each.label] == parent).all()
        if parent:
            assert row["share"] == pytest.approx(counts.max() / each.area)
            padded = np.pad(large == parent, 200, mode="edge")
            away = ndimage.distance_transform_edt(padded)[200:-200, 200:-200]
            least = away[(small == each.label) & (large == parent)].min()
            assert row["border_distance"] == pytest.approx(least, rel=1e-6)
        else:
            assert np.isnan(row["border_distance"])
    parents = found.parents.set_index("label")
    assert parents["children"].sum() == (children["parent"] > 0).sum()
    counted = children.loc[~children["orphan"], "parent"].value_counts()
    for number, row in parents.iterrows():
        assert row["children"] == counted.get(number, 0)
        filled = (found.labels == number) & (large == number)
        assert row["children_share"] == pytest.approx(filled.sum() / (large == number).sum())


def test_a_least_share_makes_orphans():
    cells, nuclei = np.array([1, 1, 0, 0, 0, 2]), np.array([0, 4, 4, 4, 0, 7])
    found = gt.segment.parents(nuclei, cells, min_share=0.5)
    assert found.children["parent"].tolist() == [0, 2]
    assert found.children["share"].tolist() == [0.0, 1.0]
    assert found.labels.tolist() == [0, 0, 0, 0, 0, 2]


def test_frames_are_apart_and_lengths_have_units():
    small, large = nested(0)
    frames = [as_image(a, spacing={"y": "2 um", "x": "1 um"}) for a in (small, large)]
    time = xr.DataArray([0.0, 5.0], dims="t", attrs={"units": "s"})
    stacks = [xr.concat([one, one[:, ::-1].assign_coords(one.coords)], time) for one in frames]
    found = gt.segment.parents(*stacks)
    assert found.labels.dims == ("t", "y", "x")
    assert found.children["t"].unique().tolist() == [0.0, 5.0]
    assert found.children.attrs["units"] == {"t": "s", "border_distance": "um"}
    one, two = (found.children[found.children["t"] == t].drop(columns="t") for t in (0, 5))
    np.testing.assert_array_equal(one.to_numpy(float), two.to_numpy(float))
    padded = np.pad(large > 0, 200, mode="edge")
    away = ndimage.distance_transform_edt(padded, sampling=(2, 1))[200:-200, 200:-200]
    inside = one["border_distance"].dropna()
    assert inside.max() <= away.max()


def test_no_object_gives_empty_tables():
    found = gt.segment.parents(np.zeros((3, 4), int), np.zeros((3, 4), int))
    assert len(found.children) == len(found.parents) == 0
    assert not found.labels.any()


def test_faults_are_named():
    cells = xr.DataArray(np.ones((2, 3), int), dims=("y", "x"))
    with pytest.raises(ImageError, match="same dims"):
        gt.segment.parents(cells, cells.isel(y=0))
    with pytest.raises(ImageError, match=r"segment\.relabel"):
        gt.segment.parents(cells, cells * 2**40)
