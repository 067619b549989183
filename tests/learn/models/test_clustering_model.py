"""Fitted clusterings as models: kept in a file, and asked about what they have not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import FormatError, ImageError, ParameterError, PipelineError
from graticule.learn import ObjectClassifier, open_model, save_model
from graticule.learn.clustering import Chain
from graticule.learn.models.clustering import ClusteringModel, centre_distances, group_centres
from graticule.learn.models.image_rows import ImageRows

CHAINS = {
    "kmeans": [{"step": "standardise"}, {"step": "kmeans", "n_clusters": 3}],
    "mixture": [{"step": "robust_scale"}, {"step": "gaussian_mixture", "n_components": 3}],
    "map": [{"step": "pca", "n_components": 2}, {"step": "som", "x": 3, "y": 2}],
    "ward": [{"step": "agglomerative", "n_clusters": 3}],
    "winners": [{"step": "som_coordinates", "x": 3, "y": 3}, {"step": "kmeans", "n_clusters": 2}],
}


def table(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    places = np.repeat([[0, 0, 0], [9, 0, 4], [0, 9, -4]], rows // 3, axis=0)
    found = pd.DataFrame(rng.normal(size=(rows, 3)) + places, columns=["area", "width", "hue"])
    found.attrs["units"] = {"area": "um2", "width": "um"}
    return found


def fitted(name: str) -> tuple[ClusteringModel, pd.DataFrame]:
    rows = table()
    found = Chain.of(CHAINS[name]).fit(rows, seed=0)
    return ClusteringModel.of(found, rows), rows


@pytest.mark.parametrize("name", CHAINS)
def test_a_file_gives_the_rows_their_groups(name, tmp_path):
    model, rows = fitted(name)
    opened = open_model(save_model(model, tmp_path / "groups.model"))
    found = gt.learn.assign(rows, model=opened)
    assert found["group"].tolist() == model.clustering.labels.tolist()
    assert opened.clustering.describe() == model.clustering.describe()
    again = save_model(opened, tmp_path / "again.model")
    assert again.read_bytes() == (tmp_path / "groups.model").read_bytes()


def test_rows_are_told_one_by_one_as_together():
    model, rows = fitted("kmeans")
    apart = [model.assigned(rows.iloc[[n]])["group"].iloc[0] for n in range(len(rows))]
    assert apart == model.assigned(rows)["group"].tolist()


def test_columns_are_found_by_name_and_brought_to_the_units_of_the_model():
    model, rows = fitted("kmeans")
    other = rows[["hue", "width", "area"]].copy()
    other["area"] /= 1e6
    other["note"] = "as it is"
    other.attrs["units"] = {"area": "mm2", "width": "um"}
    found = model.assigned(other)
    assert found["group"].tolist() == model.clustering.labels.tolist()
    assert found.attrs["units"]["area"] == "mm2"
    other.attrs["units"] = {"area": "px2", "width": "um"}
    with pytest.raises(ImageError, match="the column area must be in um2"):
        model.assigned(other)


def test_what_lacks_a_number_is_in_no_group():
    model, rows = fitted("kmeans")
    rows.loc[5, "hue"] = np.nan
    found = model.assigned(rows)
    assert found.loc[5, "group"] == -1
    assert np.isnan(found.loc[5, "group_distance"])
    assert (found.drop(index=5)["group"] >= 0).all()


def test_distances_are_from_the_middle_of_the_group():
    model, rows = fitted("kmeans")
    space, labels = model.clustering.space, model.clustering.labels
    found = model.assigned(rows)["group_distance"].to_numpy()
    for group in range(3):
        own = labels == group
        wanted = np.linalg.norm(space[own] - space[own].mean(axis=0), axis=1)
        np.testing.assert_allclose(found[own], wanted, rtol=1e-9)
    centres = group_centres(space, labels, 3)
    noise = centre_distances(space[:1], np.array([-1]), centres)
    assert noise[0] == pytest.approx(np.linalg.norm(space[0] - centres, axis=1).min())


def images() -> list:
    rng = np.random.default_rng(1)
    return [
        as_image(rng.normal(size=(4, 5)).astype(np.float32) + (6 if n % 2 else 0))
        for n in range(12)
    ]


def of_images(extra: bool) -> tuple[ClusteringModel, pd.DataFrame]:
    made = ImageRows.of("values").seen(images()[0])
    rows = pd.DataFrame([made.row(image) for image in images()], columns=made.columns)
    if extra:
        rows["weight"] = np.arange(12) % 2 * 3.0
    found = Chain.of([{"step": "kmeans", "n_clusters": 2}]).fit(rows, seed=0)
    return ClusteringModel.of(found, rows, made, made.columns), rows


@pytest.mark.parametrize("extra", [False, True])
def test_images_get_their_groups(extra, tmp_path):
    model, rows = of_images(extra)
    opened = open_model(save_model(model, tmp_path / "images.model"))
    for number, image in enumerate(images()):
        beside = rows[["weight"]].iloc[[number]] if extra else None
        found = gt.learn.assign_image(image, beside, model=opened)
        assert found["group"].tolist() == [model.clustering.labels[number]]


def test_other_images_and_tables_are_refused():
    model, rows = of_images(extra=True)
    with pytest.raises(ImageError, match="are needed beside the image"):
        gt.learn.assign_image(images()[0], model=model)
    with pytest.raises(ImageError, match="must be one row, not 12"):
        gt.learn.assign_image(images()[0], rows[["weight"]], model=model)
    with pytest.raises(ImageError, match="is 5 x 4, and others are 4 x 5"):
        gt.learn.assign_image(images()[0].values.T, rows[["weight"]].iloc[[0]], model=model)
    with pytest.raises(ImageError, match=r"learn.assign_image"):
        gt.learn.assign(rows[["weight"]], model=model)
    with pytest.raises(ImageError, match="must have the columns area, width"):
        gt.learn.assign(rows[["weight"]], model=fitted("kmeans")[0])
    small = pd.DataFrame({"area": [1.0, 2.0, 9.0, 8.0]})
    classes = ObjectClassifier(estimator="tree").fit(small, [1, 1, 2, 2])
    with pytest.raises(ParameterError, match="must be a clustering"):
        gt.learn.assign(small, model=classes)


def test_a_file_that_does_not_hold_together_is_refused(tmp_path):
    model, _ = fitted("kmeans")
    state = model.state()
    state.arrays.pop("labels")  # type: ignore[attr-defined]
    with pytest.raises(FormatError, match="is no clustering"):
        ClusteringModel.from_state(state)


def test_colour_and_grey_images_go_together_by_the_mean_of_channels():
    grey = images()[0]
    colour = as_image(np.repeat(grey.values[..., None], 3, axis=-1), dims=("y", "x", "c"))
    made = ImageRows.of("values").seen(grey)
    np.testing.assert_allclose(made.row(colour), made.row(grey), rtol=1e-6)
    kept = ImageRows.of({"name": "values", "channels": "keep"}).seen(colour)
    assert len(kept.columns) == 3 * len(made.columns)
    with pytest.raises(ImageError, match="and others are 4 x 5 of 3 channels"):
        kept.row(grey)
    assert ImageRows.from_state(kept.state()) == kept


@pytest.mark.parametrize("name", ["moments", "radial_profile", "hog", "scattering"])
def test_images_are_told_by_an_embedding(name, tmp_path):
    """As by their values; whole numbers are parts of their largest; it is kept with the model."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:32, :32] - 15.5
    stack = []
    for number in range(10):
        form = np.hypot(y, x) < 9 if number % 2 else np.abs(x) < 3
        stack.append(as_image((200 * form + rng.integers(0, 20, form.shape)).astype(np.uint8)))
    given = {"name": name, **({"rings": 8} if name == "radial_profile" else {})}
    made = ImageRows.of(given).seen(stack[0])
    rows = pd.DataFrame([made.row(image) for image in stack], columns=made.columns)
    floats = as_image(stack[0].values / np.float32(255))
    np.testing.assert_allclose(made.row(floats), rows.to_numpy()[0], rtol=1e-4, atol=1e-6)
    found = Chain.of([{"step": "standardise"}, {"step": "kmeans", "n_clusters": 2}]).fit(rows)
    assert found.labels.tolist() in ([0, 1] * 5, [1, 0] * 5)
    model = ClusteringModel.of(found, rows, made, made.columns)
    opened = open_model(save_model(model, tmp_path / "images.model"))
    assert opened.of_image(stack[3])["group"].tolist() == [int(found.labels[3])]
    assert ImageRows.from_state(made.state()) == made
    colour = as_image(np.repeat(stack[0].values[..., None], 3, -1), dims=("y", "x", "c"))
    np.testing.assert_allclose(made.row(colour), rows.to_numpy()[0], rtol=1e-4, atol=1e-6)
    kept = ImageRows.of({**given, "channels": "keep"}).seen(colour)
    assert len(kept.row(colour)) == len(kept.columns) == 3 * len(made.columns)


def test_wrong_embeddings_are_named():
    with pytest.raises(ParameterError, match="there is no embedding 'moment'"):
        ImageRows.of("moment")
    with pytest.raises(PipelineError, match="degree"):
        ImageRows.of({"name": "moments", "degree": 99})
    with pytest.raises(ImageError, match="too small"):
        ImageRows.of("scattering").seen(as_image(np.ones((6, 6))))
