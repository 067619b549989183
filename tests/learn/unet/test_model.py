"""The U-Net as a model: tiles give the whole, any size works, and it is kept in a file."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, RequestError
from graticule.learn import open_model, save_model
from graticule.learn.unet import UNet
from graticule.pipeline.tiles import run_tiled

torch = pytest.importorskip("torch")

Maker = Callable[..., UNet]


def _again(model: UNet, **settings: Any) -> UNet:
    """Return a copy with other settings of inference."""
    copy = UNet.from_state(model.state())
    for name, value in settings.items():
        setattr(copy, name, value)
    return copy


@pytest.mark.parametrize("tile", [{"y": 13, "x": 29}, {"y": 70, "x": 1000}, {"y": 48, "x": 48}])
@pytest.mark.parametrize("op", ["classify", "probability", "uncertainty"])
def test_tiles_give_the_whole(fitted: UNet, discs: Any, tile: dict[str, int], op: str) -> None:
    image = as_image(discs((150, 131), seed=2)[0])
    image[40:44, 60:64] = np.nan
    whole = getattr(gt.learn, op)(image, model=fitted)
    tiled = run_tiled(f"learn.{op}", [image], {"model": fitted}, tile=tile)
    xr.testing.assert_identical(tiled, whole)


@pytest.mark.parametrize(
    "region",
    [{"y": (60, 61)}, {"y": (0, 33), "x": (90, 131)}, {"y": (117, 150), "x": (5, 6)}, {}],
)
def test_a_region_is_the_whole_cut_to_it_and_needs_fewer_windows(
    fitted: UNet, discs: Any, region: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graticule.learn.unet import inference

    image = as_image(discs((150, 131), seed=2)[0])
    image[40:44, 60:64] = np.nan
    windows: list[int] = []
    through = inference._outputs

    def counted(*args: Any) -> Any:
        windows.append(len(args[-1]))
        return through(*args)

    monkeypatch.setattr(inference, "_outputs", counted)
    whole, asked = fitted.predict_proba(image), sum(windows)
    windows.clear()
    part = fitted.predict_proba(image, region=region)
    xr.testing.assert_identical(part, gt.core.Region(region).cut(whole))
    assert sum(windows) < asked or not region


def test_the_number_of_threads_does_not_matter(fitted: UNet, discs: Any) -> None:
    image = discs((100, 90))[0]
    alone = fitted.predict_proba(image)
    torch.set_num_threads(2)
    xr.testing.assert_identical(fitted.predict_proba(image), alone)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 5), (33, 31), (64, 64), (65, 200)])
def test_any_size_works(fitted: UNet, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).normal(100, 10, shape)
    proba = fitted.predict_proba(image)
    assert proba.shape == (2, *shape)
    np.testing.assert_allclose(proba.sum("class"), 1, atol=1e-5)
    found = fitted.predict(image)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, proba.argmax("class"))
    margin = np.abs(proba[0] - proba[1]).values
    np.testing.assert_allclose(fitted.uncertainty(image), 1 - margin, atol=1e-6)


def test_windows_agree_with_the_network_on_the_whole(fitted: UNet, discs: Any) -> None:
    image = discs((96, 96), seed=3)[0]
    blended = fitted.predict_proba(image)
    whole = _again(fitted, window=96).predict_proba(image)
    assert float(np.abs(blended - whole).max()) < 0.5
    assert float(np.abs(blended - whole).mean()) < 0.01


def test_missing_samples_are_predicted_as_missing(fitted: UNet, discs: Any) -> None:
    image = discs()[0]
    image[5, 6], image[7, 8] = np.nan, np.inf
    assert fitted.predict(image).values[[5, 7], [6, 8]].tolist() == [0, 0]
    proba = fitted.predict_proba(image).values
    assert np.isnan(proba[:, [5, 7], [6, 8]]).all()
    assert np.isnan(proba).sum() == 4


def test_dims_coordinates_and_header_are_kept(fitted: UNet, discs: Any) -> None:
    image = as_image(discs()[0], units="counts").assign_attrs(instrument="a")
    image = image.assign_coords(x=("x", np.arange(80) * 2.0))
    found = fitted.predict(image.transpose("x", "y"))
    assert found.dims == ("x", "y")
    assert found.x[1] == 2
    assert found.attrs == {"instrument": "a"}
    np.testing.assert_array_equal(found.transpose("y", "x"), fitted.predict(image))


def test_lazy_images_are_the_same(fitted: UNet, make_small: Maker, discs: Any) -> None:
    image, mask = discs((90, 80))
    lazy = as_image(image).chunk({"y": 17, "x": 23})
    xr.testing.assert_equal(fitted.predict(lazy), fitted.predict(image))
    one = make_small().fit(image, mask, steps=2)
    other = make_small().fit(lazy, as_image(mask).chunk({"y": 9}), steps=2)
    xr.testing.assert_equal(one.predict_proba(image), other.predict_proba(image))


def test_a_file_gives_the_model_back(fitted: UNet, discs: Any, tmp_path: Path) -> None:
    path = save_model(fitted, tmp_path / "discs.model")
    model = open_model(path)
    image = discs(seed=9)[0]
    xr.testing.assert_identical(model.predict_proba(image), fitted.predict_proba(image))
    assert model.classes == fitted.classes
    assert model.history == fitted.history
    assert model.to_json() == fitted.to_json()


def test_it_goes_to_other_processes(fitted: UNet, discs: Any) -> None:
    image = discs()[0]
    fitted.predict(image)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    xr.testing.assert_identical(again.predict(image), fitted.predict(image))


def test_sparse_classes_keep_their_values_and_names(make_small: Maker, discs: Any) -> None:
    image, mask = discs()
    rng = np.random.default_rng(0)
    drawn = rng.random(mask.shape) < 0.05
    labels = np.where(drawn, np.where(mask, 7, 3), 0)
    model = make_small(names={7: "disc"}).fit(image, labels, steps=30)
    assert [each.name for each in model.classes] == ["3", "disc"]
    found = model.predict(image)
    assert set(np.unique(found)) == {3, 7}
    assert ((found == 7) == mask).values.mean() > 0.9
    np.testing.assert_array_equal(model.predict_proba(image)["class"], ["3", "disc"])


def test_channels_are_taken_together(make_small: Maker, discs: Any) -> None:
    image, mask = discs(noise=0.2)
    rng = np.random.default_rng(0)
    offset = rng.normal(0, 200, image.shape)
    both = xr.DataArray(np.stack([image + offset, offset]), dims=("c", "y", "x"))
    model = make_small(base=8).fit(both, mask, steps=60)
    found = model.predict(both)
    assert found.dims == ("y", "x")
    assert (found.values == mask).mean() > 0.9
    assert model.halo(both)["c"] == gt.core.ALL
    with pytest.raises(ImageError, match="channel"):
        model.predict(image)


@pytest.mark.parametrize("variant", ["plain", "attention", "residual"])
def test_volumes(make_small: Maker, discs: Any, variant: Any) -> None:
    image, mask = discs((20, 30, 28), noise=0.3)
    model = make_small(dims=3, variant=variant, patch=16, batch=2, window=16).fit(
        image, mask, steps=30
    )
    whole = model.predict(image)
    assert (whole.values == mask).mean() > 0.85
    tiled = run_tiled(
        "learn.classify", [as_image(image)], {"model": model}, tile={"z": 9, "y": 17, "x": 11}
    )
    np.testing.assert_array_equal(tiled, whole)


@pytest.mark.parametrize("loss", ["dice+ce", "branching"])
def test_a_network_in_two_dims_takes_volumes_plane_by_plane(
    make_small: Maker, discs: Any, loss: str
) -> None:
    planes, masks = zip(*(discs((40, 48), seed=seed) for seed in range(3)), strict=True)
    image, mask = as_image(np.stack(planes)), as_image(np.stack(masks))
    model = make_small(loss=loss).fit(image, mask, steps=30)
    whole = model.predict(image)
    assert (whole == mask).values.mean() > 0.9
    alone = model.predict(image[1:2])
    np.testing.assert_array_equal(alone, whole[1:2])
    assert model.halo(image)["z"] == 0
    tiled = run_tiled("learn.classify", [image], {"model": model}, tile={"z": 2, "y": 17})
    np.testing.assert_array_equal(tiled, whole)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_regression_cleans_spots(make_small: Maker, loss: str) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:80, :90]
    clean = 1000 + 300 * np.sin(y / 9) * np.cos(x / 11)
    spots = clean + np.where(rng.random(clean.shape) < 0.02, 2000, 0)
    target = clean.copy()
    target[:4] = np.nan
    model = make_small(loss=loss, base=8).fit(
        spots, target, steps=80, every=40, validation=[as_image(x > 70)]
    )
    found = model.predict(spots)
    assert found.dtype == np.float32
    assert np.abs(found - clean).mean() < 0.6 * np.abs(clean - clean.mean()).mean()
    assert set(model.history.records[-1]) >= {"mae", "rmse", "validation_mae"}
    xr.testing.assert_identical(gt.learn.regress(as_image(spots), model=model), found)
    assert model.classes == ()
    with pytest.raises(RequestError, match="no classes"):
        model.predict_proba(spots)
    again = UNet.from_state(model.state())
    xr.testing.assert_identical(again.predict(spots), found)


def test_local_normalisation_follows_the_light(make_small: Maker, discs: Any) -> None:
    image, mask = discs(noise=0.3)
    model = make_small(normalise="local", local_width=8).fit(image, mask, steps=40)
    y, x = np.mgrid[:150, :131]
    other, truth = discs((150, 131), seed=4, noise=0.3)
    shaded = as_image((other + 2 * x - 100).astype(np.float32))
    whole = model.predict(shaded)
    assert (whole.values == truth).mean() > 0.85
    tiled = run_tiled("learn.classify", [shaded], {"model": model}, tile={"y": 31, "x": 50})
    np.testing.assert_array_equal(tiled, whole)
    del y


def test_windows_smaller_than_the_network_s_grid_are_widened(fitted: UNet) -> None:
    model = _again(fitted, window=5, depth=fitted.depth)
    lattice = model.lattice(("y", "x"))
    assert all(n % model.multiple == 0 for n in lattice.window)
    assert model.predict(np.full((9, 40), 100.0)).shape == (9, 40)
