"""graticule.show: every stage of a pipeline, of Graticule or scikit-learn, in order."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import graticule as gt
from graticule.core.errors import ImageError, RequestError
from graticule.io import content_hash
from graticule.learn import Features, PixelClassifier, save_model

TEXT = """
graticule: 1
name: blobs
steps:
  smooth: {op: filters.gaussian, sigma: 1.5}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  objects: {op: measure.regions}
"""


@pytest.fixture
def image() -> np.ndarray:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 52))
    values[8:20, 8:20] += 6
    values[25:35, 30:45] += 6
    return values


def rows(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, 1)


def names(stages) -> list[str]:
    return [panel.name for panel in stages.panels]


def test_stages_of_a_pipeline_are_its_steps_with_their_values(image):
    pipeline = gt.Pipeline.loads(TEXT)
    stages = gt.show(pipeline, image)
    assert names(stages) == ["image", "smooth", "bright", "labels", "objects"]
    np.testing.assert_array_equal(stages.values["smooth"], gt.filters.gaussian(image, sigma=1.5))
    assert stages.values["labels"].max() == 2
    by_name = {panel.name: panel for panel in stages.panels}
    assert by_name["smooth"].chart is not None
    assert "inside" in by_name["bright"].note
    assert "2 objects" in by_name["labels"].note
    assert "table of 2 rows" in by_name["objects"].note
    assert all(by_name[name].source for name in ("image", "smooth", "bright", "labels"))


def test_a_notebook_gets_one_picture_per_stage_and_no_script(image):
    html = gt.show(gt.Pipeline.loads(TEXT), image)._repr_html_()
    assert html.count("data:image/png;base64,") == 4
    assert html.count("<svg") == 2
    assert "<script" not in html
    selectors = re.findall(r"^([^{}\n]+)\{", html[: html.index("</style>")], re.M)
    assert selectors
    assert all(one.strip().startswith(".graticule-stages") for one in selectors)


def test_two_rows_in_one_notebook_share_no_names(image):
    pipeline = gt.Pipeline.loads(TEXT)
    found = [re.findall(r'id="([^"]+)"', gt.show(pipeline, image)._repr_html_()) for _ in "ab"]
    assert found[0]
    assert not set(found[0]) & set(found[1])


def test_names_are_escaped(image):
    pipe = Pipeline([("<b>x", FunctionTransformer(np.abs))])
    assert "<b>x" not in gt.show(pipe, image)._repr_html_()


def test_it_is_written_as_a_page(image, tmp_path):
    path = gt.show(gt.Pipeline.loads(TEXT), image).save(tmp_path / "stages.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_further_inputs_are_given_by_name(image):
    pipeline = gt.Pipeline.loads("""
graticule: 1
name: level
inputs:
  image: {}
  open_beam: {path: open.tif}
steps:
  flat: {op: radiography.flat_field, input: image, open_beam: open_beam}
""")
    beam = np.full_like(image, 100.0)
    stages = gt.show(pipeline, image + 50, inputs={"open_beam": beam})
    assert names(stages)[:3] == ["image", "open_beam", "flat"]
    with pytest.raises(RequestError, match="open_beam"):
        gt.show(pipeline, image)


def test_steps_that_take_images(image):
    pipe = make_pipeline(
        FunctionTransformer(ndimage.gaussian_filter, kw_args={"sigma": 2}),
        FunctionTransformer(np.abs),
    )
    stages = gt.show(pipe, image)
    assert names(stages) == ["image", "functiontransformer-1", "functiontransformer-2"]
    smooth = ndimage.gaussian_filter(image, 2)
    np.testing.assert_array_equal(stages.values["functiontransformer-1"], smooth)


def test_steps_that_take_pixels(image):
    truth = image > 3
    pipe = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0))
    pipe.fit(rows(image), truth.ravel())
    stages = gt.show(pipe, image)
    last = "randomforestclassifier"
    assert names(stages) == ["image", "standardscaler", last, f"{last}.probability"]
    expected = pipe.predict(rows(image)).reshape(image.shape)
    np.testing.assert_array_equal(stages.values[last], expected)
    chance = pipe.predict_proba(rows(image))[:, 1].reshape(image.shape)
    np.testing.assert_array_equal(stages.values[f"{last}.probability"], chance)


def test_images_become_pixels_on_the_way(image):
    pipe = Pipeline([
        ("smooth", FunctionTransformer(ndimage.gaussian_filter, kw_args={"sigma": 1})),
        ("rows", FunctionTransformer(rows)),
        ("terms", PolynomialFeatures(6)),
        ("groups", KMeans(2, n_init=1, random_state=0)),
    ])  # fmt: skip
    stages = gt.show(pipe, image)
    assert names(stages)[:3] == ["image", "smooth", "rows"]
    terms = [panel for panel in stages.panels if panel.name.startswith("terms")]
    assert [panel.name for panel in terms] == ["terms 1", "terms x0", "terms x0^2", "terms x0^3"]
    assert "and 3 more features" in terms[-1].note
    assert "fitted to this image" in stages.panels[-1].note
    assert "2 classes" in stages.panels[-1].note
    assert [name for _, name in stages.panels[-1].key] == ["1", "2"]
    assert set(np.unique(stages.values["groups"])) == {1, 2}
    assert not hasattr(pipe[-1], "cluster_centers_")  # the pipeline of the caller stays as it is


def test_steps_without_anything_to_learn_before_pixels(image):
    pipe = make_pipeline(FunctionTransformer(np.abs), StandardScaler())
    pipe.fit(rows(image))
    stages = gt.show(pipe, image)
    expected = pipe.transform(rows(image)).reshape(image.shape)
    np.testing.assert_allclose(stages.values["standardscaler"], expected)


def test_channels_are_columns(image):
    colours = xr.DataArray(np.stack([image, image**2, -image], -1), dims=("y", "x", "c"))
    stages = gt.show(make_pipeline(StandardScaler(), PCA(2)), colours)
    assert names(stages)[-2:] == ["pca pca0", "pca pca1"]
    assert stages.values["pca pca0"].shape == image.shape


def test_a_regression_gives_an_image(image):
    pipe = make_pipeline(LinearRegression()).fit(rows(image), 2 * image.ravel() + 1)
    stages = gt.show(pipe, image)
    np.testing.assert_allclose(stages.values["linearregression"], 2 * image + 1)


def test_what_cannot_be_shown_is_said(image):
    with pytest.raises(RequestError, match="call fit"):
        gt.show(make_pipeline(RandomForestClassifier()), image)
    with pytest.raises(RequestError, match="is needed, not int"):
        gt.show(3, image)
    pipe = make_pipeline(StandardScaler()).fit(np.zeros((9, 7)))
    with pytest.raises(ImageError, match="step standardscaler: cannot take"):
        gt.show(pipe, image)


def test_what_has_another_shape_is_named(image):
    pipe = make_pipeline(FunctionTransformer(lambda values: values.mean(axis=0)))
    assert "an array of 52" in gt.show(pipe, image).panels[-1].note


def test_a_model_is_shown_by_its_name_and_hash(
    image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = np.zeros(image.shape, np.uint8)
    strokes[10:14, 10:14], strokes[0:4] = 1, 2
    model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, strokes)
    (tmp_path / "models").mkdir()
    path = save_model(model, tmp_path / "models" / "blobs.model")
    text = f"{{graticule: 1, steps: {{found: {{op: learn.classify, model: {path}}}}}}}"
    shown = gt.show(gt.Pipeline.loads(text), image)._repr_html_()
    assert f"blobs.model ({content_hash(path)[:12]})" in shown
    assert str(tmp_path) not in shown


def test_the_classes_of_a_model_are_named_beside_their_colours(image, tmp_path):
    from graticule.pipeline import Pipeline as Steps
    from graticule.report.style import label_colours

    strokes = np.where(np.asarray(image) > np.median(image), 7, 3).astype(np.uint8)
    model = PixelClassifier(Features(sigmas=(1,)), "tree", names={3: "pore", 7: "grain"})
    save_model(model.fit(image, strokes), tmp_path / "a.model")
    text = "graticule: 1\nname: a\nsteps:\n  found: {op: learn.classify, model: a.model}\n"
    (tmp_path / "a.yaml").write_text(text)
    stages = gt.show(Steps.load(tmp_path / "a.yaml"), image)
    colours = ["#{:02x}{:02x}{:02x}".format(*c) for c in label_colours(np.array([3, 7]))]
    assert stages.panels[-1].key == tuple(zip(colours, ["pore", "grain"], strict=True))
    page = stages.save(tmp_path / "a.html").read_text("utf-8")
    assert f'<i style="background: {colours[0]}"></i>pore' in page


def test_texts_as_classes_are_named(image):
    wanted = np.where(np.ravel(image) > np.median(image), "bright", "dark")
    pipe = make_pipeline(DecisionTreeClassifier(max_depth=1))
    stages = gt.show(pipe.fit(np.reshape(image, (-1, 1)), wanted), image, samples="pixels")
    assert [name for _, name in stages.panels[1].key] == ["bright", "dark"]
